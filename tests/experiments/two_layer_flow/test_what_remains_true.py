"""The four experiments behind the corrected statements, against other routes to their numbers."""

import dataclasses

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import solve_ivp

from companion.activations import SIGMOID
from companion.experiments.base import execute
from companion.experiments.two_layer_flow import fixed_sample, mean_residual, modes, tracking
from companion.networks.initialization import gaussian_rademacher
from companion.numerics.montecarlo import stream
from companion.spaces.sphere import uniform_on_sphere


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def radau_residual(W, a, X, y, nu, times):
    """Residuals by an implicit method with its own right-hand side, to a relative 1e-10."""
    width, input_dim = W.shape

    def velocity(_, theta):
        W, a = theta[:-width].reshape(width, input_dim), theta[-width:]
        value = sigmoid(X @ W.T)
        scaled = nu * (value @ a / np.sqrt(width) - y) / np.sqrt(width)
        inner = -(scaled[:, None] * value * (1 - value) * a).T @ X
        return np.concatenate([inner.ravel(), -value.T @ scaled])

    start = np.concatenate([W.ravel(), a])
    solution = solve_ivp(
        velocity, (0, times[-1]), start, method="Radau", t_eval=times, rtol=1e-10, atol=1e-12
    )
    thetas = solution.y.T
    return np.array(
        [
            sigmoid(X @ theta[:-width].reshape(width, input_dim).T)
            @ theta[-width:]
            / np.sqrt(width)
            - y
            for theta in thetas
        ]
    )


# Tracking ----------------------------------------------------------------------------------


def test_tracking_error_agrees_with_an_implicit_flow_and_a_sampled_kernel():
    config = tracking.Config(
        num_samples=(6, 9), widths=(10,), input_dim=3, horizon=10.0, num_seeds=1
    )
    data = tracking.run(config).isel(num_samples=0)
    X = uniform_on_sphere(9, 3, stream(config.seed, "points"))[:6]
    y = np.sqrt(3) * X[:, 0]
    W, a = gaussian_rademacher(10, 3, stream(config.seed, "weights", 10, 0))
    times = np.linspace(0, 10, 21)
    flow = radau_residual(W, a, X, y, np.full(6, 1 / 6), times)
    many = np.random.default_rng(1).standard_normal((400_000, 3))
    value = sigmoid(X @ many.T)
    slope = value * (1 - value)
    kernel = (value @ value.T + slope @ slope.T * (X @ X.T)) / many.shape[0] / 6
    eigenvalues, vectors = np.linalg.eigh(kernel)
    limit = (np.exp(-np.outer(times, eigenvalues)) * (flow[0] @ vectors)) @ vectors.T
    distance = np.sqrt(np.mean((flow - limit) ** 2, axis=1)).max()
    # The sampled kernel is off by 0.2 / sqrt(4e5) = 3e-4 at most, times the path of the residual.
    assert_allclose(data.error.item(), distance, rtol=0, atol=1e-3)
    assert data.error.item() > 5e-2  # fifty times the tolerance


def test_tracking_uses_the_same_points_for_every_width_and_other_weights_for_every_draw():
    config = tracking.SCALES["smoke"]
    both = tracking.run(config)
    alone = tracking.run(dataclasses.replace(config, widths=config.widths[-1:]))
    assert_allclose(alone.error.values, both.error.values[:, -1:], rtol=1e-12)
    assert both.error.values[0, 0, 0] != both.error.values[0, 0, 1]


def test_the_linear_target_has_mean_square_one_and_is_learnt():
    config = tracking.Config(num_samples=(500,), widths=(50,), horizon=1.0, num_seeds=1)
    # |e(0)| is that of the target and of the network together: between 0.5 and 1.5.
    assert 0.5 < tracking.run(config).residual_norm.item() < 1.5


def test_outer_weights_of_one_sign_start_far_away():
    config = dataclasses.replace(tracking.SCALES["smoke"], outer_law="ones")
    violated, kept = tracking.run(config), tracking.run(tracking.SCALES["smoke"])
    assert (violated.error.mean("draw") > 2 * kept.error.mean("draw")).all()


# Modes -------------------------------------------------------------------------------------


def test_rates_of_the_modes_are_the_hermite_sums():
    data = modes.run(modes.SCALES["smoke"])
    nodes, weights = np.polynomial.hermite_e.hermegauss(120)
    first = (weights / weights.sum()) @ (sigmoid(nodes) * nodes)
    assert_allclose(data.rate.values[0], 1 / 4, rtol=1e-12)
    # Degree one on S^2: the linear terms are 2 c_1^2 / 3, cubic ones add less than 2 %.
    assert 2 * first**2 / 3 < data.rate.values[1] < 1.03 * 2 * first**2 / 3
    assert abs(data.rate.values[2]) < 1e-14


def test_the_even_part_never_moves_and_parts_add_up_to_the_residual():
    data = modes.run(modes.SCALES["smoke"])
    even = data.residual_norm.sel(degree=2)
    # The network is constant plus odd, at every width: only rounding moves the even part.
    assert_allclose(even.values / even.isel(t=0).values[:, None], 1, rtol=1e-12)


# Mean residual -----------------------------------------------------------------------------


def test_the_mean_share_is_the_integral_written_out():
    config = mean_residual.SCALES["smoke"]
    data = mean_residual.run(config)
    rng = stream(config.seed, "data")
    X = uniform_on_sphere(config.num_samples, config.input_dim, rng)
    y = 1 + rng.choice([-1.0, 1.0], config.num_samples)
    nu = rng.dirichlet(np.ones(config.num_samples))
    width = config.widths[1]
    W, a = gaussian_rademacher(width, config.input_dim, stream(config.seed, "weights", width))
    e = sigmoid(X @ W.T) @ a / np.sqrt(width) - y
    expected = (nu @ (e * sigmoid(X @ W.T).mean(axis=1))) ** 2
    assert_allclose(data.mean_share.values[1, 0], expected, rtol=1e-12)
    # Dissipation is minus the derivative of the recorded loss: central differences of step 0.1,
    # error h^2/6 times a third derivative of size one.
    slope = -(data.loss[:, 2:].values - data.loss[:, :-2].values) / (2 * 0.1)
    assert_allclose(data.dissipation.values[:, 1:-1], slope, atol=3e-3)


def test_the_mean_share_stays_below_the_dissipation():
    data = mean_residual.run(mean_residual.SCALES["smoke"])
    assert (data.mean_share <= data.dissipation + 1e-9).all()
    assert (data.spent <= data.loss.isel(t=0)).all()
    assert data.spent.isel(t=-1).max() > 0.3  # and it is not a small share


# Fixed sample ------------------------------------------------------------------------------


def test_the_loss_on_a_fixed_sample_agrees_with_an_implicit_flow():
    config = fixed_sample.Config(
        widths=(10,), num_samples=2, input_dim=3, half_lives=1.0, num_times=5
    )
    data = fixed_sample.run(config)
    rng = stream(config.seed, "data")
    X = uniform_on_sphere(2, 3, rng)
    y = rng.choice([-1.0, 1.0], 2)
    W, a = gaussian_rademacher(10, 3, stream(config.seed, "weights", 10))
    flow = radau_residual(W, a, X, y, np.full(2, 1 / 2), data.t.values)
    # The library's flow is asked for a relative 1e-6 of the loss at every step.
    assert_allclose(data.loss.values[0], np.mean(flow**2, axis=1) / 2, rtol=1e-4)
    assert data.sufficient_width.item() > 1e3


@pytest.mark.parametrize("module", [tracking, modes, mean_residual, fixed_sample])
def test_smoke_scale_runs_with_labels_and_provenance(module):
    data = execute(module.EXPERIMENT, module.SCALES["smoke"])
    assert data.attrs["experiment"] == module.EXPERIMENT.name
    assert all(np.isfinite(variable.values).all() for variable in data.data_vars.values())


def test_the_activation_of_these_experiments_is_the_logistic_sigmoid():
    assert_allclose(SIGMOID(np.array([0.3])), sigmoid(np.array([0.3])), rtol=1e-15)
