"""Adapted integrators against solutions in closed form, and their failures by name."""

from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.dynamics.adapters import IMPLICIT, SCIPY, TORCHDIFFEQ, adapted_steps
from companion.dynamics.step import NotFinite, StepFailure, StepUnderflow

NAMES = (*SCIPY, *TORCHDIFFEQ)
STIFF = ("LSODA", "Radau", "BDF")
TOLERANCE = {"RK23": 1e-5, "bosh3": 1e-5, "adaptive_heun": 1e-4}  # low orders need many steps


def rotation(state):
    return np.array([-state[1], state[0]])


def never(state):
    return False


@pytest.mark.parametrize("name", NAMES)
def test_rotation_stays_on_the_circle_at_all_times(name, rng):
    allowed = TOLERANCE.get(name, 1e-8)
    steps = list(
        adapted_steps(
            rotation,
            np.array([1.0, 0.0]),
            t_end=5.0,
            method=name,
            tolerance=lambda state: allowed,
            stale=never,
        )
    )
    assert steps[0].start == 0
    assert steps[-1].end == 5
    for step, following in pairwise(steps):
        assert step.end == following.start
    for step in steps:
        inside = step.start + rng.random() * (step.end - step.start)
        for t, state in ((step.end, step.theta), (inside, step.at(float(inside)))):
            # Nothing is damped: at most the tolerance for each of up to some hundred steps.
            assert_allclose(state, [np.cos(t), np.sin(t)], rtol=0, atol=500 * allowed)


@pytest.mark.parametrize("name", NAMES)
def test_a_tighter_tolerance_brings_a_smaller_error(name):
    def error(allowed):
        *_, last = adapted_steps(
            rotation,
            np.array([1.0, 0.0]),
            t_end=2.0,
            method=name,
            tolerance=lambda state: allowed,
            stale=never,
        )
        return np.linalg.norm(last.theta - [np.cos(2.0), np.sin(2.0)])

    loose = 10 * TOLERANCE.get(name, 1e-6)
    # Errors fall like a power of the tolerance between a half and one, the first by chance lower.
    assert error(loose / 300) < error(loose) / 5


@pytest.mark.parametrize("name", STIFF)
def test_implicit_methods_solve_a_stiff_equation_and_ask_again(name):
    # Rates 1 and 1e5: an explicit method would need 1e6 steps.
    rates = np.array([1.0, 1e5])
    calls, asked = [], []

    def field(x):
        calls.append(1)
        return -rates * x

    def tolerance(x):
        asked.append(float(x[0]))
        return 1e-7

    steps = adapted_steps(
        field,
        np.ones(2),
        t_end=10.0,
        method=name,
        tolerance=tolerance,
        stale=lambda x: x[0] < asked[-1] / 2,
    )
    for step in steps:
        # Some hundred steps, each allowed 1e-7.
        assert_allclose(step.theta, np.exp(-rates * step.end), rtol=0, atol=1e-5)
    assert 5 < len(asked) <= 15  # exp(-10) is 14.4 halvings below the start
    assert len(calls) < 20_000


@pytest.mark.parametrize("name", IMPLICIT)
def test_a_given_derivative_replaces_differences(name):
    rates = np.linspace(1.0, 100.0, 40)

    def calls(derivative):
        count = []

        def field(x):
            count.append(1)
            return -rates * x

        for step in adapted_steps(
            field,
            np.ones(40),
            t_end=1.0,
            method=name,
            tolerance=lambda state: 1e-7,
            stale=never,
            derivative=derivative,
        ):
            assert_allclose(step.theta, np.exp(-rates * step.end), rtol=0, atol=1e-5)
        return len(count)

    # Differences take one evaluation for each unknown.
    assert calls(lambda state: -np.diag(rates)) <= calls(None) - 40


@pytest.mark.parametrize("name", TORCHDIFFEQ)
def test_inside_of_steps_the_state_is_as_accurate_as_at_their_ends(name):
    # torchdiffeq's own interpolation would be of order four for each of its methods.
    allowed = TOLERANCE.get(name, 1e-9)
    steps = adapted_steps(
        lambda x: -x,
        np.ones(1),
        t_end=3.0,
        method=name,
        tolerance=lambda state: allowed,
        stale=never,
    )
    for step in steps:
        at_end = abs(step.theta[0] - np.exp(-step.end))
        for part in (0.25, 0.5, 0.9):
            t = step.start + part * (step.end - step.start)
            # Not more than at the end and what one step may add; roundings of the state.
            assert abs(step.at(t)[0] - np.exp(-t)) < 3 * at_end + 2 * allowed


@pytest.mark.filterwarnings("ignore:lsoda")  # it says that it gives up, and so do we
@pytest.mark.filterwarnings("ignore:overflow encountered")
@pytest.mark.filterwarnings("ignore:invalid value encountered")
@pytest.mark.parametrize("name", ["LSODA", "BDF", "dopri5"])
def test_a_solution_that_becomes_infinite_is_reported_where_it_does(name):
    # x' = x^2, x(0) = 1 is infinite at t = 1.
    steps = adapted_steps(
        lambda x: x**2,
        np.array([1.0]),
        t_end=2.0,
        method=name,
        tolerance=lambda x: 1e-4,
        stale=never,
    )
    with pytest.raises((NotFinite, StepUnderflow, StepFailure)) as failure:
        list(steps)
    assert abs(failure.value.time - 1) < 1e-2


def test_the_tolerance_is_asked_where_the_method_stands():
    asked = []

    def tolerance(x):
        asked.append(float(x[0]))
        return 1e-6

    *_, last = adapted_steps(
        lambda x: -x,
        np.ones(1),
        t_end=4.0,
        method="dopri5",
        tolerance=tolerance,
        stale=lambda x: x[0] < asked[-1] / 2,
    )
    assert asked[0] == 1
    assert (np.array(asked[1:]) < np.array(asked[:-1]) / 2).all()
    assert_allclose(last.theta, np.exp(-4.0), rtol=0, atol=1e-4)
