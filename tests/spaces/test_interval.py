"""Targets on an interval and norms on a grid, by exact values and by integrals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.integrate import quad

from companion.spaces.interval import cusp, gaussian_bump, grid_norms, step, uniform_grid

# Exact values ------------------------------------------------------------------------------


def test_values_known_by_hand():
    x = np.array([-1.0, -0.25, 0.0, 0.25, 1.0])
    assert_allclose(cusp(x), [0, 0.5, 1, 0.5, 0], atol=1e-15)
    assert_allclose(step(x), [0, 0, 0, 1, 1])
    # The formula of the published README for the gain 1/4: 5 / (4 sqrt(2 pi)) exp(-25 x^2 / 2).
    printed = 5 / (4 * np.sqrt(2 * np.pi)) * np.exp(-25 / 2 * x**2)
    assert_allclose(gaussian_bump(x, gain=0.25), printed, rtol=1e-14)


def test_the_mass_of_the_bump_is_its_gain():
    mass, _ = quad(lambda x: gaussian_bump(np.array([x]), gain=0.7, spread=0.1).item(), -1, 1)
    assert_allclose(mass, 0.7, rtol=1e-10)  # ten standard deviations are inside


def test_the_grid_has_both_ends():
    assert_allclose(uniform_grid(5), [-1, -0.5, 0, 0.5, 1], atol=1e-16)


@pytest.mark.parametrize("num_points", [2, 7, 100])
def test_norms_of_a_constant_and_of_x(num_points):
    x = uniform_grid(num_points)
    norms = grid_norms(np.stack([np.full(num_points, -3.0), x]))
    assert_allclose(norms.l1[0], 6, rtol=1e-14)
    assert_allclose(norms.l2[0], 3 * np.sqrt(2), rtol=1e-14)
    assert_allclose(norms.h1[0], norms.l2[0], rtol=1e-14)
    # The squares of the grid sum to n (n + 1) / (3 (n - 1)); n - 1 differences of 2 / (n - 1).
    n = num_points
    assert_allclose(norms.l2[1] ** 2, 2 * (n + 1) / (3 * (n - 1)), rtol=1e-13)
    assert_allclose((norms.h1[1] - norms.l2[1]) ** 2, 2 * n / (n - 1), rtol=1e-12)


# Identities --------------------------------------------------------------------------------


@given(factor=st.floats(1e-3, 1e3), count=st.integers(2, 40))
def test_norms_are_homogeneous(factor, count):
    values = np.sin(3 * uniform_grid(count)) + 0.2
    once, scaled = grid_norms(values), grid_norms(-factor * values)
    for one, many in zip(once, scaled, strict=True):
        assert_allclose(many, factor * one, rtol=1e-12)


# Independent computations ------------------------------------------------------------------


def test_norms_tend_to_the_integrals():
    x = uniform_grid(100_001)
    norms = grid_norms(gaussian_bump(x))
    # Integral of g^2 for the gain 1/2 and s = 1/5, and of g'^2 = g^2 x^2 / s^4.
    square = 0.25 / (2 * 0.2 * np.sqrt(np.pi))
    slope = square / (2 * 0.2**2)
    assert_allclose(norms.l1, 0.5, rtol=2e-5)  # the share 1/n of the rule, and the tails
    assert_allclose(norms.l2, np.sqrt(square), rtol=2e-5)
    assert_allclose(norms.h1, np.sqrt(square) + np.sqrt(slope), rtol=2e-5)


# Where naive formulas fail -----------------------------------------------------------------


def test_a_jump_has_a_norm_that_grows_with_the_grid():
    coarse, fine = (grid_norms(step(uniform_grid(n))).h1 for n in (1000, 4000))
    # One difference of 1, divided by the square root of 2/n; the L2 part hardly changes.
    assert_allclose(fine - coarse, np.sqrt(2000) - np.sqrt(500), rtol=1e-4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: uniform_grid(1), "`num_points` must be at least 2"),
        (lambda: grid_norms(np.ones((3, 1))), "`values` must have at least two entries"),
        (lambda: grid_norms(np.array([0.0, np.nan])), r"got values\[1\] = nan"),
        (lambda: gaussian_bump(np.zeros(1), gain=0.0), "`gain` must be positive"),
        (lambda: gaussian_bump(np.zeros(1), spread=-1.0), "`spread` must be positive"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
