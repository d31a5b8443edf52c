"""The loss as a function of one vector, for modules of every kind."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from companion.dynamics.objective import Objective
from strangers import NAMES, stranger

pytestmark = pytest.mark.filterwarnings("ignore:There is a performance drop")  # in attention


def objective_of(name):
    module, X = stranger(name)
    y = torch.linspace(-1, 1, module(X).numel(), dtype=torch.float64).reshape(module(X).shape)
    return module, X, y, Objective(module, X, y, np.array([0.5, 1.0, 0.0, 2.0, 1.0]))


@pytest.mark.parametrize("name", NAMES)
def test_gradient_is_the_limit_of_differences_of_the_loss(name, rng):
    _, _, _, objective = objective_of(name)
    theta = objective.theta_0
    direction = rng.standard_normal(len(theta))
    direction /= np.linalg.norm(direction)
    step = 1e-5  # truncation step**2 ~ 1e-10 times third derivatives, rounding 1e-11
    ahead, behind = (
        objective.norm(objective.residual(theta + sign * step * direction)) ** 2 / 2
        for sign in (1, -1)
    )
    slope = objective.gradient(theta) @ direction
    assert_allclose(slope, (ahead - behind) / (2 * step), rtol=0, atol=1e-8)


@pytest.mark.parametrize("name", NAMES)
def test_start_is_the_module_as_it_was_given(name):
    module, X, y, objective = objective_of(name)
    expected = (module(X) - y).detach().numpy()
    assert_allclose(objective.residual(objective.theta_0), expected, rtol=0, atol=1e-14)
    with torch.no_grad():
        next(module.parameters()).zero_()
    assert_allclose(objective.residual(objective.theta_0), expected, rtol=0, atol=1e-14)


def test_named_parts_add_up_to_the_vector():
    module, _, _, objective = objective_of("perceptron")
    parts = objective.named(objective.theta_0)
    assert list(parts) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    for name, parameter in module.named_parameters():
        assert_allclose(parts[name], parameter.detach().numpy(), rtol=0, atol=0)


def test_spectrum_is_that_of_the_weighted_gram_matrix(rng):
    module, X, _, objective = objective_of("frozen first layer")
    theta = rng.standard_normal(len(objective.theta_0))
    spectrum = objective.weighted_spectrum(theta)
    # The last layer alone moves: G = (h h^T + 1) times the identity of the two outputs.
    hidden = torch.tanh(module[0](X)).detach().numpy()
    root = np.sqrt([0.5, 1.0, 2.0, 1.0])
    gram = root[:, None] * (hidden @ hidden.T + 1)[np.ix_([0, 1, 3, 4], [0, 1, 3, 4])] * root
    expected = np.repeat(np.linalg.eigvalsh(gram), 2)
    assert_allclose(spectrum, expected, rtol=0, atol=1e-12 * expected[-1])


def test_asking_for_the_spectrum_does_not_move_the_loss(rng):
    _, _, _, objective = objective_of("perceptron")
    theta = objective.theta_0.copy()
    before = objective.residual(theta)
    objective.weighted_spectrum(theta + rng.standard_normal(len(theta)))
    assert_allclose(objective.residual(theta), before, rtol=0, atol=0)
    assert_allclose(objective.theta_0, theta, rtol=0, atol=0)
