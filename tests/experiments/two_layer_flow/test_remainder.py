"""Both sides of Lemmas 1 and 2 along a flow, recomputed from their definitions."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import solve_ivp

from companion.experiments.two_layer_flow.remainder import Config, run
from companion.networks.initialization import gaussian_rademacher
from companion.numerics.montecarlo import stream
from companion.spaces.sphere import uniform_on_sphere

CONFIG = Config(widths=(7,), num_samples=5, input_dim=2, horizon=4.0, num_times=401)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


@pytest.fixture(scope="module")
def data():
    return run(CONFIG).isel(width=0)


@pytest.fixture(scope="module")
def path():
    """Weights of the same run by an implicit method, with the integral of |a| sqrt(loss)."""
    rng = stream(CONFIG.seed, "data")
    X = uniform_on_sphere(5, 2, rng)
    y = rng.choice([-1.0, 1.0], 5)
    W, a = gaussian_rademacher(7, 2, stream(CONFIG.seed, "weights", 7))

    def velocity(_, state):
        W, a = state[:14].reshape(7, 2), state[14:21]
        value = sigmoid(X @ W.T)
        e = value @ a / np.sqrt(7) - y
        scaled = e / 5 / np.sqrt(7)
        inner = -(scaled[:, None] * value * (1 - value) * a).T @ X
        root = np.sqrt(np.mean(e**2) / 2)
        return np.concatenate([inner.ravel(), -value.T @ scaled, np.abs(a) * root, [root]])

    start = np.concatenate([W.ravel(), a, np.zeros(8)])
    solution = solve_ivp(velocity, (0, 4), start, method="Radau", rtol=1e-9, atol=1e-11)
    end = solution.y[:, -1]
    return X, y, W, end[:14].reshape(7, 2), end[14:21], end[21:28], end[28]


def test_loss_and_its_root_integral(data, path):
    X, y, _, W, a, _, b = path
    e = sigmoid(X @ W.T) @ a / np.sqrt(7) - y
    assert_allclose(data.loss[-1], np.mean(e**2) / 2, rtol=1e-6)
    # Trapezoidal sums with step 0.01: relative error of order 1e-5.
    assert_allclose(data.root_loss_integral[-1], b, rtol=1e-4)


def test_change_of_the_form_is_a_difference_of_mean_squares(data, path):
    X, y, W_0, W, a, _, _ = path
    e = sigmoid(X @ W.T) @ a / np.sqrt(7) - y
    forms = [np.mean((sigmoid(X @ w.T).T @ e / 5) ** 2) for w in (W, W_0)]
    # A difference of forms of size 0.05: the flow's 1e-6 of it, twice.
    assert_allclose(data.change[-1], abs(forms[0] - forms[1]), rtol=0, atol=1e-6)
    assert data.change[-1] > 1e-5


def test_remainder_is_the_printed_sum_with_its_constant(data, path):
    X, y, _, W, a, lengths, _ = path
    e = sigmoid(X @ W.T) @ a / np.sqrt(7) - y
    constant = 2 * np.sqrt(2) / 16
    printed = constant * np.abs(e).mean() ** 2 * lengths.mean() / np.sqrt(7)
    assert_allclose(data.remainder[-1], printed, rtol=1e-4)  # trapezoidal sums again


def test_energy_slope_and_speed(data, path):
    X, y, _, W, a, _, _ = path
    value = sigmoid(X @ W.T)
    e = value @ a / np.sqrt(7) - y
    assert_allclose(data.energy_slope[-1], -np.mean(e * (e + y)), rtol=1e-5)
    speeds = np.linalg.norm((e[:, None] * value * (1 - value)).T @ X / 5, axis=1)
    assert_allclose(data.speed_ratio[-1], speeds.max() / np.sqrt(np.mean(e**2) / 2), rtol=1e-5)


def test_every_bound_lies_above_what_it_bounds(data):
    assert (data.energy_slope <= data.energy_slope_bound).all()
    assert_allclose(data.energy_slope_bound / data.energy_slope_printed, np.sqrt(2), rtol=1e-12)
    assert (data.change <= data.remainder).all()
    assert (data.remainder <= data.bound).all()
