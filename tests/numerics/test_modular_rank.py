"""Ranks modulo a prime against ranks known by construction and over the rationals."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.numerics.modular_rank import modular_rank


def rational_rank(A):
    rows = [[Fraction(int(a)) for a in row] for row in A]
    rank = 0
    for column in range(len(rows[0])):
        pivot = next((r for r in range(rank, len(rows)) if rows[r][column]), None)
        if pivot is None:
            continue
        rows[rank], rows[pivot] = rows[pivot], rows[rank]
        for r in range(rank + 1, len(rows)):
            factor = rows[r][column] / rows[rank][column]
            rows[r] = [a - factor * b for a, b in zip(rows[r], rows[rank], strict=True)]
        rank += 1
    return rank


@given(st.integers(1, 7), st.integers(1, 7), st.integers(0, 7), st.integers(0, 10**6))
def test_products_have_the_rank_over_the_rationals(rows, columns, inner, seed):
    rng = np.random.default_rng(seed)
    left = rng.integers(-9, 10, size=(rows, inner))
    A = left @ rng.integers(-9, 10, size=(inner, columns))
    # Minors stay below 2^31 only for small sizes; larger ones are divisible once in 10^9.
    assert modular_rank(A) == rational_rank(A)


def test_where_singular_values_cannot_tell():
    # The last singular value is 1e-17 of the first, the determinant is one.
    large = 2**29
    A = np.array([[large, large + 1], [large - 1, large]])
    assert np.linalg.matrix_rank(A.astype(float)) == 1
    assert modular_rank(A) == 2
    assert modular_rank(np.array([[large, large], [large, large]])) == 1


def test_it_is_a_bound_from_below_only():
    assert modular_rank(np.diag([7, 1]), prime=7) == 1
    assert modular_rank(np.diag([7, 1])) == 2


@pytest.mark.usefixtures("unchecked")
def test_bad_input():
    with pytest.raises(TypeError, match="whole numbers; got float64"):
        modular_rank(np.eye(2))
    with pytest.raises(ValueError, match="`prime` must be in"):
        modular_rank(np.eye(2, dtype=int), prime=2**32)
