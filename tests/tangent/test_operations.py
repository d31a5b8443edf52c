"""The linear map of every operation against the operation itself, and against its derivative."""

import pytest
import torch
from torch.nn import functional as F

from companion.tangent.operations import input_patches, local_map, output_shape, signed

EXACT = 1e-13  # sums of at most a hundred products of numbers of order one


def numbers(*shape, seed=0):
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def weights(*shape, seed=1):
    return numbers(*shape, seed=seed).requires_grad_()


# Name -> (function of the weights, weights, position among the arguments)
CASES = {
    "input times matrix": (lambda W: numbers(5, 3) @ W, weights(3, 4), 1),
    "matrix times columns": (lambda W: W @ numbers(3, 5), weights(4, 3), 0),
    "sum and product, matrix": (
        lambda W: torch.addmm(numbers(4), numbers(5, 3), W), weights(3, 4), 2),
    "sum and product, left": (
        lambda W: torch.addmm(numbers(4, 5), W, numbers(3, 5)), weights(4, 3), 1),
    "sum and product, bias": (
        lambda b: torch.addmm(b, numbers(5, 3), numbers(3, 4), beta=0.5), weights(4), 0),
    "matrix times vector": (lambda W: W @ numbers(3), weights(4, 3), 0),
    "rows times vector": (lambda a: numbers(5, 3) @ a, weights(3), 1),
    "stack of matrices": (lambda W: torch.bmm(numbers(2, 5, 3), W), weights(2, 3, 4), 1),
    "stack of matrices, left": (lambda W: torch.bmm(W, numbers(2, 3, 5)), weights(2, 4, 3), 0),
    "convolution, one axis": (
        lambda W: F.conv1d(numbers(2, 3, 7), W, stride=2, padding=1), weights(4, 3, 2), 1),
    "convolution, two axes": (
        lambda W: F.conv2d(numbers(2, 4, 6, 7), W, stride=(2, 1), padding=(1, 2), dilation=(1, 2),
                           groups=2), weights(6, 2, 3, 2), 1),
    "convolution, three axes": (
        lambda W: F.conv3d(numbers(2, 1, 4, 3, 3), W, padding=1), weights(2, 1, 2, 2, 3), 1),
    "convolution by channel": (
        lambda W: F.conv2d(numbers(2, 3, 4, 4), W, groups=3), weights(3, 1, 2, 2), 1),
    "convolution, bias": (
        lambda b: F.conv2d(numbers(2, 3, 4, 4), numbers(2, 3, 2, 2), b), weights(2), 2),
    "entries": (lambda W: F.embedding(torch.tensor([[1, 0], [1, 2]]), W), weights(4, 3), 0),
    "bias": (lambda b: numbers(5, 4) + b, weights(4), 1),
    "bias of columns, scaled": (lambda b: torch.add(numbers(5, 4), b, alpha=3), weights(5, 1), 1),
    "subtracted": (lambda b: numbers(5, 4) - b, weights(4), 1),
    "gain": (lambda g: numbers(5, 4) * g, weights(4), 1),
    "gain, first": (lambda g: g * numbers(5, 4), weights(1, 4), 0),
    "number": (lambda g: numbers(5, 4) * g, weights(), 1),
    "layer norm, gain": (lambda g: F.layer_norm(numbers(5, 2, 3), (2, 3), g), weights(2, 3), 1),
    "layer norm, bias": (
        lambda b: F.layer_norm(numbers(5, 3), (3,), numbers(3), b), weights(3), 2),
    "group norm, gain": (
        lambda g: F.group_norm(numbers(3, 4, 5), 2, g, numbers(4)), weights(4), 1),
    "batch norm, gain": (
        lambda g: F.batch_norm(numbers(3, 4, 5), numbers(4), numbers(4) ** 2, g), weights(4), 1),
    "batch norm of the batch, gain": (
        lambda g: F.batch_norm(numbers(3, 4, 5), None, None, g, training=True), weights(4), 1),
    "batch norm, bias": (
        lambda b: F.batch_norm(numbers(3, 4), numbers(4), numbers(4) ** 2, numbers(4), b),
        weights(4), 2),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_derivative_is_the_sum_of_outer_products(name):
    function, W, position = CASES[name]
    outputs = function(W)
    found = local_map(outputs.grad_fn, position, W.detach())
    assert found is not None
    D = numbers(2, *outputs.shape, seed=2)  # two rows of signals
    signals = found.arrange(D)
    assert torch.equal(found.W.flatten(), found.W.contiguous().flatten())
    for row in range(2):
        (expected,) = torch.autograd.grad(outputs, W, D[row], retain_graph=True)
        outer = torch.einsum("bso,bsi->boi", signals[row], found.A)
        # The same view of the derivative as the map has of the parameter.
        alike = torch.as_strided(expected.contiguous(), found.W.shape, found.W.stride())
        torch.testing.assert_close(outer, alike, rtol=0, atol=EXACT)


def test_padding_tokens_have_no_derivative():
    W = weights(4, 3)
    outputs = F.embedding(torch.tensor([1, 2, 1]), W, padding_idx=1)
    found = local_map(outputs.grad_fn, 0, W.detach())
    assert found.A[0].sum(0).tolist() == [0, 0, 1, 0]


@pytest.mark.parametrize(
    ("function", "W", "position"),
    [
        (torch.sin, weights(4), 0),
        (lambda W: torch.addmm(numbers(4), numbers(5, 3), W, alpha=2.0), weights(3, 4), 2),
        (lambda W: F.conv_transpose1d(numbers(2, 3, 5), W), weights(3, 2, 2), 1),
        (
            lambda W: F.embedding(torch.tensor([0]), W, scale_grad_by_freq=True),
            weights(4, 3),
            0,
        ),
    ],
    ids=["unknown", "scaled product", "transposed convolution", "scaled by frequency"],
)
def test_other_operations_are_left_to_others(function, W, position):
    assert local_map(function(W).grad_fn, position, W.detach()) is None


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "padding", "dilation"),
    [((7,), (3,), (2,), (1,), (2,)), ((5, 6), (2, 3), (1, 2), (0, 1), (2, 1))],
)
def test_patches_are_those_of_the_convolution(size, kernel, stride, padding, dilation):
    images = numbers(2, 3, *size)
    W = numbers(4, 3, *kernel)
    convolution = {1: F.conv1d, 2: F.conv2d}[len(size)]
    expected = convolution(images, W, stride=stride, padding=padding, dilation=dilation)
    patches = input_patches(images, kernel, stride, padding, dilation)
    products = (patches @ W.flatten(1).T).transpose(1, 2).reshape(expected.shape)
    torch.testing.assert_close(products, expected, rtol=0, atol=EXACT)


def test_axes_and_shapes_are_read_back():
    W = weights(2, 3)
    node = W.transpose(0, -1).grad_fn
    assert signed(node._saved_dim1) == -1
    assert output_shape(node) == (3, 2)
    assert signed(1) == 1


def test_a_view_that_would_be_a_copy_is_no_map():
    # The entries of a transposed gain are in another order than those of the parameter.
    W = weights(3, 2)
    outputs = numbers(5, 2, 3) * W.T
    assert local_map(outputs.grad_fn, 1, W.detach().T) is None
