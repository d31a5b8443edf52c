"""Sections 1 to 3 of document 001 up to Lemma 2: the setting, the flow, the loss, the lemmas."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy.integrate import cumulative_trapezoid, solve_ivp

from companion.activations import SIGMOID
from companion.claims.two_layer_flow_lemmas import (
    inner_speed_constant,
    mean_displacement_bound,
    outer_energy_slope_as_printed,
    outer_energy_slope_bound,
    remainder_bound,
    remainder_constant,
)
from companion.dynamics.gradient_flow import gradient_flow
from companion.dynamics.losses import square_loss
from companion.networks.initialization import gaussian_rademacher
from companion.networks.two_layer import TwoLayerNetwork
from companion.spaces.sphere import uniform_in_shell
from companion.tangent.gram import gram_by_parameter

EXACT = 1e-13  # sums of tens of products of order one


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


@pytest.fixture(scope="module")
def problem():
    """Points in a shell, unequal weights, a start by Assumption 2."""
    rng = np.random.default_rng(1909)
    X = uniform_in_shell(12, 3, rng, inner=0.5, outer=2.0)
    y, nu = rng.uniform(-1, 1, 12), rng.dirichlet(np.ones(12))
    W, a = gaussian_rademacher(15, 3, rng)
    return X, y, nu, W, a


@pytest.fixture(scope="module")
def flow(problem):
    X, y, nu, W, a = problem
    return gradient_flow(
        TwoLayerNetwork(W, a, activation=SIGMOID),
        X,
        y,
        t_end=20.0,
        t_eval=np.linspace(0, 20, 401),
        nu=nu,
        rtol=1e-10,
        keep_path=True,
    )


def output(W, a, X):
    return sigmoid(X @ W.T) @ a / np.sqrt(len(a))


# The setting -------------------------------------------------------------------------------


@pytest.mark.claim("LL-1.3", "LL-A2")
def test_the_network_is_the_sum_and_starts_by_assumption_2(rng):
    W, a = gaussian_rademacher(40_000, 2, rng)
    x = np.array([[0.3, -0.4]])
    network = TwoLayerNetwork(W, a, activation=SIGMOID)
    by_sum = sum(a[i] / (1 + np.exp(-W[i] @ x[0])) for i in range(len(a))) / np.sqrt(len(a))
    assert_allclose(network(torch.tensor(x)).item(), by_sum, rtol=1e-9)
    assert set(np.unique(a)) == {-1.0, 1.0}
    # Five standard errors of a mean of 40,000, for seven moments: fails once in 10^5.
    noise = 5 / np.sqrt(len(a))
    assert abs(a.mean()) < noise
    assert_allclose(W.mean(axis=0), 0, atol=noise)
    assert_allclose(W.T @ W / len(W), np.eye(2), atol=1.5 * noise)  # variance of w^2 is 2
    assert abs((W[:, 0] * a).mean()) < noise


@pytest.mark.claim("LL-1.1", "LL-2.2")
def test_the_loss_is_half_the_mean_square_under_the_empirical_measure(problem):
    X, y, _, W, a = problem
    residual = output(W, a, X) - y
    by_mean = np.mean(residual**2) / 2
    assert_allclose(square_loss(residual, np.full(12, 1 / 12)), by_mean, rtol=EXACT)


@pytest.mark.claim("LL-A1", "LL-2.1")
def test_points_outside_the_support_do_not_enter(problem):
    # nu is carried by a set T avoiding the origin; a point of weight zero is not in T.
    X, y, nu, W, a = problem
    assert 0.5 <= np.linalg.norm(X, axis=1).min() <= np.linalg.norm(X, axis=1).max() <= 2
    assert_allclose(nu.sum(), 1, rtol=EXACT)
    more_X = np.concatenate([X, [[5.0, 5.0, 5.0]]])
    more_y, more_nu = np.append(y, 100.0), np.append(nu, 0.0)
    flows = [
        gradient_flow(
            TwoLayerNetwork(W, a, activation=SIGMOID), *data, t_end=3.0, t_eval=[3.0], nu=weights
        )
        for *data, weights in ((X, y, nu), (more_X, more_y, more_nu))
    ]
    assert_allclose(flows[0].loss, flows[1].loss, rtol=1e-6)  # the accuracy of the flow


@pytest.mark.claim("LL-A3")
def test_the_sigmoid_satisfies_assumption_3():
    z = np.linspace(-60, 60, 240_001)
    value = sigmoid(z)
    assert (value >= 0).all() and sigmoid(0.0) == 0.5
    assert value.max() <= SIGMOID.bound == 1
    assert_allclose((value * (1 - value)).max(), SIGMOID.lipschitz, rtol=EXACT)
    assert SIGMOID.nonnegative


# The flow and the loss ---------------------------------------------------------------------


@pytest.mark.claim("LL-2.3", "LL-2.4")
def test_the_weights_move_as_written(problem):
    # Both formulas are integrated by an implicit method; the library differentiates the network.
    X, y, nu, W, a = problem

    def velocity(_, theta):
        W, a = theta[:45].reshape(15, 3), theta[45:]
        value = sigmoid(X @ W.T)
        e = value @ a / np.sqrt(15) - y
        w_dot = np.array(
            [-(nu * e * a[i] * value[:, i] * (1 - value[:, i])) @ X for i in range(15)]
        )
        a_dot = np.array([-(nu * e) @ value[:, i] for i in range(15)])
        return np.concatenate([w_dot.ravel(), a_dot]) / np.sqrt(15)

    solution = solve_ivp(
        velocity, (0, 5), np.concatenate([W.ravel(), a]), method="Radau", rtol=1e-9, atol=1e-11
    )
    run = gradient_flow(
        TwoLayerNetwork(W, a, activation=SIGMOID), X, y, t_end=5.0, nu=nu, rtol=1e-9
    )
    assert_allclose(run.parameters["W"].ravel(), solution.y[:45, -1], rtol=0, atol=1e-7)
    assert_allclose(run.parameters["a"], solution.y[45:, -1], rtol=0, atol=1e-7)
    assert np.abs(run.parameters["a"] - a).max() > 0.05  # they did move


@pytest.mark.claim("LL-2.5", "LL-2.6")
def test_the_loss_falls_by_the_gram_matrix(problem, flow):
    X, _, nu, _, _ = problem
    for k in (50, 200, 350):
        now = flow.parameters_at(k)
        value = sigmoid(X @ now["W"].T)
        slope = value * (1 - value)
        gram = (value @ value.T + (slope * now["a"] ** 2) @ slope.T * (X @ X.T)) / 15
        weighted = nu * flow.residual[k]
        h = flow.t[1]
        # Fourth-order difference of the recorded loss; its error is h^4/30 = 2e-7 times a fifth
        # derivative of order 0.01.
        steps = flow.loss[[k - 2, k - 1, k + 1, k + 2]]
        difference = (steps @ [1, -8, 8, -1]) / (12 * h)
        assert_allclose(weighted @ gram @ weighted, -difference, rtol=1e-5)
        network = TwoLayerNetwork(now["W"], now["a"], activation=SIGMOID)
        parts = gram_by_parameter(network, torch.tensor(X))
        assert_allclose(parts["a"].numpy(), value @ value.T / 15, rtol=1e-12)
        assert_allclose((parts["a"] + parts["W"]).numpy(), gram, rtol=1e-12)


@pytest.mark.claim("LL-2.7")
def test_the_inner_part_is_a_sum_of_squares(problem, rng):
    X, _, nu, W, a = problem
    slope = sigmoid(X @ W.T) * (1 - sigmoid(X @ W.T))
    parts = gram_by_parameter(TwoLayerNetwork(W, a, activation=SIGMOID), torch.tensor(X))
    for _ in range(20):
        e = rng.standard_normal(12)
        squares = (
            sum(a[i] ** 2 * np.sum(((nu * e * slope[:, i]) @ X) ** 2) for i in range(15)) / 15
        )
        form = (nu * e) @ parts["W"].numpy() @ (nu * e)
        assert form >= 0
        assert_allclose(form, squares, rtol=1e-11)


# Lemma 1 -----------------------------------------------------------------------------------


@pytest.mark.claim("LL-Lem1a")
def test_the_energy_of_the_outer_weights(problem, flow):
    _, y, nu, _, _ = problem
    energy = np.array([(flow.parameters_at(k)["a"] ** 2).sum() / 2 for k in range(401)])
    identity = -(flow.residual * (flow.residual + y)) @ nu
    slope = (energy[2:] - energy[:-2]) / (2 * flow.t[1])
    # Central differences with h = 0.05: h^2/6 = 4e-4 times a third derivative below 0.2.
    assert_allclose(slope, identity[1:-1], rtol=0, atol=1e-4)
    bound = outer_energy_slope_bound(flow.loss, target_bound=float(np.abs(y).max()))
    assert (identity <= bound).all()


@pytest.mark.claim("LL-Lem1a")
def test_the_printed_constant_is_exceeded_by_one_point():
    # One neuron at w = 0 with a = 2 (1 - q): output 1 - q, target 1.
    for q in (0.01, 0.1, 0.2, 0.29):
        left = q * (1 - q)
        loss = np.array([q**2 / 2])
        assert left > outer_energy_slope_as_printed(loss, target_bound=1.0)[0]
        assert left <= outer_energy_slope_bound(loss, target_bound=1.0)[0]
        network = TwoLayerNetwork(np.zeros((1, 1)), np.array([2 * (1 - q)]), activation=SIGMOID)
        run = gradient_flow(network, np.ones((1, 1)), np.ones(1), t_end=1.0, t_eval=[0.0])
        assert_allclose(run.loss, loss, rtol=1e-12)
    # Above 1 - 1/sqrt(2) the printed bound holds.
    assert 0.3 * 0.7 < outer_energy_slope_as_printed(np.array([0.045]), target_bound=1.0)[0]


@pytest.mark.claim("LL-Lem1b")
def test_speed_of_the_inner_weights(problem, flow):
    X, _, nu, _, _ = problem
    radius = float(np.linalg.norm(X, axis=1).max())
    constant = inner_speed_constant(activation=SIGMOID, radius=radius)
    for k in range(0, 401, 20):
        now = flow.parameters_at(k)
        value = sigmoid(X @ now["W"].T)
        speed = [
            np.linalg.norm((nu * flow.residual[k] * value[:, i] * (1 - value[:, i])) @ X)
            for i in range(15)
        ]
        assert max(speed) <= constant * np.sqrt(flow.loss[k])


@pytest.mark.claim("LL-Lem1b")
def test_the_speed_constant_is_sharp_and_needs_the_norm_of_the_points():
    # One point x of norm X, one neuron with w.x = 0: |w'| = |e| |a| / 4 * X = C |a| sqrt(loss).
    for radius in (0.5, 3.0):
        e = 0.7
        speed = e * 0.25 * radius
        constant = inner_speed_constant(activation=SIGMOID, radius=radius)
        assert_allclose(speed, constant * np.sqrt(e**2 / 2), rtol=EXACT)


# Lemma 2 -----------------------------------------------------------------------------------


@pytest.mark.claim("LL-3.3", "LL-3.4", "LL-3.5", "LL-Lem2", "LL-3.6", "LL-3.7")
def test_the_remainder_bounds_the_change_of_the_outer_form(problem, flow):
    X, y, nu, W, _ = problem
    radius = float(np.linalg.norm(X, axis=1).max())
    b = cumulative_trapezoid(np.sqrt(flow.loss), flow.t, initial=0)
    outer = np.array([flow.parameters_at(k)["a"] for k in range(401)])
    path = cumulative_trapezoid(
        np.abs(outer) * np.sqrt(flow.loss)[:, None], flow.t, axis=0, initial=0
    )
    displacement = path.mean(axis=1) / np.sqrt(15)
    sizes = {"width": 15, "outer_energy": 15.0, "target_bound": float(np.abs(y).max())}
    lemma = remainder_bound(flow.loss, b, activation=SIGMOID, radius=radius, **sizes)
    assert (displacement <= mean_displacement_bound(b, **sizes) + 1e-12).all()
    constant = remainder_constant(activation=SIGMOID, radius=radius)
    for k in range(0, 401, 20):
        weighted = nu * flow.residual[k]
        value, start = (sigmoid(X @ w.T) for w in (flow.parameters_at(k)["W"], W))
        form, form_start = (np.mean((weighted @ v) ** 2) for v in (value, start))
        # (3.3): the slope of the loss is at most minus the form at the start plus the remainder.
        slope = -2 * flow.dissipation_rate[k] * flow.loss[k]
        remainder = constant * np.abs(weighted).sum() ** 2 * displacement[k]
        assert slope <= -form_start + remainder + 1e-14
        assert abs(form - form_start) <= remainder + 1e-14
        assert remainder <= lemma[k] + 1e-14


@pytest.mark.claim("LL-3.5")
def test_the_remainder_constant_is_attained_to_first_order():
    # One point, one neuron at w = 0: sigma^2 changes by 2 sigma sigma' |dw|, where sup sigma = 1
    # is attained twice over: the true change is half of the bound.
    dw = 1e-6
    change = sigmoid(dw) ** 2 - 0.25
    bound = 2 * SIGMOID.bound * SIGMOID.lipschitz * dw
    assert_allclose(change / bound, 0.5, rtol=1e-5)  # second order in dw


# The step to all times ---------------------------------------------------------------------


def comparison(lambda_, c_1, c_2, c_3, loss_0, horizon=2000.0):
    """The equality case of the proof's differential inequality, for the loss and b."""

    def velocity(_, state):
        loss, b = max(state[0], 0.0), state[1]
        rate = lambda_ - c_1 - c_2 * b - c_3 * b**1.5
        return [-rate * loss, np.sqrt(loss)]

    return solve_ivp(velocity, (0, horizon), [loss_0, 0.0], method="Radau", rtol=1e-9, atol=1e-14)


@pytest.mark.claim("LL-Tb", "LL-Tb-b")
def test_small_corrections_never_use_up_half_of_the_rate():
    lambda_, loss_0 = 0.2, 3.0
    cap = 4 * np.sqrt(loss_0) / lambda_
    # The corrections at the cap add up to just below lambda / 2.
    c_1 = 0.03
    c_2, c_3 = 0.03 / cap, 0.039 / cap**1.5
    run = comparison(lambda_, c_1, c_2, c_3, loss_0)
    loss, b = run.y
    assert (b < cap).all()
    assert (loss <= loss_0 * np.exp(-lambda_ * run.t / 2) + 1e-10).all()
    assert (np.diff(loss) <= 1e-12).all()


@pytest.mark.claim("LL-Tb")
def test_large_corrections_do():
    # Ten times the corrections: the rate is used up, and the comparison solution grows.
    lambda_, loss_0 = 0.2, 3.0
    cap = 4 * np.sqrt(loss_0) / lambda_
    run = comparison(lambda_, 0.03, 0.3 / cap, 0.39 / cap**1.5, loss_0, horizon=60.0)
    assert run.y[0, -1] > loss_0 * np.exp(-lambda_ * run.t[-1] / 2)
