"""The loop of error and displacement against another integrator and the powers it must show."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import solve_ivp

from companion.dynamics.comparison import comparison
from companion.dynamics.displacement_loop import (
    NoPlateau,
    accumulated_residual,
    rest_of_the_loop,
)

ORDERS = {"smoothness": 0.5, "coercivity_order": 1.0, "holder": 0.5}


# Exact values ------------------------------------------------------------------------------


def test_the_integral_of_an_algebraic_decay():
    # u = 1 / (1/u_0 + s t), so the integral of u^(1/2p) is elementary; p = 2.5, s = 1.5.
    clean = comparison(smoothness=0.4, coercivity_order=1.0, coercivity=1.0, perturbation=0.0)
    start, end, power = 0.7**-2.5, 1e8, 1 - 1 / 5
    exact = ((start + 1.5 * end) ** power - start**power) / (1.5 * power)
    assert_allclose(accumulated_residual(clean, 0.7, end), exact, rtol=1e-9)


@pytest.mark.parametrize(
    ("a", "b", "g"), [(0.5, 1.0, 0.5), (0.5, 1.5, 0.5), (0.45, 2.5, 0.5), (0.3, 1.7, 0.7)]
)
def test_powers_of_the_width(a, b, g):
    # Far out the loop forgets its start, x / y_0 = 1 and h = 0, and only powers are left.
    # There h = m^(-1/2) eta^(-(1 - a/2b)) with eta = h^(bg/(b-a)), x / y_0 = h^(ag/(b-a)).
    widths = np.array([1e22, 1e26])
    rests = [
        rest_of_the_loop(m, smoothness=a, coercivity_order=b, holder=g, rtol=1e-9) for m in widths
    ]
    span = np.log(widths[1] / widths[0])
    h_power = np.log(rests[1].displacement / rests[0].displacement) / span
    expected = -0.5 / (1 + b * g / (b - a) * (1 - a / (2 * b)))
    # Corrections fall like the ratio of the first time scale to the last, at most 1e-3 here.
    assert_allclose(h_power, expected, rtol=1e-3)
    norm_power = np.log(rests[1].norm / rests[0].norm) / span
    assert_allclose(norm_power, expected * a * g / (b - a), rtol=1e-3)
    rate_power = np.log(rests[1].rate / rests[0].rate) / span
    assert_allclose(rate_power, expected * b * g / (b - a), rtol=1e-3)


# Identities --------------------------------------------------------------------------------


def test_at_rest_the_norm_is_the_plateau_of_its_displacement():
    rest = rest_of_the_loop(1e5, **ORDERS, start=0.6, coercivity=0.3)
    still = comparison(
        smoothness=0.5, coercivity_order=1.0, coercivity=0.3, perturbation=rest.displacement**0.5
    )
    # The event is located within the tolerance of the integrator.
    assert_allclose(rest.norm, still.plateau, rtol=1e-8)
    assert_allclose(rest.rate, still.rate, rtol=1e-8)


# Independent computations ------------------------------------------------------------------


def test_agrees_with_an_integrator_in_plain_time():
    rest = rest_of_the_loop(400.0, **ORDERS, start=0.8, coercivity=0.5)

    def velocity(_, state):
        x, h = state
        # p = 2: (x^2)' = c x^2 [(h^g / c)^2 - x^2].
        return [0.25 * x * (max(h, 0) / 0.25 - x**2), np.sqrt(x / 400.0)]

    def still(_, state):
        return state[1] / 0.25 - state[0] ** 2

    still.terminal = True
    path = solve_ivp(
        velocity, (0, 1e5), [0.8, 0.0], method="DOP853", rtol=1e-11, atol=1e-13, events=still
    )
    x, h = path.y_events[0][0]
    assert_allclose([rest.norm, rest.displacement], [x, h], rtol=1e-7)
    assert_allclose(rest.time, path.t_events[0][0], rtol=1e-6)


# Bad input ---------------------------------------------------------------------------------


def test_a_bound_that_does_not_rest_is_an_error():
    with pytest.raises(NoPlateau, match=r"for width 1e\+308"):
        rest_of_the_loop(1e308, smoothness=0.5, coercivity_order=1.0, holder=1.0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"holder": 1.5}, r"`holder` must lie in \(0, 1\]; got 1.5"),
        ({"start": 0.0}, r"`start` must lie in \(0, 1\]; got 0.0"),
        ({"width": -1.0}, "`width` must be positive"),
        ({"coercivity_order": 0.8}, "`coercivity_order` must be at least twice"),
    ],
)
def test_bad_arguments_are_named(change, message):
    with pytest.raises(ValueError, match=message):
        rest_of_the_loop(**{"width": 10.0, **ORDERS, **change})
