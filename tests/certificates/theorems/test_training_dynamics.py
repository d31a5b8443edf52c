"""What Wu's theorems say, as corrected, against flows."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn

from companion.certificates.certify import certify
from companion.dynamics.gradient_flow import gradient_flow


def unit_points(rng, n, d):
    X = rng.standard_normal((n, d))
    return X / np.linalg.norm(X, axis=1, keepdims=True)


def test_theorem_1_bounds_the_gradient_along_the_flow(rng):
    X, y = unit_points(rng, 4, 3), rng.standard_normal((4, 1))
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(3, 6), nn.Tanh(), nn.Linear(6, 1)).double()
    row = certify(module, X, y).theorem("LW-Thm1")
    assert row.verdict == "applies"
    run = gradient_flow(module, X, y, t_end=1.0)
    gradient = np.sqrt(2 * run.loss * run.dissipation_rate)
    numbers = dict(row.numbers)
    assert gradient.min() <= numbers["bound of the gradient up to time 1"]
    assert_allclose(numbers["gradient at the start"], gradient[0], rtol=1e-9)


def test_theorem_2_for_models_linear_in_their_parameters(rng):
    X, y = rng.standard_normal((3, 5)), rng.standard_normal((3, 1))
    module = nn.Linear(5, 1).double()
    row = certify(module, X, y).theorem("LW-Thm2")
    assert row.verdict == "applies"
    bound = dict(row.numbers)["bound of the loss at time 1"]
    assert gradient_flow(module, X, y, t_end=1.0).loss[-1] <= bound


def test_theorem_2_is_refused_where_the_loss_is_seen_not_to_be_convex(rng):
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(3, 6), nn.Tanh(), nn.Linear(6, 1)).double()
    row = certify(module, unit_points(rng, 4, 3), 5 * np.ones((4, 1))).theorem("LW-Thm2")
    assert row.verdict == "does not apply" and "negative curvature" in row.reason


@pytest.mark.parametrize("number", [4, 5, 7, 8])
def test_hardness_is_about_classes_of_targets(number, rng):
    row = certify(nn.Linear(3, 1).double(), np.eye(3), np.ones((3, 1))).theorem(f"LW-Thm{number}")
    assert row.verdict == "does not apply" and "all targets of a class" in row.reason


def test_theorem_1_is_left_open_where_the_loss_may_jump():
    module = nn.Sequential(nn.Linear(1, 1), nn.Threshold(1.0, 50.0), nn.Linear(1, 1)).double()
    row = certify(module, np.ones((1, 1)), np.zeros((1, 1))).theorem("LW-Thm1")
    assert row.verdict == "cannot be decided" and "Threshold may jump" in row.reason
