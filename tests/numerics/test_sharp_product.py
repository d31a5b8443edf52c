"""Sharp products against rational arithmetic."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from companion.numerics.sharp_product import sharp_product

UNIT = 2.0**-53


def rational(K, x):
    return [
        sum((Fraction(a) * Fraction(b) for a, b in zip(row, x.tolist(), strict=True)), Fraction(0))
        for row in K.tolist()
    ]


# Exact values ------------------------------------------------------------------------------


def test_integers_are_exact():
    K, x = np.arange(12.0).reshape(3, 4), np.array([1.0, -2.0, 3.0, -4.0])
    product, _ = sharp_product(K, x)
    assert product.tolist() == [-8.0, -16.0, -24.0]


def test_zero_matrix_and_zero_vector():
    assert sharp_product(np.zeros((2, 3)), np.ones(3))[0].tolist() == [0.0, 0.0]
    assert sharp_product(np.ones((2, 3)), np.zeros(3))[0].tolist() == [0.0, 0.0]


# Identities --------------------------------------------------------------------------------


@given(
    rows=st.integers(1, 5),
    columns=st.integers(1, 60),
    spread=st.floats(0, 8),
    exponent=st.integers(-150, 150),
    seed=st.integers(0, 2**32 - 1),
)
def test_error_is_within_its_bound(rows, columns, spread, exponent, seed):
    rng = np.random.default_rng(seed)
    scale = 10.0**exponent
    K = rng.standard_normal((rows, columns)) * 10.0 ** (spread * rng.random(columns))
    x = rng.standard_normal(columns) / 10.0 ** (spread * rng.random(columns))
    K, x = scale * K, x / scale
    product, bound = sharp_product(K, x)
    for value, exact in zip(product.tolist(), rational(K, x), strict=True):
        assert abs(Fraction(value) - exact) <= Fraction(bound) + Fraction(UNIT) * abs(
            Fraction(value)
        )
    # The largest entry of K and of x stand in for all: that costs a root of the size each.
    reach = columns * np.abs(K).max() * np.abs(x).max() * np.sqrt(rows)
    assert bound <= 1e-5 * UNIT * (columns + 3) * reach


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("size", [1, 130, 2000])
def test_tiles_and_layouts(size, order, rng):
    K = np.asarray(rng.standard_normal((7, size)), order=order)
    x = rng.standard_normal(size)
    exact = [float(value) for value in rational(K, x)]
    product, bound = sharp_product(K, x)
    assert_allclose(product, exact, rtol=2e-16, atol=bound)
    assert bound < 1e-13


# Where an ordinary product fails -----------------------------------------------------------


def test_cancellation_of_ten_digits(rng):
    # Rows orthogonal to x but for 1e-10 of their length.
    x = rng.standard_normal(1000)
    K = rng.standard_normal((4, 1000))
    K -= (1 - 1e-10) * np.outer(K @ x, x) / (x @ x)
    exact = np.array([float(value) for value in rational(K, x)])
    assert np.abs(sharp_product(K, x)[0] / exact - 1).max() < 1e-9  # 1e-19 of the terms
    assert np.abs(K @ x / exact - 1).max() > 1e-9


def test_lengths_must_agree(unchecked):
    with pytest.raises(ValueError, match=r"`x` must have 3 entries; got shape \(2,\)"):
        sharp_product(np.ones((2, 3)), np.ones(2))
