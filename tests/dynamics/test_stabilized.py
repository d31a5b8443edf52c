"""Stabilised steps along gradient flow: against closed forms and against another integrator."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy.integrate import solve_ivp
from torch import nn

from companion.dynamics.objective import Objective
from companion.dynamics.stabilized import stabilized_steps
from companion.dynamics.step import NotFinite


def linear_objective(rng, rates, dtype=torch.float64):
    """f(x) = theta . x on points whose Gram matrix has the given eigenvalues."""
    num = len(rates)
    basis = np.linalg.qr(rng.standard_normal((num, num)))[0]
    X = np.sqrt(rates)[:, None] * basis  # X^T X has eigenvectors in the rows of the basis
    module = nn.Linear(num, 1, bias=False).to(dtype)
    start = rng.standard_normal(num)
    module.weight.data[:] = torch.as_tensor(start).to(dtype)
    solution = rng.standard_normal(num)
    objective = Objective(module, X, (X @ solution)[:, None])
    along = basis @ (start - solution)

    def theta(t):
        return solution + basis.T @ (np.exp(-np.array(rates) * t) * along)

    return objective, theta


def network_objective(rng, activation=None):
    torch.manual_seed(3)
    module = nn.Sequential(nn.Linear(3, 12), activation or nn.Tanh(), nn.Linear(12, 2)).double()
    X = rng.standard_normal((15, 3))
    y = np.stack([np.sin(2 * X[:, 0]), X[:, 1] * X[:, 2]], axis=1)
    return Objective(module, X, y, np.full(15, 1 / 15))


def last(steps):
    *_, step = steps
    return step


@pytest.mark.parametrize("largest", [10.0, 1e2, 1e3])
@pytest.mark.parametrize("rtol", [1e-3, 1e-6])
def test_linear_flows_of_any_stiffness_are_accurate(largest, rtol, rng):
    objective, theta = linear_objective(rng, np.geomspace(1.0, largest, 12))
    for step in stabilized_steps(objective, t_end=3.0, rtol=rtol):
        middle = (step.start + step.end) / 2
        for t, state in ((middle, step.at(middle)), (step.end, step.theta)):
            left = objective.norm(objective.residual(theta(t)))
            # Each step errs by rtol/2 of the residual; modes that still count keep, of the some
            # tens of steps within their lifetime, a few.
            assert objective.norm(objective.residual(state) - objective.residual(theta(t))) < (
                10 * rtol * left
            )


def test_gradients_grow_like_the_square_root_of_stiffness(rng):
    counts = []
    stiffness = np.array([3e2, 3e3, 3e4])
    for largest in stiffness:
        objective, _ = linear_objective(rng, np.geomspace(1.0, largest, 12))
        last(stabilized_steps(objective, t_end=1.0, rtol=1e-2))
        counts.append(objective.predictor.num_gradients)
    slope = np.polyfit(np.log(stiffness), np.log(counts), 1)[0]
    # Between the logarithm, where few stages suffice, and the root; an explicit method has 1.
    assert 0.25 < slope < 0.6
    assert counts[-1] < 0.1 * stiffness[-1]


@pytest.mark.parametrize("rtol", [1e-3, 1e-6])
def test_networks_follow_the_same_flow_as_an_independent_integrator(rtol, rng):
    objective = network_objective(rng)
    t_end = 100.0
    step = last(stabilized_steps(objective, t_end=t_end, rtol=rtol))
    reference = solve_ivp(
        lambda _, theta: -objective.gradient(theta),
        (0, t_end),
        objective.theta_0,
        method="LSODA",
        rtol=1e-9,
        atol=1e-10,
    ).y[:, -1]
    loss, expected = (objective.norm(objective.residual(x)) ** 2 for x in (step.theta, reference))
    assert_allclose(loss, expected, rtol=3 * rtol)  # some steps of rtol each, partly forgotten
    distance = np.linalg.norm(reference - objective.theta_0)
    assert np.linalg.norm(step.theta - reference) < 10 * rtol * distance


def test_errors_follow_the_tolerance(rng):
    objective = network_objective(rng)
    tolerances = np.array([1e-2, 1e-3, 1e-4, 1e-5])
    exact = last(stabilized_steps(objective, t_end=20.0, rtol=1e-9)).theta
    errors = [
        np.linalg.norm(last(stabilized_steps(objective, t_end=20.0, rtol=r)).theta - exact)
        for r in tolerances
    ]
    # The error of a run is that of a step times their number, which grows as rtol^(-1/5).
    assert abs(np.polyfit(np.log(tolerances), np.log(errors), 1)[0] - 0.8) < 0.25


def test_hidden_layers_stay_balanced(rng):
    # Without biases and activation, W1 W1^T - W2^T W2 does not change along the flow.
    torch.manual_seed(0)
    first, second = nn.Linear(4, 3, bias=False), nn.Linear(3, 2, bias=False)
    module = nn.Sequential(first, second).double()
    X = rng.standard_normal((10, 4))
    objective = Objective(module, X, X[:, :2] ** 2)

    def balance(theta):
        W1, W2 = objective.named(theta).values()
        return W1 @ W1.T - W2.T @ W2

    step = last(stabilized_steps(objective, t_end=5.0, rtol=1e-6))
    assert np.linalg.norm(step.theta - objective.theta_0) > 0.5
    # Of the size of the error of the parameters: rtol for each of some tens of steps.
    assert_allclose(balance(step.theta), balance(objective.theta_0), rtol=0, atol=1e-4)


def test_single_precision_reaches_its_own_accuracy(rng):
    rates = np.geomspace(1.0, 1e3, 8)
    objective, theta = linear_objective(rng, rates, dtype=torch.float32)
    step = last(stabilized_steps(objective, t_end=0.5, rtol=1e-4))
    # Roundings of the parameters to 6e-8 in each stage, and the tolerance of each step.
    assert_allclose(step.theta, theta(0.5), rtol=0, atol=2e-3)


def test_a_flow_at_rest_stays(rng):
    module = nn.Linear(2, 1).double()
    X = torch.tensor(rng.standard_normal((5, 2)))
    objective = Objective(module, X, module(X).detach())
    step = last(stabilized_steps(objective, t_end=7.0, rtol=1e-3))
    assert step.end == 7.0
    assert_allclose(step.theta, objective.theta_0, rtol=1e-13, atol=1e-14)


def test_the_largest_rate_is_found_even_if_the_start_is_orthogonal_to_it(rng):
    # The slope at the start has no part along the stiffest direction; rounding would feed it.
    X = np.diag([1.0, 100.0])
    module = nn.Linear(2, 1, bias=False).double()
    module.weight.data[:] = torch.tensor([[1.0, 0.0]])
    objective = Objective(module, X, np.zeros((2, 1)))
    step = last(stabilized_steps(objective, t_end=5.0, rtol=1e-4))
    assert_allclose(step.theta, [np.exp(-5.0), 0], rtol=0, atol=1e-6)
    assert objective.predictor.num_gradients < 10_000  # of 1e5 that an unstable run would waste


class Pole(nn.Module):
    """The square root of a parameter, which has no value below zero."""

    def __init__(self):
        super().__init__()
        self.a = nn.Parameter(torch.tensor([1.0], dtype=torch.float64))

    def forward(self, X):
        return X * torch.sqrt(self.a)


def test_a_flow_that_leaves_the_domain_is_stopped_where_it_does():
    # With s = sqrt(a) and target -1, s' = -(s + 1) / (2 s)^2 ends at s = 0; in between,
    # t = 4 * integral of s^2 / (s + 1) over [0, 1] = 4 * (log 2 - 1/2).
    objective = Objective(Pole(), torch.ones(1, 1).double(), -torch.ones(1, 1).double())
    with pytest.raises(NotFinite) as failure:
        last(stabilized_steps(objective, t_end=2.0, rtol=1e-4))
    assert_allclose(failure.value.time, 4 * (np.log(2) - 0.5), rtol=1e-2)
