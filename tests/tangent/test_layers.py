"""Layers kept as factors against the same layers written out by loops."""

import pytest
import torch

from companion.tangent.layers import Factored, Weight, Written

EXACT = 1e-13  # sums of at most a hundred products of numbers of order one


def numbers(*shape, seed=0):
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


# Blocks, groups, outputs, positions, out, in: wide and narrow sides, so that both orders of the
# products are taken.
SHAPES = {
    "dense layer": (1, 5, 1, 1, 7, 3),
    "last layer": (1, 5, 1, 1, 1, 6),
    "many outputs, narrow inside": (1, 4, 3, 1, 8, 2),
    "many outputs, wide inside": (1, 4, 3, 1, 2, 9),
    "positions": (1, 4, 2, 3, 4, 5),
    "coupled": (1, 1, 6, 4, 3, 2),
    "blocks": (3, 4, 2, 3, 2, 2),
    "gain": (5, 4, 2, 3, 1, 1),
}


def layer_of(shape, transposed=False):
    b, g, r, s, out, inside = shape
    weight = Weight(3, numbers(b, g, s, inside, seed=1), transposed)
    bias = Weight(5, torch.ones(1, 1, 1, 1, dtype=torch.float64).expand(b, g, s, 1), False)
    return Factored(numbers(b, g, r, s, out), (weight, bias))


def rows_by_loops(layer, index):
    b, g, r, s, out = layer.D.shape
    weight = layer.weight(index)
    rows = []
    for i in range(g):
        for c in range(r):
            row = torch.zeros(b, out, weight.A.shape[3], dtype=torch.float64)
            for k in range(b):
                for t in range(s):
                    row[k] += torch.outer(layer.D[k, i, c, t], weight.A[k, i, t])
            rows.append((row.transpose(1, 2) if weight.transposed else row).flatten())
    return torch.stack(rows)


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("name", SHAPES)
def test_all_products_are_those_of_the_rows(name, transposed):
    layer = layer_of(SHAPES[name], transposed)
    J = {index: rows_by_loops(layer, index) for index in layer.indices}
    for index in J:
        torch.testing.assert_close(layer.written(index), J[index], rtol=0, atol=EXACT)
    pieces = [numbers(J[i].shape[1] if i in J else 1, seed=10 + i) for i in range(6)]
    u = numbers(layer.num_rows, seed=2)
    expected = sum(J[index] @ pieces[index] for index in J)
    torch.testing.assert_close(layer.apply(pieces), expected, rtol=0, atol=EXACT)
    products = layer.apply_transpose(u)
    assert set(products) == {3, 5}
    for index, product in products.items():
        torch.testing.assert_close(product, J[index].T @ u, rtol=0, atol=EXACT)


@pytest.mark.parametrize("width", [1, 4, 1000])
@pytest.mark.parametrize("name", SHAPES)
def test_slabs_hold_every_column_once(name, width):
    layer = layer_of(SHAPES[name])
    weight, J = layer.weights[0], rows_by_loops(layer, 3)
    slabs = [layer.slab(weight, *slab) for slab in layer.slabs(weight, width)]
    found = torch.cat(slabs, dim=1)
    assert found.shape == J.shape
    torch.testing.assert_close(found @ found.T, J @ J.T, rtol=0, atol=100 * EXACT)
    narrowest = weight.A.shape[3]
    assert all(slab.shape[1] <= max(width, narrowest) for slab in slabs)


@pytest.mark.parametrize("name", ["many outputs, narrow inside", "coupled", "blocks"])
def test_some_rows_are_a_part_of_all(name):
    layer = layer_of(SHAPES[name])
    outputs = layer.D.shape[2] if layer.num_groups > 1 else 1
    first, last = outputs, 3 * outputs
    part = layer.rows(first, last)
    assert part.num_rows == last - first
    assert torch.equal(part.written(3), layer.written(3)[first:last])


def test_a_layer_with_some_of_its_parameters():
    layer = layer_of(SHAPES["dense layer"])
    assert layer.only(frozenset([5, 8])).indices == (5,)
    assert layer.only(frozenset()).indices == ()


def test_constant_inputs_take_no_memory():
    layer = layer_of(SHAPES["dense layer"])
    numbers_held = layer.D.numel() + layer.weight(3).A.numel()
    assert layer.num_bytes == 8 * (numbers_held + 1)
    # |D| |A| bounds the product with every vector of entries up to one.
    u = torch.ones(layer.num_rows, dtype=torch.float64)
    assert layer.apply_transpose(u)[3].norm() <= layer.size(3)


def test_written_rows():
    J = numbers(4, 3)
    layer = Written(2, J)
    assert (layer.indices, layer.num_groups, layer.num_bytes) == ((2,), 1, 96)
    v, u = numbers(3, seed=1), numbers(4, seed=2)
    torch.testing.assert_close(layer.apply([v, v, v]), J @ v)
    torch.testing.assert_close(layer.apply_transpose(u)[2], J.T @ u)
    assert torch.equal(layer.rows(1, 3).written(2), J[1:3])
    assert layer.only(frozenset([2])) is layer
    assert layer.only(frozenset([1])).J.shape == (4, 0)
    assert layer.size(2) == J.norm()
