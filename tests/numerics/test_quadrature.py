"""Quadrature against exact moments, orthogonality and high-precision integrals."""

import math

import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.numerics.quadrature import (
    gauss_gegenbauer,
    gauss_hermite,
    gaussian_pair_mean,
    hermite_coefficients,
)


def logistic(z):
    return (1 + np.tanh(z / 2)) / 2


def sphere_moment(power, input_dim):
    """E (x . y)^power on the sphere, for an even power: a ratio of rising products."""
    factors = [(2 * i + 1) / (input_dim + 2 * i) for i in range(power // 2)]
    return math.prod(factors)


# Gauss-Hermite -----------------------------------------------------------------------------


@pytest.mark.parametrize("num_nodes", [1, 2, 5, 20, 200])
def test_gauss_hermite_integrates_moments_of_the_normal_law(num_nodes):
    nodes, weights = gauss_hermite(num_nodes)
    for power in range(0, min(2 * num_nodes, 20), 2):
        moment = math.prod(range(1, power, 2))  # the double factorial (power - 1)!!
        assert_allclose(weights @ nodes**power, moment, rtol=1e-12)
        # Odd moments vanish by cancellation of terms as large as the next even one.
        assert abs(weights @ nodes ** (power + 1)) < 1e-12 * max(moment, 1) * (power + 2)


def test_gauss_hermite_has_the_nodes_of_three_points():
    nodes, weights = gauss_hermite(3)
    assert_allclose(nodes, [-math.sqrt(3), 0, math.sqrt(3)], rtol=0, atol=1e-15)
    assert_allclose(weights, [1 / 6, 2 / 3, 1 / 6], rtol=1e-15)


# A pair of Gaussians -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("var_u", "var_v", "cov"),
    [(1.0, 1.0, 0.3), (4.0, 0.25, -0.9), (1.0, 1.0, 1.0), (1.0, 1.0, -1.0), (2.0, 0.0, 0.0)],
)
def test_pair_mean_of_polynomials_is_exact(var_u, var_v, cov):
    # Isserlis: E u v = c, E u^2 v^2 = st + 2 c^2, E u^3 v = 3 s c.
    cases = [
        (lambda u: u, lambda v: v, cov),
        (lambda u: u**2, lambda v: v**2, var_u * var_v + 2 * cov**2),
        (lambda u: u**3, lambda v: v, 3 * var_u * cov),
    ]
    matrix = np.array([[var_u, cov], [cov, var_v]])
    for f, g, expected in cases:
        for covariance in ((var_u, var_v, cov), matrix):
            value = gaussian_pair_mean(f, g, covariance=covariance, num_nodes=4)
            assert_allclose(value, expected, rtol=0, atol=1e-13 * var_u**2)


@pytest.mark.parametrize("rho", [-0.95, -0.2, 0.6, 1.0])
def test_pair_mean_of_exponentials(rho):
    # E exp(su + tv) = exp((s^2 + 2 rho s t + t^2) / 2); 30 nodes resolve exp far below 1e-13.
    s, t = 0.7, -0.4
    value = gaussian_pair_mean(
        lambda u: np.exp(s * u), lambda v: np.exp(t * v), covariance=(1.0, 1.0, rho), num_nodes=30
    )
    assert_allclose(value, math.exp((s * s + 2 * rho * s * t + t * t) / 2), rtol=1e-13)


# Hermite coefficients ----------------------------------------------------------------------


@pytest.mark.parametrize("degree", [0, 1, 2, 3, 7, 30])
def test_hermite_polynomials_are_orthonormal(degree):
    # numpy's polynomials He_k have the norm sqrt(k!).
    basis = np.polynomial.HermiteE.basis(degree)
    coefficients = hermite_coefficients(
        lambda z: basis(z) / math.sqrt(math.factorial(degree)), max_degree=40
    )
    # He_30 cancels digits of its own: its terms are 1e4 times its root mean square.
    assert_allclose(coefficients, np.eye(41)[degree], rtol=0, atol=1e-14 * 2**degree)


@pytest.mark.parametrize("s", [0.1, 1.0, 3.0])
def test_coefficients_of_the_exponential(s):
    # exp(sz - s^2/2) generates the polynomials: c_k = s^k / sqrt(k!).
    coefficients = hermite_coefficients(lambda z: np.exp(s * z - s * s / 2), max_degree=60)
    degrees = np.arange(61)
    exact = s**degrees / np.sqrt([float(math.factorial(k)) for k in degrees])
    # The integrand reaches exp(s**2 / 2) before its oscillations cancel.
    assert_allclose(coefficients, exact, rtol=0, atol=1e-15 * math.exp(s * s / 2))


def test_coefficients_of_the_logistic_function_in_high_precision():
    # 30 digits, adaptive integration: nothing shared with the code but the definition.
    coefficients = hermite_coefficients(logistic, max_degree=9)
    with mpmath.workdps(30):
        for degree in (0, 1, 3, 9):

            def integrand(z, degree=degree):
                polynomial = mpmath.hermite(degree, z / mpmath.sqrt(2)) / mpmath.sqrt(2) ** degree
                return polynomial * mpmath.npdf(z) / (1 + mpmath.exp(-z))

            exact = mpmath.quad(integrand, range(-20, 21, 2)) / mpmath.sqrt(
                mpmath.factorial(degree)
            )
            assert_allclose(coefficients[degree], float(exact), rtol=0, atol=5e-16)


def test_squares_add_up_to_the_second_moment():
    # Parseval, for a function whose coefficients fall below 1e-17 before degree 60.
    coefficients = hermite_coefficients(logistic, max_degree=60)
    same = (1.0, 1.0, 1.0)
    second_moment = gaussian_pair_mean(logistic, logistic, covariance=same, num_nodes=200)
    # 200 Gauss nodes resolve poles at distance pi to exp(-2 pi sqrt(200)) = 3e-39.
    assert_allclose((coefficients**2).sum(), second_moment, rtol=2e-14)


def test_several_functions_at_once():
    scales = np.array([0.5, 2.0])
    together = hermite_coefficients(lambda z: np.sin(scales[:, None] * z), max_degree=100)
    for row, scale in zip(together, scales, strict=True):
        alone = hermite_coefficients(lambda z, s=scale: np.sin(s * z), max_degree=100)
        assert_allclose(row, alone, rtol=0, atol=1e-15)
        # E sin(sz) h_1(z) = s exp(-s^2/2).
        assert_allclose(row[1], scale * math.exp(-(scale**2) / 2), rtol=0, atol=1e-15)


def test_large_degrees_neither_overflow_nor_drift():
    # sin(60 z) is spread over degrees around 60^2 / 2 = 1800 and further; its squares sum to
    # E sin^2 = (1 - exp(-7200)) / 2. Rounding: a few eps times the root of 3000 steps.
    coefficients = hermite_coefficients(lambda z: np.sin(60 * z), max_degree=8000)
    assert_allclose((coefficients**2).sum(), 0.5, rtol=1e-12)


# Gauss-Gegenbauer --------------------------------------------------------------------------


@pytest.mark.parametrize("input_dim", [2, 3, 5, 50, 1280])
def test_gegenbauer_rule_integrates_moments_of_the_sphere(input_dim):
    nodes, weights = gauss_gegenbauer(12, input_dim=input_dim)
    assert_allclose(weights.sum(), 1.0, rtol=1e-14)
    for power in range(0, 24, 2):
        # The weights come from an eigenvalue problem: 1e-12 of the largest.
        assert_allclose(
            weights @ (nodes * math.sqrt(input_dim)) ** power,
            sphere_moment(power, input_dim) * float(input_dim) ** (power // 2),
            rtol=1e-10,
        )
        assert abs(weights @ nodes ** (power + 1)) < 1e-14


def test_gegenbauer_rule_in_three_dimensions_is_that_of_legendre():
    # The law of a coordinate on the two-sphere is uniform (Archimedes).
    nodes, weights = gauss_gegenbauer(10, input_dim=3)
    legendre_nodes, legendre_weights = np.polynomial.legendre.leggauss(10)
    assert_allclose(nodes, legendre_nodes, rtol=0, atol=1e-14)
    assert_allclose(weights, legendre_weights / 2, rtol=1e-12)


def test_gegenbauer_rule_agrees_with_sampling(rng):
    points = rng.standard_normal((200_000, 4))
    first = points[:, 0] / np.linalg.norm(points, axis=1)
    nodes, weights = gauss_gegenbauer(40, input_dim=4)
    error = np.exp(first).mean() - weights @ np.exp(nodes)
    # Seeded; five standard errors are exceeded with probability below 1e-6.
    assert abs(error) < 5 * np.exp(first).std() / math.sqrt(first.size)


# Bad input ---------------------------------------------------------------------------------


def test_number_of_nodes_must_be_positive():
    with pytest.raises(ValueError, match="`num_nodes` must be positive; got 0"):
        gauss_hermite(0)
    with pytest.raises(ValueError, match="`num_nodes` must be positive; got -1"):
        gauss_gegenbauer(-1, input_dim=3)


def test_dimension_must_be_at_least_two():
    with pytest.raises(ValueError, match="`input_dim` must be at least 2; got 1"):
        gauss_gegenbauer(3, input_dim=1)


@pytest.mark.parametrize(
    ("covariance", "message"),
    [
        ((1.0, 1.0, 1.1), "positive semidefinite"),
        ((-1.0, 1.0, 0.0), "positive semidefinite"),
        (np.array([[1.0, 0.2], [0.3, 1.0]]), "must be symmetric"),
        ((1.0, np.nan, 0.0), r"`covariance` must be finite; got covariance\[1, 1\] = nan"),
    ],
)
def test_covariance_must_be_one(covariance, message):
    with pytest.raises(ValueError, match=message):
        gaussian_pair_mean(np.cos, np.cos, covariance=covariance, num_nodes=5)


@pytest.mark.parametrize("covariance", [np.eye(3), np.ones(2), (1.0, 0.0)], ids=repr)
def test_covariance_must_be_that_of_a_pair(covariance, unchecked):
    with pytest.raises(ValueError, match=r"`covariance` must be a 2 x 2 matrix or a triple"):
        gaussian_pair_mean(np.cos, np.cos, covariance=covariance, num_nodes=5)


def test_values_must_be_finite():
    with pytest.raises(ValueError, match=r"`f\(u\) \* g\(v\)` must be finite"):
        gaussian_pair_mean(
            lambda u: np.full_like(u, np.nan), np.cos, covariance=(1.0, 1.0, 0.0), num_nodes=5
        )
    with pytest.raises(ValueError, match=r"`function\(nodes\)` must be finite"):
        hermite_coefficients(lambda z: np.full_like(z, np.inf), max_degree=3)


def test_too_few_nodes_are_refused():
    with pytest.raises(ValueError, match=r"`num_nodes` must be .* for degree 1000; got 50"):
        hermite_coefficients(np.cos, max_degree=1000, num_nodes=50)
    with pytest.raises(ValueError, match="`max_degree` must be nonnegative; got -1"):
        hermite_coefficients(np.cos, max_degree=-1)


def test_a_function_that_outgrows_the_interval_is_refused():
    # E exp(20 z)^2 is governed by z = 40, far outside: the sum would be wrong without a sign.
    with pytest.raises(ValueError, match="`function` must be negligible"):
        hermite_coefficients(lambda z: np.exp(20 * z), max_degree=10)
