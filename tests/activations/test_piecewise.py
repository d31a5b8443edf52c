"""Piecewise activations: values by hand, the left derivative at kinks, and what tensors do."""

import math

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from companion.activations import ELU, HARD_TANH, RELU, leaky_relu

EXACT = 1e-15  # a few roundings of numbers of order one


@pytest.mark.parametrize(
    ("sigma", "z", "value", "slope"),
    [
        (RELU, 2.5, 2.5, 1.0),
        (RELU, -2.5, 0.0, 0.0),
        (RELU, 0.0, 0.0, 0.0),
        (ELU, 2.0, 2.0, 1.0),
        (ELU, -math.log(2), -1 / 2, 1 / 2),
        (ELU, 0.0, 0.0, 1.0),
        (HARD_TANH, 0.3, 0.3, 1.0),
        (HARD_TANH, 2.0, 1.0, 0.0),
        (HARD_TANH, -1.0, -1.0, 0.0),
        (HARD_TANH, 1.0, 1.0, 1.0),
        (leaky_relu(0.25), 2.0, 2.0, 1.0),
        (leaky_relu(0.25), -2.0, -0.5, 0.25),
        (leaky_relu(0.25), 0.0, 0.0, 0.25),
        (leaky_relu(-1.0), -2.0, 2.0, -1.0),
    ],
)
def test_values_known_by_hand(sigma, z, value, slope):
    for kind in (np.array, lambda z: torch.tensor(z, dtype=torch.float64)):
        assert_allclose(np.asarray(sigma(kind([z]))), [value], rtol=EXACT, atol=0)
        assert_allclose(np.asarray(sigma.derivative(kind([z]))), [slope], rtol=EXACT, atol=0)


@pytest.mark.parametrize("sigma", [RELU, ELU, HARD_TANH, leaky_relu(0.2)], ids=lambda s: s.name)
def test_autograd_takes_the_left_derivative_at_a_kink(sigma):
    z = torch.tensor(sigma.breaks, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(sigma(z).sum(), z)
    assert_allclose(gradient, sigma.derivative(z.detach()), rtol=0, atol=0)


def test_leaky_relu_of_slope_zero_and_one():
    z = np.linspace(-3, 3, 13)
    assert (leaky_relu(0.0)(z) == RELU(z)).all()
    assert (leaky_relu(1.0)(z) == z).all()
    assert leaky_relu(1.0).analytic
    assert leaky_relu(0.01).name == "leaky_relu(0.01)"


@pytest.mark.parametrize("slope", [math.nan, math.inf])
def test_slope_must_be_finite(slope):
    with pytest.raises(ValueError, match="`slope` must be finite; got"):
        leaky_relu(slope)
