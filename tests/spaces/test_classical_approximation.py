"""Classical errors on the circle against tails, dense least squares and known powers."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.spaces.circle import circle_energies, circle_points, fourier_basis
from companion.spaces.classical_approximation import (
    fourier_projection_error,
    periodic_spline_error,
)


def polynomial(rng, count=64, max_degree=20):
    """A trigonometric polynomial at equidistant points."""
    basis, degrees = fourier_basis(count)
    kept = degrees <= max_degree
    return basis[:, kept] @ rng.standard_normal(kept.sum())


@pytest.mark.parametrize("num_coefficients", [1, 2, 3, 8, 9, 40, 41])
def test_fourier_error_is_that_of_least_squares(rng, num_coefficients):
    values = polynomial(rng)
    basis, degrees = fourier_basis(values.size)
    kept = degrees <= (num_coefficients - 1) // 2
    left = values - basis[:, kept] @ (basis[:, kept].T @ values) / values.size
    found = fourier_projection_error(circle_energies(values), num_coefficients=num_coefficients)
    assert_allclose(found, np.sqrt(np.mean(left**2)), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("num_knots", [1, 2, 3, 8, 13, 32])
def test_spline_error_is_that_of_dense_least_squares(rng, num_knots):
    values = polynomial(rng, count=26, max_degree=12)
    # Gauss-Legendre with 12 nodes on eight parts of every piece is exact to rounding.
    nodes, weights = np.polynomial.legendre.leggauss(12)
    parts = 8 * num_knots
    place = (np.arange(parts)[:, None] + (nodes + 1) / 2).ravel() / 8
    mass = np.tile(weights / 2, parts) / parts
    hats = np.zeros((place.size, num_knots))
    knot, share = place.astype(int), place % 1
    np.add.at(hats, (np.arange(place.size), knot % num_knots), 1 - share)
    np.add.at(hats, (np.arange(place.size), (knot + 1) % num_knots), share)
    f = np.fft.fft(values) / values.size
    degrees = np.fft.fftfreq(values.size, 1 / values.size)
    function = (np.exp(2j * np.pi * np.outer(place / num_knots, degrees)) @ f).real
    root = np.sqrt(mass)
    solution = np.linalg.lstsq(root[:, None] * hats, root * function, rcond=None)[0]
    left = np.sqrt(mass @ (function - hats @ solution) ** 2)
    found = periodic_spline_error(values, num_knots=num_knots)
    assert_allclose(found, left, rtol=1e-9, atol=1e-9)  # a difference of squares of size ten


def test_a_smooth_function_is_met_to_second_order():
    angle = 2 * np.pi * np.arange(64) / 64
    errors = [periodic_spline_error(np.cos(angle), num_knots=n) for n in (16, 32, 64)]
    # The error of linear splines is h^2 |f''| / sqrt(720), h = 2 pi / N, up to order h^2.
    expected = [(2 * np.pi / n) ** 2 / np.sqrt(720) / np.sqrt(2) for n in (16, 32, 64)]
    assert_allclose(errors, expected, rtol=0.06)
    assert_allclose(errors[2] / expected[2], 1, rtol=0.005)


def test_the_highest_degree_of_an_even_number_of_points_is_left_out():
    alternating = (-1.0) ** np.arange(8)
    assert periodic_spline_error(alternating, num_knots=3) == 0
    assert len(circle_points(8)) == alternating.size


@pytest.mark.parametrize(
    ("function", "name"),
    [(fourier_projection_error, "num_coefficients"), (periodic_spline_error, "num_knots")],
)
def test_counts_are_checked(function, name):
    with pytest.raises(ValueError, match=f"`{name}` must be positive; got 0"):
        function(np.ones(4), **{name: 0})
