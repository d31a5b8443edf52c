"""Which hypothesis of the reconstructed theorem fails, and the exponents where they exist."""

import numpy as np
import pytest
import torch
from torch import nn

from companion.certificates.certify import certify


def digest_network(activation):
    """Three affine maps without biases, of which the one in the middle is trained."""
    module = nn.Sequential(
        nn.Linear(3, 6, bias=False),
        activation,
        nn.Linear(6, 6, bias=False),
        activation,
        nn.Linear(6, 1, bias=False),
    ).double()
    module[0].requires_grad_(False)
    module[4].requires_grad_(False)
    return module


def row_of(module, rng, *, scale=1.0):
    torch.manual_seed(0)
    X = rng.standard_normal((4, 3))
    X *= scale / np.linalg.norm(X, axis=1, keepdims=True)
    return certify(module, X, np.ones((4, 1))).theorem("W-D1")


@pytest.mark.parametrize("activation", [nn.GELU(), nn.Tanh(), nn.Sigmoid(), nn.Softplus()])
def test_smooth_activations_are_coercive_in_no_norm(activation, rng):
    row = row_of(digest_network(activation), rng)
    assert row.verdict == "does not apply" and "coercive" in row.reason and "W6" in row.reason
    assert not row.numbers


def test_relu_is_not_smooth_enough_but_has_its_exponents(rng):
    row = row_of(digest_network(nn.ReLU()), rng)
    assert row.verdict == "does not apply" and "bounded derivatives" in row.reason
    numbers = dict(row.numbers)
    assert numbers["order of coercivity"] == 1.5
    assert numbers["power of the width, smoothness 1/2"] == pytest.approx(1 / 28)


def test_elu_has_one_derivative_more(rng):
    assert dict(row_of(digest_network(nn.ELU()), rng).numbers)["order of coercivity"] == 2.5


def test_points_off_the_sphere_and_trained_ends_are_named(rng):
    assert "inputs on the unit sphere" in row_of(digest_network(nn.ReLU()), rng, scale=2.0).reason
    module = digest_network(nn.ReLU())
    module[4].requires_grad_(True)
    assert "first and last layer fixed" in row_of(module, rng).reason
    module = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1)).double()
    assert "no biases" in row_of(module, rng).reason


def test_every_finite_data_set_is_outside_of_it(rng):
    row = row_of(digest_network(nn.ReLU()), rng)
    assert row.hypotheses[-1].met is False and "4 points" in row.hypotheses[-1].number
