"""Stiffness is the largest eigenvalue times the time, and costs grow with it as measured."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn

from companion.dynamics import stiffness as room
from companion.dynamics.objective import Objective
from companion.dynamics.stiffness import expected_gradients, stiffness


def linear_objective(rng, num_samples=12, output_dim=2):
    module = nn.Linear(4, output_dim, bias=False).double()
    X, nu = rng.standard_normal((num_samples, 4)), rng.random(num_samples)
    nu[0] = 0
    y = rng.standard_normal((num_samples, output_dim))
    return Objective(module, X, y, nu), np.linalg.eigvalsh(X.T * nu @ X)[-1]


@pytest.mark.parametrize("dense", [0, 300])
def test_it_is_the_largest_eigenvalue_formed_or_from_products(rng, dense, monkeypatch):
    monkeypatch.setattr(room, "DENSE", dense)
    objective, largest = linear_objective(rng)
    # Products are taken until the eigenvalue is known to a hundredth.
    rtol = 0.01 if dense == 0 else 1e-12
    assert_allclose(stiffness(objective, t_end=3.0), 3 * largest, rtol=rtol)


def test_expected_costs_grow_as_stated(rng):
    objective, _ = linear_objective(rng)

    def cost(s, rtol=1e-5):
        return expected_gradients(objective, stiffness=s, rtol=rtol)

    one, four = cost(1e4), cost(4e4)
    assert_allclose([four[n] / one[n] for n in one], [4, 2, 2**0.5], rtol=1e-12)
    finer = cost(1e4, rtol=1e-10)
    assert_allclose([finer[n] / one[n] for n in one], [1, 10, 10], rtol=1e-12)
    assert cost(1e6)["stabilized"] == np.inf


def test_eigenvalues_count_by_their_operations(rng):
    # With 1200 rows and parameters they are dearer than hundreds of gradients; with 40
    # parameters they cost less than two.
    def cost(num_samples, output_dim):
        objective, _ = linear_objective(rng, num_samples, output_dim)
        return expected_gradients(objective, stiffness=1e3, rtol=1e-5)["exponential"]

    large = 8 * 1200**3 / (6 * 1200 * 4 + 8e6)
    assert_allclose(cost(4, 300) / cost(2, 2), (12 + large) / 12, rtol=0.01)
    few = 8 * 1000 * 40**2 / (6 * 40 * 100 + 8e6)
    assert_allclose(cost(100, 10) / cost(2, 2), (12 + few) / 12, rtol=0.01)


def test_single_precision_has_a_stiffness_as_well(rng, monkeypatch):
    monkeypatch.setattr(room, "DENSE", 0)
    module = nn.Linear(4, 2)
    objective = Objective(module, torch.randn(6, 4), torch.zeros(6, 2))
    expected = objective.weighted_spectrum(objective.theta_0)[-1]
    assert_allclose(stiffness(objective, t_end=1.0), expected, rtol=0.01)
