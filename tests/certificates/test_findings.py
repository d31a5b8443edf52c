"""Warnings name what they are about, and are silent where there is nothing."""

import numpy as np
import pytest
import torch
from torch import nn

from companion.certificates.certify import certify
from companion.certificates.findings import EqualPointsWarning
from companion.dynamics.gradient_flow import gradient_flow
from strangers import stranger


def perceptron():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 5), nn.Tanh(), nn.Linear(5, 1)).double()


def with_copy(rng, targets):
    X = rng.standard_normal((4, 2))
    X[3] = X[1]
    return X, np.array(targets)[:, None]


def test_equal_points_are_named_with_the_loss_that_they_keep(rng):
    X, y = with_copy(rng, [0.0, 1.0, 0.0, 3.0])
    nu = np.array([1.0, 2.0, 1.0, 0.5])
    with pytest.warns(EqualPointsWarning) as emitted:
        found = certify(perceptron(), X, y, nu=nu)
    (warning,) = found.warnings
    assert [str(one.message) for one in emitted] == [warning]
    # 2 * 0.5 / 2.5 * (3 - 1)^2 / 2
    assert warning == (
        "points 1 and 3 are equal, so the kernel is singular; their targets differ, so the loss "
        "cannot fall below 0.8"
    )
    assert gradient_flow(perceptron(), X, y, nu=nu, t_end=10.0).loss.min() >= 0.8


def test_equal_points_with_equal_targets_keep_no_loss(rng):
    X, y = with_copy(rng, [0.0, 1.0, 0.0, 1.0])
    with pytest.warns(EqualPointsWarning):
        (warning,) = certify(perceptron(), X, y).warnings
    assert warning == "points 1 and 3 are equal, so the kernel is singular"


def test_further_equal_points_are_counted(rng):
    X = np.tile(rng.standard_normal((1, 2)), (4, 1))
    with pytest.warns(EqualPointsWarning, match=r"points 0 and 1 are equal \(and 2 more\)"):
        (warning,) = certify(perceptron(), X, np.zeros((4, 1))).warnings
    assert warning.startswith("points 0 and 1 are equal (and 2 more), so")


def test_a_module_may_tell_equal_points_apart_by_their_place():
    # The kernel is regular then, and there is no Python warning, which would fail this test.
    class Numbered(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer, self.offset = nn.Linear(2, 1), nn.Parameter(torch.zeros(3, 1))

        def forward(self, X):
            return self.layer(X) + self.offset[: len(X)]

    (warning,) = certify(Numbered().double(), np.ones((3, 2)), np.zeros((3, 1))).warnings
    assert "tells them apart, by their place" in warning


@pytest.mark.parametrize("single", [True, False])
def test_single_precision_is_told(single):
    module, X = stranger("perceptron")
    module = module.float() if single else module
    found = certify(module, X, np.zeros((5, 2)))
    assert any("relative rounding of 1.2e-07" in one for one in found.warnings) == single
    assert bool(found.warnings) == single
