"""Eigenvalues to relative accuracy: by hand, against integrals in high precision, by slopes."""

import math

import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import ive

from companion.activations import SIGMOID
from companion.kernels.hermite_series import hermite_series
from companion.kernels.series_spectrum import (
    arc_cosine_spectrum,
    power_series_spectrum,
    times_inner_product,
)
from companion.kernels.spectrum import funk_hecke
from companion.spaces.harmonics import multiplicities

LOGS = 1e-12  # log-gammas of size 100 to 1000, differences rounded at 1e-13
both_orders = pytest.mark.parametrize("order", [0, 1])


def gegenbauer(degree, input_dim, t):
    """P_k with P_k(1) = 1, in mpmath, by its recurrence."""
    below, current = mpmath.mpf(1), t
    if degree == 0:
        return below
    for k in range(1, degree):
        below, current = (
            current,
            ((2 * k + input_dim - 2) * t * current - k * below) / (k + input_dim - 2),
        )
    return current


# Exact values ------------------------------------------------------------------------------


@pytest.mark.parametrize("input_dim", [2, 3, 7, 100])
def test_powers_by_hand(input_dim):
    d = input_dim
    squares = power_series_spectrum(np.array([0, 0, 1.0]), input_dim=d, max_degree=4)
    assert_allclose(squares, [1 / d, 0, 2 / (d * (d + 2)), 0, 0], rtol=LOGS)
    cubes = power_series_spectrum(np.array([0, 0, 0, 1.0]), input_dim=d, max_degree=3)
    expected = [0, 3 / (d * (d + 2)), 0, 6 / (d * (d + 2) * (d + 4))]
    assert_allclose(cubes, expected, rtol=LOGS)


def test_order_zero_on_the_circle_by_hand():
    # (pi - theta) / (2 pi) has the cosine coefficients 1 / (pi^2 k^2) for odd k.
    found = arc_cosine_spectrum(order=0, input_dim=2, max_degree=31)
    k = np.arange(1, 32, 2)
    assert_allclose(found[1::2], 1 / (np.pi * k) ** 2, rtol=LOGS)
    assert found[0] == 1 / 4
    assert (found[2::2] == 0).all()


@both_orders
def test_low_degrees_alone(order):
    full = arc_cosine_spectrum(order=order, input_dim=5, max_degree=6)
    for degree in range(3):
        some = arc_cosine_spectrum(order=order, input_dim=5, max_degree=degree)
        assert_allclose(some, full[: degree + 1], rtol=0)


# Identities --------------------------------------------------------------------------------


@pytest.mark.parametrize("input_dim", [2, 3, 10])
@both_orders
def test_trace_is_one_half(order, input_dim):
    # kappa(1) = 1/2 by Mercer; terms fall like k^-2 and k^-4, and so does what is left out.
    values = arc_cosine_spectrum(order=order, input_dim=input_dim, max_degree=400)
    trace = values @ multiplicities(input_dim=input_dim, max_degree=400)
    assert 0 < 0.5 - trace < (0.01 if order == 0 else 1e-6)


@pytest.mark.parametrize("input_dim", [2, 3, 10, 30])
@both_orders
def test_falls_like_the_power_that_is_stated(order, input_dim):
    # From degree 2e5 on: deviations of relative order d^2 / k.
    values = arc_cosine_spectrum(order=order, input_dim=input_dim, max_degree=400_001)
    parity = 1 - order
    slope = math.log2(values[400_000 + parity] / values[200_000 + parity])
    assert_allclose(slope, -input_dim - 2 * order, rtol=0, atol=input_dim**2 * 1e-5)


def test_product_with_the_inner_product_shifts_powers():
    series = np.array([0.3, 0.0, 0.5, 1.2, 0.1])
    for input_dim in (2, 3, 50):
        values = power_series_spectrum(series, input_dim=input_dim, max_degree=6)
        shifted = power_series_spectrum(
            np.concatenate([[0.0], series]), input_dim=input_dim, max_degree=5
        )
        found = times_inner_product(values, input_dim=input_dim)
        assert_allclose(found, shifted, rtol=LOGS, atol=1e-300)


# Independent computations ------------------------------------------------------------------


@both_orders
@pytest.mark.parametrize("input_dim", [2, 3, 8, 50])
def test_agrees_with_quadrature_of_the_kernel(order, input_dim):
    def kernel(t):
        angle = np.arccos(t)
        if order == 0:
            return (np.pi - angle) / (2 * np.pi)
        return (np.sin(angle) + (np.pi - angle) * t) / (2 * np.pi)

    found = arc_cosine_spectrum(order=order, input_dim=input_dim, max_degree=30)
    expected = funk_hecke(kernel, input_dim=input_dim, max_degree=30)
    assert_allclose(found, expected, rtol=0, atol=1e-14)


@both_orders
@pytest.mark.parametrize(("input_dim", "degree"), [(3, 12), (10, 15), (100, 8)])
def test_small_eigenvalues_agree_with_an_integral_in_forty_digits(order, input_dim, degree):
    # lambda_k = E sigma(t) P_k(t) over the half sphere; eigenvalues down to 1e-20 and below.
    degree += (degree + order + 1) % 2
    with mpmath.workdps(40):
        d = input_dim
        norm = mpmath.gamma(mpmath.mpf(d) / 2) / mpmath.gamma(mpmath.mpf(d - 1) / 2)
        norm /= mpmath.sqrt(mpmath.pi)

        def integrand(angle):
            t = mpmath.cos(angle)
            return t**order * gegenbauer(degree, d, t) * mpmath.sin(angle) ** (d - 2)

        ends = mpmath.linspace(0, mpmath.pi / 2, 7)
        expected = float((norm * mpmath.quad(integrand, ends)) ** 2 * (d if order else 1))
    found = arc_cosine_spectrum(order=order, input_dim=d, max_degree=degree)[degree]
    assert_allclose(found, expected, rtol=LOGS)


@pytest.mark.parametrize("input_dim", [3, 20, 100])
def test_exponential_is_a_bessel_function_to_relative_accuracy(input_dim):
    # exp(t): Gamma(d/2) 2^(d/2 - 1) I_{k + d/2 - 1}(1), down to 1e-50.
    series = np.array([1 / math.factorial(n) for n in range(120)])
    found = power_series_spectrum(series, input_dim=input_dim, max_degree=20)
    order = input_dim / 2 - 1
    exact = [
        math.exp(math.lgamma(order + 1) + order * math.log(2) + math.log(ive(k + order, 1.0)) + 1)
        for k in range(21)
    ]
    assert_allclose(found, exact, rtol=LOGS)


def test_layer_of_sigmoids_agrees_with_quadrature():
    series, _ = hermite_series(np.ones(1), activation=SIGMOID, derivative=False)
    coefficients = series[0] ** 2
    found = power_series_spectrum(coefficients, input_dim=6, max_degree=8)
    polynomial = np.polynomial.Polynomial(coefficients)
    assert_allclose(found, funk_hecke(polynomial, input_dim=6, max_degree=8), rtol=0, atol=1e-15)


# Where naive formulas fail -----------------------------------------------------------------


def test_nothing_overflows_on_the_way():
    # Factorials of 2000 leave the range of floats; the eigenvalues, near 1e-50, do not.
    series = np.zeros(2001)
    series[2000] = 1.0
    values = power_series_spectrum(series, input_dim=50, max_degree=4)
    assert np.isfinite(values).all()
    assert (values[::2] > 0).all()
    assert (arc_cosine_spectrum(order=0, input_dim=1000, max_degree=31)[1::2] > 0).all()


# Bad input ---------------------------------------------------------------------------------


def test_bad_arguments_are_named(unchecked):
    with pytest.raises(ValueError, match="`coefficients` must be a nonempty vector of nonneg"):
        power_series_spectrum(np.array([1.0, -1.0]), input_dim=3, max_degree=2)
    with pytest.raises(ValueError, match=r"`coefficients` must be finite; got coefficients\[1\]"):
        power_series_spectrum(np.array([1.0, np.nan]), input_dim=3, max_degree=2)
    with pytest.raises(ValueError, match="`order` must be 0 or 1; got 2"):
        arc_cosine_spectrum(order=2, input_dim=3, max_degree=2)
    with pytest.raises(ValueError, match="`input_dim` must be at least 2; got 1"):
        arc_cosine_spectrum(order=1, input_dim=1, max_degree=2)
    with pytest.raises(ValueError, match="`eigenvalues` must be a vector of at least two"):
        times_inner_product(np.ones(1), input_dim=3)


@pytest.mark.parametrize("numbers", [[1.0, 0.5], None, np.ones(3) * 1j], ids=["list", "no", "1j"])
def test_numbers_must_be_a_real_array(numbers, unchecked):
    with pytest.raises(TypeError, match="`coefficients` must be a NumPy array of real numbers"):
        power_series_spectrum(numbers, input_dim=3, max_degree=2)
    with pytest.raises(TypeError, match="`eigenvalues` must be a NumPy array of real numbers"):
        times_inner_product(numbers, input_dim=3)


def test_the_dimension_must_be_whole(unchecked):
    with pytest.raises(TypeError, match=r"`input_dim` must be a whole number; got 2\.5"):
        arc_cosine_spectrum(order=1, input_dim=2.5, max_degree=2)
