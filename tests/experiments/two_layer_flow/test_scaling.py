"""The two scalings: one clock, an implicit integrator, and how far the neurons go."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import solve_ivp
from scipy.special import expit

from companion.experiments.two_layer_flow.scaling import EXPONENTS, SCALES, Config, run
from companion.networks.initialization import gaussian_rademacher
from companion.numerics.montecarlo import stream
from companion.spaces.sphere import uniform_on_sphere

CONFIG = SCALES["smoke"]


@pytest.fixture(scope="module")
def data():
    return run(CONFIG)


def problem(width, draw):
    X = uniform_on_sphere(CONFIG.num_samples, CONFIG.input_dim, stream(CONFIG.seed, "data"))
    W, a = gaussian_rademacher(
        width, CONFIG.input_dim, stream(CONFIG.seed, "weights", width, draw)
    )
    return X, np.sqrt(3) * X[:, 0], W, a


# Exact values ------------------------------------------------------------------------------


@pytest.mark.parametrize("exponent", EXPONENTS)
def test_loss_at_the_start(data, exponent):
    for width in CONFIG.widths:
        X, y, W, a = problem(width, 1)
        output = expit(X @ W.T) @ a * width**-exponent
        start = data["loss"].sel(exponent=exponent, width=width).isel(draw=1, t=0)
        assert_allclose(start, np.mean((output - y) ** 2) / 2, rtol=1e-12)


# Identities --------------------------------------------------------------------------------


def test_one_neuron_has_one_scaling():
    one = run(Config(widths=(1,), num_samples=5, horizon=3.0, num_times=4, num_seeds=1))
    assert_allclose(one["loss"].sel(exponent=0.5), one["loss"].sel(exponent=1.0), rtol=1e-12)
    assert_allclose(*one["displacement"].squeeze().values, rtol=1e-12)


# Independent computations ------------------------------------------------------------------


@pytest.mark.parametrize("exponent", EXPONENTS)
def test_agrees_with_an_implicit_integrator(data, exponent):
    width = 10
    X, y, W, a = problem(width, 0)
    factor = width**-exponent

    def velocity(_, theta):
        V, b = theta[:30].reshape(10, 3), theta[30:]
        s = expit(X @ V.T)
        e = (factor * s @ b - y) / len(y) * factor
        clock = width ** (2 * exponent - 1)
        return -clock * np.concatenate([((e[:, None] * s * (1 - s) * b).T @ X).ravel(), s.T @ e])

    start = np.concatenate([W.ravel(), a])
    times = data["t"].values
    path = solve_ivp(
        velocity, (0, times[-1]), start, t_eval=times, method="Radau", rtol=1e-9, atol=1e-11
    ).y
    loss = [
        np.mean((factor * expit(X @ theta[:30].reshape(10, 3).T) @ theta[30:] - y) ** 2) / 2
        for theta in path.T
    ]
    cell = data.sel(exponent=exponent, width=width).isel(draw=0)
    # The flow keeps the loss to 1e-6 in each step; tens of steps.
    assert_allclose(cell["loss"], loss, rtol=1e-4)
    moved = path[:, -1] - start
    neurons = np.hypot(np.linalg.norm(moved[:30].reshape(10, 3), axis=1), moved[30:])
    assert_allclose(cell["displacement"], neurons.max(), rtol=1e-4)


# Where naive formulas fail -----------------------------------------------------------------


def test_the_clocks_agree_at_the_start():
    # Zero-output limit: with the same kernels both losses fall at the same rate at first.
    config = Config(widths=(2000,), num_samples=8, horizon=0.02, num_times=2, num_seeds=2)
    data = run(config)
    fall = np.log(data["loss"].isel(t=0) / data["loss"].isel(t=1)).squeeze() / 0.02
    # The slopes 2 e.K e / |e|^2 differ because the networks start at different outputs; without
    # the clock the two would differ by the factor 2000.
    ratio = fall.sel(exponent=1.0) / fall.sel(exponent=0.5)
    assert ((ratio > 0.2) & (ratio < 5)).all()
