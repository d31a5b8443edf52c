"""Smooth activations at points where their values are known by hand."""

import math

import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.activations import (
    ERF,
    GAUSSIAN_BUMP,
    GELU,
    NORMAL_CDF,
    SHIFTED_SIGMOID,
    SIGMOID,
    SILU,
    SOFTPLUS,
    TANH,
)

EXACT = 1e-15  # a few roundings of numbers of order one


@pytest.mark.parametrize(
    ("sigma", "z", "value", "slope"),
    [
        (SIGMOID, 0.0, 1 / 2, 1 / 4),
        (SIGMOID, math.log(3), 3 / 4, 3 / 16),
        (SHIFTED_SIGMOID, -1.0, 1 / 2, 1 / 4),
        (SHIFTED_SIGMOID, math.log(3) - 1, 3 / 4, 3 / 16),
        (NORMAL_CDF, 0.0, 1 / 2, 1 / math.sqrt(2 * math.pi)),
        (NORMAL_CDF, 1.0, (1 + math.erf(1 / math.sqrt(2))) / 2, 0.24197072451914337),
        (GAUSSIAN_BUMP, 0.0, 1.0, 0.0),
        (GAUSSIAN_BUMP, -2.0, math.exp(-2), 2 * math.exp(-2)),
        (TANH, math.log(2), 3 / 5, 16 / 25),
        (ERF, 0.0, 0.0, 2 / math.sqrt(math.pi)),
        (ERF, 1.0, math.erf(1), 2 / math.sqrt(math.pi) / math.e),
        (SOFTPLUS, 0.0, math.log(2), 1 / 2),
        (SOFTPLUS, math.log(3), math.log(4), 3 / 4),
        (GELU, 0.0, 0.0, 1 / 2),
        (SILU, 0.0, 0.0, 1 / 2),
        (SILU, math.log(3), 3 / 4 * math.log(3), 3 / 4 + 3 / 16 * math.log(3)),
    ],
)
def test_values_known_by_hand(sigma, z, value, slope):
    assert_allclose(sigma(np.array([z])), [value], rtol=EXACT, atol=0)
    assert_allclose(sigma.derivative(np.array([z])), [slope], rtol=2 * EXACT, atol=0)


@pytest.mark.parametrize(
    ("sigma", "formula"),
    [
        (SOFTPLUS, lambda z: mpmath.log1p(mpmath.exp(z))),
        (GELU, lambda z: z * mpmath.ncdf(z)),
        (SILU, lambda z: z / (1 + mpmath.exp(-z))),
        (ERF, mpmath.erf),
    ],
    ids=["softplus", "gelu", "silu", "erf"],
)
@pytest.mark.parametrize("z", [-30.0, -3.0, -1e-3, 0.4, 8.0])
def test_tails_keep_their_digits(sigma, formula, z):
    # The left tails are tiny numbers: relative accuracy, times the exponent 450 of a Gaussian.
    with mpmath.workdps(50):
        value, slope = formula(mpmath.mpf(z)), mpmath.diff(formula, mpmath.mpf(z))
    assert_allclose(sigma(np.array([z])), [float(value)], rtol=450 * 1e-15)
    # Beyond the zero of the derivative of z s(z) and z Phi(z) both terms are of the size of z
    # times the slope: 30 roundings.
    assert_allclose(sigma.derivative(np.array([z])), [float(slope)], rtol=1e-12, atol=1e-300)


def test_steepest_points_of_gelu_and_silu():
    # GELU'' = phi (2 - z^2) vanishes at sqrt 2; SiLU'' where z tanh(z / 2) = 2.
    assert_allclose(GELU.lipschitz, GELU.derivative(np.array([math.sqrt(2)])), rtol=EXACT)
    with mpmath.workdps(30):
        steepest = float(mpmath.findroot(lambda z: z * mpmath.tanh(z / 2) - 2, 2.4))
    assert_allclose(SILU.lipschitz, SILU.derivative(np.array([steepest])), rtol=EXACT)
