"""The tangent kernel against the formula of the Gram matrix, and its exact symmetries."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from torch import nn

from companion.networks.two_layer import TwoLayerNetwork
from companion.tangent.gram import gram_by_layer, gram_by_parameter, ntk
from companion.tangent.jacobian import jacobian
from strangers import rows_by_autograd, stranger


def shares_by_formula(W, a, X):
    """Eq. (2.6) of Li, outer and inner part, as double loops over points."""
    sigmoid = 1 / (1 + np.exp(-X @ W.T))
    slope = sigmoid * (1 - sigmoid)
    outer, inner = np.empty((2, len(X), len(X)))
    for i in range(len(X)):
        for j in range(len(X)):
            outer[i, j] = np.mean(sigmoid[i] * sigmoid[j])
            inner[i, j] = np.mean(a**2 * slope[i] * slope[j]) * (X[i] @ X[j])
    return outer, inner


@pytest.mark.claim("LL-2.6")
def test_shares_are_the_two_parts_of_the_gram_matrix(rng):
    W, a, X = rng.standard_normal((9, 3)), rng.standard_normal(9), rng.standard_normal((5, 3))
    outer, inner = shares_by_formula(W, a, X)
    shares = gram_by_parameter(TwoLayerNetwork(W, a, activation=torch.sigmoid), torch.tensor(X))
    # A few roundings of entries of order one.
    assert_allclose(shares["a"].numpy(), outer, rtol=1e-13)
    assert_allclose(shares["W"].numpy(), inner, rtol=1e-12, atol=1e-15)
    kernel = ntk(TwoLayerNetwork(W, a, activation=torch.sigmoid), torch.tensor(X))
    assert_allclose(kernel.numpy(), outer + inner, rtol=1e-13)


def test_mean_field_scaling_divides_the_kernel_by_the_width(rng):
    W, a, X = rng.standard_normal((9, 3)), rng.standard_normal(9), rng.standard_normal((5, 3))
    first, second = (
        ntk(TwoLayerNetwork(W, a, activation=torch.tanh, exponent=power), torch.tensor(X))
        for power in (0.5, 1)
    )
    torch.testing.assert_close(first, 9 * second, rtol=1e-13, atol=0)


def test_a_frozen_part_leaves_its_share_out(rng):
    W, a, X = rng.standard_normal((9, 3)), rng.standard_normal(9), rng.standard_normal((5, 3))
    network = TwoLayerNetwork(W, a, activation=torch.sigmoid)
    network.W.requires_grad_(False)
    outer, _ = shares_by_formula(W, a, X)
    assert list(gram_by_parameter(network, torch.tensor(X))) == ["a"]
    assert_allclose(ntk(network, torch.tensor(X)).numpy(), outer, rtol=1e-13)


def test_between_two_batches_it_is_the_product_of_their_jacobians():
    module, X = stranger("perceptron", 7)
    Z = X[4:]
    expected = jacobian(module, X[:4]) @ jacobian(module, Z).T
    kernel = ntk(module, X[:4], Z)
    assert kernel.shape == (8, 6)
    # Sums of some thirty products of order one.
    torch.testing.assert_close(kernel, expected, rtol=0, atol=1e-13)


def test_both_triangles_are_filled_and_equal_to_the_last_bit():
    module, X = stranger("perceptron", 7)
    kernel = ntk(module, X)
    assert torch.equal(kernel, kernel.T)
    torch.testing.assert_close(kernel, ntk(module, X, X), rtol=0, atol=1e-13)


def test_type_is_that_of_the_module():
    module, X = stranger("perceptron")
    assert ntk(module, X).dtype == torch.float64
    assert ntk(module.float(), X.float()).dtype == torch.float32


# Architectures -----------------------------------------------------------------------------


class Residual(nn.Module):
    """Two layers around an identity."""

    def __init__(self, width):
        super().__init__()
        self.inner, self.outer = nn.Linear(width, width), nn.Linear(width, width)

    def forward(self, X):
        return X + self.outer(torch.relu(self.inner(X)))


class GraphConvolution(nn.Module):
    """Vertices are samples, coupled by a propagation matrix."""

    def __init__(self):
        super().__init__()
        self.inner, self.outer = nn.Parameter(torch.randn(3, 5)), nn.Parameter(torch.randn(5, 2))
        self.bias = nn.Parameter(torch.randn(5))

    def forward(self, propagation, features):
        hidden = torch.tanh(propagation @ (features @ self.inner) + self.bias)
        return propagation @ (hidden @ self.outer)


def graph(num_vertices):
    generator = torch.Generator().manual_seed(1)
    adjacency = torch.rand(num_vertices, num_vertices, generator=generator).double() < 0.4
    adjacency = (adjacency | adjacency.T | torch.eye(num_vertices, dtype=bool)).double()
    degree = adjacency.sum(1).sqrt()
    features = torch.randn(num_vertices, 3, dtype=torch.float64, generator=generator)
    return adjacency / degree / degree[:, None], features


def tied_autoencoder():
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder = nn.Linear(3, 5)

        def forward(self, X):
            return torch.tanh(self.encoder(X)) @ self.encoder.weight

    return Tied()


def frozen_middle():
    module = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 2))
    module[2].requires_grad_(False)
    return module


ARCHITECTURES = {
    "deep": (lambda: nn.Sequential(nn.Linear(3, 30), nn.ReLU(), nn.Linear(30, 40), nn.Tanh(),
                                   nn.Linear(40, 3)), (3,)),
    "residual": (lambda: nn.Sequential(nn.Linear(3, 8), Residual(8), Residual(8),
                                       nn.Linear(8, 1), nn.Flatten(0)), (3,)),
    "convolutional": (lambda: nn.Sequential(
        nn.Conv2d(2, 4, 3, stride=2, padding=1), nn.ReLU(),
        nn.Conv2d(4, 6, 2, dilation=2, groups=2, padding="same"), nn.GroupNorm(2, 6), nn.Tanh(),
        nn.AvgPool2d(2), nn.Flatten(), nn.Linear(6, 2)), (2, 5, 5)),
    "one axis": (lambda: nn.Sequential(nn.Conv1d(2, 4, 3, padding=1, padding_mode="circular"),
                                       nn.SiLU(), nn.Conv1d(4, 1, 2), nn.Flatten()), (2, 4)),
    "transformer": (lambda: nn.Sequential(
        nn.TransformerEncoderLayer(6, 2, 7, batch_first=True, norm_first=True), nn.Flatten(),
        nn.Linear(18, 2)), (3, 6)),
    "frozen transformer": (lambda: nn.Sequential(
        nn.TransformerEncoderLayer(6, 2, 7, batch_first=True).requires_grad_(False),
        nn.Linear(6, 1), nn.Flatten()), (3, 6)),
    "long short-term memory": (lambda: Recurrence(nn.LSTM(2, 4, 2, batch_first=True)), (3, 2)),
    "tied": (tied_autoencoder, (3,)),
    "frozen": (frozen_middle, (3,)),
    "layer norm": (lambda: nn.Sequential(nn.Linear(3, 5), nn.LayerNorm(5), nn.Tanh(),
                                         nn.Linear(5, 2)), (3,)),
}  # fmt: skip


class Recurrence(nn.Module):
    def __init__(self, cell):
        super().__init__()
        self.cell = cell

    def forward(self, X):
        return self.cell(X)[0][:, -1]


def made(name, num_samples=7):
    make, shape = ARCHITECTURES[name]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return make().double().eval(), torch.randn(num_samples, *shape, dtype=torch.float64)


def assert_kernel(K, left, right):
    # The bound promised to users, relative to the largest entry.
    expected = left @ right.T
    torch.testing.assert_close(K, expected, rtol=0, atol=1e-12 * float(expected.abs().max()))


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_architectures_have_the_kernel_of_their_jacobian(name):
    module, X = made(name)
    J, Z = rows_by_autograd(module, X), rows_by_autograd(module, X[:3])
    K = ntk(module, X)
    assert_kernel(K, J, J)
    assert torch.equal(K, K.T)
    assert_kernel(ntk(module, X, X[:3]), J, Z)


def test_tokens():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = nn.Sequential(
            nn.Embedding(7, 3, padding_idx=2), nn.Flatten(), nn.Linear(12, 2)
        ).double()
    X = torch.tensor([[0, 1, 2, 6], [2, 2, 5, 5], [1, 1, 0, 3]])
    J = rows_by_autograd(module, X)
    assert_kernel(ntk(module, X), J, J)
    assert_kernel(ntk(module, X, X[1:]), J, J[2:])


def test_graphs_come_with_their_call():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = GraphConvolution().double()

    def call(module, data):
        return module(*data)

    small, large = graph(6), graph(9)
    J, J2 = (rows_by_autograd(module, data, call) for data in (small, large))
    K = ntk(module, small, call=call)
    assert_kernel(K, J, J)
    assert torch.equal(K, K.T)
    assert_kernel(ntk(module, small, large, call=call), J, J2)
    assert_kernel(ntk(module, large, call=call, memory=200_000), J2, J2)
    shares = gram_by_parameter(module, small, call=call)
    assert_kernel(sum(shares.values()), J, J)


ACTIVATIONS = st.sampled_from([nn.Tanh, nn.ReLU, nn.GELU, nn.Softplus, nn.Sigmoid])


@st.composite
def architectures(draw):
    """A random stack of layers on short sequences, and the shape of a batch for it."""
    num_samples, length, width = draw(st.tuples(*(st.integers(1, top) for top in (5, 3, 4))))
    shape, layers = (num_samples, length, width), []
    for kind in draw(st.lists(st.sampled_from("lnrca"), min_size=1, max_size=4)):
        if kind == "l":
            new = draw(st.integers(1, 5))
            layers += [nn.Linear(width, new, bias=draw(st.booleans()))]
            width = new
        elif kind == "n":
            layers += [nn.LayerNorm(width)]
        elif kind == "r":
            layers += [Residual(width)]
        elif kind == "c":
            layers += [nn.Conv1d(length, draw(st.integers(1, 3)), 1)]
            length = layers[-1].out_channels
        layers += [draw(ACTIVATIONS)()]
    if draw(st.booleans()):
        layers += [nn.Flatten(), nn.Linear(length * width, draw(st.integers(1, 3)))]
    else:
        layers += [nn.Linear(width, 1), nn.Flatten()]
    return nn.Sequential(*layers), shape


@given(case=architectures(), seed=st.integers(0, 2**16), frozen=st.integers(0, 7))
@settings(max_examples=40)
def test_random_architectures_have_the_kernel_of_their_jacobian(case, seed, frozen):
    module, shape = case
    generator = torch.Generator().manual_seed(seed)
    module = module.double().eval()
    for index, parameter in enumerate(module.parameters()):
        parameter.data = torch.randn(parameter.shape, dtype=torch.float64, generator=generator)
        if index == frozen and index > 0:
            parameter.requires_grad_(False)
    X = torch.randn(shape, dtype=torch.float64, generator=generator)
    J = rows_by_autograd(module, X)
    scale = 1e-12 * (1 + float((J @ J.T).abs().max()))
    K = ntk(module, X)
    torch.testing.assert_close(K, J @ J.T, rtol=0, atol=scale)
    torch.testing.assert_close(ntk(module, X, X[:1]), K[:, : len(J) // len(X)], rtol=0, atol=scale)
    torch.testing.assert_close(jacobian(module, X), J, rtol=0, atol=scale)


# Shares, precision, bad input --------------------------------------------------------------


def test_layers_share_the_kernel():
    module, X = made("residual")
    shares = gram_by_layer(module, X)
    assert list(shares) == ["0", "1.inner", "1.outer", "2.inner", "2.outer", "3"]
    by_parameter = gram_by_parameter(module, X)
    expected = by_parameter["1.inner.weight"] + by_parameter["1.inner.bias"]
    scale = float(expected.abs().max())
    torch.testing.assert_close(shares["1.inner"], expected, rtol=0, atol=1e-13 * scale)
    J = rows_by_autograd(module, X)
    assert_kernel(sum(shares.values()), J, J)


@pytest.mark.parametrize("name", ["deep", "convolutional", "transformer", "tied"])
def test_single_precision_has_its_own_rounding(name):
    module, X = made(name)
    double = ntk(module, X)
    single = ntk(module.float(), X.float())
    assert single.dtype == torch.float32
    # Some hundred roundings of 6e-8.
    difference = (single.double() - double).abs().max()
    assert difference < 1e-5 * double.abs().max()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_devices_agree(name):
    module, X = made(name)
    here = ntk(module, X)
    there = ntk(module.cuda(), X.cuda())
    assert there.device.type == "cuda"
    torch.testing.assert_close(there.cpu(), here, rtol=0, atol=1e-12 * float(here.abs().max()))


def test_the_batch_at_fault_is_named():
    module, X = stranger("perceptron")
    Z = X.clone()
    Z[1, 2] = np.nan
    with pytest.raises(ValueError, match=r"`Z` must be finite; got Z\[1, 2\] = nan"):
        ntk(module, X, Z)
    with pytest.raises(ValueError, match=r"`X` must be finite"):
        ntk(module, Z, X)
    with pytest.raises(ValueError, match=r"`Z` must be a batch that the module takes"):
        ntk(module, X, X[:, :2])


def test_derivatives_that_are_no_numbers_are_refused():
    class Norm(nn.Linear):
        def forward(self, X):
            return super().forward(X).square().sum(1).sqrt()

    module = Norm(2, 2, bias=False).double()
    X = torch.tensor([[1.0, 2.0], [0.0, 0.0]], dtype=torch.float64)
    for Z in (None, X[:1]):
        with pytest.raises(ValueError, match="must have finite derivatives"):
            ntk(module, X, Z)


@pytest.mark.parametrize("memory", [0, -1])
def test_memory_must_be_positive(memory):
    module, X = stranger("perceptron")
    with pytest.raises(ValueError, match="`memory` must be positive"):
        ntk(module, X, memory=memory)


class Filter(nn.Module):
    """Frequencies of a signal, weighted and shifted: complex numbers between real ones."""

    def __init__(self):
        super().__init__()
        self.weights = nn.Parameter(torch.tensor([0.5, -1.0, 2.0], dtype=torch.float64))
        self.shifts = nn.Parameter(torch.tensor([1.0, 0.25, -0.5], dtype=torch.float64))

    def forward(self, X):
        return torch.fft.irfft(torch.fft.rfft(X) * self.weights + self.shifts, n=4)


def test_complex_numbers_on_the_way(rng):
    X = torch.tensor(rng.standard_normal((3, 4)))
    J = rows_by_autograd(Filter(), X)
    # The same products in another order.
    assert_allclose(ntk(Filter(), X).numpy(), J @ J.T, rtol=1e-12, atol=1e-14)
