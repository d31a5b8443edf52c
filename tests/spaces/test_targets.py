"""Targets: their norms, the borderline in the degree, and the same function on every grid."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.numerics.rates import fit_power_law
from companion.spaces.circle import circle_energies, fourier_basis
from companion.spaces.sobolev import sobolev_norm
from companion.spaces.sphere_rule import sphere_rule
from companion.spaces.spherical_basis import spherical_basis
from companion.spaces.targets import (
    borderline_energies,
    circle_target,
    random_coefficients,
    zonal_target,
)

KINDS = pytest.mark.parametrize(
    ("input_dim", "smoothness"), [(2, 0.45), (3, 1.0), (5, -0.5), (10, 2.0)]
)


@KINDS
def test_norm_and_decay(input_dim, smoothness):
    energies = borderline_energies(
        input_dim=input_dim, max_degree=60, smoothness=smoothness, norm=2.5
    )
    found = sobolev_norm(energies, input_dim=input_dim, smoothness=smoothness)
    assert_allclose(found, 2.5, rtol=1e-14)
    symbol = 1 + np.sqrt(np.arange(61) * (np.arange(61) + input_dim - 2.0))
    rate = fit_power_law(symbol, energies)
    assert_allclose(rate.exponent, -2 * smoothness - 1, atol=1e-12)


def test_norms_below_the_border_settle_and_that_at_it_grows():
    # With c = 1 the squared norm of order s - 0.2 is zeta(1.4) cut off, that of order s the
    # harmonic sum; the ratio of the two at K and K^2 tells them apart. By hand, on the circle.
    sizes = (100, 10_000)
    norms = []
    for max_degree in sizes:
        e = borderline_energies(input_dim=2, max_degree=max_degree, smoothness=0.45)
        e = e / e[0]
        norms.append([sobolev_norm(e, input_dim=2, smoothness=s) ** 2 for s in (0.25, 0.45)])
    (low, border), (low_next, border_next) = norms
    harmonic = [np.sum(1 / np.arange(1, size + 2)) for size in sizes]
    assert_allclose([border, border_next], harmonic, rtol=1e-12)
    # The tail of zeta(1.4) beyond 100 is 2.5 * 100^-0.4 = 0.40 of 3.11.
    assert_allclose(low_next - low, 2.5 * (101.5**-0.4 - 10_001.5**-0.4), rtol=1e-4)


@pytest.mark.parametrize(("input_dim", "max_degree"), [(3, 8), (5, 4)])
def test_random_function_on_the_sphere_has_its_energies(input_dim, max_degree, rng):
    energies = borderline_energies(input_dim=input_dim, max_degree=max_degree, smoothness=1.0)
    points, weights = sphere_rule(input_dim=input_dim, degree=2 * max_degree)
    basis, degrees = spherical_basis(points, max_degree=max_degree)
    values = basis @ random_coefficients(energies, degrees, rng)
    found = np.bincount(degrees, (basis.T @ (weights * values)) ** 2)
    assert_allclose(found, energies, atol=1e-14)
    pole = np.eye(input_dim)[1]
    zonal = zonal_target(energies, points @ pole, input_dim=input_dim)
    found = np.bincount(degrees, (basis.T @ (weights * zonal)) ** 2)
    assert_allclose(found, energies, atol=1e-14)


def test_random_coefficients_are_isotropic():
    # Mean square of one of the 2 k + 1 = 9 coordinates of degree 4: a ninth. The square of a
    # coordinate on S^8 has variance (2/9)^2 * 4/11 * ... < 0.02, so 4000 draws err by 0.0022.
    energies = np.array([0.0, 0.0, 0.0, 0.0, 1.0])
    degrees = np.repeat(np.arange(5), 2 * np.arange(5) + 1)
    rng = np.random.default_rng(5)
    draws = np.stack([random_coefficients(energies, degrees, rng) for _ in range(4000)])
    squares = (draws[:, degrees == 4] ** 2).mean(axis=0)
    assert np.abs(squares - 1 / 9).max() < 5 * 0.0022
    assert_allclose(draws[:, degrees < 4], 0)
    # Signs are as likely: a mean of 4000 coordinates of size 1/3 errs by 0.0053.
    assert np.abs(draws.mean(axis=0)).max() < 5 * 0.0053


def test_circle_target_is_one_function_on_every_grid():
    energies = borderline_energies(input_dim=2, max_degree=20, smoothness=0.45)
    coarse = circle_target(energies, num_points=41, rng=np.random.default_rng(3))
    fine = circle_target(energies, num_points=410, rng=np.random.default_rng(3))
    assert_allclose(fine[::10], coarse, atol=1e-14)
    assert_allclose(circle_energies(coarse), energies, atol=1e-15)
    assert_allclose(circle_energies(fine)[:21], energies, atol=1e-15)
    other = circle_target(energies, num_points=41, rng=np.random.default_rng(4))
    assert np.abs(other - coarse).max() > 0.1


def test_circle_target_lies_in_the_span_of_the_basis():
    energies = borderline_energies(input_dim=2, max_degree=5, smoothness=1.0)
    values = circle_target(energies, num_points=16, rng=np.random.default_rng(0))
    basis, degrees = fourier_basis(16)
    coefficients = basis.T @ values / 16
    assert_allclose(coefficients[degrees > 5], 0, atol=1e-15)


def test_zonal_target_is_largest_at_the_pole():
    energies = borderline_energies(input_dim=4, max_degree=9, smoothness=0.5)
    t = np.linspace(-1, 1, 101)
    values = zonal_target(energies, t, input_dim=4)
    assert values.argmax() == 100
    assert_allclose(values[-1], np.sqrt(energies * np.arange(1, 11) ** 2).sum(), rtol=1e-13)


def test_bad_input(unchecked):
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match=r"`norm` must be positive and finite; got 0.0"):
        borderline_energies(input_dim=3, max_degree=4, smoothness=1.0, norm=0.0)
    with pytest.raises(ValueError, match=r"`num_points` must exceed twice .* 8; got 8. Fewer"):
        circle_target(np.ones(5), num_points=8, rng=rng)
    with pytest.raises(ValueError, match=r"`degrees` must contain every degree .* got none of 2"):
        random_coefficients(np.ones(4), np.array([0, 1, 1, 3]), rng)
    with pytest.raises(ValueError, match="`degrees` must be nonnegative, one for each function"):
        random_coefficients(np.ones(4), np.array([-1, 1]), rng)
    with pytest.raises(ValueError, match=r"`energies` must be nonnegative; got -2.0"):
        zonal_target(np.array([1.0, -2.0]), np.zeros(3), input_dim=3)
