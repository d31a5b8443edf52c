"""Integrators against solutions in closed form, at the order of the method."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.dynamics.explicit import StepFailure, lsoda, runge_kutta


def rotation(state):
    return np.array([-state[1], state[0]])


def at(times, states):
    found = {t: state for t, state in states}
    return np.array([found[t] for t in times])


def plain_size(rtol):
    return lambda state, error: float(np.linalg.norm(error)) / rtol


@pytest.mark.parametrize("method", ["DOP853", "RK45"])
@pytest.mark.parametrize("rtol", [1e-5, 1e-9])
def test_rotation_stays_on_the_circle_at_the_asked_times(method, rtol):
    times = np.array([0.0, 0.1, 0.1 + 1e-9, 3.0, 10.0])
    states = runge_kutta(
        rotation, np.array([1.0, 0.0]), times, method=method, error_size=plain_size(rtol)
    )
    exact = np.stack([np.cos(times), np.sin(times)], axis=1)
    # The rotation neither damps nor feeds errors: at most rtol for each of some 1000 steps, and
    # the estimated errors are those of the lower order, far above the real ones.
    assert_allclose(at(times, states), exact, rtol=0, atol=100 * rtol)


@pytest.mark.parametrize(("method", "order"), [("RK45", 5), ("DOP853", 8)])
def test_steps_have_the_order_of_the_method(method, order):
    # Everything is accepted, so that the targets alone set the steps: one step per target. The
    # first guess is a tenth of the inverse rate, which is the first target.
    def error_after(num_steps):
        times = 0.1 + np.linspace(0, 8.0, num_steps + 1)
        states = runge_kutta(
            rotation, np.array([1.0, 0.0]), times, method=method, error_size=lambda s, e: 0.0
        )
        return np.linalg.norm(at(times, states)[-1] - [np.cos(8.1), np.sin(8.1)])

    # The next order contributes a few per cent at steps of 1/2 and 1/4.
    assert abs(np.log2(error_after(16) / error_after(32)) - order) < 0.5


@pytest.mark.parametrize("method", ["DOP853", "RK45"])
def test_a_close_target_does_not_shorten_the_steps_after_it(method):
    calls = []

    def counted(state):
        calls.append(1)
        return rotation(state)

    def count(times):
        calls.clear()
        states = runge_kutta(
            counted, np.array([1.0, 0.0]), times, method=method, error_size=plain_size(1e-8)
        )
        list(states)
        return len(calls)

    plain = count(np.array([20.0]))
    with_pairs = count(np.sort(np.concatenate([[5.0, 10.0, 15.0, 20.0], [5 + 1e-10, 10 + 1e-10]])))
    # Each of the five additional targets costs at most the short step and the one cut by it.
    assert with_pairs - plain <= 5 * 2 * 12


def test_a_solution_that_becomes_infinite_is_stopped_where_it_does():
    # x' = x^2, x(0) = 1 is infinite at t = 1.
    states = runge_kutta(
        lambda x: x**2,
        np.array([1.0]),
        np.array([0.5, 2.0]),
        method="DOP853",
        error_size=lambda x, e: float(abs(e[0])) / (1e-8 * max(1.0, float(abs(x[0])))),
    )
    reached = []
    with pytest.raises(StepFailure, match="spacing of the numbers") as failure:
        reached.extend(states)
    # The remaining distance 1 - t is that at which a step of one rounding is still accepted.
    assert abs(failure.value.time - 1) < 1e-6
    assert_allclose(dict(reached)[0.5], [2.0], rtol=1e-7)


def test_a_field_at_rest_needs_one_step():
    states = runge_kutta(
        lambda x: 0 * x, np.ones(2), np.array([5.0]), method="RK45", error_size=plain_size(1e-6)
    )
    assert [t for t, _ in states] == [5.0]


def test_lsoda_solves_a_stiff_equation_at_the_asked_times():
    # Rates 1 and 1e5: an explicit method would need 1e6 steps.
    rates = np.array([1.0, 1e5])
    times = np.array([0.0, 1e-6, 0.5, 10.0])
    calls, asked = [], []

    def field(x):
        calls.append(1)
        return -rates * x

    def tolerance(x):
        asked.append(float(x[0]))
        return 1e-8

    states = lsoda(
        field, np.ones(2), times, tolerance=tolerance, stale=lambda x: x[0] < asked[-1] / 2
    )
    # Some hundred steps, each allowed 1e-8.
    assert_allclose(at(times, states), np.exp(-np.outer(times, rates)), rtol=0, atol=1e-6)
    assert 5 < len(asked) <= 15  # exp(-10) is 14.4 halvings below the start
    assert len(calls) < 5000  # about 1600 here


def test_lsoda_reports_a_solution_that_becomes_infinite():
    states = lsoda(
        lambda x: x**2,
        np.array([1.0]),
        np.array([2.0]),
        tolerance=lambda x: 1e-8,
        stale=lambda x: False,
    )
    with pytest.warns(UserWarning, match="lsoda"), pytest.raises(StepFailure) as failure:
        list(states)
    assert abs(failure.value.time - 1) < 1e-3
