"""Negative curvature is seen where it is, and not where it is not."""

import numpy as np
import pytest
import torch
from torch import nn

from companion.certificates.convexity import negative_curvature
from companion.dynamics.objective import Objective


class Square(nn.Module):
    def __init__(self, start):
        super().__init__()
        self.theta = nn.Parameter(torch.tensor([start], dtype=torch.float64))

    def forward(self, X):
        return X * self.theta**2


@pytest.mark.parametrize(("start", "target"), [(0.5, 3.0), (2.0, 1.0)])
def test_second_derivative_of_one_parameter(start, target):
    # loss = (theta^2 - y)^2 / 2 has the second derivative 6 theta^2 - 2 y.
    objective = Objective(Square(start), torch.ones(1).double(), torch.tensor([target]).double())
    second = 6 * start**2 - 2 * target
    found = negative_curvature(objective)
    if second < 0:
        assert found == pytest.approx(second, rel=1e-12)
    else:
        assert found is None


def test_linear_models_have_none():
    objective = Objective(nn.Linear(3, 1).double(), torch.ones(2, 3).double(), np.zeros((2, 1)))
    assert negative_curvature(objective) is None


def test_a_network_far_from_its_targets_has():
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1)).double()
    X = torch.randn(5, 2, dtype=torch.float64)
    found = negative_curvature(Objective(module, X, 10 * torch.randn(5, 1).double()))
    assert found is not None and found < 0
