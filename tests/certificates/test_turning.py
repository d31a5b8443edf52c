"""What is measured of the turning of the Jacobian, against models that turn at a known rate."""

import pytest
import torch
from torch import nn

from companion.certificates.chain import chain_of
from companion.certificates.curvature import ChainCurvature
from companion.certificates.turning import turning
from companion.certificates.weighted_jacobian import WeightedJacobian
from companion.tangent.predictor import Predictor


def measured(module, X, radius, seed=0):
    predictor = Predictor(module, X)
    ones = torch.ones(predictor.num_rows, dtype=predictor.dtype)

    def jacobian_at(theta):
        return WeightedJacobian(module, X, ones, memory=2**24, parameters=predictor.split(theta))

    direction = torch.ones_like(predictor.theta_0)
    return turning(jacobian_at, predictor.theta_0, direction, radius=radius, seed=seed)


class Quadratic(nn.Module):
    """Half a quadratic form of the parameters: its Jacobian turns at the norm of its matrix."""

    def __init__(self):
        super().__init__()
        self.theta = nn.Parameter(torch.tensor([0.3, -0.2, 0.1], dtype=torch.float64))
        self.register_buffer("H", torch.diag(torch.tensor([1.0, -4.0, 2.0])).double())

    def forward(self, X):
        return X * (self.theta @ self.H @ self.theta) / 2


@pytest.mark.parametrize("radius", [1e-3, 1.0])
def test_finds_the_norm_of_a_quadratic_form(radius):
    found = measured(Quadratic(), torch.ones(1).double(), radius)
    assert 3.8 < found <= 4.0 * (1 + 1e-9)


def test_linear_models_do_not_turn():
    assert measured(nn.Linear(3, 2).double(), torch.ones(4, 3).double(), 1.0) == 0.0


@pytest.mark.parametrize("radius", [0.1, 1.0])
def test_lies_below_the_bound(radius):
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(3, 6), nn.Tanh(), nn.Linear(6, 1)).double()
    X = torch.randn(5, 3, dtype=torch.float64)
    bound = ChainCurvature(chain_of(Predictor(module, X)), torch.ones(5).double())
    found = measured(module, X, radius)
    assert 0.2 * bound(radius) < found <= bound(radius)
