"""Every method follows a flow that is known in closed form, and inside of its steps, too."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn

from companion.activations import RELU
from companion.dynamics.methods import METHODS, chosen_method
from companion.dynamics.objective import Objective
from companion.networks.two_layer import TwoLayerNetwork


def one_parameter():
    """f(x) = theta x on x = 1, 2 with rate 1 + 4: theta = 3 + (theta_0 - 3) exp(-5 t)."""
    module = nn.Linear(1, 1, bias=False).double()
    module.weight.data[:] = torch.tensor([[1.0]])
    X = np.array([[1.0], [2.0]])
    return Objective(module, X, 3 * X)


SMOOTH = [name for name in METHODS if name != "filippov"]  # that one is for ReLU networks alone
OURS = ("DOP853", "RK45", "exponential", "stabilized")  # held to the accuracy of outputs itself
CASES = [(name, rtol) for name in SMOOTH for rtol in ((1e-4, 1e-7) if name in OURS else (1e-3,))]


@pytest.mark.parametrize("name", SMOOTH)
def test_steps_join_from_the_start_to_the_end(name):
    steps = list(METHODS[name](one_parameter(), t_end=2.0, rtol=1e-2))
    assert steps[0].start == 0
    assert steps[-1].end == 2
    for step, following in pairwise(steps):
        assert step.end == following.start


@pytest.mark.parametrize(("name", "rtol"), CASES)
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


# What is chosen ----------------------------------------------------------------------------


def network_objective(rng, *, num_samples=10, output_dim=1, activation=torch.tanh):
    W, a = rng.standard_normal((8, 3)), rng.standard_normal(8)
    module = TwoLayerNetwork(W, a, activation=activation)
    X, y = rng.standard_normal((num_samples, 3)), rng.standard_normal(num_samples)
    if output_dim == 1:
        return Objective(module, X, y)
    several = nn.Sequential(nn.Linear(3, 100), nn.Tanh(), nn.Linear(100, output_dim)).double()
    return Objective(several, X, rng.standard_normal((num_samples, output_dim)))


@pytest.mark.parametrize("activation", [torch.relu, RELU])
def test_two_layer_relu_networks_are_followed_along_their_kinks(rng, activation):
    objective = network_objective(rng, activation=activation)
    name, reason = chosen_method(objective, t_end=1.0, rtol=1e-6)
    assert name == "filippov"
    assert "kinks" in reason


def test_the_choice_goes_from_explicit_to_exponential_with_stiffness(rng):
    objective = network_objective(rng)
    rate = objective.weighted_spectrum(objective.theta_0)[-1]
    short, long = (chosen_method(objective, t_end=s / rate, rtol=1e-6) for s in (10, 1e5))
    assert short[0] == "DOP853"
    assert long[0] == "exponential"
    assert "lambda_max * t_end = 10;" in short[1]
    assert "lambda_max * t_end = 1e+05;" in long[1]


def test_many_outputs_are_not_paid_with_eigenvalues(rng):
    objective = network_objective(rng, num_samples=100, output_dim=10)
    rate = objective.weighted_spectrum(objective.theta_0)[-1]
    assert chosen_method(objective, t_end=5000 / rate, rtol=1e-4)[0] == "stabilized"


def test_many_outputs_of_few_parameters_are(rng):
    objective = network_objective(rng, num_samples=1000)
    rate = objective.weighted_spectrum(objective.theta_0)[-1]
    assert chosen_method(objective, t_end=5000 / rate, rtol=1e-4)[0] == "exponential"
