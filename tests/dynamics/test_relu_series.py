"""Power series of the flow with a fixed pattern against closed forms and automatic derivatives."""

from functools import partial
from math import factorial

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch.func import grad, vjp

from companion.dynamics.objective import Objective
from companion.dynamics.relu_pattern import Pattern
from companion.dynamics.relu_problem import ReluProblem
from companion.dynamics.relu_series import relu_series, series_order
from companion.networks.two_layer import TwoLayerNetwork


def along(function, field, theta):
    """Derivative of a function of theta in the direction of a field, by two reverse passes."""
    _, pull_back = vjp(function, theta)
    _, push_forward = vjp(lambda u: pull_back(u)[0], torch.zeros_like(theta))
    return push_forward(field(theta))[0]


def prepared(rng, n=6, m=5, d=3, frozen=()):
    module = TwoLayerNetwork(
        rng.standard_normal((m, d)),
        rng.standard_normal(m),
        activation=torch.relu,
        bias=rng.standard_normal(m),
    )
    for name in frozen:
        getattr(module, name).requires_grad_(False)
    X, y, nu = rng.standard_normal((n, d)), rng.standard_normal(n), rng.random(n)
    objective = Objective(module, X, y, nu)
    problem = ReluProblem(objective)
    return objective, problem, Pattern(problem)


@pytest.mark.parametrize(("rtol", "order"), [(1e-3, 8), (1e-6, 9), (1e-7, 11), (1e-10, 15)])
def test_orders(rtol, order):
    assert series_order(rtol) == order


def test_a_linear_flow_is_the_exponential_series():
    # One neuron, a = 1 frozen, always on: w' = -x (x w - y).
    module = TwoLayerNetwork(np.array([[3.0]]), np.array([1.0]), activation=torch.relu)
    module.a.requires_grad_(False)
    problem = ReluProblem(Objective(module, np.array([[2.0]]), np.array([1.0])))
    series = relu_series(Pattern(problem), problem.W, problem.a, 12)
    expected = [2.5 * (-4.0) ** k / factorial(k) + (0.5 if k == 0 else 0) for k in range(13)]
    assert_allclose(series.W[:, 0, 0], expected, rtol=1e-14)
    assert_allclose(series.outputs[:, 0], 2 * np.array(expected), rtol=1e-14)


@pytest.mark.parametrize("frozen", [(), ("W",), ("a",), ("bias",)])
def test_coefficients_are_repeated_derivatives_along_the_flow(rng, frozen):
    # theta_k = F_k / k!, F_(k+1) the derivative of F_k along the field F_1 = -grad.
    objective, problem, pattern = prepared(rng, frozen=frozen)
    series = relu_series(pattern, problem.W, problem.a, 4)
    predictor, nu, y = objective.predictor, objective.weights, objective.y

    def loss(theta):
        outputs = torch.func.functional_call(
            predictor.module, predictor.split(theta), (predictor.X,)
        )
        return (nu * (outputs - y) ** 2).sum() / 2

    def field(theta):
        return -grad(loss)(theta)

    derivative = field
    theta = predictor.theta_0
    for k in range(1, 5):
        expected = derivative(theta).numpy() / factorial(k)
        scale = np.abs(expected).max()
        assert_allclose(problem.flat(series.W, series.a)[k], expected, rtol=0, atol=1e-12 * scale)
        derivative = partial(along, derivative, field)


def test_series_of_outputs_and_slopes_belong_to_the_weights(rng):
    _, problem, pattern = prepared(rng)
    order = 14
    series = relu_series(pattern, problem.W, problem.a, order)
    powers = 0.005 ** np.arange(order + 1)  # what is cut off is below rounding here
    W, a = np.tensordot(powers, series.W, 1), powers @ series.a
    later = relu_series(pattern, W, a, 1)
    assert_allclose(powers @ series.outputs, later.outputs[0], rtol=1e-12, atol=1e-13)
    assert_allclose(powers @ series.pull, later.pull[0], rtol=1e-12, atol=1e-13)
    assert_allclose(np.tensordot(powers, series.slope, 1), later.slope[0], rtol=1e-11, atol=1e-12)


def test_a_sliding_neuron_stays_on_its_kink_in_all_orders(rng):
    # Neuron 0 slides at z_0 = 0: sample 0 pulls it down by 2, sample 1 along it and up by 1.
    W = np.vstack([[0.0, 1.0], rng.standard_normal((3, 2))])
    module = TwoLayerNetwork(W, np.array([1.0, 1.0, -1.0, 0.5]), activation=torch.relu)
    X = np.array([[1.0, 0.0], [1.0, 1.0]])
    with torch.no_grad():
        y = module(torch.from_numpy(X)).numpy() - np.array([2.0, -1.0])
    problem = ReluProblem(Objective(module, X, y))
    pattern = Pattern(problem)
    weights = problem.W.copy()
    pattern.settle_start(weights, problem.a, np.array([2.0, -1.0]))
    assert pattern.side[0, 0] == 0
    series = relu_series(pattern, weights, problem.a, 8)
    assert (series.W[:, 0, 0] == 0).all()
    # Along the kink it moves as if it were free: s a (1, 1) pulls, and the first part is held.
    assert_allclose(series.W[1, 0], [0.0, 0.5], rtol=1e-14)
    assert_allclose(series.a[1, 0], 0.5, rtol=1e-14)
