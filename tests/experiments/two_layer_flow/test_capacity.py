"""The search for the least loss against another search, least squares and exact cases."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize

from companion.experiments.two_layer_flow.capacity import SCALES, Config, run
from companion.networks.initialization import gaussian_rademacher
from companion.numerics.montecarlo import stream
from companion.spaces.sphere import uniform_on_sphere

CONFIG = SCALES["smoke"]
SIGMA = {
    "sigmoid": lambda z: (1 + np.tanh(z / 2)) / 2,
    "shifted_sigmoid": lambda z: (1 + np.tanh((z + 1) / 2)) / 2,
}


@pytest.fixture(scope="module")
def data():
    return run(CONFIG)


def sample(count, draw):
    rng = stream(CONFIG.seed, "data", count, draw)
    X = uniform_on_sphere(count, CONFIG.input_dim, rng)
    return X, rng.choice([-1.0, 1.0], count)


# Exact values ------------------------------------------------------------------------------


def test_few_points_are_met_exactly(data):
    # Four points, nine parameters: the minimum is zero.
    best = data["loss"].sel(num_samples=4).min("restart")
    assert (best < 1e-6).all()  # forty iterations reach 1e-9
    assert data["num_params"] == 9


def test_best_loss_is_the_least_of_the_searches(data):
    assert_allclose(data["best_loss"], np.sort(data["loss"].values, axis=-1)[..., 0], rtol=0)
    assert_allclose(data["null_loss"], 0.5, rtol=0)


def test_nothing_is_worse_than_the_zero_function(data):
    # a = 0 has loss 1/2 on signs; a search that ends above it has gone wrong.
    assert (data["loss"] <= 0.5).all()


def test_one_neuron_on_two_opposite_points_of_the_line():
    # One sigmoid neuron has f(x) + f(-x) = a. Opposite signs: the infimum 1/4 is approached for
    # w to infinity (by hand: |r|^2 = 2 - (2u - 1)^2 / (u^2 + (1 - u)^2), u = s(w)).
    # Equal signs: w = 0, a = 2 x sign, loss 0. In dimension one uniform points are +-1.
    config = Config(
        activations=("sigmoid",),
        num_samples=(2,),
        width=1,
        input_dim=1,
        num_restarts=4,
        num_seeds=8,
    )
    best = run(config)["loss"].min("restart").values.ravel()
    for draw, value in enumerate(best):
        rng = stream(config.seed, "data", 2, draw)
        x, y = uniform_on_sphere(2, 1, rng)[:, 0], rng.choice([-1.0, 1.0], 2)
        opposite_targets = x[0] != x[1] and y[0] != y[1]
        # One point twice with both signs cannot be met better than by 0.
        expected = 0.5 if x[0] == x[1] and y[0] != y[1] else 0.25 if opposite_targets else 0.0
        # The infimum is approached like exp(-w) and w grows slowly: four digits.
        assert_allclose(value, expected, rtol=0, atol=1e-4)
    assert len(np.unique(best.round(2))) == 3  # all three cases were met


# Independent computations ------------------------------------------------------------------


@pytest.mark.parametrize("name", CONFIG.activations)
def test_agrees_with_a_search_written_out(data, name):
    X, y = sample(40, 0)
    for restart in range(CONFIG.num_restarts):
        rng = stream(CONFIG.seed, "start", name, 40, 0, restart)
        W, a = gaussian_rademacher(CONFIG.width, CONFIG.input_dim, rng)

        def loss_and_gradient(theta):
            V, b = theta[:6].reshape(3, 2), theta[6:]
            s = SIGMA[name](X @ V.T)
            residual = s @ b / np.sqrt(3) - y
            slope_W = (residual[:, None] * s * (1 - s) * b).T @ X
            gradient = np.concatenate([slope_W.ravel(), s.T @ residual]) / np.sqrt(3) / 40
            return 0.5 * np.mean(residual**2), gradient

        found = minimize(
            loss_and_gradient,
            np.concatenate([W.ravel(), a]),
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": CONFIG.max_iterations, "maxcor": 20, "ftol": 0, "gtol": 1e-10},
        )
        cell = data.sel(activation=name, num_samples=40).isel(draw=0, restart=restart)
        # The same search with rounding in other places, which forty iterations enlarge.
        assert_allclose(cell["loss"], found.fun, rtol=1e-6)
        assert_allclose(cell["gradient"], np.linalg.norm(found.jac), rtol=1e-3)


@pytest.mark.parametrize("name", CONFIG.activations)
def test_is_below_least_squares_with_the_inner_weights_of_the_start(data, name):
    for draw in range(CONFIG.num_seeds):
        X, y = sample(40, draw)
        rng = stream(CONFIG.seed, "start", name, 40, draw, 0)
        W, _ = gaussian_rademacher(CONFIG.width, CONFIG.input_dim, rng)
        features = SIGMA[name](X @ W.T)
        b = np.linalg.lstsq(features, y, rcond=None)[0]
        linear = 0.5 * np.mean((features @ b - y) ** 2)
        reached = data["loss"].sel(activation=name, num_samples=40).isel(draw=draw, restart=0)
        assert reached < linear


# Where naive formulas fail -----------------------------------------------------------------


def test_more_iterations_do_not_raise_the_loss(data):
    longer = run(Config(**{**CONFIG.__dict__, "max_iterations": 2 * CONFIG.max_iterations}))
    assert (longer["loss"] <= data["loss"] + 1e-12).all()
    assert (longer["gradient"] >= 0).all()


def test_unknown_activation_is_named():
    with pytest.raises(ValueError, match="sigmoyd"):
        run(Config(activations=("sigmoyd",), num_samples=(2,), num_seeds=1))
