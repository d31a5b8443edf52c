"""Corrected right-hand sides: values by hand, scalings, and a flow that stays below them."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.activations import RELU, SIGMOID, Activation
from companion.claims.two_layer_flow_corrected import (
    fixed_sample_width,
    kernel_drift_bound,
    tracking_bound,
)

# Exact values ------------------------------------------------------------------------------


def test_drift_of_the_sigmoid_by_hand():
    # s_0 = 1, s_1 = 1/4, s_2 = 1/(6 sqrt 3), X = 2, rho = 3, m = 9: alpha = 1, omega = 1.
    s_2 = 1 / (6 * math.sqrt(3))
    by_hand = 2 * 0.25 * 2 * 1 + 3 * (1 / 16) * 4 + 2 * 0.25 * s_2 * 8 * 1
    drift = kernel_drift_bound(3.0, width=9, activation=SIGMOID, radius=2.0)
    assert_allclose(drift, by_hand, rtol=1e-14)  # exact algebra


def test_tracking_bound_is_time_times_norm_times_kernel_error():
    drift = kernel_drift_bound(10.0, width=400, activation=SIGMOID, radius=1.0)
    bound = tracking_bound(
        5.0, residual_norm=2.0, kernel_distance=0.1, width=400, activation=SIGMOID, radius=1.0
    )
    assert_allclose(bound, 10 * (0.1 + drift), rtol=1e-14)


def test_no_motion_means_no_drift():
    assert kernel_drift_bound(0.0, width=1, activation=SIGMOID, radius=1.0) == 0


# Identities --------------------------------------------------------------------------------


def test_drift_depends_on_length_over_root_width():
    one = kernel_drift_bound(0.3, width=4, activation=SIGMOID, radius=1.0)
    assert_allclose(
        kernel_drift_bound(0.6, width=16, activation=SIGMOID, radius=1.0), one, rtol=1e-14
    )


@pytest.mark.parametrize("lambda_star", [1e-3, 1e-2, 0.2])
def test_sufficient_width_is_the_smallest_one(lambda_star):
    width = fixed_sample_width(lambda_star, residual_norm=1.2, activation=SIGMOID, radius=1.0)
    path = 2 * 1.2 / lambda_star
    drift = [
        kernel_drift_bound(path, width=m, activation=SIGMOID, radius=1.0)
        for m in (width, width - 1)
    ]
    # The search ends within 1e-12 of the logarithm, far below one neuron at these widths.
    assert drift[0] <= lambda_star / 4 < drift[1]


def test_sufficient_width_grows_like_the_fourth_power():
    widths = [
        fixed_sample_width(value, residual_norm=1.0, activation=SIGMOID, radius=1.0)
        for value in (1e-3, 1e-4)
    ]
    # The next term of the drift is smaller by lambda_star.
    assert_allclose(widths[1] / widths[0], 1e4, rtol=1e-2)


# Independent computation -------------------------------------------------------------------


@pytest.mark.parametrize("width", [20, 200])
def test_kernel_of_a_flow_moves_less_than_the_bound(width, rng):
    # Euler steps written out here; their error only shortens the path that is measured with them.
    X = rng.standard_normal((30, 4))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    y = rng.choice([-1.0, 1.0], 30)
    W, a = rng.standard_normal((width, 4)), rng.choice([-1.0, 1.0], width)

    def layers(W):
        value = 1 / (1 + np.exp(-X @ W.T))
        return value, value * (1 - value)

    def gram(W, a):
        value, slope = layers(W)
        return (value @ value.T + (slope * a**2) @ slope.T * (X @ X.T)) / width

    start, path, step = gram(W, a), 0.0, 0.1
    for _ in range(300):
        value, slope = layers(W)
        residual = value @ a / np.sqrt(width) - y
        path += step * np.sqrt(np.mean(residual**2))
        scaled = residual / 30 / np.sqrt(width)
        W, a = W - step * (scaled[:, None] * slope * a).T @ X, a - step * value.T @ scaled
        bound = kernel_drift_bound(path, width=width, activation=SIGMOID, radius=1.0)
        assert np.abs(gram(W, a) - start).max() <= bound


def test_one_neuron_attains_half_of_the_bound():
    # One point x = 1, one neuron at w = 0, a = 1: K = s(w)^2 + a^2 s'(w)^2 has the derivative
    # (s s' + s s') s' 2 = 1/8 per unit of path, with s = 1/2, s' = 1/4, s'' = 0. To first order in
    # the path the bound is 1/8 + 1/8 + s_2 / 8.
    path = 1e-6
    s_2 = 1 / (6 * math.sqrt(3))
    bound = kernel_drift_bound(path, width=1, activation=SIGMOID, radius=1.0)
    assert_allclose(bound / path, (2 + s_2) / 8, rtol=1e-5)  # the next order of the path
    w, a = path / 4, 1 + path / 2  # one short step of the flow from a residual of -1
    value = 1 / (1 + math.exp(-w))
    kernel = value**2 + (a * value * (1 - value)) ** 2
    # The difference of numbers of size 0.3 has an error of 1e-16, against 1e-7.
    assert_allclose((kernel - (1 / 4 + 1 / 16)) / path, 1 / 8, rtol=1e-5)


# Hypotheses and bad input ------------------------------------------------------------------


def test_an_unbounded_activation_has_no_drift_bound():
    assert kernel_drift_bound(1.0, width=10, activation=RELU, radius=1.0) == math.inf
    with pytest.raises(ValueError, match=r"`activation` must be bounded .* relu"):
        fixed_sample_width(0.1, residual_norm=1.0, activation=RELU, radius=1.0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"time": -1.0}, "`time` must be non-negative; got -1.0"),
        ({"residual_norm": math.nan}, "`residual_norm` must be non-negative; got nan"),
        ({"kernel_distance": -0.1}, "`kernel_distance` must be non-negative"),
        ({"width": 0}, "`width` must be at least 1; got 0"),
        ({"radius": 0.0}, "`radius` must be positive and finite; got 0.0"),
    ],
)
def test_bad_input_is_named(changes, message):
    arguments: dict[str, float | int | Activation] = {
        "time": 1.0,
        "residual_norm": 1.0,
        "kernel_distance": 0.1,
        "width": 10,
        "activation": SIGMOID,
        "radius": 1.0,
    }
    arguments |= changes
    with pytest.raises(ValueError, match=message):
        tracking_bound(arguments.pop("time"), **arguments)
