"""Pairs of points: norms and angles give back inner products, in blocks and in whole."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.kernels import point_pairs as module
from companion.kernels.point_pairs import point_pairs


def test_inner_products_are_recovered(rng):
    X, Z = rng.standard_normal((5, 3)), rng.standard_normal((4, 3))
    pairs = point_pairs(X, Z, zero_allowed=False)
    product = pairs.matrix(lambda block: block.angles.cosine.copy(), homogeneity=1)
    assert_allclose(product, X @ Z.T, rtol=0, atol=1e-14)


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("count", [1, 7, 8, 20])
def test_blocks_tile_the_matrix(symmetric, count, rng, monkeypatch):
    # Blocks of seven: one block, an exact fit, and remainders on both sides.
    monkeypatch.setattr(module, "_BLOCK", 7)
    X = rng.standard_normal((count, 3))
    Z = X if symmetric else rng.standard_normal((9, 3))
    pairs = point_pairs(X, None if symmetric else Z, zero_allowed=False)
    seen = []

    def kernel(block):
        seen.append((block.rows.start, block.columns.start))
        return block.angles.cosine.copy()

    assert_allclose(pairs.matrix(kernel, homogeneity=1), X @ Z.T, rtol=0, atol=1e-14)
    assert len(set(seen)) == len(seen)
    if symmetric:  # the other triangle is mirrored, not computed
        blocks = -(-count // 7)
        assert len(seen) == blocks * (blocks + 1) / 2


def test_symmetric_matrix_is_exactly_symmetric_with_exact_diagonal(rng):
    X = rng.standard_normal((300, 5))
    pairs = point_pairs(X, None, zero_allowed=False)
    angle = pairs.matrix(lambda block: block.angles.angle, homogeneity=0)
    assert (angle == angle.T).all()
    assert (np.diag(angle) == 0).all()
    # The same array given twice is the same set.
    assert point_pairs(X, X, zero_allowed=False).symmetric
    assert not point_pairs(X, X.copy(), zero_allowed=False).symmetric


def test_zero_vector_is_kept_where_it_is_allowed():
    X = np.stack([np.zeros(3), np.ones(3)])
    pairs = point_pairs(X, None, zero_allowed=True)
    assert_allclose(pairs.norms_x, [0, np.sqrt(3)], rtol=1e-15)
    assert_allclose(np.linalg.norm(pairs.directions_x, axis=1), 1, rtol=1e-15)


def test_zero_vector_is_named_where_it_is_not():
    X = np.stack([np.ones(3), np.zeros(3)])
    with pytest.raises(ValueError, match="`X` must have nonzero rows; row 1 is the zero vector"):
        point_pairs(X, None, zero_allowed=False)
    with pytest.raises(ValueError, match="`Z` must have nonzero rows; row 1 is the zero vector"):
        point_pairs(np.eye(3), X, zero_allowed=False)


def test_dimensions_must_agree(unchecked):
    with pytest.raises(ValueError, match="`Z` must have points of the dimension of `X`, 2; got 3"):
        point_pairs(np.eye(2), np.eye(3), zero_allowed=True)


@pytest.mark.parametrize("name", ["X", "Z"])
@pytest.mark.parametrize("size", [1e300, 1e151, 1e-151, 1e-200, 1e-320])
def test_norms_whose_squares_leave_the_range_are_refused(size, name, rng):
    points = rng.standard_normal((3, 2))
    far = points / np.linalg.norm(points, axis=1, keepdims=True)
    far[1] *= size
    sets = {"X": points, "Z": points, name: far}
    message = rf"`{name}` must have rows whose norms .* row 1 has an entry of size .* c\*\*2"
    with pytest.raises(ValueError, match=message):
        point_pairs(sets["X"], sets["Z"], zero_allowed=True)


@pytest.mark.parametrize("size", [1e-149, 1e149])
def test_norms_near_the_ends_of_the_range_lose_nothing(size, rng):
    X = rng.standard_normal((4, 3))
    found = point_pairs(X * size, None, zero_allowed=False).matrix(
        lambda block: block.angles.cosine.copy(), homogeneity=1
    )
    # Scaling rounds each entry once and each product once more.
    assert_allclose(found / size / size, X @ X.T, rtol=0, atol=1e-14)
