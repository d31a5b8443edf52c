"""Stabilised Runge-Kutta methods: their order on nonlinear equations and their estimates."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import solve_ivp

from companion.numerics.stabilized_runge_kutta import LADDER, scheme_for, stabilized_scheme

STAGES = (6, 9, 17, 43, 250)


def pendulum(state):
    return np.array([state[1], -np.sin(state[0])])


def predators(state):
    return np.array([state[0] * (1 - state[1]), state[1] * (state[0] - 1)])


def exact(field, start, h):
    return solve_ivp(
        lambda _, s: field(s), (0, h), start, method="DOP853", rtol=1e-13, atol=1e-14
    ).y[:, -1]


def one_step(scheme, field, start, h):
    return scheme.advance(field, start, field(start), h)


@pytest.mark.parametrize("num_stages", STAGES)
@pytest.mark.parametrize(
    ("field", "start"), [(pendulum, [2.0, 1.3]), (predators, [1.5, 0.6])], ids=["sin", "products"]
)
def test_nonlinear_equations_are_met_to_order_four(num_stages, field, start):
    # Both fields have every elementary differential up to order four, so that one wrong condition
    # leaves a lower power of the step.
    scheme, start = stabilized_scheme(num_stages), np.array(start)
    steps = 0.3 / 2 ** np.arange(3)
    errors = [
        np.linalg.norm(one_step(scheme, field, start, h)[0] - exact(field, start, h))
        for h in steps
    ]
    slope = np.polyfit(np.log(steps), np.log(errors), 1)[0]
    assert abs(slope - 5) < 0.35  # the next power enters with the step


@pytest.mark.parametrize("num_stages", STAGES)
def test_a_mode_is_multiplied_by_the_polynomial(num_stages, rng):
    scheme = stabilized_scheme(num_stages)
    rates = scheme.stability_interval * rng.random(50)
    state = rng.standard_normal(50)
    new, _ = scheme.advance(lambda s: -rates * s, state, -rates * state, 1.0)
    z = -rates
    before, here = np.ones(50), np.ones(50)
    for mu, nu in zip(scheme.polynomial.mu, scheme.polynomial.nu, strict=True):
        before, here = here, (mu * z + nu) * here + (1 - nu) * before
    expected = np.polyval(scheme.polynomial.weight[::-1], z) * here * state
    # The last stages are solved to 1e-11 and multiplied by up to the fourth power of the
    # interval, where P is as small; roundings of a hundred stages remain.
    assert_allclose(new, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("num_stages", STAGES)
@pytest.mark.parametrize("rate", [0.02, 0.1, 0.4])
def test_the_estimate_of_a_single_mode_is_its_error(num_stages, rate):
    scheme = stabilized_scheme(num_stages)
    new, estimate = scheme.advance(lambda s: -rate * s, np.ones(1), np.array([-rate]), 1.0)
    # Leading terms agree; the next are smaller by the rate times numbers up to about two.
    error = abs(new[0] - np.exp(-rate))
    assert abs(np.log(abs(estimate[0]) / error)) < 2 * rate + 1e-3


@pytest.mark.parametrize("num_stages", STAGES)
def test_the_estimate_does_not_blow_up_stiff_modes(num_stages, rng):
    scheme = stabilized_scheme(num_stages)
    rates = np.array([0.1, *(scheme.stability_interval * rng.random(30))])
    state = np.array([1.0, *np.full(30, 1e-6)])
    _, estimate = scheme.advance(lambda s: -rates * s, state, -rates * state, 1.0)
    # Weights bounded by a hundred and the small ratio of the derivatives of the slow mode.
    assert np.abs(estimate[1:]).max() < 1e-6


def test_a_state_at_rest_stays_without_error():
    new, error = stabilized_scheme(10).advance(
        lambda s: 0 * s, np.array([1.0, -2.0]), np.zeros(2), 3.0
    )
    assert_allclose(new, [1.0, -2.0], rtol=1e-13)
    assert_allclose(error, 0, atol=0)


@pytest.mark.parametrize("stiffness", [0.0, 1.0, 9.2, 100.0, 1234.5, 19000.0])
def test_the_ladder_gives_the_cheapest_stable_method(stiffness):
    scheme = scheme_for(stiffness)
    assert scheme.stability_interval >= stiffness
    place = LADDER.index(scheme.num_stages)
    if place > 0:
        assert stabilized_scheme(LADDER[place - 1]).stability_interval < stiffness


def test_the_last_method_is_the_longest():
    assert scheme_for(1e9).num_stages == LADDER[-1]


def test_too_few_stages_are_refused():
    with pytest.raises(ValueError, match="`num_stages` must be at least 6; got 5"):
        stabilized_scheme(5)
