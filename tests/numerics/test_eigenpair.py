"""Intervals from a vector, against exact arithmetic in two dimensions and closed forms."""

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from companion.numerics.eigenpair import Eigenpair, enclosed

# Exact values ------------------------------------------------------------------------------


def test_bound_is_the_farther_end():
    pair = Eigenpair(value=3.0, lower=1.0, upper=3.5, vector=np.ones(1))
    assert pair.bound == 2.0


def test_interval_by_hand():
    # v = (3, 4) / 5 in diag(1, 11): theta = 185/25 = 7.4, |K v|^2 = 55.0 + 22.76,
    # rho^2 = (9 * 1 + 16 * 121) / 25 - 7.4^2 = 23.04; with tau = 11 the Temple bound is exact.
    pair = enclosed(np.diag([1.0, 11.0]), np.array([3.0, 4.0]), second=11.0)
    assert_allclose(pair.value, 7.4, rtol=1e-15)
    assert_allclose(pair.lower, 7.4 - 23.04 / 3.6, rtol=1e-12)  # allows for a dozen roundings
    assert_allclose(pair.upper, 7.4, rtol=1e-14)
    assert pair.upper >= 7.4
    assert_allclose(pair.vector, [0.6, 0.8], rtol=1e-15)


def test_without_knowledge_there_is_no_lower_end():
    assert enclosed(np.eye(2), np.ones(2)).lower == -np.inf
    assert enclosed(np.eye(2), np.ones(2), second=0.5).lower == -np.inf  # below the quotient
    assert enclosed(np.eye(2), np.ones(2), first=0.5).lower == np.nextafter(0.5, 0)


# Identities --------------------------------------------------------------------------------


@given(
    diagonal=st.lists(st.integers(-1000, 1000), min_size=2, max_size=40),
    vector=st.lists(st.integers(-50, 50), min_size=40, max_size=40),
)
def test_the_rational_quotient_lies_within_the_rounding(diagonal, vector):
    size = len(diagonal)
    v = np.array(vector[:size], dtype=float)
    if not v.any():
        v[0] = 1
    weights = [Fraction(int(entry)) ** 2 for entry in v]
    exact = sum(w * d for w, d in zip(weights, diagonal, strict=True)) / sum(weights)
    first, second = sorted(diagonal)[:2]
    pair = enclosed(np.diag(np.array(diagonal, dtype=float)), v, second=float(second))
    assert Fraction(pair.upper) >= exact
    assert pair.lower <= first  # Temple: never above the smallest eigenvalue
    # Ten thousand roundings of extended precision at most, then one to double.
    assert abs(Fraction(pair.value) - exact) <= Fraction(1, 10**10)


# Where plain double precision fails --------------------------------------------------------


def test_small_quotient_of_a_large_matrix(rng):
    # 1e8 u u^T + I with u of equal entries: v orthogonal to u has quotient 1, which sums of
    # 1000 products of size 1e5 in double precision would give to eight digits.
    size = 1000
    K = 1e8 * np.full((size, size), 1 / size) + np.eye(size)
    v = np.repeat(rng.standard_normal(size // 2), 2)
    v[1::2] *= -1
    pair = enclosed(K, v)
    assert_allclose(pair.value, 1.0, rtol=0, atol=1e-11)  # 1/size is rounded at 1e-17: 1e8 * 1e-19
