"""Transforms of derivatives of activations, against integrals of the derivatives themselves."""

import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.activations import (
    ELU,
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
from companion.activations.splines import mollified_relu
from companion.activations.transforms import derivative_transform

OMEGA = np.array([0.01, 0.7, 2.0, 4.5])
INTEGRAL = 1e-11  # quad of numbers of order one, differences of tanh rounded at 1e-16
SMOOTH = (SIGMOID, NORMAL_CDF, GAUSSIAN_BUMP, TANH, ERF, SOFTPLUS, GELU, SILU)


def logistic(z):
    return 1 / (1 + mpmath.exp(-z))


# The first integrable derivatives, written down by hand.
BY_HAND = {
    "sigmoid": lambda z: logistic(z) * logistic(-z),
    "normal_cdf": mpmath.npdf,
    "gaussian_bump": lambda z: mpmath.exp(-z * z / 2),
    "tanh": lambda z: mpmath.sech(z) ** 2,
    "erf": lambda z: 2 / mpmath.sqrt(mpmath.pi) * mpmath.exp(-z * z),
    "softplus": lambda z: logistic(z) * logistic(-z),
    "gelu": lambda z: (2 - z * z) * mpmath.npdf(z),
    "silu": lambda z: logistic(z) * logistic(-z) * (2 + z * (1 - 2 * logistic(z))),
}


@pytest.mark.parametrize("one", SMOOTH, ids=lambda one: one.name)
def test_the_transform_is_the_integral(one):
    derivative = BY_HAND[one.name]
    integrals = [
        2 * mpmath.quad(lambda z, w=w: derivative(z) * mpmath.cos(w * z), [0, 3, 10, 50])
        for w in OMEGA
    ]
    found = np.exp(derivative_transform(one).logarithm(OMEGA))
    assert_allclose(found, np.array(integrals, dtype=float), rtol=1e-9, atol=INTEGRAL)


@pytest.mark.parametrize("one", SMOOTH, ids=lambda one: one.name)
def test_the_order_counts_derivatives(one):
    # The transform at zero is the integral of the derivative: the change of the one below.
    order = derivative_transform(one).order
    total = np.exp(derivative_transform(one).logarithm(np.array([1e-9])))[0]
    below = {1: one.value, 2: one.derivative}
    if order == 0:
        assert_allclose(total, np.sqrt(2 * np.pi), rtol=1e-12)
    else:
        assert_allclose(total, below[order](40.0) - below[order](-40.0), rtol=1e-12)


@pytest.mark.parametrize("order", [2, 4, 6])
def test_a_spline_has_a_power_of_sinc(order):
    # The second derivative by differences of the first, on a grid finer than the knots.
    sigma = mollified_relu(order)
    edges = np.linspace(-1, 1, 24_001)
    z, jumps = (edges[1:] + edges[:-1]) / 2, np.diff(sigma.derivative(edges))
    sums = np.cos(np.multiply.outer(OMEGA, z)) @ jumps
    found = np.exp(derivative_transform(sigma).logarithm(OMEGA))
    assert_allclose(found, sums, rtol=0, atol=1e-7)  # midpoints: (step * omega)^2 / 24


def test_zeros_of_a_spline_are_zeros():
    # To rounding of the frequency: the sine of a multiple of pi is 1e-16, here squared.
    found = derivative_transform(mollified_relu(2)).logarithm(np.array([2 * np.pi]))
    assert found[0] < -60


@pytest.mark.parametrize("one", SMOOTH, ids=lambda one: one.name)
def test_high_frequencies_neither_overflow_nor_vanish(one):
    logs = derivative_transform(one).logarithm(np.array([50.0, 500.0, 5000.0]))
    assert np.isfinite(logs).all()
    assert (np.diff(logs) < -200).all()


@pytest.mark.parametrize("one", [ELU, SHIFTED_SIGMOID, mollified_relu(3)], ids=lambda o: o.name)
def test_others_are_refused(one):
    with pytest.raises(ValueError, match="transform is known and of one sign; got"):
        derivative_transform(one)
