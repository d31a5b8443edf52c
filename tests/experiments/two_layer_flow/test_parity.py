"""The parity floor: exact on symmetric points, absent with a shift or a bias."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize
from scipy.special import expit

from companion.experiments.two_layer_flow.parity import SCALES, Config, run
from companion.numerics.montecarlo import stream
from companion.spaces.sphere import uniform_in_shell

CONFIG = SCALES["smoke"]


@pytest.fixture(scope="module")
def data():
    return run(CONFIG)


def points():
    half = uniform_in_shell(10, 2, stream(CONFIG.seed, "points"), inner=0.5, outer=1.0)
    return np.concatenate([half, -half])


# Exact values ------------------------------------------------------------------------------


def test_the_sigmoid_ends_at_the_best_constant(data):
    # The odd part of the best network is zero: the loss is that of the mean of the target.
    y = 4 * np.prod(points(), axis=1)
    floor = np.var(y) / np.mean(y**2)
    assert_allclose(data["floor"], floor, rtol=1e-13)
    found = data["relative_loss"].sel(network="plain")
    # Rounding below; above, forty steps on a problem that is quadratic in a at w = 0.
    assert (found >= floor - 1e-13).all() and (found <= floor + 1e-3).all()


def test_a_shift_or_a_bias_gets_below_the_floor(data):
    best = data["relative_loss"].min("draw")
    assert (best.sel(network="shifted", width=4) < 0.5 * data["floor"]).all()
    assert (best.sel(network="biased", width=4) < 0.5 * data["floor"]).all()


# Identities --------------------------------------------------------------------------------


def test_every_network_splits_into_a_constant_and_an_odd_part(rng):
    # The reason for the floor, at arbitrary parameters: sums of opposite outputs are equal.
    X = points()
    for size in (0.1, 1.0, 100.0):
        W, a = size * rng.standard_normal((7, 2)), size * rng.standard_normal(7)
        output = expit(X @ W.T) @ a
        sums = output[:10] + output[10:]
        assert_allclose(sums, a.sum(), rtol=0, atol=1e-13 * size)


# Independent computations ------------------------------------------------------------------


def test_agrees_with_a_search_written_out(data):
    X = points()
    y = 4 * np.prod(X, axis=1)

    def loss_and_gradient(theta):
        V, b, c = theta[:4].reshape(2, 2), theta[4:6], theta[6:]
        s = expit(X @ V.T + c)
        residual = s @ b / np.sqrt(2) - y
        back = residual[:, None] * s * (1 - s) * b
        gradient = [(back.T @ X).ravel(), s.T @ residual, back.sum(axis=0)]
        return np.mean(residual**2) / 2, np.concatenate(gradient) / np.sqrt(2) / 20

    for draw in range(CONFIG.num_seeds):
        rng = stream(CONFIG.seed, "start", "biased", 2, draw)
        W, a = rng.standard_normal((2, 2)), rng.choice([-1.0, 1.0], 2)
        start = np.concatenate([W.ravel(), a, rng.standard_normal(2)])
        found = minimize(
            loss_and_gradient,
            start,
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": 40, "maxcor": 20, "ftol": 0, "gtol": 1e-10},
        )
        cell = data["relative_loss"].sel(network="biased", width=2)[draw]
        # The same search with rounding in other places, which forty iterations enlarge.
        assert_allclose(cell, found.fun / (np.mean(y**2) / 2), rtol=1e-5)


# Where naive formulas fail -----------------------------------------------------------------


def test_the_best_constant_of_a_target_with_a_mean_is_not_zero():
    # Few pairs: the mean of the target is far from zero, and the floor far below one.
    data = run(Config(num_pairs=2, widths=(2,), max_iterations=60, num_seeds=1))
    assert data["floor"] < 0.999
