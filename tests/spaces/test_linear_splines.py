"""Best linear splines against least squares of hat functions and against known constants."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.spaces.interval import cusp, gaussian_bump, step
from companion.spaces.linear_splines import (
    equidistributed_knots,
    linear_spline_error,
    uniform_knots,
)


def bend_of_bump(x):
    return gaussian_bump(x) * (x**2 / 0.2**4 - 1 / 0.2**2)


def bend_of_cusp(x):
    return np.abs(x) ** -1.5 / 4


# Exact values ------------------------------------------------------------------------------


def test_uniform_knots_by_hand():
    assert_allclose(uniform_knots(3), [-0.5, 0, 0.5], atol=1e-16)
    assert uniform_knots(0).shape == (0,)


def test_distance_from_linear_functions():
    # x^2 is 1/3 plus a multiple of a Legendre polynomial: the square of its distance is 8/45.
    assert_allclose(linear_spline_error(np.square, np.empty(0)), np.sqrt(8 / 45), rtol=1e-13)
    # The step is 1/2 + 3x/4 plus a rest whose square is 1/2 - 3/8.
    assert_allclose(linear_spline_error(step, np.empty(0)), np.sqrt(1 / 8), rtol=1e-13)


def test_splines_are_reproduced(rng):
    knots = np.sort(rng.uniform(-1, 1, 6))
    corners = np.concatenate([[-1.0], knots, [1.0]])
    heights = rng.standard_normal(8)
    error = linear_spline_error(lambda x: np.interp(x, corners, heights), knots)
    assert error < 1e-13


# Independent computations ------------------------------------------------------------------


@pytest.mark.parametrize("target", [gaussian_bump, cusp, step])
def test_agrees_with_least_squares_of_hats(target):
    knots = np.array([-0.62, -0.11, -0.02, 0.07, 0.4])
    # Midpoint rule: on 4e5 cells the cusp and the jump (on a boundary of cells) cost 1e-6.
    x = -1 + (np.arange(400_000) + 0.5) / 200_000
    corners = np.concatenate([[-1.0], knots, [1.0]])
    hats = np.stack([np.interp(x, corners, unit) for unit in np.eye(len(corners))], axis=1)
    rest = target(x) - hats @ np.linalg.solve(hats.T @ hats, hats.T @ target(x))
    expected = np.sqrt(np.mean(rest**2) * 2)
    assert_allclose(linear_spline_error(target, knots), expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("bend", "target"), [(bend_of_bump, gaussian_bump), (bend_of_cusp, cusp)], ids=["bump", "cusp"]
)
def test_well_placed_kinks_have_the_best_constant(bend, target):
    z = (np.arange(200_000) + 0.5) / 200_000
    integral = 2 * np.mean(np.abs(bend(z**2)) ** 0.4 * 2 * z)  # both sides are alike
    knots = equidistributed_knots(bend, 400)
    error = linear_spline_error(target, knots)
    # The relative correction falls with the number of kinks: 2e-3 at 400.
    assert_allclose(error * 401**2, integral**2.5 / np.sqrt(720), rtol=5e-3)


def test_uniform_kinks_have_the_known_constant():
    x = np.linspace(-1, 1, 100_001)
    size = np.sqrt(np.trapezoid(bend_of_bump(x) ** 2, x))
    error = linear_spline_error(gaussian_bump, uniform_knots(200))
    assert_allclose(error, size * (2 / 201) ** 2 / np.sqrt(720), rtol=2e-3)


@pytest.mark.parametrize(("target", "power"), [(cusp, 1.0), (step, 0.5)])
def test_uniform_kinks_feel_the_singularity(target, power):
    coarse, fine = (linear_spline_error(target, uniform_knots(k)) for k in (99, 399))
    assert_allclose(coarse / fine, 4**power, rtol=2e-3)  # the mesh is four times finer


# Where naive formulas fail -----------------------------------------------------------------


def test_kinks_crowd_at_the_tip_of_the_cusp():
    knots = equidistributed_knots(bend_of_cusp, 1000)
    assert (np.diff(knots) > 0).all()
    # The density |x|^(-3/5) has the quantiles u |u|^(3/2); its integral is summed over cells.
    u = np.arange(1, 1001) / 1001 * 2 - 1
    assert_allclose(knots, np.sign(u) * np.abs(u) ** 2.5, atol=2e-5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: uniform_knots(-1), "`num_knots` must not be negative"),
        (lambda: equidistributed_knots(np.square, -1), "`num_knots` must not be negative"),
        (lambda: equidistributed_knots(np.zeros_like, 3), "`curvature` must not vanish"),
        (
            lambda: linear_spline_error(cusp, np.array([0.2, 0.1])),
            r"`knots` must increase inside of \(-1, 1\); got 0.2 before 0.1",
        ),
        (lambda: linear_spline_error(cusp, np.array([1.0])), "`knots` must increase"),
        (lambda: linear_spline_error(lambda x: x / 0 * np.nan, np.array([0.0])), "`target` must"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with np.errstate(all="ignore"), pytest.raises(ValueError, match=message):
        call()
