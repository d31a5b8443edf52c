"""The square loss by hand, and its gradient."""

import numpy as np
import pytest
import torch

from companion.dynamics.losses import square_loss


def test_value_known_by_hand():
    # (2 * 3^2 + 0.5 * (1 + 4)) / 2 with two outputs per sample.
    residual = np.array([[3.0, 0.0], [1.0, -2.0]])
    assert square_loss(residual, np.array([2.0, 0.5])) == pytest.approx(10.25, rel=1e-15)
    assert square_loss(residual[:, 0], np.array([2.0, 0.5])) == pytest.approx(9.25, rel=1e-15)


def test_gradient_is_the_weighted_residual(rng):
    residual = torch.tensor(rng.standard_normal((4, 2)), requires_grad=True)
    nu = torch.tensor(rng.random(4))
    square_loss(residual, nu).backward()
    torch.testing.assert_close(residual.grad, nu[:, None] * residual.detach(), rtol=1e-14, atol=0)


def test_weights_must_match_the_rows():
    with pytest.raises(ValueError, match=r"`nu` must have one entry per row.*got shape \(3,\)"):
        square_loss(np.ones((2, 3)), np.ones(3))
