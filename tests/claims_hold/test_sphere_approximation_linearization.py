"""Mechanism 2 of document 000: how close the kernel starts, how far weights and kernel move."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from companion.activations import ELU, GELU, RELU, TANH
from companion.claims.sphere_approximation_linearization import (
    displacement_bound,
    kernel_motion_exponent,
    lipschitz_kernel_change,
    relu_diagonal_change,
)
from companion.dynamics.gradient_descent import gradient_descent
from companion.dynamics.gradient_flow import gradient_flow
from companion.dynamics.kernel_flow import kernel_flow
from companion.experiments.sphere_approximation import (
    concentration,
    descent_steps,
    displacement,
    high_dimension,
    kernel_continuity,
    kernel_roughness,
    missing_degrees,
)
from companion.experiments.sphere_approximation.fitted_powers import fitted_powers
from companion.networks.fully_connected import FullyConnectedNetwork
from companion.networks.initialization import gaussian_layers
from companion.spaces.circle import circle_energies, circle_points
from companion.tangent.gram import ntk


def weights_of(count):
    return np.full(count, 1 / count)


def network_of(width, rng, *, depth=2, activation=GELU, trained="second_to_last", input_dim=2):
    layers = gaussian_layers((width,) * depth, input_dim, rng)
    return FullyConnectedNetwork(layers, activation=activation, trained=trained)


# The setting -------------------------------------------------------------------------------


@pytest.mark.claim("W-D6", "W-D18")
def test_hidden_layers_move_and_the_ends_do_not(rng):
    # Growing widths; the isometry of the first matrix is left out, see the next test.
    layers = gaussian_layers((8, 12, 20), 3, rng)
    network = FullyConnectedNetwork(layers, activation=GELU, trained=(0, 1, 2))
    X = rng.standard_normal((6, 3))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    flow = gradient_flow(
        network, X, np.ones(6), t_end=1.0, t_eval=[0.0, 1.0], nu=weights_of(6), rtol=1e-3
    )
    assert sorted(flow.parameters) == ["W0", "W1", "W2"]
    for name in flow.parameters:
        assert np.linalg.norm(flow.parameters[name] - layers[int(name[1])]) > 1e-3
    assert flow.loss[-1] < flow.loss[0]


@pytest.mark.claim("W-D6", "W-D19")
def test_training_behind_a_fixed_isometry_is_training_the_product(rng):
    V = np.linalg.qr(rng.standard_normal((5, 2)))[0]
    W, *others = gaussian_layers((7, 7), 5, rng)
    X = circle_points(9)
    behind = FullyConnectedNetwork((W, *others), activation=TANH, trained=(0, 1))
    merged = FullyConnectedNetwork((W @ V, *others), activation=TANH, trained=(0, 1))
    y = rng.standard_normal(9)
    runs = [
        gradient_flow(net, points, y, t_end=3.0, t_eval=[0.0, 3.0], nu=weights_of(9), rtol=1e-8)
        for net, points in ((behind, X @ V.T), (merged, X))
    ]
    assert_allclose(runs[0].residual, runs[1].residual, rtol=0, atol=1e-6)
    assert_allclose(runs[0].parameters["W0"] @ V, runs[1].parameters["W0"], atol=1e-6)


@pytest.mark.claim("W-D19")
def test_a_gaussian_matrix_behind_an_isometry_is_gaussian(rng):
    V = np.linalg.qr(rng.standard_normal((6, 3)))[0]
    first, _, last = gaussian_layers((20_000, 5), 6, rng)
    product = first @ V
    # Nine second moments and three fourth ones, five standard errors each.
    assert np.abs(product.T @ product / 20_000 - np.eye(3)).max() < 5 * math.sqrt(2 / 20_000)
    assert np.abs((product**4).mean(axis=0) - 3).max() < 5 * math.sqrt(96 / 20_000)
    assert set(np.abs(last).ravel()) == {1.0}


@pytest.mark.claim("W-D9")
@pytest.mark.parametrize("trained", ["second_to_last", (0, 1)])
def test_the_residual_moves_by_its_tangent_kernel(trained, rng):
    X, y = circle_points(10), rng.standard_normal(10)
    network = network_of(12, rng, trained=trained)
    h = 1e-4
    flow = gradient_flow(
        network, X, y, t_end=2 * h, t_eval=[0.0, h, 2 * h], nu=weights_of(10), rtol=1e-10
    )
    slope = (-3 * flow.residual[0] + 4 * flow.residual[1] - flow.residual[2]) / (2 * h)
    expected = -ntk(network, X).numpy() @ flow.residual[0] / 10
    # One-sided difference of second order: h^2 times a third derivative of order one.
    assert_allclose(slope, expected, rtol=0, atol=1e-5 * np.abs(expected).max())
    linear = kernel_flow(ntk(network, X).numpy(), flow.residual[0], flow.t, nu=weights_of(10))
    assert_allclose(flow.residual, linear, rtol=0, atol=1e-6)


# Concentration -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def concentrated():
    config = concentration.Config(
        activations=("relu", "gelu"),
        depths=(2,),
        widths=(16, 64, 256),
        max_degree=12,
        num_draws=10,
    )
    return concentration.run(config)


@pytest.mark.claim("W7")
def test_the_kernel_concentrates_like_the_root_of_the_width(concentrated):
    law = fitted_powers(concentrated.distance, along="width", confidence=0.999)
    assert (law.low < -0.5).all()
    assert (law.high > -0.5).all()
    # The intervals are short enough to tell a root from a power of -1/4 or -3/4.
    assert (law.high - law.low).max() < 0.5


@pytest.mark.claim("W7")
@pytest.mark.parametrize("width", [3, 30])
def test_the_variance_of_one_layer_is_exactly_that_of_one_neuron_over_the_width(width, rng):
    # One hidden layer of ReLU at points of angle theta: the kernel is cos(theta) times a share of
    # neurons, a binomial variable.
    X = circle_points(8)[:2]
    theta = np.pi / 4
    p = (np.pi - theta) / (2 * np.pi)
    draws = 200
    squares = np.empty(draws)
    for k in range(draws):
        network = network_of(width, rng, depth=1, activation=RELU)
        squares[k] = (ntk(network, X).numpy()[0, 1] - np.cos(theta) * p) ** 2
    expected = np.cos(theta) ** 2 * p * (1 - p) / width
    # Five standard errors of a mean of squares.
    assert abs(squares.mean() - expected) < 5 * squares.std() / math.sqrt(draws)


# How the kernel follows the weights --------------------------------------------------------


@pytest.fixture(scope="module")
def continuity():
    config = kernel_continuity.Config(width=256, num_points=32, num_draws=4)
    return kernel_continuity.run(config)


@pytest.mark.claim("W8")
def test_smooth_kernels_follow_the_weights_by_the_first_power(continuity):
    smooth = continuity.sel(activation=["elu", "gelu"])
    power = fitted_powers(smooth.change, along="displacement").exponent
    assert abs(power - 1).max() < 0.15  # up to displacement 0.16, where curvature shows
    small = smooth.isel(displacement=slice(None, 3))
    assert abs(fitted_powers(small.change, along="displacement").exponent - 1).max() < 0.05
    assert (smooth.change.sel(norm="supremum") <= smooth.bound).all()


@pytest.mark.claim("W8")
def test_relu_follows_by_a_smaller_power(continuity):
    power = fitted_powers(continuity.change.sel(activation="relu"), along="displacement")
    random = power.sel(direction="random", norm="L2 operator")
    worst = power.sel(direction="worst at a point", norm="supremum")
    assert random.low < 0.5 < random.high < 0.75
    assert 0.55 < worst.low < 2 / 3 < worst.high
    assert power.high.sel(direction="random").max() < 0.75


@pytest.mark.claim("W8")
def test_the_worst_change_of_the_relu_diagonal_follows_its_formula():
    # Many draws at one displacement: the mean of the greedy change against the derived share.
    config = kernel_continuity.Config(
        activations=("relu",), displacements=(0.1,), width=256, num_points=8, num_draws=16
    )
    data = kernel_continuity.run(config)
    attack = data.change.sel(direction="worst at a point", norm="supremum").squeeze()
    ratio = (attack / data.switched.squeeze()).values
    # The supremum is over eight points, of which that of the attack is one: at least the share,
    # five standard errors, and not more than a tenth above it.
    assert abs(ratio.mean() - 1) < 0.1 + 5 * ratio.std() / 4
    assert_allclose(relu_diagonal_change(0.001), (1.5 / math.pi) ** (1 / 3) / 100, rtol=1e-3)


@pytest.mark.claim("W8", "W-D26")
def test_in_sobolev_norms_the_power_of_relu_is_a_half_minus_alpha():
    config = kernel_roughness.Config(smoothness=(0.05, 0.15, 0.3, 0.75), width=4, num_draws=6)
    data = kernel_roughness.run(config)
    mean = data.exponent.mean("draw")
    # Degrees are cut at 2048 and displacements at 0.01: (2048 * 0.01)^(2 alpha - 1) is missing.
    inside = mean.sel(smoothness=[0.05, 0.15, 0.3])
    assert abs(inside - data.law.sel(smoothness=[0.05, 0.15, 0.3])).max() < 0.08
    assert abs(mean.sel(smoothness=0.75, activation="elu") - 0.75) < 0.08
    size = data["size"].mean("draw").sel(smoothness=0.75)
    growth = size.isel(degree=-1) / size.sel(degree=128)
    assert growth.sel(activation="relu") > 1.5
    assert (growth.sel(activation=["elu", "gelu"]) < 1.01).all()
    assert kernel_motion_exponent(0.5, activation=RELU) == 0


# Displacement ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def runs():
    config = displacement.Config(
        depths=(2,), widths=(16, 64, 256), num_points=24, horizon=16.0, num_times=11
    )
    return displacement.run(config)


@pytest.mark.claim("W10", "W-D29")
def test_the_displacement_stays_below_its_bound(runs):
    assert (runs.displacement <= runs.bound).all()
    ratio = (runs.displacement / runs.bound).isel(t=-1)
    assert ratio.min() > 0.1  # the bound is not idle: a constant ten times smaller would fail
    # The bound is of order m^(-1/2) times the integral, with a factor that does not grow.
    factor = runs.bound.isel(t=-1) * np.sqrt(runs.width) / runs.integral.isel(t=-1)
    assert (factor.sel(width=256).max("draw") < 1.5 * factor.sel(width=16).max("draw")).all()


@pytest.mark.claim("W10")
def test_the_bound_is_attained_by_a_linear_model():
    # One trained output weight: the residual is an eigenfunction, and time can be infinite.
    W, a = np.array([[2.0]]), np.array([[0.5]])
    network = FullyConnectedNetwork((W, a), activation=ELU, trained=(1,))
    flow = gradient_flow(network, np.ones((1, 1)), np.array([3.0]), t_end=1.0, rtol=1e-10)
    integral = np.trapezoid(np.abs(flow.residual[:, 0]), flow.t)
    bound = displacement_bound(integral, largest_rate=4.0, width=1)
    # The trapezoidal rule on the 101 default times errs by less than a hundredth.
    assert_allclose(flow.distance[-1], bound, rtol=1e-2)


@pytest.mark.claim("W-D12")
def test_wider_networks_stay_closer_to_their_linearisation(runs):
    end = runs.isel(t=-1, target_norm=0)
    mean = end.departure.mean("draw")
    assert (mean.sel(width=256) < 0.6 * mean.sel(width=16)).all()
    assert (mean.sel(width=256) < 0.05).all()
    for name in ("displacement", "kernel_drift"):
        one = end[name].mean("draw")
        assert (one.sel(width=256) < 0.7 * one.sel(width=16)).all()


@pytest.mark.claim("W-D42", "W-D29")
def test_the_displacement_is_below_one_if_the_network_is_wide_enough(runs):
    largest = runs.displacement.max(("activation", "depth", "draw", "t", "target_norm"))
    assert (largest.sel(width=slice(64, None)) < 0.9).all()
    assert (largest.diff("width") < 0).all()


@pytest.fixture(scope="module")
def far_runs():
    config = replace(
        displacement.FAR,
        activations=("gelu",),
        widths=(32,),
        target_norms=(1.0, 16.0),
        num_points=16,
        horizon=4.0,
        num_times=7,
    )
    return tuple(
        displacement.run(replace(config, trained=trained))
        for trained in ("all hidden", "second to last")
    )


@pytest.mark.claim("W-D24", "W-D36", "W-D42")
def test_weights_that_go_too_far_break_the_linearisation(far_runs):
    far, _ = far_runs
    largest = far.max("t").mean("draw").squeeze()
    small, large = (largest.sel(target_norm=norm) for norm in (1.0, 16.0))
    assert (large.displacement > 1).all()
    assert (small.displacement < 1).all()
    assert (large.departure > 3 * small.departure).all()
    assert (large.departure > 0.15).all()
    assert (large.kernel_drift > 2).all()
    assert (small.kernel_drift < 0.5).all()


@pytest.mark.claim("W-D36")
def test_the_second_to_last_layer_alone_may_go_farther(far_runs):
    far, alone = (run.max("t").mean("draw").sel(target_norm=16.0) for run in far_runs)
    assert (alone.displacement > 1.5).all()
    assert (alone.kernel_drift < far.kernel_drift / 3).all()


# Failures ----------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:the gradient jumps")
@pytest.mark.claim("W-D25")
def test_one_layer_of_relu_never_learns_an_odd_degree(rng):
    X = circle_points(32)
    angle = np.arctan2(X[:, 1], X[:, 0])
    network = network_of(64, rng, depth=1, activation=RELU)
    flow = gradient_flow(
        network,
        X,
        np.cos(3 * angle) + np.cos(2 * angle),
        t_end=50.0,
        nu=weights_of(32),
        method="exponential",
        rtol=1e-2,
    )
    energies = circle_energies(flow.residual)
    assert_allclose(energies[:, 3], 0.5, rtol=0, atol=1e-12)
    assert energies[-1, 2] < 0.6 * energies[0, 2]


@pytest.mark.claim("W-D25")
def test_a_second_layer_learns_it():
    data = missing_degrees.run(replace(missing_degrees.SCALES["smoke"], degrees=(3,)))
    left = data.amplitude.isel(t=-1).max("draw")
    assert left.sel(case="1 hidden, degree 3") > 1 - 1e-12
    assert left.sel(case="2 hidden, degree 3") < 0.95


@pytest.mark.claim("W-D27")
@pytest.mark.parametrize("activation", [RELU, GELU, TANH], ids=lambda one: one.name)
def test_more_dimensions_than_neurons_leave_a_direction_unseen(activation, rng):
    input_dim, width = 7, 5
    network = network_of(width, rng, activation=activation, input_dim=input_dim)
    v = np.linalg.svd(network.W0.numpy())[2][-1]
    X = rng.standard_normal((9, input_dim))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    pairs = np.concatenate([X, X - 2 * np.outer(X @ v, v), v[None]])
    kernel = ntk(network, pairs).numpy()
    assert kernel[-1, -1] < 1e-24  # squares of rounding errors
    # The operator on the symmetric sample maps the linear function to zero.
    image = kernel[:-1, :-1] @ (pairs[:-1] @ v)
    assert np.abs(image).max() < 1e-12


@pytest.mark.claim("W-D27")
def test_the_distance_follows_the_root_of_dimension_over_width():
    config = high_dimension.Config(
        input_dims=(4, 16, 64, 256), width=128, num_points=20, num_draws=8
    )
    data = high_dimension.run(config)
    mean = data.distance.mean("draw")
    shortest, longest = mean.sel(place=["shortest direction", "longest direction"])
    assert (abs(shortest - data.shortest_law) < 0.15).all()
    assert (abs(longest / data.longest_law - 1)[1:] < 0.25).all()
    assert abs(shortest[-1] - 1) < 1e-12
    # Independent points do not see it.
    random = mean.sel(place="random points")
    assert random.max() < 1.5 * random.min() + 0.2


# Steps -------------------------------------------------------------------------------------


@pytest.mark.claim("W18", "W-D17")
def test_the_difference_of_descent_and_flow_is_of_first_order():
    config = descent_steps.Config(
        num_steps=(32, 64, 128), width=12, num_points=10, horizon=6.0, rtol=1e-5
    )
    data = descent_steps.run(config)
    for name in ("output_difference", "weight_difference"):
        law = fitted_powers(data[name], along="num_steps")
        assert abs(law.exponent + 1).max() < 0.05
    assert (abs(data.loss_ratio.isel(num_steps=-1) - 1) < 0.01).all()


@pytest.mark.claim("W18")
def test_long_steps_leave_the_flow():
    config = replace(descent_steps.TOO_LONG, width=16, num_points=12, num_steps=(4,), rtol=1e-4)
    data = descent_steps.run(config)
    assert (data.step > 2).all()
    assert (data.loss_ratio > 100).all()


@pytest.mark.claim("W-D22")
def test_descent_needs_fewer_gradients_than_the_flow_for_one_percent(rng):
    X, y = circle_points(32), np.sign(np.sin(circle_points(32) @ np.array([3.0, 1.0])))
    network = network_of(64, rng, activation=ELU, trained=(0, 1))
    flow = gradient_flow(
        network, X, y, t_end=32.0, t_eval=[0.0, 32.0], nu=weights_of(32), rtol=1e-3
    )
    descent = gradient_descent(
        network, X, y, learning_rate=0.5, num_steps=64, nu=weights_of(32), record_at=[64]
    )
    change = descent.residual[-1] - flow.residual[-1]
    assert np.sqrt(np.mean(change**2)) < 0.01 * np.sqrt(2 * flow.loss[0])
    assert flow.num_gradients > 64


@pytest.mark.claim("W8")
def test_the_lipschitz_bound_holds_for_a_narrow_network_too(rng):
    X = circle_points(16)
    layers = gaussian_layers((3, 3), 2, rng)
    values = np.asarray(TANH(X @ layers[0].T)) / math.sqrt(3)
    v = np.linalg.norm(values, axis=1).max()
    kernels = []
    Z = rng.standard_normal((3, 3))
    Z *= math.sqrt(3) / np.linalg.norm(Z, 2)
    for moved in (0.0, 0.2):
        network = FullyConnectedNetwork(
            (layers[0], layers[1] + moved * Z, layers[2]), activation=TANH
        )
        kernels.append(ntk(network, torch.tensor(X)).numpy())
    bound = lipschitz_kernel_change(0.2, TANH, value_norm=float(v))
    assert 0 < np.abs(kernels[1] - kernels[0]).max() <= bound
