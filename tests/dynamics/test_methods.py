"""Every method follows a flow that is known in closed form, and inside of its steps, too."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn

from companion.dynamics.methods import METHODS
from companion.dynamics.objective import Objective


def one_parameter():
    """f(x) = theta x on x = 1, 2 with rate 1 + 4: theta = 3 + (theta_0 - 3) exp(-5 t)."""
    module = nn.Linear(1, 1, bias=False).double()
    module.weight.data[:] = torch.tensor([[1.0]])
    X = np.array([[1.0], [2.0]])
    return Objective(module, X, 3 * X)


@pytest.mark.parametrize("name", METHODS)
def test_steps_join_from_the_start_to_the_end(name):
    steps = list(METHODS[name](one_parameter(), t_end=2.0, rtol=1e-5))
    assert steps[0].start == 0
    assert steps[-1].end == 2
    for step, following in pairwise(steps):
        assert step.end == following.start


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("rtol", [1e-4, 1e-7])
def test_states_inside_of_steps_are_as_accurate_as_those_at_ends(name, rtol, rng):
    steps = METHODS[name](one_parameter(), t_end=2.0, rtol=rtol)
    for count, step in enumerate(steps, start=1):
        times = step.start + rng.random(3) * (step.end - step.start)
        for t in [*times, step.end]:
            theta = step.theta if t == step.end else step.at(float(t))
            # Residuals decay as exp(-5 t); each of some tens of steps, or of as many as there
            # were, may err by rtol / 2.
            allowed = max(20, count / 2) * rtol * np.exp(-5 * t)
            assert_allclose(theta, 3 - 2 * np.exp(-5 * t), rtol=0, atol=allowed)
