"""Products of layers against products of the rows written out by `numpy.einsum`."""

import numpy as np
import pytest
import torch

from companion.tangent.contraction import add_products, mirror, strips
from companion.tangent.layers import Factored, Weight, Written


def numbers(*shape, seed=0):
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def layer_of(b, g, r, s, out, inside, *, seed=0, transposed=False):
    weight = Weight(0, numbers(b, g, s, inside, seed=seed + 1), transposed)
    bias = Weight(1, numbers(1, 1, 1, 1, seed=9).expand(b, g, s, 1), False)
    return Factored(numbers(b, g, r, s, out, seed=seed + 2), (weight, bias))


def rows(layer):
    """All columns of a layer in an order of their own, without its code."""
    if isinstance(layer, Written):
        return layer.J.numpy()
    blocks = [
        np.einsum("bgrso,bgsi->grboi", layer.D.numpy(), weight.A.numpy())
        for weight in layer.weights
    ]
    return np.hstack([block.reshape(layer.num_rows, -1) for block in blocks])


SHAPES = {
    "wide, one position": (1, 300, 1, 1, 6, 5),
    "several outputs": (1, 90, 4, 1, 30, 20),
    "two positions": (1, 40, 2, 2, 30, 30),
    "many positions": (1, 20, 2, 9, 3, 3),
    "coupled": (1, 1, 30, 8, 5, 4),
    "blocks": (3, 20, 2, 2, 9, 9),
}


@pytest.mark.parametrize("name", SHAPES)
def test_kernel_of_one_batch(name):
    layers = [layer_of(*SHAPES[name]), Written(2, numbers(layer_of(*SHAPES[name]).num_rows, 3))]
    expected = sum(rows(layer) @ rows(layer).T for layer in layers)
    K = torch.zeros(expected.shape, dtype=torch.float64)
    add_products(K, layers, layers, slab_bytes=4000)
    mirror(K)
    assert torch.equal(K, K.T)
    # Rounding of sums of some thousand products, relative to the largest.
    np.testing.assert_allclose(K.numpy(), expected, rtol=0, atol=1e-13 * expected.max())


@pytest.mark.parametrize("name", SHAPES)
def test_what_new_memory_holds_does_not_show(name):
    layers = [layer_of(*SHAPES[name])]
    for right in (layers, [layers[0].rows(0, layers[0].D.shape[2])]):
        clean = torch.zeros(layers[0].num_rows, right[0].num_rows, dtype=torch.float64)
        dirty = torch.full_like(clean, torch.nan)
        add_products(clean, layers, right)
        add_products(dirty, layers, right, fresh=True)
        if right is layers:
            clean, dirty = mirror(clean), mirror(dirty)
        assert torch.equal(clean, dirty)
    add_products(dirty, [], [], fresh=True)
    assert not dirty.any()


@pytest.mark.parametrize("name", SHAPES)
def test_kernel_of_two_batches_with_other_groups(name):
    b, g, r, s, out, inside = SHAPES[name]
    left = layer_of(b, g, r, s, out, inside)
    # The same layer on another batch: other samples, more positions, samples coupled or not.
    for right in (
        layer_of(b, 7, r, s, out, inside, seed=5),
        layer_of(b, 3, 2, s + 1, out, inside, seed=5),
        layer_of(b, 1, 5, 4, out, inside, seed=5),
    ):
        K = torch.ones(left.num_rows, right.num_rows, dtype=torch.float64)
        add_products(K, [left], [right])
        expected = 1 + rows(left) @ rows(right).T
        np.testing.assert_allclose(K, expected, rtol=0, atol=1e-13 * np.abs(expected).max())


def test_layers_that_are_factored_here_and_written_there_meet():
    left = layer_of(1, 4, 1, 1, 3, 2, transposed=True)
    right = [Written(0, left.written(0)[:2]), Written(7, numbers(2, 2))]
    K = torch.zeros(4, 2, dtype=torch.float64)
    add_products(K, [left], right)  # the bias and the parameter 7 are on one side only
    torch.testing.assert_close(K, left.written(0) @ left.written(0)[:2].T, rtol=0, atol=1e-13)


def test_mirror_copies_the_upper_triangle(rng):
    K = torch.tensor(rng.standard_normal((600, 600)))
    expected = np.triu(K.numpy()) + np.triu(K.numpy(), 1).T
    assert torch.equal(mirror(K), torch.tensor(expected))


@pytest.mark.parametrize(("num_rows", "multiple"), [(1000, 1), (1000, 10), (990, 330), (9, 9)])
def test_strips_cover_all_rows_and_cut_no_group(num_rows, multiple):
    found = strips(num_rows, multiple)
    assert [first for first, _ in found] == [0, *(last for _, last in found[:-1])]
    assert found[-1][1] == num_rows
    if multiple < num_rows:
        assert all(first % multiple == 0 for first, _ in found)
