"""Gradient descent against its closed form, hand-written loops and the flow."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn

from companion.dynamics.failures import Diverged, FlowInterrupted
from companion.dynamics.gradient_descent import gradient_descent
from companion.dynamics.gradient_flow import gradient_flow
from strangers import NAMES, stranger


class Linear(nn.Module):
    def __init__(self, theta):
        super().__init__()
        self.theta = nn.Parameter(torch.as_tensor(np.array(theta)))

    def forward(self, X):
        return X @ self.theta


@pytest.fixture
def problem(rng):
    X, y, nu = rng.standard_normal((6, 3)), rng.standard_normal(6), rng.random(6)
    return X, y, nu, rng.standard_normal(3)


def test_linear_descent_is_a_power_of_a_matrix(problem):
    X, y, nu, start = problem
    eta, steps = 0.05, np.array([0, 1, 7, 40])
    run = gradient_descent(
        Linear(start),
        X,
        y,
        nu=nu,
        learning_rate=eta,
        num_steps=40,
        record_at=steps.tolist(),
        keep_path=True,
        record=("lambda_max",),
    )
    hessian = X.T * nu @ X
    limit = np.linalg.solve(hessian, X.T @ (nu * y))
    factor = np.eye(3) - eta * hessian
    thetas = [limit + np.linalg.matrix_power(factor, k) @ (start - limit) for k in steps]
    assert_allclose(run.t, eta * steps, rtol=1e-15)
    assert_allclose(run.path, thetas, rtol=1e-12)
    assert_allclose(run.loss, [nu @ (X @ theta - y) ** 2 / 2 for theta in thetas], rtol=1e-12)
    assert_allclose(run.lambda_max, np.linalg.eigvalsh(hessian)[-1], rtol=1e-12)
    assert (run.method, run.num_gradients) == ("gradient descent", 44)


@pytest.mark.parametrize("name", NAMES)
def test_strangers_are_trained_as_by_a_plain_loop(name):
    module, X = stranger(name)
    y = torch.zeros_like(module(X)).detach()
    run = gradient_descent(module, X, y, learning_rate=0.05, num_steps=5)
    other, _ = stranger(name)
    trained = [p for p in other.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(trained, lr=0.05)
    for _ in range(5):
        optimizer.zero_grad()
        ((other(X) - y) ** 2).sum().div(2).backward()
        optimizer.step()
    assert list(run.t) == [0.05 * k for k in range(6)]
    for parameter_name, values in run.parameters.items():
        expected = dict(other.named_parameters())[parameter_name].detach().numpy()
        assert_allclose(values, expected, rtol=1e-12, atol=1e-14)


def test_the_error_against_the_flow_is_of_first_order(problem):
    X, y, nu, start = problem
    flow = gradient_flow(Linear(start), X, y, nu=nu, t_end=2.0, t_eval=[2.0], rtol=1e-11)

    def error(eta):
        run = gradient_descent(Linear(start), X, y, nu=nu, learning_rate=eta, t_end=2.0)
        assert_allclose(run.t[-1], 2.0, rtol=1e-12)
        return np.linalg.norm(run.residual[-1] - flow.residual[-1])

    # Second order contributes eta * lambda / 2 of it, below three per cent.
    assert abs(error(2e-3) / error(1e-3) - 2) < 0.06


# Batches -----------------------------------------------------------------------------------


def test_a_batch_of_all_points_is_the_full_sum(problem, rng):
    X, y, nu, start = problem
    options = {"nu": nu, "learning_rate": 0.05, "num_steps": 20}
    full = gradient_descent(Linear(start), X, y, **options)
    drawn = gradient_descent(Linear(start), X, y, batch=6, rng=rng, **options)
    fresh = gradient_descent(
        Linear(start), X, y, batch=lambda: (X, y), **{**options, "nu": np.full(6, 0.3)}
    )
    even = gradient_descent(Linear(start), X, y, **{**options, "nu": np.full(6, 0.3)})
    assert_allclose(drawn.loss, full.loss, rtol=1e-12)
    assert_allclose(fresh.loss, even.loss, rtol=1e-12)


def test_batches_of_one_point_estimate_the_gradient_without_bias(problem):
    X, y, nu, start = problem
    rng = np.random.default_rng(3)
    single = 6 * (nu * (X @ start - y))[:, None] * X  # their mean is the gradient
    drawn = []
    for _ in range(100):  # seeded; a point is missed with probability 6 (5/6)^100 = 7e-8
        run = gradient_descent(
            Linear(start), X, y, nu=nu, learning_rate=1e-3, num_steps=1, batch=1, rng=rng
        )
        step = (start - run.parameters["theta"]) / 1e-3
        # Differences of numbers of size one over 1e-3 are rounded at 1e-12.
        (point,) = np.flatnonzero(np.abs(single - step).max(axis=1) < 1e-10)
        drawn.append(point)
    counts = np.bincount(drawn, minlength=6)
    # Five standard deviations of a count of mean 16.7.
    assert counts.min() > 0
    assert counts.max() < 16.7 + 5 * (16.7 * 5 / 6) ** 0.5


def test_fresh_data_train_what_they_come_from():
    rng = np.random.default_rng(4)
    truth = np.array([1.0, -2.0, 0.5])

    def draw():
        X = rng.standard_normal((20, 3))
        return X, X @ truth

    X = np.eye(3)
    run = gradient_descent(
        Linear(np.zeros(3)),
        X,
        X @ truth,
        nu=np.full(3, 1 / 3),
        batch=draw,
        learning_rate=0.1,
        num_steps=300,
    )
    # Without noise every mode contracts by 0.9 a step in the mean: 1e-13 after 300.
    assert_allclose(run.parameters["theta"], truth, rtol=1e-6)


def test_structured_inputs_go_through_a_call_also_in_batches():
    module, X = stranger("perceptron")
    y = torch.zeros(5, 2, dtype=torch.float64)
    options = {"learning_rate": 0.05, "num_steps": 10}
    plain = gradient_descent(module, X, y, **options)
    wrapped = {"call": lambda m, X: m(X["data"]), **options}
    assert_allclose(gradient_descent(module, {"data": X}, y, **wrapped).loss, plain.loss)
    fresh = gradient_descent(
        module, {"data": X}, y, batch=lambda: ({"data": X}, y), nu=np.ones(5), **wrapped
    )
    assert_allclose(fresh.loss, plain.loss)
    with pytest.raises(TypeError, match=r"must be a tensor if points are drawn.*got dict"):
        gradient_descent(module, {"data": X}, y, batch=2, rng=np.random.default_rng(0), **wrapped)


# Where it must stop or refuse --------------------------------------------------------------


@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_steps_that_are_too_long_diverge_by_name_and_keep_the_records(problem, kind):
    X, y, nu, start = problem
    eta = 3 / np.linalg.eigvalsh(X.T * nu @ X)[-1]
    with pytest.raises(Diverged, match=r"shorter than 2 / lambda_max") as diverged:
        gradient_descent(
            Linear(start.astype(kind)),
            X,
            y,
            nu=nu,
            learning_rate=eta,
            num_steps=10_000,
            record_at=list(range(0, 10_000, 5)),
        )
    partial = diverged.value.trajectory
    # The residual doubles in every step, and a million is the twentieth power of two.
    assert 3 <= len(partial.t) <= 7
    assert partial.loss[-1] > partial.loss[0]
    assert_allclose(diverged.value.time / eta, 20, rtol=0, atol=5)


class Overflowing(Linear):
    def forward(self, X):
        return torch.exp(X @ self.theta)


def test_values_that_are_not_finite_diverge_as_well():
    with pytest.raises(Diverged, match="has the square inf"):
        gradient_descent(
            Overflowing([1.0]),
            np.ones((1, 1)),
            -np.ones(1),
            learning_rate=5000.0,
            num_steps=100,
            batch=lambda: (np.full((1, 1), -1.0), np.full(1, 2.0)),
        )


class Interrupting(Linear):
    def forward(self, X):
        self.calls = getattr(self, "calls", 0) + 1
        if self.calls == 100:
            raise KeyboardInterrupt
        return super().forward(X)


def test_an_interruption_keeps_the_records(problem):
    X, y, _, start = problem
    with pytest.raises(FlowInterrupted) as interrupted:
        gradient_descent(
            Interrupting(start),
            X,
            y,
            learning_rate=0.01,
            num_steps=10_000,
            record_at=list(range(0, 10_000, 10)),
        )
    assert 5 < len(interrupted.value.trajectory.t) < 12


X3, Y3 = np.ones((3, 2)), np.zeros(3)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"learning_rate": 0.0}, "`learning_rate` must be positive and finite; got 0.0"),
        ({"learning_rate": np.nan}, "`learning_rate` must be positive and finite; got nan"),
        ({"num_steps": 0}, "`num_steps` must be positive; got 0"),
        ({"num_steps": None}, "one of `num_steps` and `t_end` must be given; got None and None"),
        ({"t_end": 1.0}, "one of `num_steps` and `t_end` must be given; got 5 and 1.0"),
        ({"num_steps": None, "t_end": -1.0}, "`t_end` must be positive and finite; got -1.0"),
        ({"record_at": [0, 6]}, "`record_at` must increase between 0 and 5; got 6 after 0"),
        ({"record_at": [2, 2]}, "`record_at` must increase between 0 and 5; got 2 after 2"),
        ({"record_at": [-1]}, "`record_at` must increase between 0 and 5; got -1"),
        ({"batch": 4}, "`batch` must lie between 1 and n = 3; got 4"),
        ({"batch": 0}, "`batch` must lie between 1 and n = 3; got 0"),
        ({"batch": 2}, "`rng` must draw the batches; got None"),
        ({"batch": lambda: (X3, np.zeros((3, 1)))}, r"of the shape of module\(X\), \(3,\); got"),
        ({"y": np.zeros(2)}, r"`y` must have the shape of module\(X\)"),
    ],
)
def test_wrong_input_is_refused(changes, message):
    options = {"y": Y3, "learning_rate": 0.1, "num_steps": 5, **changes}
    with pytest.raises(ValueError, match=message):
        gradient_descent(Linear([1.0, 2.0]), X3, options.pop("y"), **options)
