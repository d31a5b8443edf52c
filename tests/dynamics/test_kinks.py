"""Orders and jumps where they are known: smooth networks, kinks met and kinks followed."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn

from companion.dynamics.kinks import gradient_jump, observed_order
from companion.dynamics.objective import Objective
from companion.networks.two_layer import TwoLayerNetwork


class Absolute(nn.Module):
    """f = |theta| + slope * theta at every sample; its kink is at zero."""

    def __init__(self, theta, slope=0.0):
        super().__init__()
        self.theta = nn.Parameter(torch.tensor([theta], dtype=torch.float64))
        self.slope = slope

    def forward(self, X):
        return (self.theta.abs() + self.slope * self.theta).expand(len(X))


def objective_of(module, y):
    return Objective(module, np.zeros((1, 1)), np.array([y]))


def random_objective(activation, rng):
    module = TwoLayerNetwork(
        rng.standard_normal((20, 3)), rng.choice([-1.0, 1.0], 20), activation=activation
    )
    nu = np.full(10, 0.1)
    return Objective(module, rng.standard_normal((10, 3)), rng.standard_normal(10), nu)


def test_smooth_flows_keep_the_fourth_order(rng):
    found = observed_order(random_objective(torch.tanh, rng), t_end=10.0, num_steps=12)
    assert 3.7 < found.low < found.order < found.high < 4.3
    assert found.error < 1e-6


def test_kinks_leave_the_first(rng):
    found = observed_order(random_objective(torch.relu, rng), t_end=10.0, num_steps=12)
    # A step over a kink errs by a fraction of the step that looks random, so the slope scatters.
    assert 0.4 < found.order < 1.8
    assert found.error > 1e-5


def test_error_is_that_of_the_finest_run():
    # theta' = -(theta + 1) from 1: the last two runs differ by the error of the coarser one, less
    # a sixteenth. One step of length h errs by h**5/120 relative, and t_end/h steps add up.
    found = observed_order(objective_of(Absolute(1.0), -1.0), t_end=0.5, num_steps=5)
    error = lambda h: 2 * np.exp(-0.5) * 0.5 * h**4 / 120
    moved = 2 * (1 - np.exp(-0.5))
    expected = (error(0.5 / 40) - error(0.5 / 80)) / moved
    # The next term of the expansion is a fraction h of the first.
    assert_allclose(found.error, expected, rtol=0.05)


@pytest.mark.parametrize(
    ("options", "name"),
    [
        (dict(t_end=0.0, num_steps=5), "t_end"),
        (dict(t_end=np.inf, num_steps=5), "t_end"),
        (dict(t_end=1.0, num_steps=0), "num_steps"),
        (dict(t_end=1.0, num_steps=5, doublings=2), "doublings"),
    ],
)
def test_impossible_runs_are_refused(options, name):
    with pytest.raises(ValueError, match=f"`{name}` must"):
        observed_order(objective_of(Absolute(1.0), -1.0), **options)


def test_a_flow_at_rest_has_no_order():
    with pytest.raises(ValueError, match="`num_steps` must leave an error"):
        observed_order(objective_of(Absolute(1.0), 1.0), t_end=1.0, num_steps=2)


@pytest.mark.parametrize("start", [-0.9, -0.3, -1e-3])
def test_a_jump_known_by_hand(start):
    # f = |theta| and y = -1: the gradient (|theta| + 1) sign(theta) jumps from -1 to 1.
    objective = objective_of(Absolute(1.0), -1.0)
    jump = gradient_jump(objective, np.array([start]), np.array([1.0]))
    assert_allclose(jump, 2 / 2, rtol=1e-6)  # the largest gradient is 2, at theta = 1


def test_no_jump_where_there_is_none(rng):
    smooth = random_objective(torch.tanh, rng)
    kinked = random_objective(torch.relu, rng)
    away = rng.standard_normal(len(smooth.theta_0))
    assert gradient_jump(smooth, smooth.theta_0, smooth.theta_0 + away) == 0.0
    assert gradient_jump(kinked, kinked.theta_0, kinked.theta_0 + away) > 0.01
    assert gradient_jump(kinked, kinked.theta_0, kinked.theta_0) == 0.0


def test_kinks_used_as_functions_are_seen(rng):
    class Hidden(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Linear(3, 6, dtype=torch.float64)

        def forward(self, X):
            return torch.clamp(self.inner(X), -0.5, 0.5).sum(dim=1)

    torch.manual_seed(0)
    objective = Objective(Hidden(), rng.standard_normal((5, 3)), rng.standard_normal(5))
    away = rng.standard_normal(len(objective.theta_0))
    assert gradient_jump(objective, objective.theta_0, objective.theta_0 + away) > 0.01
