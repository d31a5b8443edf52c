"""Numerical ranks of matrices whose singular values are prescribed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from companion.numerics.numerical_rank import numerical_rank


def with_singular_values(values, rows, columns, rng):
    U, _ = np.linalg.qr(rng.standard_normal((rows, rows)))
    V, _ = np.linalg.qr(rng.standard_normal((columns, columns)))
    return (U[:, : len(values)] * values) @ V[:, : len(values)].T


# Exact values ------------------------------------------------------------------------------


def test_diagonal_by_hand():
    found = numerical_rank(np.diag([8.0, 0.0, 2.0, 0.5]))
    assert (found.lower, found.upper, found.rank, found.gap) == (3, 3, 3, np.inf)
    assert_allclose(found.threshold, 4 * 2.0**-52 * 8, rtol=1e-15)
    assert str(found) == "3 (gap inf)"


def test_zero_and_full():
    assert numerical_rank(np.zeros((3, 5))).rank == 0
    assert numerical_rank(np.eye(4)).rank == 4


# Identities --------------------------------------------------------------------------------


@given(
    rank=st.integers(1, 6),
    rows=st.integers(6, 12),
    columns=st.integers(6, 12),
    factor=st.sampled_from([1e-100, 1.0, 1e100]),
    seed=st.integers(0, 2**32 - 1),
)
def test_rank_of_a_product_of_integers(rank, rows, columns, factor, seed):
    rng = np.random.default_rng(seed)
    A = rng.integers(-9, 10, (rows, rank)) @ rng.integers(-9, 10, (rank, columns))
    exact = exact_rank(A)
    assert numerical_rank(factor * A).rank == exact
    if factor == 1.0:  # the square of the smallest singular value is still an order above rounding
        assert numerical_rank((A @ A.T).astype(float)).rank == exact


def exact_rank(A):
    """By elimination without division, in integers of any size."""
    rows, rank = [[int(entry) for entry in row] for row in A], 0
    for column in range(len(rows[0])):
        pivot = next((i for i in range(rank, len(rows)) if rows[i][column]), None)
        if pivot is None:
            continue
        rows[rank], rows[pivot] = rows[pivot], rows[rank]
        head = rows[rank]
        for i in range(rank + 1, len(rows)):
            factor = rows[i][column]
            rows[i] = [head[column] * a - factor * b for a, b in zip(rows[i], head, strict=True)]
        rank += 1
    return rank


# Where there is no gap ---------------------------------------------------------------------


def test_a_value_near_rounding_is_undecided(rng):
    A = with_singular_values([1.0, 0.1, 1e-13], 30, 20, rng)
    found = numerical_rank(A)
    assert (found.lower, found.upper, found.rank) == (2, 3, None)
    assert_allclose(found.gap, 1e12, rtol=0.1)  # 1e-13 itself is rounded at 1e-15
    assert str(found) == "undecided, between 2 and 3"


def test_gram_matrix_sees_only_half_of_the_digits(rng):
    A = with_singular_values([1.0, 1e-4, 1e-9], 30, 20, rng)
    assert numerical_rank(A).rank == 3
    assert numerical_rank(A @ A.T).lower == 2


def test_single_precision_has_its_own_rounding(rng):
    A = with_singular_values([1.0, 1e-7], 30, 20, rng)
    assert numerical_rank(A).rank == 2
    assert numerical_rank(A.astype(np.float32)).lower == 1


# Bad input ---------------------------------------------------------------------------------


def test_bad_matrices():
    with pytest.raises(ValueError, match=r"`A` must not be empty; got shape \(0, 3\)"):
        numerical_rank(np.zeros((0, 3)))
    with pytest.raises(ValueError, match=r"`A` must be finite; got A\[0, 1\] = nan"):
        numerical_rank(np.array([[1.0, np.nan]]))
