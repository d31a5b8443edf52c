"""The two-layer network against its formula, both scalings, and refused parameters."""

import math

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from companion.networks.initialization import antisymmetric
from companion.networks.two_layer import TwoLayerNetwork

EXACT = 1e-14  # a few roundings of numbers of order one


def test_value_known_by_hand():
    # One neuron looking along x and one along y: (tanh 1 - 2 tanh 3) / sqrt 2 at (1, 3).
    network = TwoLayerNetwork(np.eye(2), np.array([1.0, -2.0]), activation=torch.tanh)
    expected = (math.tanh(1) - 2 * math.tanh(3)) / math.sqrt(2)
    assert_allclose(network(torch.tensor([[1.0, 3.0]], dtype=torch.float64)).item(), expected)


@pytest.mark.parametrize("exponent", [0.5, 1])
@pytest.mark.parametrize("with_bias", [False, True])
def test_agrees_with_the_sum_over_neurons(rng, exponent, with_bias):
    W, a, b = rng.standard_normal((7, 3)), rng.standard_normal(7), rng.standard_normal(7)
    X = rng.standard_normal((5, 3))
    network = TwoLayerNetwork(
        W, a, activation=torch.sigmoid, bias=b if with_bias else None, exponent=exponent
    )
    expected = np.zeros(5)
    for i in range(7):
        expected += a[i] / (1 + np.exp(-X @ W[i] - (b[i] if with_bias else 0)))
    outputs = network(torch.tensor(X)).detach().numpy()
    assert_allclose(outputs, expected / 7**exponent, rtol=0, atol=EXACT)


def test_antisymmetric_weights_make_the_network_vanish(rng):
    network = TwoLayerNetwork(*antisymmetric(50, 3, rng), activation=torch.sigmoid)
    outputs = network(torch.tensor(rng.standard_normal((9, 3))))
    # 50 terms of size one cancel in pairs, in whatever order they are added.
    assert outputs.abs().max() < 50 * EXACT


def test_parameters_have_the_promised_names_and_are_copies(rng):
    W, a = rng.standard_normal((4, 2)), rng.standard_normal(4)
    network = TwoLayerNetwork(W, a, activation=torch.tanh, bias=np.zeros(4))
    assert [name for name, _ in network.named_parameters()] == ["W", "a", "bias"]
    W[:] = 0
    assert network.W.abs().min() > 0
    assert network.W.dtype == torch.float64
    assert "width=4, input_dim=2, exponent=0.5" in repr(network)


def test_single_precision_weights_stay_single(rng):
    network = TwoLayerNetwork(torch.ones(3, 2), torch.ones(3), activation=torch.tanh)
    assert network(torch.ones(1, 2)).dtype == torch.float32


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"W": np.ones(3)}, ValueError, r"`W` must have shape \(m, d\)"),
        ({"W": np.ones((0, 2)), "a": np.ones(0)}, ValueError, r"`W` must have shape \(m, d\)"),
        ({"a": np.ones(4)}, ValueError, r"`a` must have shape \(3,\).*got \(4,\)"),
        ({"bias": np.ones(2)}, ValueError, r"`bias` must have shape \(3,\)"),
        ({"a": np.array([1.0, np.nan, 1.0])}, ValueError, r"`a` must be finite; got a\[1\] = nan"),
        ({"a": np.ones(3, dtype=int)}, TypeError, r"`a` must be of a real floating type"),
        ({"W": np.ones((3, 2), dtype=complex)}, TypeError, r"`W` must be of a real floating"),
        ({"a": np.ones(3, dtype=np.float32)}, TypeError, r"`a` must have the type of `W`"),
        ({"exponent": 2}, ValueError, r"`exponent` must be 0.5 or 1; got 2"),
    ],
)
def test_wrong_parameters_are_refused(changes, error, message):
    arguments = {"W": np.ones((3, 2)), "a": np.ones(3), "activation": torch.tanh, **changes}
    with pytest.raises(error, match=message):
        TwoLayerNetwork(**arguments)
