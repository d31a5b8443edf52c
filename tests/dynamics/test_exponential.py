"""The exponential method against closed forms and SciPy's integrators, its order, and kinks."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy.integrate import solve_ivp
from torch import nn

from companion.dynamics.accuracy import Accuracy
from companion.dynamics.exponential import GROW, SAFETY, exponential_steps
from companion.dynamics.objective import Objective
from companion.dynamics.step import StepFailure
from companion.networks.two_layer import TwoLayerNetwork
from companion.numerics.rates import fit_power_law
from strangers import stranger


class Linear(nn.Module):
    """f(x) = x . theta, whose flow is known in closed form."""

    def __init__(self, theta):
        super().__init__()
        self.theta = nn.Parameter(torch.as_tensor(np.array(theta)))

    def forward(self, X):
        return X @ self.theta


def states(objective, times, rtol):
    """States at given times, and the number of steps."""
    found, count = [], 0
    times = np.asarray(times)
    for step in exponential_steps(objective, t_end=float(times[-1]), rtol=rtol):
        found += [step.at(t) for t in times[(times > step.start) & (times <= step.end)]]
        count += 1
    return np.array(found), count


def loss(objective, theta):
    return objective.norm(objective.residual(theta)) ** 2 / 2


# Closed form -------------------------------------------------------------------------------


@pytest.mark.parametrize("condition", [1e2, 1e8])
def test_a_linear_model_is_followed_exactly_in_few_steps(rng, condition):
    # D = 0: every step is exact, so that steps grow by the largest factor whatever rtol is.
    n = 8
    left, right = (np.linalg.qr(rng.standard_normal((n, n)))[0] for _ in range(2))
    rates, nu = np.geomspace(1 / condition, 1, n), rng.random(n) + 0.2
    X = (left * rates**0.5) @ right / np.sqrt(nu)[:, None]
    start, goal = rng.standard_normal(n), rng.standard_normal(n)
    objective = Objective(Linear(start), X, X @ goal, nu)
    t = np.array([1e-3, 0.1, 1.0, 30.0, condition, 10 * condition])
    thetas, count = states(objective, t, 1e-6)
    assert count < 3 + np.log(1e3 * t[-1]) / np.log(GROW)
    decay = np.exp(-np.outer(t, rates)) * (right @ (start - goal))
    # Slow modes are read off a Gram matrix whose entries are rounded relative to its fastest;
    # where steps grow, roundings of D are extrapolated.
    rounding = 1e-13 * np.sqrt(condition)
    assert_allclose(thetas, goal + decay @ right, rtol=0, atol=rounding)


def test_one_parameter_is_an_exponential():
    # loss = 3 (2 theta - 1/2)^2 / 2: the residual decays at rate 12.
    objective = Objective(Linear([1.0]), np.array([[2.0]]), np.array([0.5]), np.array([3.0]))
    thetas, _ = states(objective, [0.25, 1.0], 1e-3)
    assert_allclose(thetas[:, 0], 0.25 + 0.75 * np.exp([-3.0, -12.0]), rtol=1e-13)


class Product(nn.Module):
    """f = a b: from a = b the flow of (a b - y)^2 / 2 is a logistic equation for a^2."""

    def __init__(self):
        super().__init__()
        self.a, self.b = (nn.Parameter(torch.tensor([0.1], dtype=torch.float64)) for _ in "ab")

    def forward(self, X):
        return self.a * self.b * X


@pytest.mark.parametrize("rtol", [1e-3, 1e-6])
def test_a_product_of_two_parameters_is_logistic(rtol):
    # s = a b has s' = 2 s (1 - s): slow at first, then fast, then slow again.
    t = np.linspace(0.5, 12, 24)
    thetas, _ = states(Objective(Product(), torch.ones(1).double(), np.ones(1)), t, rtol)
    s = 0.01 * np.exp(2 * t) / (1 + 0.01 * (np.exp(2 * t) - 1))
    assert_allclose(thetas[:, 0], np.sqrt(s), rtol=10 * rtol)  # tens of steps of rtol each
    assert_allclose(1 - thetas.prod(axis=1), 1 - s, rtol=30 * rtol, atol=1e-13)


# Independent computations ------------------------------------------------------------------


def network_problem(rng, n=12, d=3, width=20, outputs=None):
    X = rng.standard_normal((n, d))
    y, nu = np.sin(2 * X[:, 0]) + X[:, 1], (rng.random(n) + 0.5) / n
    W, a = rng.standard_normal((width, d)), rng.standard_normal(width)
    return TwoLayerNetwork(W, a, activation=torch.tanh), X, y, nu, W, a


def tanh_slope(theta, X, y, nu, width):
    """Minus the gradient of half the weighted squares of tanh(X W^T) a / sqrt(m), by hand."""
    W, a = theta[:-width].reshape(width, -1), theta[-width:]
    hidden = np.tanh(X @ W.T)
    pull = nu * (hidden @ a / np.sqrt(width) - y) / np.sqrt(width)
    return -np.concatenate(
        [((pull[:, None] * (1 - hidden**2)) * a).T.dot(X).ravel(), hidden.T @ pull]
    )


@pytest.fixture(scope="module")
def stiff_run():
    """A network over five decades of time, followed by SciPy's DOP853 at 1e-12."""
    network, X, y, nu, W, a = network_problem(np.random.default_rng(3))
    t = np.geomspace(0.1, 1500, 9)
    reference = solve_ivp(
        lambda _, theta: tanh_slope(theta, X, y, nu, len(a)),
        (0, t[-1]),
        np.concatenate([W.ravel(), a]),
        method="DOP853",
        t_eval=t,
        rtol=1e-12,
        atol=1e-13,
    )
    return Objective(network, X, y, nu), t, reference.y.T


@pytest.mark.parametrize("rtol", [1e-3, 1e-5, 1e-7])
def test_error_of_loss_and_parameters_is_proportional_to_rtol(stiff_run, rtol):
    objective, t, path = stiff_run
    thetas, count = states(objective, t, rtol)
    stiffness = objective.weighted_spectrum(objective.theta_0)[-1] * t[-1]
    assert stiffness > 500  # an explicit method needs more than three gradients per unit
    assert count < 40 * (1e-3 / rtol) ** 0.2
    exact = np.array([loss(objective, theta) for theta in path])
    assert exact[-1] < 1e-4 * exact[0]
    found = np.array([loss(objective, theta) for theta in thetas])
    # Every step may err by rtol; measured: a thirtieth of that. The reference errs by 1e-10.
    allowed = 0.1 * count * rtol
    assert_allclose(found, exact, rtol=allowed)
    way = np.linalg.norm(path - objective.theta_0, axis=1)
    assert (np.linalg.norm(thetas - path, axis=1) < allowed * way).all()


def test_order_is_four(stiff_run, monkeypatch):
    # An error of this size neither shortens nor lengthens a step, so that all keep the length of
    # the first, which is rtol ** (1/3) over the largest eigenvalue.
    monkeypatch.setattr(Accuracy, "size", lambda self, **_: SAFETY**4)
    objective, t, path = stiff_run
    h = 0.25 / 2.0 ** np.arange(4)
    thetas = [states(objective, t[:5], size**3)[0][-1] for size in h]
    order = fit_power_law(h, np.linalg.norm(thetas - path[4], axis=1))
    # The first step leaves a fourth power of h, later ones a fifth, with signs of their own.
    assert 3.7 < order.low < order.high < 4.5


def test_agrees_with_an_implicit_integrator(rng):
    network, X, y, nu, W, a = network_problem(rng, n=4, d=2, width=3)
    t = np.array([0.3, 4.0, 60.0, 900.0])
    radau = solve_ivp(
        lambda _, theta: tanh_slope(theta, X, y, nu, len(a)),
        (0, t[-1]),
        np.concatenate([W.ravel(), a]),
        method="Radau",
        t_eval=t,
        rtol=1e-10,
        atol=1e-10,
    )
    thetas, count = states(Objective(network, X, y, nu), t, 1e-7)
    way = np.linalg.norm(radau.y[:, -1] - np.concatenate([W.ravel(), a]))
    # A tenth of rtol per step; Radau's own error is of order 1e-9.
    assert_allclose(thetas, radau.y.T, rtol=0, atol=0.1 * count * 1e-7 * way)


# Identities --------------------------------------------------------------------------------


def test_weights_set_the_unit_of_time(rng):
    network, X, y, nu, *_ = network_problem(rng)
    t = np.array([1.0, 20.0])
    fast, _ = states(Objective(network, X, y, nu), t, 1e-5)
    slow, _ = states(Objective(network, X, y, nu / 16), 16 * t, 1e-5)
    assert_allclose(slow, fast, rtol=1e-9)  # the same steps, but for roundings of their lengths


def test_points_of_weight_zero_do_not_push(rng):
    network, X, y, nu, *_ = network_problem(rng)
    keep = np.arange(12) < 9
    alone, _ = states(Objective(network, X[keep], y[keep], nu[keep]), [2.0, 40.0], 1e-6)
    with_others, _ = states(Objective(network, X, y, nu * keep), [2.0, 40.0], 1e-6)
    # The same steps up to roundings, which the output scale of the floor does not touch.
    assert_allclose(with_others, alone, rtol=1e-9)


@pytest.mark.parametrize("name", ["perceptron", "coupled samples", "shared weights"])
def test_modules_of_any_kind_descend_and_inner_states_lie_on_the_way(name):
    module, X = stranger(name)
    y = torch.ones_like(module(X)).detach()
    objective = Objective(module, X, y)
    rtol = 1e-4  # single precision
    last = loss(objective, objective.theta_0)
    for step in exponential_steps(objective, t_end=5.0, rtol=rtol):
        for t in np.linspace(step.start, step.end, 4)[1:]:
            value = loss(objective, step.at(float(t)))
            assert value <= last * (1 + 3 * rtol) + 1e-10
            last = value
    coarse, _ = states(objective, [0.3, 5.0], rtol)
    fine, _ = states(objective, [0.3, 5.0], rtol / 5)
    moved = np.linalg.norm(fine - objective.theta_0, axis=1)
    assert (np.linalg.norm(coarse - fine, axis=1) < 10 * rtol * moved).all()


def test_the_state_inside_of_a_step_is_as_good_as_at_its_end(stiff_run):
    objective, *_ = stiff_run
    rtol = 1e-5
    checked = 0
    for step in exponential_steps(objective, t_end=30.0, rtol=rtol):
        if step.end < 1:
            continue
        time = step.start + 0.37 * (step.end - step.start)
        exact = _reached(objective, time, rtol / 20)
        found, way = step.at(time), np.linalg.norm(exact - objective.theta_0)
        # As above; a step over which a third-order formula were used errs by thousands of rtol.
        assert np.linalg.norm(found - exact) < 4 * rtol * way
        assert abs(loss(objective, found) / loss(objective, exact) - 1) < 4 * rtol
        checked += 1
        if checked == 8:
            break
    assert_allclose(step.at(step.end), step.theta, rtol=0, atol=0)


def _reached(objective, t_end, rtol):
    for step in exponential_steps(objective, t_end=t_end, rtol=rtol):
        theta = step.theta
    return theta


# Where it could fail -----------------------------------------------------------------------


def test_an_exact_fit_stays(rng):
    network, X, _, nu, *_ = network_problem(rng)
    y = network(torch.from_numpy(X)).detach()
    objective = Objective(network, X, y, nu)
    thetas, count = states(objective, [1e6], 1e-6)
    assert_allclose(thetas[0], objective.theta_0, rtol=0, atol=0)
    assert count < 30


def test_a_stationary_start_is_left_in_one_step():
    # The slope of a b is zero at a = b = 0, where the parameters have no size either.
    module = Product()
    with torch.no_grad():
        module.a.zero_(), module.b.zero_()
    thetas, count = states(Objective(module, torch.ones(1).double(), np.ones(1)), [3.0], 1e-6)
    assert count == 1
    assert_allclose(thetas, 0, rtol=0, atol=0)


def test_a_loss_at_rounding_does_not_stop_the_flow(rng):
    network, X, y, nu, *_ = network_problem(rng, n=4, width=40)
    objective = Objective(network, X, y, nu)
    thetas, count = states(objective, [1e6], 1e-8)
    # The residual ends at some roundings of outputs of order one; no step is wasted on them.
    assert loss(objective, thetas[0]) < 1e-28
    assert count < 400


def test_single_precision_modules_are_followed_within_their_rounding(rng):
    network, X, y, nu, *_ = network_problem(rng)
    exact, _ = states(Objective(network, X, y, nu), [1.0, 100.0], 1e-8)
    single = Objective(network.float(), X, y, nu)
    rough, _ = states(single, [1.0, 100.0], 1e-4)
    way = np.linalg.norm(exact - single.theta_0, axis=1)
    assert (np.linalg.norm(rough - exact, axis=1) < 1e-3 * way).all()


class Root(nn.Module):
    """f = sqrt(theta), whose flow towards a negative target ends at theta = 0."""

    def __init__(self):
        super().__init__()
        self.theta = nn.Parameter(torch.ones(1, dtype=torch.float64))

    def forward(self, X):
        return self.theta.sqrt() * X[:, 0]


def test_a_flow_that_ends_early_says_when():
    # s = sqrt(theta): s' = -(s + 1) / (4 s^2) with target -1, so s = 0 at 4 log 2 - 2.
    objective = Objective(Root(), np.ones((1, 1)), -np.ones(1))
    with pytest.raises(StepFailure) as failure:
        for step in exponential_steps(objective, t_end=1.0, rtol=1e-6):
            s = np.sqrt(step.theta[0])
            elapsed = 4 * ((1 - s**2) / 2 - (1 - s) + np.log(2 / (1 + s)))
            assert abs(elapsed - step.end) < 5e-5  # fifty steps of 1e-6
    assert_allclose(failure.value.time, 4 * np.log(2) - 2, rtol=1e-4)


def test_at_kinks_the_steps_shorten_and_the_error_stays_honest(rng):
    X, y = rng.standard_normal((10, 3)), rng.standard_normal(10)
    W, a = rng.standard_normal((16, 3)), rng.standard_normal(16)
    kinked, smooth = (
        Objective(TwoLayerNetwork(W, a, activation=activation), X, y)
        for activation in (torch.relu, torch.tanh)
    )
    t_end, rtol = 3.0, 1e-2
    (theta,), count = states(kinked, [t_end], rtol)
    exact = _by_small_steps(kinked, t_end, 2000)  # three times as many change it by 3e-4
    way = np.linalg.norm(exact - kinked.theta_0)
    assert np.linalg.norm(theta - exact) < 5 * rtol * way
    assert abs(loss(kinked, theta) / loss(kinked, exact) - 1) < 5 * rtol
    assert count > 2 * states(smooth, [t_end], rtol)[1]


def _by_small_steps(objective, t_end, count):
    theta, h = objective.theta_0, t_end / count
    for _ in range(count):
        middle = theta - h / 2 * objective.gradient(theta)
        theta = theta - h * objective.gradient(middle)
    return theta
