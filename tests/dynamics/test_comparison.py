"""The comparison equation against the logistic function, an integrator and flows of matrices."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.linalg import expm

from companion.dynamics.comparison import (
    Comparison,
    comparison,
    comparison_norm,
    numerical_comparison_norm,
    sum_bound,
)

EXACT = 1e-13  # a few roundings of numbers of order one


def equation(epsilon, a=0.5, b=1.25, c=0.7):
    return comparison(smoothness=a, coercivity_order=b, coercivity=c, perturbation=epsilon)


# Exact values ------------------------------------------------------------------------------


def test_without_a_perturbation_the_decay_is_algebraic():
    # p = 2, s = c = 2 and u(0) = 1/4: u(3) = 1 / (4 + 6).
    clean = equation(0.0, a=0.5, b=1.0, c=2.0)
    found = comparison_norm(clean, 0.5, np.array([0.0, 3.0]))
    assert_allclose(found, [0.5, np.sqrt(0.1)], rtol=EXACT)
    assert clean.rate == 0 == clean.plateau


def test_numbers_of_the_equation():
    # p = 5/2, so s = 3/2 * 0.7, K = (eps / c)^(5/3) and the plateau is (eps / c)^(2/3).
    found = equation(0.07)
    assert_allclose(found.speed, 1.05, rtol=EXACT)
    assert_allclose(found.level, 0.1 ** (5 / 3), rtol=EXACT)
    assert_allclose(found.plateau, 0.1 ** (2 / 3), rtol=EXACT)
    assert_allclose(comparison_norm(found, 1.0, np.array([1e9])), found.plateau, rtol=EXACT)


# Identities --------------------------------------------------------------------------------


@given(
    epsilon=st.floats(1e-6, 0.5),
    start=st.floats(0.05, 1),
    t=st.floats(0, 1e6),
    ratio=st.floats(2, 8),
)
def test_the_sum_is_a_bound(epsilon, start, t, ratio):
    one, times = equation(epsilon, a=0.4, b=0.4 * ratio), np.array([t])
    norm = comparison_norm(one, start, times)
    assert (norm <= sum_bound(one, start, times) * (1 + EXACT)).all()


@given(shift=st.floats(0, 100))
def test_the_flow_may_be_stopped_and_started(shift):
    one, later = equation(0.03), np.array([50.0])
    halfway = comparison_norm(one, 0.9, np.array([shift]))[0]
    assert_allclose(
        comparison_norm(one, halfway, later), comparison_norm(one, 0.9, later + shift), rtol=1e-12
    )


# Independent computations ------------------------------------------------------------------


def test_agrees_with_the_logistic_function_and_an_integrator():
    one, t = equation(0.02), np.array([0.0, 0.1, 3.0, 100.0, 1e4])
    u_0, p = 0.8**2.5, 2.5
    u = one.level / (1 + (one.level / u_0 - 1) * np.exp(-one.rate * t))
    found = comparison_norm(one, 0.8, t)
    assert_allclose(found**p, u, rtol=1e-11)  # the usual form loses digits where K/u_0 is small
    # Tens of steps, each with a relative error of 1e-10 in log u.
    assert_allclose(numerical_comparison_norm(one, 0.8, t), found, rtol=1e-7)


def perturbed_kernel(rng, epsilon, a, b, degrees=24):
    """Diagonal w^(-2b) plus a symmetric matrix of norm epsilon from H^-a to H^a."""
    w = 1 + np.arange(degrees)
    S = rng.standard_normal((degrees, degrees))
    S = S + S.T
    S *= epsilon / np.linalg.norm(S, 2)
    return w, np.diag(w ** (-2.0 * b)), S / np.outer(w**a, w**a)


@pytest.mark.parametrize(("a", "b"), [(0.5, 1.0), (0.4, 1.3), (0.25, 1.5)])
def test_no_perturbed_flow_is_above_it(a, b):
    rng = np.random.default_rng(3)
    epsilon, t = 0.02, np.geomspace(0.01, 1e3, 60)
    one = equation(epsilon, a=a, b=b, c=1.0)
    followed = 0
    for _ in range(8):
        w, H, E = perturbed_kernel(rng, epsilon, a, b)
        start = rng.standard_normal(len(w)) * w ** -(a + 1.0)
        path = np.array([expm(-s * (H + E)) @ start for s in t])
        x = np.linalg.norm(path * w**-a, axis=1)
        y = np.linalg.norm(path * w**a, axis=1)
        x_0, y_0 = np.linalg.norm(start * w**-a), np.linalg.norm(start * w**a)
        above = np.logical_and.accumulate(x / y >= one.plateau)
        # Above the plateau the positive norm falls and the comparison holds; 1e-9 for expm.
        assert (np.diff(y[above], prepend=y_0) <= 1e-9).all()
        bound = y_0 * comparison_norm(one, x_0 / y_0, t)
        assert (x[above] <= bound[above] * (1 + 1e-9)).all()
        assert (np.linalg.norm(path, axis=1) ** 2 <= x * y * (1 + EXACT)).all()
        followed += above.sum()
    assert followed > 8 * 20  # the flows do spend time above the plateau


@pytest.mark.parametrize(("a", "b"), [(0.5, 1.0), (0.4, 1.3), (0.25, 1.5)])
def test_both_differential_inequalities_hold_for_every_residual(a, b):
    rng = np.random.default_rng(4)
    epsilon = 0.05
    one = equation(epsilon, a=a, b=b, c=1.0)
    closest = -np.inf
    for _ in range(200):
        w, H, E = perturbed_kernel(rng, epsilon, a, b)
        v = rng.standard_normal(len(w)) * w ** -rng.uniform(0, 4)
        # The worst perturbation for this residual feeds it alone.
        direction = v * w**-a
        worst = epsilon * np.outer(direction, direction) / (direction @ direction)
        x, y = np.linalg.norm(v * w**-a), np.linalg.norm(v * w**a)
        for matrix in (H + E, H - worst / np.outer(w**a, w**a)):
            slope_x = -(v * w ** (-2 * a)) @ matrix @ v / x
            slope_y = -(v * w ** (2 * a)) @ matrix @ v / y
            bound_x = x * one.speed / one.power * (one.level - (x / y) ** one.power)
            bound_y = y * (-((x / y) ** one.power) + epsilon * x / y)
            assert slope_x <= bound_x + 1e-12 * x
            assert slope_y <= bound_y + 1e-12 * y
            closest = max(closest, (slope_x - bound_x) / x)
    assert closest > -0.05  # an inequality that is never near equality would prove little


def test_a_kernel_cut_off_at_one_degree_attains_the_plateau():
    # E removes w^(-2b) from degree j on, a perturbation of norm w_j^(-2(b-a)): the residual of
    # degree j stays, with x / y = w_j^(-2a), which is the plateau.
    a, b = 0.4, 1.3
    for w in (2.0, 5.0, 40.0):
        one = equation(w ** (-2 * (b - a)), a=a, b=b, c=1.0)
        assert_allclose(one.plateau, w ** (-2 * a), rtol=EXACT)


# Where naive formulas fail -----------------------------------------------------------------


def test_far_above_the_level_nothing_cancels():
    # 1 - (1 - K/u) e^(-rt) of the usual form is pure rounding for K = 1e-20.
    one = Comparison(power=2.0, speed=1.0, level=1e-20)
    assert_allclose(comparison_norm(one, 1.0, np.array([1e4])), 1 / np.sqrt(1e4 + 1), rtol=EXACT)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"b": 0.9}, "`coercivity_order` must be at least twice the smoothness; got 0.9 and 0.5"),
        ({"epsilon": -0.1}, "`perturbation` must be nonnegative and finite; got -0.1"),
        ({"epsilon": np.inf}, "`perturbation` must be nonnegative and finite; got inf"),
        ({"c": 0.0}, "`coercivity` must be positive"),
        ({"a": -1.0}, "`smoothness` must be positive"),
    ],
)
def test_bad_orders_are_named(change, message):
    with pytest.raises(ValueError, match=message):
        equation(**{"epsilon": 0.1, **change})


def test_bad_starts_and_times_are_named():
    one = equation(0.1)
    with pytest.raises(ValueError, match=r"`start` must lie in \(0, 1\]; got 1.5"):
        comparison_norm(one, 1.5, np.array([1.0]))
    with pytest.raises(ValueError, match="`t` must be nonnegative; got -1"):
        sum_bound(one, 0.5, np.array([-1.0]))
    with pytest.raises(ValueError, match="`t` must increase"):
        numerical_comparison_norm(one, 0.5, np.array([1.0, 0.5]))
    with pytest.raises(ValueError, match=r"`t` must be finite; got t\[0\] = nan"):
        comparison_norm(one, 0.5, np.array([np.nan]))
