"""The fully connected network with biases against sums by hand and PyTorch's own layers."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn

from companion.activations import TANH, leaky_relu
from companion.claims.general_architectures import fully_connected_parameters
from companion.networks.multilayer import multilayer_perceptron
from companion.tangent.rank import rank_bound

EXACT = 1e-14  # a few roundings of numbers of order one


def test_agrees_with_layers_written_out(rng):
    network = multilayer_perceptron((3, 5, 4, 2), activation=leaky_relu(0.1), seed=0)
    X = rng.standard_normal((6, 3))
    W = [part.weight.detach().numpy() for part in network if isinstance(part, nn.Linear)]
    b = [part.bias.detach().numpy() for part in network if isinstance(part, nn.Linear)]
    for x, outputs in zip(X, network(torch.tensor(X)).detach().numpy(), strict=True):
        first = W[0] @ x + b[0]
        second = W[1] @ np.maximum(first, 0.1 * first) + b[1]
        expected = W[2] @ np.maximum(second, 0.1 * second) + b[2]
        assert_allclose(outputs, expected, rtol=0, atol=EXACT)


def test_the_start_is_that_of_pytorch():
    with torch.random.fork_rng():
        torch.manual_seed(5)
        own = nn.Sequential(
            nn.Linear(4, 3, dtype=torch.float64), nn.Tanh(), nn.Linear(3, 2, dtype=torch.float64)
        )
    network = multilayer_perceptron((4, 3, 2), activation=nn.Tanh(), seed=5)
    for drawn, expected in zip(network.parameters(), own.parameters(), strict=True):
        torch.testing.assert_close(drawn, expected, rtol=1e-15, atol=0)
    assert type(network[1]) is nn.Tanh


@pytest.mark.parametrize("widths", [(3, 1), (1, 1, 1), (4, 6, 5, 6)])
def test_parameters_are_as_many_as_the_document_counts(widths):
    network = multilayer_perceptron(widths, activation=TANH, seed=0)
    assert sum(p.numel() for p in network.parameters()) == fully_connected_parameters(widths)
    assert len(network) == 2 * len(widths) - 3


def test_layers_are_understood_by_the_bound_of_the_rank(rng):
    # 1-1-1 with leaky ReLU on four points: P = n q = 4, and one rescaling is lost.
    network = multilayer_perceptron((1, 1, 1), activation=leaky_relu(0.5), seed=0)
    found = rank_bound(network, rng.standard_normal((4, 1)))
    assert found.recognised
    assert found.bound == 3


def test_options():
    network = multilayer_perceptron(
        (3, 4, 2), activation=nn.PReLU(), seed=0, bias=False, dtype=torch.float32
    )
    assert [tuple(p.shape) for p in network.parameters()] == [(4, 3), (1,), (2, 4)]
    assert {p.dtype for p in network.parameters()} == {torch.float32}
    again = multilayer_perceptron((3, 4, 2), activation=nn.PReLU(), seed=1, bias=False)
    assert not torch.allclose(network[0].weight.double(), again[0].weight)


@pytest.mark.parametrize(
    ("widths", "error", "message"),
    [
        ((3,), ValueError, r"`widths` must have at least 2 entries; got 1"),
        ((3, 0, 1), ValueError, r"`widths\[1\]` must be at least 1; got 0"),
        ((3, 1.5), TypeError, r"`widths\[1\]` must be a whole number"),
    ],
)
def test_wrong_widths_are_refused(widths, error, message, unchecked):
    with pytest.raises(error, match=message):
        multilayer_perceptron(widths, activation=TANH, seed=0)
