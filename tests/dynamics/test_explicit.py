"""Integrators against solutions in closed form, at the order of the method."""

from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.dynamics.explicit import runge_kutta_steps
from companion.dynamics.step import NotFinite, StepUnderflow


def rotation(state):
    return np.array([-state[1], state[0]])


def circle(times):
    return np.stack([np.cos(times), np.sin(times)], axis=1)


def plain_size(rtol):
    return lambda state, error: float(np.linalg.norm(error)) / rtol


def states_at(times, steps):
    return np.array(
        [step.at(t) for step in steps for t in times if step.start < t <= step.end],
    )


@pytest.mark.parametrize("method", ["DOP853", "RK45"])
@pytest.mark.parametrize("rtol", [1e-5, 1e-9])
def test_rotation_stays_on_the_circle_at_all_times(method, rtol):
    times = np.array([1e-3, 0.1, 0.1 + 1e-9, 3.0, 7.77, 10.0])
    steps = runge_kutta_steps(
        rotation, np.array([1.0, 0.0]), t_end=10.0, method=method, error_size=plain_size(rtol)
    )
    # The rotation neither damps nor feeds errors: at most rtol for each of some 1000 steps, and
    # the estimated errors are those of the lower order, far above the real ones.
    assert_allclose(states_at(times, steps), circle(times), rtol=0, atol=100 * rtol)


@pytest.mark.parametrize("method", ["DOP853", "RK45"])
def test_steps_join_and_end_where_they_say(method):
    steps = list(
        runge_kutta_steps(
            rotation, np.array([1.0, 0.0]), t_end=7.0, method=method, error_size=plain_size(1e-6)
        )
    )
    assert steps[0].start == 0
    assert steps[-1].end == 7
    for step, following in pairwise(steps):
        assert step.end == following.start
        np.testing.assert_array_equal(following.at(following.start), step.theta)
        np.testing.assert_array_equal(step.at(step.end), step.theta)


@pytest.mark.parametrize(("method", "order"), [("RK45", 5), ("DOP853", 8)])
def test_inside_a_step_the_state_has_the_order_of_the_method(method, order):
    # Everything is accepted, so that the second step is ten times the first, which is a tenth of
    # the inverse rate: one unit long.
    steps = runge_kutta_steps(
        rotation, np.array([1.0, 0.0]), t_end=9.0, method=method, error_size=lambda s, e: 0.0
    )
    first, second = next(steps), next(steps)
    assert_allclose([first.end, second.end], [0.1, 1.1], rtol=1e-6)

    def error_after(h):
        turned = np.array([[np.cos(h), -np.sin(h)], [np.sin(h), np.cos(h)]]) @ first.theta
        return np.linalg.norm(second.at(first.end + h) - turned)

    # One step errs at the order of the method plus one; the next order adds a few per cent.
    assert abs(np.log2(error_after(0.8) / error_after(0.4)) - (order + 1)) < 0.5


@pytest.mark.parametrize(("method", "cost"), [("DOP853", 11), ("RK45", 5)])
def test_asking_inside_of_steps_does_not_change_them(method, cost):
    calls = []

    def counted(state):
        calls.append(1)
        return rotation(state)

    def run(parts):
        calls.clear()
        ends = []
        for step in runge_kutta_steps(
            counted, np.array([1.0, 0.0]), t_end=20.0, method=method, error_size=plain_size(1e-8)
        ):
            ends.append(step.end)
            for part in parts:
                step.at(step.start + part * (step.end - step.start))
        return ends, len(calls)

    plain, calls_plain = run([])
    asked, calls_asked = run([0.0, 0.3, 1.0])  # the ends of a step are known
    assert asked == plain
    assert calls_asked == calls_plain + cost * len(plain)


def test_a_solution_that_becomes_infinite_is_stopped_where_it_does():
    # x' = x^2, x(0) = 1 is infinite at t = 1.
    steps = runge_kutta_steps(
        lambda x: x**2,
        np.array([1.0]),
        t_end=2.0,
        method="DOP853",
        error_size=lambda x, e: float(abs(e[0])) / (1e-8 * max(1.0, float(abs(x[0])))),
    )
    reached = []
    with pytest.raises(StepUnderflow, match="spacing of the numbers") as failure:
        for step in steps:
            reached.extend(float(step.at(t)[0]) for t in [0.5] if step.start < t <= step.end)
    # The remaining distance 1 - t is that at which a step of one rounding is still accepted.
    assert abs(failure.value.time - 1) < 1e-6
    assert_allclose(reached, [2.0], rtol=1e-7)


def test_a_field_without_values_further_on_is_told_apart():
    # The field is not a number beyond x = 1, which x' = 1 reaches at t = 1.
    steps = runge_kutta_steps(
        lambda x: np.where(x < 1, 1.0, np.nan),
        np.array([0.0]),
        t_end=2.0,
        method="RK45",
        error_size=plain_size(1e-6),
    )
    with pytest.raises(NotFinite, match="no step is short enough to stay finite") as failure:
        list(steps)
    assert_allclose(failure.value.time, 1, rtol=1e-14)


def test_a_field_at_rest_needs_one_step():
    steps = runge_kutta_steps(
        lambda x: 0 * x, np.ones(2), t_end=5.0, method="RK45", error_size=plain_size(1e-6)
    )
    assert [step.end for step in steps] == [5.0]
