"""The search for the least loss: least squares, minima by hand, and what it must not do."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn

from companion.dynamics.least_loss import least_loss


def linear(input_dim, outputs=1):
    module = nn.Linear(input_dim, outputs, bias=False).double()
    nn.init.zeros_(module.weight)
    return module


class Scalar(nn.Module):
    """The same value g(theta) at every point."""

    def __init__(self, start, function):
        super().__init__()
        self.theta = nn.Parameter(torch.tensor([start], dtype=torch.float64))
        self.function = function

    def forward(self, X):
        return self.function(self.theta).expand(len(X))


# Exact values ------------------------------------------------------------------------------


def test_a_constant_meets_the_weighted_mean():
    # The least loss is half the weighted variance: weights 1/4, 3/4 on -1, 1 have variance 3/4.
    nu, y = np.array([0.25, 0.75]), np.array([-1.0, 1.0])
    module = Scalar(0.0, lambda theta: theta)
    found = least_loss(module, np.ones((2, 1)), y, nu=nu, max_iterations=50)
    assert_allclose(found.loss, 3 / 8, rtol=1e-14)  # a square, minimised to its rounding
    assert_allclose(module.theta.item(), 0.5, rtol=1e-9)  # the module is left there
    assert found.gradient < 1e-9  # the tolerance of the search


def test_the_gradient_is_the_norm_at_the_end():
    # One step is not enough for cosh: loss cosh(theta)^2 / 2, gradient cosh * sinh.
    module = Scalar(2.0, torch.cosh)
    found = least_loss(module, np.ones((1, 1)), np.zeros(1), nu=np.ones(1), max_iterations=1)
    theta = module.theta.item()
    assert_allclose(found.loss, np.cosh(theta) ** 2 / 2, rtol=1e-14)
    assert_allclose(found.gradient, abs(np.sinh(theta) * np.cosh(theta)), rtol=1e-13)
    assert found.gradient > 1e-3


# Identities --------------------------------------------------------------------------------


def test_no_step_goes_up(rng):
    X, y, nu = rng.standard_normal((20, 3)), rng.standard_normal(20), rng.dirichlet(np.ones(20))

    def searched(iterations):
        torch.manual_seed(0)
        stack = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1), nn.Flatten(0))
        return least_loss(stack.double(), X, y, nu=nu, max_iterations=iterations).loss

    losses = [searched(count) for count in (1, 5, 20, 80)]
    assert losses == sorted(losses, reverse=True) and losses[-1] < losses[0] / 2


# Independent computations ------------------------------------------------------------------


def test_agrees_with_weighted_least_squares(rng):
    X, y = rng.standard_normal((30, 4)), rng.standard_normal((30, 2))
    nu = rng.dirichlet(np.ones(30))
    root = np.sqrt(nu)[:, None]
    best = np.linalg.lstsq(root * X, root * y, rcond=None)[0]
    expected = 0.5 * np.sum(nu[:, None] * (X @ best - y) ** 2)
    module = linear(4, 2)
    found = least_loss(module, X, y, nu=nu, max_iterations=200)
    # The gradient ends below 1e-10, so the loss is within 1e-20 / (2 x 0.02) of the minimum.
    assert_allclose(found.loss, expected, rtol=1e-12)
    assert_allclose(module.weight.detach().numpy().T, best, rtol=0, atol=1e-7)


# Where naive formulas fail -----------------------------------------------------------------


def test_frozen_parameters_stay(rng):
    X, y = rng.standard_normal((10, 2)), rng.standard_normal(10)
    stack = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1), nn.Flatten(0)).double()
    stack[0].weight.requires_grad_(False)
    before = stack[0].weight.clone()
    features = np.column_stack([np.tanh(X @ before.numpy().T), np.ones(10)])
    stack[0].bias.requires_grad_(False)
    stack[0].bias.zero_()
    found = least_loss(stack, X, y, nu=np.full(10, 0.1), max_iterations=500)
    best = np.linalg.lstsq(features, y, rcond=None)[0]
    assert_allclose(found.loss, 0.05 * np.sum((features @ best - y) ** 2), rtol=1e-9)
    assert torch.equal(stack[0].weight, before)


def test_a_stationary_point_that_is_no_minimum_is_reported_as_such():
    # cos has a maximum at 0: the gradient vanishes there, and the search does not move.
    module = Scalar(0.0, torch.cos)
    found = least_loss(module, np.ones((1, 1)), np.zeros(1), nu=np.ones(1), max_iterations=20)
    assert found.loss == 0.5 and found.gradient == 0


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"max_iterations": 0}, ValueError, "`max_iterations` must be at least 1; got 0"),
        ({"nu": np.array([1.0, np.nan])}, ValueError, "`nu` must be finite"),
        ({"y": np.array([np.inf, 0.0])}, ValueError, "`y` must be finite"),
        ({"y": np.zeros((2, 2))}, ValueError, r"`y` must have the shape of module\(X\), \(2, 1\)"),
        ({"module": nn.Linear(1, 1)}, TypeError, "`module` must be in double precision"),
    ],
)
def test_bad_arguments_are_named(change, error, message):
    arguments = {
        "module": linear(1),
        "X": np.ones((2, 1)),
        "y": np.zeros((2, 1)),
        "nu": np.ones(2),
        "max_iterations": 5,
        **change,
    }
    module, X, y = (arguments.pop(name) for name in ("module", "X", "y"))
    with pytest.raises(error, match=message):
        least_loss(module, X, y, **arguments)


def test_a_module_without_trainable_parameters_is_an_error():
    with pytest.raises(ValueError, match="`module`"):
        least_loss(
            linear(1).requires_grad_(False),
            np.ones((1, 1)),
            np.zeros((1, 1)),
            nu=np.ones(1),
            max_iterations=1,
        )
