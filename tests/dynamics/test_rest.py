"""A flow at rest ends; one that cannot end says so."""

import numpy as np
import pytest
import torch
from torch import nn

from companion.dynamics.failures import FlowFailure
from companion.dynamics.gradient_flow import gradient_flow
from companion.dynamics.objective import Objective
from companion.dynamics.rest import until_rest
from companion.dynamics.step import Step


def line(count=2):
    module = nn.Linear(1, 1, bias=False).double()
    nn.init.constant_(module.weight, 1.0)
    X = torch.linspace(1, 2, count, dtype=torch.float64)[:, None]
    return module, X


@pytest.mark.parametrize("method", ["exponential", "DOP853", "stabilized"])
def test_a_flow_that_has_met_its_targets_rests_to_the_end_of_time(method):
    module, X = line()
    run = gradient_flow(module, X, 2 * X, t_end=1e300, t_eval=[1.0, 1e9, 1e300], method=method)
    assert abs(run.parameters["weight"].item() - 2) < 1e-13  # a hundred roundings and the slope
    assert run.t[-1] == 1e300
    # Time 1: the distance is exp(-t lambda) with lambda = 1 + 4, and 1e-6 is what a step may err.
    assert abs(run.loss[0] / (2.5 * np.exp(-10)) - 1) < 1e-4


def steps_of(length, theta):
    t = 0.0
    while True:
        yield Step(t, t + length, theta, lambda _: theta)
        t += length


def test_the_state_is_held_where_no_mode_moves():
    # Targets orthogonal to what the module can do: the residual is large and nothing moves.
    module, X = line()
    objective = Objective(module, X, 1.5 * X + torch.tensor([[2.0], [-1.0]]).double())
    rest, astray = np.array([1.5]), np.array([1.5 + 1e-9])
    *_, last = until_rest(steps_of(1.0, rest), objective, t_end=1e20, rtol=1e-6)
    assert (last.start, last.end) == (1.0, 1e20)
    assert last.at(5.0) == last.theta == rest
    with pytest.raises(RuntimeError, match=r"steps of 1 no longer grow, and 1e\+20"):
        list(until_rest(steps_of(1.0, astray), objective, t_end=1e20, rtol=1e-6))


def test_a_flow_that_would_take_forever_fails_with_its_records():
    module, X = line(3)
    y = torch.tensor([[1.0], [-1.0], [3.0]], dtype=torch.float64)
    with pytest.raises(FlowFailure, match=r"no longer grow.*shorter `t_end`") as failure:
        gradient_flow(module, X, y, t_end=1e300, t_eval=[0.0, 1.0], method="RK45")
    assert len(failure.value.trajectory.t) == 2
