"""Zonal harmonics: closed forms, orthogonality, another library, sums of the addition theorem."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.special import eval_legendre

from companion.numerics.quadrature import gauss_gegenbauer
from companion.spaces.harmonics import (
    gegenbauer,
    gegenbauer_by_degree,
    multiplicities,
    zonal_expansion,
)

DIMENSIONS = pytest.mark.parametrize("input_dim", [2, 3, 4, 6, 10, 100])
EXACT = 1e-14  # a few roundings of numbers of order one


# Exact values ------------------------------------------------------------------------------


def test_multiplicities_by_hand():
    assert multiplicities(input_dim=2, max_degree=4).tolist() == [1, 2, 2, 2, 2]
    assert multiplicities(input_dim=3, max_degree=4).tolist() == [1, 3, 5, 7, 9]
    assert multiplicities(input_dim=4, max_degree=4).tolist() == [1, 4, 9, 16, 25]
    # All polynomials of degree at most K on the sphere: two full spaces of polynomials.
    total = multiplicities(input_dim=100, max_degree=5).sum()
    assert total == math.comb(104, 5) + math.comb(103, 4)


@DIMENSIONS
def test_low_degrees_by_hand(input_dim):
    t, d = np.linspace(-1, 1, 9), input_dim
    second = (d * t**2 - 1) / (d - 1)
    third = ((d + 2) * t**3 - 3 * t) / (d - 1)
    found = gegenbauer(t, input_dim=d, max_degree=3)
    assert_allclose(found, [np.ones_like(t), t, second, third], atol=EXACT)


def test_chebyshev_and_legendre():
    t = np.linspace(-1, 1, 201)
    degrees = np.arange(61)[:, None]
    # Near the ends a rounding of t is magnified by the square of the degree, 3600.
    circle = gegenbauer(t, input_dim=2, max_degree=60)
    assert_allclose(circle, np.cos(degrees * np.arccos(t)), atol=3600 * 1e-16)
    sphere = gegenbauer(t, input_dim=3, max_degree=60)
    assert_allclose(sphere, eval_legendre(degrees, t), atol=3600 * 1e-16)


@DIMENSIONS
def test_values_at_the_ends(input_dim):
    found = gegenbauer(np.array([-1.0, 1.0]), input_dim=input_dim, max_degree=30)
    assert_allclose(found[:, 1], 1, atol=EXACT)
    assert_allclose(found[:, 0], (-1.0) ** np.arange(31), atol=EXACT)


# Identities --------------------------------------------------------------------------------


@DIMENSIONS
def test_mean_products_are_inverse_multiplicities(input_dim):
    t, weights = gauss_gegenbauer(22, input_dim=input_dim)  # exact up to degree 43
    values = gegenbauer(t, input_dim=input_dim, max_degree=21)
    counts = multiplicities(input_dim=input_dim, max_degree=21)
    means = (values * weights) @ values.T * np.sqrt(np.outer(counts, counts))
    # In dimension 100 a mean of 1e-22 is magnified to one: only low degrees keep their digits.
    kept = counts < 1e10
    assert_allclose(means[np.ix_(kept, kept)], np.eye(22)[np.ix_(kept, kept)], atol=1e-11)


@given(st.integers(2, 30), st.floats(-1, 1))
def test_at_most_one_between_the_ends(input_dim, t):
    values = gegenbauer(np.array(t), input_dim=input_dim, max_degree=40)
    assert np.abs(values).max() <= 1 + EXACT


def test_shape_of_the_points_is_kept():
    t = np.linspace(-1, 1, 6).reshape(2, 3)
    found = gegenbauer(t, input_dim=5, max_degree=4)
    assert found.shape == (5, 2, 3)
    streamed = list(gegenbauer_by_degree(t, input_dim=5, max_degree=4))
    assert_allclose(streamed, found, rtol=0, atol=0)


# Independent computations ------------------------------------------------------------------


@pytest.mark.parametrize("input_dim", [3, 4, 6, 10])
@pytest.mark.parametrize("degree", [1, 7, 40, 150])
def test_another_library(input_dim, degree):
    # mpmath sums a hypergeometric series with 40 digits.
    points = [-0.999, -0.5, 0.001, 0.123, 0.9, 0.99999]
    with mpmath.workdps(40):
        order = mpmath.mpf(input_dim - 2) / 2
        at_one = mpmath.gegenbauer(degree, order, 1)
        expected = [float(mpmath.gegenbauer(degree, order, t) / at_one) for t in points]
    found = gegenbauer(np.array(points), input_dim=input_dim, max_degree=degree)[-1]
    assert_allclose(found, expected, rtol=0, atol=1e-16 * degree**2 + 1e-15)


def test_poisson_kernel():
    # Sum of r^k N_k P_k(t) = (1 - r^2) / (1 - 2 r t + r^2)^(d/2); the tail is below 0.5^120 k^9.
    t, r = np.linspace(-1, 1, 21), 0.5
    for input_dim in (2, 3, 6, 10):
        found = zonal_expansion(r ** np.arange(140.0), t, input_dim=input_dim)
        expected = (1 - r**2) / (1 - 2 * r * t + r**2) ** (input_dim / 2)
        # Up to (1 + r) / (1 - r)^(d - 1) = 768 at the pole, from terms of that size.
        assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


@DIMENSIONS
def test_simple_kernels(input_dim):
    t = np.linspace(-1, 1, 5)
    constant = zonal_expansion(np.array([2.5]), t, input_dim=input_dim)
    assert_allclose(constant, np.full(5, 2.5), rtol=1e-15)
    linear = zonal_expansion(np.array([0.0, 1 / input_dim]), t, input_dim=input_dim)
    assert_allclose(linear, t, atol=EXACT)


# Bad input ---------------------------------------------------------------------------------


def test_inner_products_out_of_range():
    with pytest.raises(ValueError, match=r"`t` must lie in \[-1, 1\]; got 1.5. Divide the points"):
        gegenbauer(np.array([0.0, 1.5]), input_dim=3, max_degree=2)
    with pytest.raises(ValueError, match=r"`t` must be finite; got t\[1\] = nan"):
        zonal_expansion(np.ones(2), np.array([0.0, np.nan]), input_dim=3)


def test_an_inner_product_may_exceed_one_by_rounding():
    above = np.nextafter(1.0, 2.0)
    assert gegenbauer(np.array([above]), input_dim=3, max_degree=500)[-1] == 1.0


def test_sizes_out_of_range(unchecked):
    with pytest.raises(ValueError, match="`max_degree` must be nonnegative; got -1"):
        multiplicities(input_dim=3, max_degree=-1)
    with pytest.raises(ValueError, match="`input_dim` must be at least 2; got 1"):
        gegenbauer(np.zeros(1), input_dim=1, max_degree=1)
    with pytest.raises(TypeError, match=r"`max_degree` must be a whole number; got 2.5"):
        multiplicities(input_dim=3, max_degree=2.5)
    with pytest.raises(TypeError, match="`input_dim` must be a number; got None"):
        multiplicities(input_dim=None, max_degree=2)


def test_eigenvalues_must_be_a_finite_vector(unchecked):
    with pytest.raises(ValueError, match=r"`eigenvalues` must be a vector .* got shape \(0,\)"):
        zonal_expansion(np.ones(0), np.zeros(1), input_dim=3)
    with pytest.raises(ValueError, match=r"`eigenvalues` must be finite; got eigenvalues\[1\]"):
        zonal_expansion(np.array([1.0, np.inf]), np.zeros(1), input_dim=3)
