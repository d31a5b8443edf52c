"""Gradient flow against closed forms and an implicit integrator, and what it refuses."""

import io
import sys

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy.integrate import solve_ivp
from torch import nn

from companion.dynamics.failures import (
    FlowFailure,
    FlowInterrupted,
    FlowNotFinite,
    FlowUnderflow,
    KinkWarning,
)
from companion.dynamics.gradient_flow import gradient_flow
from companion.networks.two_layer import TwoLayerNetwork
from strangers import stranger

METHODS = ["DOP853", "RK45", "LSODA"]


class Linear(nn.Module):
    """f(x) = x . theta, whose flow is known in closed form."""

    def __init__(self, theta):
        super().__init__()
        self.theta = nn.Parameter(torch.as_tensor(np.array(theta)))

    def forward(self, X):
        return X @ self.theta


@pytest.fixture
def linear_problem(rng):
    """Square, with rates from 1 to 100 under the weights."""
    n = 6
    left, right = (np.linalg.qr(rng.standard_normal((n, n)))[0] for _ in range(2))
    nu = rng.random(n) + 0.2
    X = (left * np.geomspace(1, 100, n) ** 0.5) @ right / np.sqrt(nu)[:, None]
    theta, y = rng.standard_normal(n), rng.standard_normal(n)
    return X, y, nu, theta


def linear_solution(X, y, nu, theta, t):
    """Residuals and parameters by diagonalisation of X^T N X, which is symmetric."""
    rates, modes = np.linalg.eigh(X.T * nu @ X)
    limit = np.linalg.solve(X, y)  # X is square and invertible
    thetas = limit + (np.exp(-np.outer(t, rates)) * (modes.T @ (theta - limit))) @ modes.T
    return (thetas - limit) @ X.T, thetas


# Closed form -------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("rtol", [1e-4, 1e-9])
def test_linear_flow_is_followed_to_a_relative_accuracy_of_the_loss(linear_problem, method, rtol):
    X, y, nu, theta = linear_problem
    t = np.array([0.0, 1e-4, 1e-2, 1.0, 6.0, 12.0])
    flow = gradient_flow(
        Linear(theta), X, y, nu=nu, t_end=12.0, t_eval=t, rtol=rtol, method=method, keep_path=True
    )
    residual, thetas = linear_solution(X, y, nu, theta, t)
    loss = (nu * residual**2).sum(axis=1) / 2
    assert loss[-1] / loss[0] < 1e-9  # the accuracy is relative: it must hold down here, too
    # A step may err by rtol of the residual, or by a hundred roundings of the predictions. Some
    # hundred steps add up, each below its allowance; measured: at most 1.4 times rtol in all.
    size = np.sqrt(2 * loss)
    outputs = np.sqrt(nu @ y**2) + np.sqrt(nu @ (X @ theta) ** 2)
    allowed = 10 * (rtol + 100 * np.finfo(float).eps * outputs / size)
    assert (np.abs(flow.loss / loss - 1) < allowed).all()
    assert_allclose(flow.path, thetas, rtol=0, atol=rtol * np.abs(thetas - theta).max())
    errors = np.sqrt((flow.residual - residual) ** 2 @ nu)
    assert (errors < allowed * size).all()


def test_one_parameter_is_an_exponential():
    # loss = nu (x theta - y)^2 / 2 with x = 2, nu = 3: the residual decays at rate 12.
    flow = gradient_flow(
        Linear([1.0]),
        np.array([[2.0]]),
        np.array([0.5]),
        nu=np.array([3.0]),
        t_end=1,
        t_eval=[0.0, 0.25, 1.0],
        rtol=1e-10,
        record=("lambda_min",),
    )
    decay = np.exp(-12 * flow.t)
    assert_allclose(flow.residual[:, 0], 1.5 * decay, rtol=1e-8)
    assert_allclose(flow.loss, 3 * 1.5**2 / 2 * decay**2, rtol=1e-8)
    assert_allclose(flow.dissipation_rate, 12.0, rtol=1e-9)
    assert_allclose(flow.lambda_min, 12.0, rtol=1e-13)
    assert_allclose(flow.distance, 0.75 * (1 - decay), rtol=1e-8)
    assert_allclose(flow.parameters["theta"], [0.25 + 0.75 * np.exp(-12)], rtol=1e-8)


# Independent computations ------------------------------------------------------------------


def tanh_network_gradient(theta, X, y, nu, width):
    """Gradient of the loss by hand, with NumPy alone."""
    d = X.shape[1]
    W, a = theta[: width * d].reshape(width, d), theta[width * d :]
    hidden = np.tanh(X @ W.T)
    weighted = nu * (hidden @ a / np.sqrt(width) - y)
    by_W = (weighted[:, None] * (1 - hidden**2) * a).T @ X / np.sqrt(width)
    return np.concatenate([by_W.ravel(), weighted @ hidden / np.sqrt(width)])


@pytest.fixture(scope="module")
def network_run():
    """A small network, its flow by SciPy's implicit Radau at 1e-12, and its losses."""
    n, d, width, t = 4, 2, 5, np.array([0.0, 0.5, 3.0, 15.0])
    rng = np.random.default_rng(5)
    X, y, nu = rng.standard_normal((n, d)), rng.standard_normal(n), rng.random(n)
    W, a = rng.standard_normal((width, d)), rng.standard_normal(width)
    radau = solve_ivp(
        lambda _, theta: -tanh_network_gradient(theta, X, y, nu, width),
        (0, t[-1]),
        np.concatenate([W.ravel(), a]),
        method="Radau",
        t_eval=t,
        rtol=1e-12,
        atol=1e-12,
    )
    W_t, a_t = radau.y.T[:, :-width].reshape(-1, width, d), radau.y.T[:, -width:]
    outputs = np.einsum("tnm,tm->tn", np.tanh(np.einsum("nd,tmd->tnm", X, W_t)), a_t)
    loss = (nu * (outputs / np.sqrt(width) - y) ** 2).sum(axis=1) / 2
    return TwoLayerNetwork(W, a, activation=torch.tanh), X, y, nu, t, radau.y.T, loss


@pytest.mark.parametrize("method", METHODS)
def test_network_agrees_with_an_implicit_integrator(network_run, method):
    network, X, y, nu, t, path, loss = network_run
    rtol = 1e-8
    flow = gradient_flow(
        network, X, y, nu=nu, t_end=15.0, t_eval=t, rtol=rtol, method=method, keep_path=True
    )
    # The reference is good to about 1e-10. A few hundred steps err by at most rtol each, by
    # estimates that exceed the real errors for explicit methods (measured: 3 for LSODA, else 0.1).
    assert_allclose(flow.path, path, rtol=0, atol=30 * rtol)
    assert_allclose(flow.loss, loss, rtol=30 * rtol)


def test_records_agree_with_their_definitions(rng):
    W, a = rng.standard_normal((12, 2)), rng.standard_normal(12)
    X, y, nu = rng.standard_normal((4, 2)), rng.standard_normal(4), rng.random(4)
    network = TwoLayerNetwork(W, a, activation=torch.tanh)
    flow = gradient_flow(
        network, X, y, nu=nu, t_end=3.0, keep_path=True, record=("lambda_min",), rtol=1e-9
    )
    assert_allclose(flow.path[0], np.concatenate([W.ravel(), a]), rtol=0, atol=0)
    squares = (nu * flow.residual**2).sum(axis=1)
    assert_allclose(flow.loss, squares / 2, rtol=1e-14)
    for k in (0, 50, 100):
        slope = tanh_network_gradient(flow.path[k], X, y, nu, 12)
        assert_allclose(flow.dissipation_rate[k], slope @ slope / squares[k], rtol=1e-11)
        W_k, a_k = flow.parameters_at(k)["W"], flow.parameters_at(k)["a"]
        hidden = np.tanh(X @ W_k.T)
        gram = hidden @ hidden.T / 12
        gram += ((1 - hidden**2) * a_k) @ ((1 - hidden**2) * a_k).T / 12 * (X @ X.T)
        weighted = np.sqrt(nu)[:, None] * gram * np.sqrt(nu)
        assert_allclose(flow.lambda_min[k], np.linalg.eigvalsh(weighted)[0], rtol=1e-9)
    assert_allclose(flow.distance, np.linalg.norm(flow.path - flow.path[0], axis=1), rtol=1e-12)
    assert (flow.lambda_min <= flow.dissipation_rate).all()


# Identities --------------------------------------------------------------------------------


def test_weights_set_the_unit_of_time(linear_problem):
    X, y, nu, theta = linear_problem
    slow = gradient_flow(Linear(theta), X, y, nu=nu / 8, t_end=8.0, rtol=1e-9)
    fast = gradient_flow(Linear(theta), X, y, nu=nu, t_end=1.0, rtol=1e-9)
    assert_allclose(slow.t, 8 * fast.t, rtol=1e-14)
    assert_allclose(slow.residual, fast.residual, rtol=0, atol=1e-7)  # a hundred times rtol
    assert_allclose(slow.loss, fast.loss / 8, rtol=1e-7)


def test_points_of_weight_zero_do_not_push(rng):
    X, y = rng.standard_normal((4, 3)), rng.standard_normal(4)
    options = {"t_end": 2.0, "t_eval": [0.0, 2.0], "rtol": 1e-9, "record": ("lambda_min",)}
    start = rng.standard_normal(3)
    alone = gradient_flow(Linear(start), X[:2], y[:2], **options)
    nu = np.array([1.0, 1.0, 0.0, 0.0])
    with_others = gradient_flow(Linear(start), X, y, nu=nu, **options)
    assert_allclose(with_others.residual[:, :2], alone.residual, rtol=0, atol=1e-12)
    assert_allclose(with_others.lambda_min, alone.lambda_min, rtol=1e-12)


@pytest.mark.parametrize("name", ["perceptron", "buffer and unused parameter", "coupled samples"])
def test_modules_with_several_outputs_are_trained_and_left_alone(name):
    module, X = stranger(name)
    before = {key: value.clone() for key, value in module.state_dict().items()}
    y = torch.ones_like(module(X)).detach()
    flow = gradient_flow(module, X, y, t_end=1.0, record=("lambda_min",), rtol=1e-7)
    assert flow.residual.shape == (101, 5, 2)
    assert flow.loss[-1] < flow.loss[0]
    assert all(torch.equal(before[key], value) for key, value in module.state_dict().items())
    assert all(parameter.grad is None for parameter in module.parameters())
    flow.load_into(module)
    assert_allclose((module(X) - y).detach().numpy(), flow.residual[-1], rtol=0, atol=1e-14)


def test_frozen_parts_stay(rng):
    module, X = stranger("frozen first layer")
    frozen = module[0].weight.clone()
    flow = gradient_flow(module, X, torch.zeros(5, 2), t_end=1.0)
    assert list(flow.parameters) == ["2.weight", "2.bias"]
    flow.load_into(module)
    assert torch.equal(module[0].weight, frozen)


def test_times_are_those_asked_for_and_parameters_those_of_the_end(linear_problem):
    X, y, nu, theta = linear_problem
    options = {"nu": nu, "t_end": 2, "rtol": 1e-9}
    early = gradient_flow(Linear(theta), X, y, t_eval=[0.5, 1], **options)
    assert_allclose(early.t, [0.5, 1.0], rtol=0, atol=0)
    _, thetas = linear_solution(X, y, nu, theta, np.array([2.0]))
    assert_allclose(early.parameters["theta"], thetas[0], rtol=1e-6)
    default = gradient_flow(Linear(theta), X, y, **options)
    assert len(default.t) == 101
    assert default.t[0] == 0
    assert default.t[-1] == 2


def test_a_minimum_is_recognised(linear_problem):
    X, _, nu, theta = linear_problem
    flow = gradient_flow(Linear(theta), X, X @ theta, nu=nu, t_end=5.0, t_eval=[0.0, 5.0])
    assert_allclose(flow.residual, 0, rtol=0, atol=1e-12)  # roundings of numbers up to 50


def test_a_loss_at_rounding_does_not_stop_the_flow():
    # Rates 1 and 9; at time 50 the exact loss is 1e-43 of the first: only roundings are left.
    flow = gradient_flow(Linear([0.3, 0.7]), np.diag([1.0, 3.0]), np.ones(2), t_end=50.0)
    assert flow.loss[-1] < 1e-24 * flow.loss[0]


def test_single_precision_modules_are_followed_within_their_rounding(linear_problem):
    X, y, nu, theta = linear_problem
    t = np.array([0.0, 0.1, 1.0])
    flow = gradient_flow(Linear(theta).float(), X, y, nu=nu, t_end=1.0, t_eval=t, rtol=1e-4)
    residual, _ = linear_solution(X, y, nu, theta, t)
    # Outputs of size 100 are rounded to 1e-5 each, and rtol allows as much again.
    assert_allclose(flow.residual, residual, rtol=0, atol=2e-3)
    with pytest.raises(ValueError, match=r"at least 1.2e-05, a hundred.*Module.double\(\) allows"):
        gradient_flow(Linear(theta).float(), X, y, t_end=1.0, rtol=1e-6)
    # The default is what the type allows: 1e-6 in double precision, more in single.
    flow = gradient_flow(Linear(theta).float(), X, y, nu=nu, t_end=1.0, t_eval=t)
    assert_allclose(flow.residual, residual, rtol=0, atol=2e-3)


def test_bar_is_shown_on_a_terminal_only(linear_problem, monkeypatch):
    X, y, nu, theta = linear_problem

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    shown = {}
    for kind in (io.StringIO, Terminal):
        for asked in (False, True):
            monkeypatch.setattr(sys, "stderr", kind())
            gradient_flow(Linear(theta), X, y, nu=nu, t_end=1, t_eval=[1], progress=asked)
            shown[kind, asked] = bool(sys.stderr.getvalue())
    assert [key for key, value in shown.items() if value] == [(Terminal, True)]


# What a user may bring along ---------------------------------------------------------------


class Tokens(nn.Module):
    """Averaged embeddings of integer tokens, read by a linear layer."""

    def __init__(self):
        super().__init__()
        self.embedding, self.readout = nn.Embedding(6, 4), nn.Linear(4, 2)

    def forward(self, X):
        return self.readout(torch.tanh(self.embedding(X)).mean(1))


class Graph(nn.Module):
    """One graph convolution; its two inputs come from a dictionary."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 1)

    def forward(self, features, propagation):
        return propagation @ torch.tanh(self.layer(features))


def graph_problem():
    torch.manual_seed(2)
    X = {
        "features": torch.randn(4, 3, dtype=torch.float64),
        "propagation": torch.softmax(torch.randn(4, 4, dtype=torch.float64), dim=1),
    }
    return Graph().double(), X, torch.linspace(-0.5, 0.5, 4).double()[:, None]


def test_integer_tokens_are_followed():
    torch.manual_seed(1)
    module = Tokens().double()
    X = np.array([[0, 1, 2], [3, 4, 5], [1, 1, 0]])
    y = torch.tensor([[0.5, 0.0], [0.0, 0.5], [-0.5, 0.0]], dtype=torch.float64)
    flow = gradient_flow(module, X, y, t_end=20.0, rtol=1e-8, record=("lambda_min",))
    assert flow.loss[-1] < 1e-3 * flow.loss[0]
    assert flow.distance_by_parameter.shape == (101, 3)
    flow.load_into(module)
    residual = (module(torch.as_tensor(X)) - y).detach().numpy()
    assert_allclose(flow.residual[-1], residual, rtol=0, atol=1e-14)


def test_structured_inputs_are_followed_through_a_call():
    module, X, y = graph_problem()
    options = {"t_end": 5.0, "rtol": 1e-8}
    flow = gradient_flow(module, X, y, call=lambda m, X: m(**X), **options)

    class Fixed(nn.Module):
        def __init__(self):
            super().__init__()
            self.graph = module

        def forward(self, features):
            return self.graph(features, X["propagation"])

    plain = gradient_flow(Fixed(), X["features"], y, **options)
    assert_allclose(flow.residual, plain.residual, rtol=0, atol=1e-12)
    assert flow.loss[-1] < flow.loss[0] / 2


def test_a_jumping_gradient_is_told_and_a_smooth_one_is_not(rng):
    torch.manual_seed(0)
    X, y = rng.standard_normal((10, 3)), rng.standard_normal((10, 1))

    def network(activation):
        layers = [nn.Linear(3, 8), activation, nn.Linear(8, 8), activation, nn.Linear(8, 1)]
        return nn.Sequential(*layers).double()

    with pytest.warns(KinkWarning, match=r"jumps by .* at a kink between start and end"):
        gradient_flow(network(nn.ReLU()), X, y, t_end=0.1, rtol=1e-4, method="DOP853")
    gradient_flow(network(nn.Softplus()), X, y, t_end=1.0, rtol=1e-4)  # warnings are errors
    inner = TwoLayerNetwork(rng.standard_normal((3, 3)), np.ones(3), activation=torch.relu)
    options = {"t_end": 0.01, "t_eval": [0.01], "rtol": 1e-4}
    assert gradient_flow(inner, X[:3], y[:3, 0], **options).method == "filippov"


def test_the_trajectory_names_the_method_and_counts(linear_problem):
    X, y, nu, theta = linear_problem
    options = {"nu": nu, "t_end": 0.1, "t_eval": [0.0, 0.1]}
    asked = gradient_flow(Linear(theta), X, y, method="RK45", **options)
    assert (asked.method, asked.method_reason, asked.stopped_by) == ("RK45", None, None)
    assert asked.num_grams == 0
    chosen = gradient_flow(Linear(theta), X, y, **options)
    assert chosen.method in ("DOP853", "exponential")
    assert "lambda_max * t_end = 10" in chosen.method_reason  # rates reach 100


@pytest.mark.parametrize("method", ["DOP853", "RK45"])
def test_requested_times_do_not_change_the_flow(linear_problem, method):
    X, y, nu, theta = linear_problem
    options = {"nu": nu, "t_end": 2.0, "rtol": 1e-6, "method": method}
    few = gradient_flow(Linear(theta), X, y, t_eval=[2.0], **options)
    many = gradient_flow(Linear(theta), X, y, t_eval=np.linspace(0, 2, 321), **options)
    assert_allclose(many.parameters["theta"], few.parameters["theta"], rtol=0, atol=0)
    residual, _ = linear_solution(X, y, nu, theta, many.t)
    size = np.sqrt(residual**2 @ nu)
    assert (np.sqrt((many.residual - residual) ** 2 @ nu) < 1e-5 * size).all()  # ten times rtol


# Where it must stop or refuse --------------------------------------------------------------


class Root(nn.Module):
    """f = sqrt(theta), whose flow towards a negative target ends at theta = 0."""

    def __init__(self):
        super().__init__()
        self.theta = nn.Parameter(torch.ones(1, dtype=torch.float64))

    def forward(self, X):
        return self.theta.sqrt() * X[:, 0]


@pytest.mark.filterwarnings("ignore:lsoda")  # it says that it gives up, and so do we
@pytest.mark.parametrize("method", METHODS)
def test_a_flow_that_ends_early_hands_back_its_records(method):
    # s = sqrt(theta): s' = -(s + 1) / (4 s^2) with target -1, so s = 0 at 4 log 2 - 2.
    end = 4 * np.log(2) - 2
    t = np.linspace(0, 1, 21)
    kinds = FlowFailure if method == "LSODA" else (FlowNotFinite, FlowUnderflow)
    with pytest.raises(kinds, match=r"the run stopped at time 0\.7725") as failure:
        gradient_flow(Root(), np.ones((1, 1)), -np.ones(1), t_end=1.0, t_eval=t, method=method)
    # Near its end the root is followed until its slope is lost in the step.
    assert_allclose(failure.value.time, end, rtol=1e-4)
    partial = failure.value.trajectory
    assert_allclose(partial.t, t[t < end], rtol=0, atol=0)
    s = partial.residual[:, 0] - 1
    elapsed = 4 * ((1 - s**2) / 2 - (1 - s) + np.log(2 / (1 + s)))
    # Some fifty steps that may err by 1e-6 each, in a solution of size and speed one.
    assert_allclose(elapsed, partial.t, rtol=0, atol=5e-5)
    assert 0 <= partial.parameters["theta"][0] < 0.01
    assert partial.method == method


def test_a_flow_without_a_record_before_its_failure_still_hands_back_where_it_was():
    with pytest.raises(FlowFailure) as failure:
        gradient_flow(
            Root(), np.ones((1, 1)), -np.ones(1), t_end=1.0, t_eval=[0.9], method="DOP853"
        )
    assert len(failure.value.trajectory.t) == 0
    assert 0 <= failure.value.trajectory.parameters["theta"][0] < 0.01


class Interrupting(Linear):
    """The keyboard interrupts when the module is applied for the 200th time."""

    def forward(self, X):
        self.calls = getattr(self, "calls", 0) + 1
        if self.calls == 200:
            raise KeyboardInterrupt
        return super().forward(X)


def test_an_interruption_keeps_the_records(linear_problem):
    X, y, nu, theta = linear_problem
    t = np.linspace(0, 12, 101)
    options = {"nu": nu, "t_end": 12.0, "t_eval": t, "method": "DOP853"}
    with pytest.raises(FlowInterrupted) as interrupted:
        gradient_flow(Interrupting(theta), X, y, **options)
    partial = interrupted.value.trajectory
    whole = gradient_flow(Linear(theta), X, y, **options)
    count = len(partial.t)
    assert 1 < count < 101
    assert_allclose(partial.loss, whole.loss[:count], rtol=0, atol=0)
    assert partial.t[-1] <= interrupted.value.time


X3, Y3 = np.ones((3, 2)), np.zeros(3)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"y": np.zeros(2)}, ValueError, r"`y` must have the shape of module\(X\), \(3,\)"),
        ({"y": np.zeros((3, 1))}, ValueError, r"`y` must have the shape.*got \(3, 1\)"),
        ({"X": np.ones((0, 2))}, ValueError, r"`X` must hold at least one sample"),
        ({"X": X3 * [1, np.nan]}, ValueError, r"`X` must be finite; got X\[0, 1\] = nan"),
        ({"y": np.array([0, 0, np.inf])}, ValueError, r"`y` must be finite; got y\[2\] = inf"),
        ({"y": np.zeros(3, dtype=int)}, TypeError, r"`y` must be of a real floating type"),
        ({"X": X3.astype(complex)}, TypeError, r"`X` must be real"),
        ({"t_end": 0.0}, ValueError, r"`t_end` must be positive and finite; got 0.0"),
        ({"t_end": -1}, ValueError, r"`t_end` must be positive"),
        ({"t_end": np.nan}, ValueError, r"`t_end` must be positive"),
        ({"t_eval": [0.0, 2.0]}, ValueError, r"`t_eval` must lie in \[0, t_end\].*entry 1 is 2.0"),
        ({"t_eval": [-0.1]}, ValueError, r"`t_eval` must lie in"),
        ({"t_eval": [np.nan]}, ValueError, r"`t_eval` must lie in"),
        ({"t_eval": [0.1, 0.1]}, ValueError, r"`t_eval` must increase; entry 1 is 0.1 after 0.1"),
        ({"t_eval": []}, ValueError, r"`t_eval` must (be a sequence of times|hold a time)"),
        ({"nu": np.ones(2)}, ValueError, r"`nu` must have shape \(3,\).*got \(2,\)"),
        ({"nu": -np.ones(3)}, ValueError, r"`nu` must be nonnegative; entry \(0,\) is -1.0"),
        ({"nu": np.zeros(3)}, ValueError, r"`nu` must have a positive entry"),
        ({"nu": np.ones(3, dtype=int)}, TypeError, r"`nu` must be of a real floating type"),
        ({"rtol": 0.0}, ValueError, r"`rtol` must lie between 0 and 1; got 0.0. The default is"),
        ({"rtol": -1e-3}, ValueError, r"`rtol` must lie between 0 and 1; got -0.001"),
        ({"rtol": 1.0}, ValueError, r"`rtol` must lie between 0 and 1; got 1.0"),
        ({"rtol": np.nan}, ValueError, r"`rtol` must lie between 0 and 1; got nan"),
        ({"rtol": 1e-15}, ValueError, r"`rtol` must be at least 2.2e-14.*got 1e-15. Ask for less"),
        (
            {"method": "Euler"},
            ValueError,
            r"`method` must be one of auto, DOP853, RK45,",
        ),
        ({"record": ("loss",)}, ValueError, r"`record` must be one of lambda_min, lambda_max"),
        ({"record": "lambda_min"}, TypeError, r"`record` must be a sequence; got .lambda_min."),
        ({"module": nn.Flatten()}, ValueError, r"must have a parameter that requires a gradient"),
        (
            {"module": nn.Sequential(nn.Linear(2, 1), nn.Dropout())},
            ValueError,
            r"layer '1' \(Dropout\) is in training mode",
        ),
    ],
)
def test_wrong_input_is_refused(changes, error, message):
    arguments = {"module": Linear([1.0, 2.0]), "X": X3, "y": Y3, "t_end": 1.0, **changes}
    with pytest.raises(error, match=message):
        gradient_flow(arguments.pop("module"), arguments.pop("X"), arguments.pop("y"), **arguments)


def test_integers_for_a_module_of_real_numbers_are_refused():
    with pytest.raises(TypeError, match=r"`X`.*int64"):
        gradient_flow(nn.Linear(2, 1).double(), np.ones((3, 2), dtype=int), Y3[:, None], t_end=1.0)


def test_random_outputs_are_refused():
    class Noisy(Linear):
        def forward(self, X):
            return super().forward(X) + torch.rand(1)

    with pytest.raises(ValueError, match="must give the same outputs when called again"):
        gradient_flow(Noisy([1.0, 2.0]), X3, Y3, t_end=1.0)


def test_outputs_that_are_not_finite_at_the_start_are_refused():
    module = Root()
    module.theta.data.fill_(-1.0)
    with pytest.raises(ValueError, match=r"`module\(X\)` must be finite"):
        gradient_flow(module, np.ones((1, 1)), np.ones(1), t_end=1.0)
