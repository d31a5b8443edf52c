"""Activations as modules: the same function, one copy for each place, facts still known."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn

from companion.activations import TANH, leaky_relu
from companion.certificates.activation_facts import activation_facts
from companion.networks.activation_module import ActivationModule, activation_part

FLOAT64 = torch.float64


def test_values_and_slopes_of_a_leaky_relu():
    part = ActivationModule(leaky_relu(0.25))
    z = torch.tensor([-2.0, 0.0, 3.0], dtype=FLOAT64, requires_grad=True)
    values = part(z)
    (slopes,) = torch.autograd.grad(values.sum(), z)
    np.testing.assert_array_equal(values.detach(), [-0.5, 0.0, 3.0])
    np.testing.assert_array_equal(slopes, [0.25, 0.25, 1.0])


def test_a_parametric_relu_has_a_slope_of_its_own_at_each_place():
    given = nn.PReLU(init=0.1)
    first, second = (activation_part(given, dtype=FLOAT64) for _ in range(2))
    with torch.no_grad():
        first.weight.fill_(0.5)
    assert_allclose(first(torch.tensor([-2.0], dtype=FLOAT64)).detach(), [-1.0], rtol=1e-15)
    # 0.1 was rounded to float32 by PyTorch before it became a parameter.
    assert_allclose(second(torch.tensor([-2.0], dtype=FLOAT64)).detach(), [-0.2], rtol=6e-8)
    assert given.weight.dtype == torch.float32
    z = torch.tensor([-3.0, 2.0], dtype=FLOAT64)
    (slope,) = torch.autograd.grad(first(z).sum(), first.weight)
    assert float(slope) == -3.0  # what the slope multiplies: the negative entries


def test_facts_are_those_of_the_function():
    assert activation_facts(ActivationModule(TANH)) == activation_facts(TANH)
    assert activation_facts(ActivationModule(lambda z: z)) is None


def test_the_function_is_named_in_print():
    assert repr(ActivationModule(leaky_relu(0.01))) == "ActivationModule(leaky_relu(0.01))"
    assert repr(ActivationModule(torch.tanh)) == "ActivationModule(tanh)"


@pytest.mark.parametrize(("wrong", "got"), [("relu", "str"), (nn.PReLU, "a class")])
def test_what_is_no_function_is_refused(wrong, got, unchecked):
    with pytest.raises(TypeError, match=f"`activation` must be a function.*; got {got}"):
        activation_part(wrong, dtype=FLOAT64)
