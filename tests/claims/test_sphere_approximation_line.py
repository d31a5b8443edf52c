"""Floors of networks with frozen signs: the functions that attain them, and many that do not."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad
from scipy.optimize import minimize_scalar

from companion.claims.sphere_approximation_line import (
    CONDITIONAL_EXPONENT,
    DISPLACEMENT_EXPONENT,
    PROVEN_EXPONENT,
    bump_floor,
    curvature_budgets,
    cusp_floor,
    kink_floor,
    step_floor,
)

X = np.linspace(-1, 1, 20_001)
BUMP = 0.5 / (0.2 * np.sqrt(2 * np.pi)) * np.exp(-12.5 * X**2)


def distance(f, g):
    return np.sqrt(np.trapezoid((f - g) ** 2, X, axis=-1))


def random_networks(rng, count, width):
    a = rng.choice([-1.0, 1.0], (count, width))
    b = rng.uniform(-1.5, 1.5, (count, width))
    values = np.zeros((count, len(X)))
    for j in range(width):
        values += a[:, j : j + 1] * np.maximum(X + b[:, j : j + 1], 0)
    return a, values / np.sqrt(width)


def best_shift(values, target):
    # The floors hold for all constants, too: the network nearest to the target after a shift.
    return values - (values - target).mean(axis=1, keepdims=True)


# Exact values ------------------------------------------------------------------------------


def test_exponents_as_stated_by_the_authors():
    assert (PROVEN_EXPONENT, CONDITIONAL_EXPONENT, DISPLACEMENT_EXPONENT) == (1 / 24, 1 / 4, 1 / 3)


def test_budgets_by_hand():
    rise, bend = curvature_budgets(np.array([[1.0, 1.0, -1.0, 1.0], [-1.0] * 4]))
    assert_allclose(rise, [1.5, 0])
    assert_allclose(bend, [0.5, 2])


@pytest.mark.parametrize("rise", [0.5, 2.0, 16.0])
def test_the_ramp_attains_the_floor_of_the_step(rise):
    # Half of the square of the distance: from 0 to 1 / (2 P) the ramp is at 1/2 + P x.
    square, _ = quad(lambda x: (0.5 - rise * x) ** 2, 0, 1 / (2 * rise))
    assert_allclose(step_floor(rise), np.sqrt(2 * square), rtol=1e-12)


@pytest.mark.parametrize("bend", [4 / 3, 3.0, 20.0])
def test_the_tent_attains_the_floor_of_the_cusp(bend):
    end = 16 / (9 * bend**2)

    def rest(x):
        return np.sqrt(end) - np.sqrt(x) - bend / 2 * (end - x)

    square, _ = quad(lambda u: rest(u**2) ** 2 * 2 * u, 0, np.sqrt(end))  # x = u^2
    assert_allclose(cusp_floor(bend), np.sqrt(2 * square), rtol=1e-10)
    # It is the tent with the least distance among those that meet the cusp at another end.
    for other in (0.9 * end, 1.1 * end):
        moved, _ = quad(
            lambda u, e=other: (np.sqrt(e) - u - bend / 2 * (e - u**2)) ** 2 * 2 * u,
            0,
            np.sqrt(other),
        )
        assert moved > square


@pytest.mark.parametrize("bend", [0.0, 0.5, 1.5])
def test_bump_floor_is_the_largest_of_its_formula(bend):
    def formula(w):
        part, _ = quad(lambda x: np.cos(np.pi * x / w) * np.exp(-12.5 * x**2), -w, w)
        return (part * 0.5 / (0.2 * np.sqrt(2 * np.pi)) - 2 * w**2 * bend / np.pi**2) / np.sqrt(w)

    best = minimize_scalar(lambda w: -formula(w), bounds=(0.05, 1.0), method="bounded")
    # Windows are tried on a mesh of 1/100; the maximum is flat.
    assert_allclose(bump_floor(BUMP, np.array([bend])), [-best.fun], rtol=1e-3)


@pytest.mark.parametrize(("width", "levels"), [(16, 8), (100, 30)])
def test_kink_floor_of_a_parabola(width, levels):
    # g' = c x with sqrt(m) c = levels: between two levels the set has the length (1 - 2 tau) /
    # levels, and there are twice as many intervals as levels.
    slope = levels / np.sqrt(width) * np.linspace(-1, 1, 2_000_001)
    tau = np.linspace(0.05, 0.45, 17)
    square = tau**2 * (2 * (1 - 2 * tau)) ** 3 / (12 * width * (width + 2 * levels) ** 2)
    assert_allclose(kink_floor(slope, width=width), np.sqrt(square.max()), rtol=1e-3)


# Identities --------------------------------------------------------------------------------


def test_floors_fall_with_the_stated_powers():
    assert_allclose(step_floor(16.0) / step_floor(1.0), 16**-0.5, rtol=1e-14)
    assert_allclose(cusp_floor(20.0) / cusp_floor(2.0), 1e-2, rtol=1e-14)
    # The widest networks have P = Q = sqrt(m).
    assert_allclose(step_floor(100**0.5) * 100**0.25, 0.288675, rtol=1e-5)
    assert_allclose(cusp_floor(100**0.5) * 100, 0.153007, rtol=1e-5)


# Independent computations ------------------------------------------------------------------


@pytest.mark.parametrize("width", [4, 12, 40])
def test_no_network_of_random_kinks_falls_below(width, rng):
    a, values = random_networks(rng, 40, width)
    rise, bend = curvature_budgets(a)
    step, cusp = (X > 0).astype(float), 1 - np.sqrt(np.abs(X))
    steps = np.array([step_floor(max(one, 0.5)) for one in rise])
    cusps = np.array([cusp_floor(max(one, 4 / 3)) for one in bend])
    bumps = np.maximum(bump_floor(BUMP, bend), kink_floor(-BUMP * X / 0.04, width=width))
    for target, floors in ((step, steps), (cusp, cusps), (BUMP, bumps)):
        # The sum over the grid is off by 1e-4 at most.
        assert (distance(best_shift(values, target), target) > 0.999 * floors).all()


def test_the_floors_are_not_idle(rng):
    # Networks that were placed by hand come within a factor of the floors.
    width = 36
    a = np.repeat([1.0, -1.0], width // 2)
    b = np.where(a > 0, 1 / 6, -1 / 6)  # rises with slope 3 from -1/6 to 1/6
    ramp = (a[:, None] * np.maximum(X + b[:, None], 0)).sum(axis=0) / 6
    rise, _ = curvature_budgets(a[None])
    assert_allclose(distance(ramp, (X > 0).astype(float)), step_floor(rise.item()), rtol=1e-3)


# Where naive formulas fail -----------------------------------------------------------------


def test_a_budget_that_is_large_enough_costs_nothing():
    # The bump bends down by twice its largest slope, 2 * 3.025.
    assert bump_floor(BUMP, np.array([6.06])) < 1e-3
    assert bump_floor(BUMP, np.array([5.0])) > 1e-3
    assert kink_floor(np.zeros(101), width=9) == 0  # slopes that are multiples already


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: step_floor(0.4), "`rise` must be at least 1/2"),
        (lambda: cusp_floor(1.3), "`bend` must be at least 4/3"),
        (lambda: cusp_floor(float("nan")), "`bend` must be at least 4/3"),
        (lambda: bump_floor(np.ones(10), np.ones(1)), "`values` must be on an odd number"),
        (lambda: kink_floor(np.ones(10), width=0), "`width` must be at least 1"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
