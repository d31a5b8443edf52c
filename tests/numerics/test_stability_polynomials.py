"""Stability polynomials against the exponential, and on all of their interval."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.numerics.stability_polynomials import stability_polynomial

DEGREES = (6, 7, 8, 11, 16, 25, 40, 73, 130, 250)


def values(polynomial, z):
    before, here = np.ones_like(z), np.ones_like(z)
    for mu, nu in zip(polynomial.mu, polynomial.nu, strict=True):
        before, here = here, (mu * z + nu) * here + (1 - nu) * before
    return np.polyval(polynomial.weight[::-1], z) * here


@pytest.mark.parametrize("degree", DEGREES)
def test_the_error_against_exp_begins_with_the_fifth_power(degree):
    polynomial = stability_polynomial(degree)
    # The fifth power and nothing below it: contour integrals of R on a circle, by the trapezoidal
    # rule, exact for a polynomial up to the powers that alias, 64 above.
    circle = 0.5 * np.exp(2j * np.pi * np.arange(64) / 64)
    powers = (np.fft.fft(values(polynomial, circle)) / 64)[:6].real / 0.5 ** np.arange(6)
    factorials = np.array([1.0, 1.0, 2.0, 6.0, 24.0, 120.0])
    # The zeros solve their equations to 1e-11.
    assert_allclose((powers * factorials)[:5], 1, rtol=0, atol=1e-10)
    assert_allclose(abs(powers[5] - 1 / 120), polynomial.error_constant, rtol=1e-6)
    assert 5e-4 < polynomial.error_constant < 5e-3  # far below the 1/120 of a Taylor polynomial


@pytest.mark.parametrize("degree", DEGREES)
def test_modes_are_damped_on_the_whole_interval(degree):
    polynomial = stability_polynomial(degree)
    # Chebyshev spacing resolves the oscillations, of which there are fewer than the degree.
    z = polynomial.interval * (np.cos(np.linspace(0, np.pi, 40 * degree)) - 1) / 2
    size = np.abs(values(polynomial, z))
    assert (size[z < -0.01] < 1).all()
    assert (size[z < -3] < 0.75).all()


@pytest.mark.parametrize("degree", DEGREES[3:])
def test_the_interval_grows_with_the_square_of_the_degree(degree):
    # The longest possible for order four is 0.353 degree^2, without any damping.
    assert 0.28 < stability_polynomial(degree).interval / degree**2 < 0.353


@pytest.mark.parametrize("degree", [20, 250])
def test_beyond_the_interval_modes_grow(degree):
    polynomial = stability_polynomial(degree)
    assert abs(values(polynomial, np.array([-1.05 * polynomial.interval]))[0]) > 1


def test_the_recurrence_keeps_rounding_small(rng):
    # A relative error in one stage may not grow along the recurrence: perturb all of them.
    polynomial = stability_polynomial(250)
    z = -polynomial.interval * rng.random(200)
    before, here = np.ones_like(z), np.ones_like(z)
    for mu, nu in zip(polynomial.mu, polynomial.nu, strict=True):
        step = (mu * z + nu) * here + (1 - nu) * before
        before, here = here, step + 1e-10 * rng.standard_normal(len(z))
    perturbed = np.polyval(polynomial.weight[::-1], z) * here
    # w is large where P is small by as much; relative to the weight, the square of the degree is
    # what a sum of so many errors may reach.
    scale = np.polyval(polynomial.weight[::-1], z)
    assert np.abs((perturbed - values(polynomial, z)) / scale).max() < 1e-10 * 250**2


def test_low_degrees_are_refused():
    with pytest.raises(ValueError, match="`degree` must be at least 6; got 5"):
        stability_polynomial(5)
