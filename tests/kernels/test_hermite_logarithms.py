"""Logarithms of Hermite coefficients: closed forms, quadrature, and high precision."""

import math

import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import gammaln

from companion.activations import (
    ELU,
    ERF,
    GAUSSIAN_BUMP,
    GELU,
    NORMAL_CDF,
    SIGMOID,
    SILU,
    SOFTPLUS,
    TANH,
)
from companion.activations.splines import mollified_relu
from companion.kernels.hermite_logarithms import log_hermite_coefficients

LOGS = 1e-11  # differences of log-gammas of size 1e3, rounded at 1e-13
SMOOTH = (SIGMOID, NORMAL_CDF, GAUSSIAN_BUMP, TANH, ERF, SOFTPLUS, GELU, SILU)


# Exact values ------------------------------------------------------------------------------


@pytest.mark.parametrize("r", [0.3, 1.0, 3.0])
def test_erf_in_closed_form(r):
    # E erf(ru) erf(rv) = (2 / pi) arcsin(2 r^2 rho / (1 + 2 r^2)): the arcsine's series.
    n = np.arange(1, 400, 2)
    m = (n - 1) / 2
    arcsine = gammaln(2 * m + 1) - m * math.log(4) - 2 * gammaln(m + 1) - np.log(n)
    expected = (math.log(2 / math.pi) + arcsine + n * math.log(2 * r**2 / (1 + 2 * r**2))) / 2
    found = log_hermite_coefficients(ERF, norm=r, max_degree=400)
    assert_allclose(found[1::2], expected, rtol=0, atol=LOGS)
    assert np.isneginf(found[::2]).all()


def test_the_bump_in_closed_form():
    # E exp(-u^2 / 2) exp(-v^2 / 2) = (4 - rho^2)^(-1/2): the binomial series.
    m = np.arange(200)
    expected = (gammaln(2 * m + 1) - 2 * gammaln(m + 1) - m * math.log(16) - math.log(2)) / 2
    found = log_hermite_coefficients(GAUSSIAN_BUMP, max_degree=399)
    assert_allclose(found[::2], expected, rtol=0, atol=LOGS)


# Independent computations ------------------------------------------------------------------


@pytest.mark.parametrize("r", [0.4, 1.0, 2.5])
@pytest.mark.parametrize("one", [*SMOOTH, mollified_relu(4)], ids=lambda one: one.name)
def test_low_degrees_by_quadrature(one, r):
    nodes, weights = np.polynomial.hermite_e.hermegauss(150)
    nodes, step = np.linspace(-14, 14, 40_001, retstep=True)
    weights = step * np.exp(-(nodes**2) / 2) / math.sqrt(2 * math.pi)
    found = np.exp(log_hermite_coefficients(one, norm=r, max_degree=12))
    for degree in range(13):
        basis = np.polynomial.hermite_e.hermeval(nodes, np.eye(13)[degree])
        basis /= math.sqrt(math.factorial(degree))
        # The rule is exact to rounding but for the kinks of the spline's fifth derivative.
        expected = abs(weights @ (one(r * nodes) * basis))
        assert_allclose(found[degree], expected, rtol=1e-7, atol=3e-14)


@pytest.mark.parametrize(
    ("one", "degree"), [(TANH, 61), (SILU, 40)], ids=lambda p: getattr(p, "name", p)
)
def test_tiny_coefficients_in_high_precision(one, degree):
    # Down to 1e-14: quadrature in double precision sees little but rounding there.
    with mpmath.workdps(40):
        sigma = {"tanh": mpmath.tanh, "silu": lambda z: z / (1 + mpmath.exp(-z))}[one.name]
        step = mpmath.mpf(1) / 8
        total = mpmath.mpf(0)
        for j in range(-8 * 20, 8 * 20 + 1):
            z = j * step
            below, current = mpmath.mpf(0), mpmath.mpf(1)
            for n in range(degree):
                below, current = (
                    current,
                    (z * current - mpmath.sqrt(n) * below) / mpmath.sqrt(n + 1),
                )
            total += sigma(z) * current * mpmath.exp(-z * z / 2) * step
        expected = float(mpmath.log(abs(total) / mpmath.sqrt(2 * mpmath.pi)))
    found = log_hermite_coefficients(one, max_degree=degree)[degree]
    # The step of the reference leaves exp(-16 pi times the distance of the poles).
    assert abs(found - expected) < 1e-9


# Identities --------------------------------------------------------------------------------


@pytest.mark.parametrize("r", [0.5, 1.0, 2.0])
def test_softplus_is_the_integral_of_the_sigmoid(r):
    # c_n(sigma') = sqrt(n + 1) c_{n+1}(sigma) / r.
    n = np.arange(300)
    softplus = log_hermite_coefficients(SOFTPLUS, norm=r, max_degree=300)
    sigmoid = log_hermite_coefficients(SIGMOID, norm=r, max_degree=299)
    there = np.isfinite(sigmoid)
    assert_allclose(
        sigmoid[there], (softplus[1:] + np.log(n + 1) / 2 - math.log(r))[there], atol=LOGS
    )


def test_tanh_is_a_sigmoid_at_twice_the_norm():
    # tanh z = 2 s(2z) - 1: the same poles from another transform.
    tanh = log_hermite_coefficients(TANH, norm=0.8, max_degree=301)[1::2]
    sigmoid = log_hermite_coefficients(SIGMOID, norm=1.6, max_degree=301)[1::2]
    assert_allclose(tanh, sigmoid + math.log(2), atol=LOGS)


def test_low_degrees_alone():
    full = log_hermite_coefficients(GELU, max_degree=5)
    for degree in range(5):
        some = log_hermite_coefficients(GELU, max_degree=degree)
        assert_allclose(some, full[: degree + 1], rtol=1e-12)


# Where the naive formula fails -------------------------------------------------------------


@pytest.mark.parametrize("norm", [0.0, -1.0, math.inf])
def test_a_norm_that_is_none(norm):
    with pytest.raises(ValueError, match="`norm` must be positive and finite"):
        log_hermite_coefficients(TANH, norm=norm, max_degree=3)


def test_a_degree_that_is_none():
    with pytest.raises(ValueError, match="`max_degree` must be nonnegative; got -1"):
        log_hermite_coefficients(TANH, max_degree=-1)


def test_an_activation_without_a_transform():
    with pytest.raises(ValueError, match="got 'elu'"):
        log_hermite_coefficients(ELU, max_degree=3)
