"""The fully connected network against its formula, frozen layers, and refused matrices."""

import math

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from companion.activations import RELU, TANH
from companion.networks.fully_connected import FullyConnectedNetwork
from companion.networks.initialization import gaussian_layers
from companion.networks.two_layer import TwoLayerNetwork

EXACT = 1e-13  # a few roundings of sums of some ten numbers of order one


def test_value_known_by_hand():
    # Two hidden layers: f^2 = (3 tanh 1 + tanh 2) / sqrt 2, f = -2 tanh(f^2).
    weights = [np.eye(2), np.array([[3.0, 1.0]]), np.array([[-2.0]])]
    network = FullyConnectedNetwork(weights, activation=torch.tanh)
    second = (3 * math.tanh(1) + math.tanh(2)) / math.sqrt(2)
    output = network(torch.tensor([[1.0, 2.0]], dtype=torch.float64)).item()
    assert_allclose(output, -2 * math.tanh(second), rtol=1e-15)


@pytest.mark.parametrize("widths", [(7,), (7, 5), (4, 6, 3)])
def test_agrees_with_sums_over_neurons(widths, rng):
    weights = gaussian_layers(widths, 3, rng)
    X = rng.standard_normal((5, 3))
    network = FullyConnectedNetwork(weights, activation=RELU)
    for point, output in zip(X, network(torch.tensor(X)).detach().numpy(), strict=True):
        layer = [sum(W[j] * point[j] for j in range(3)) for W in weights[0]]
        for matrix in weights[1:]:
            above = [max(value, 0.0) for value in layer]
            scale = math.sqrt(len(above))
            layer = [sum(w * v for w, v in zip(row, above, strict=True)) / scale for row in matrix]
        assert_allclose(output, layer[0], rtol=0, atol=EXACT)


def test_one_hidden_layer_is_the_two_layer_network(rng):
    W, a = gaussian_layers((9,), 4, rng)
    X = torch.tensor(rng.standard_normal((6, 4)))
    deep = FullyConnectedNetwork((W, a), activation=TANH)
    shallow = TwoLayerNetwork(W, a[0], activation=TANH)
    assert_allclose(deep(X).detach(), shallow(X).detach(), rtol=0, atol=EXACT)


def test_an_isometry_before_the_first_matrix_changes_neither_outputs_nor_training(rng):
    # The document's first matrix is W V with fixed orthonormal columns V; we train G = W V. The
    # gradient by W is (gradient by G) V^T, so that a step of W moves W V as a step of G does.
    V = np.linalg.qr(rng.standard_normal((6, 2)))[0]
    W, *others = gaussian_layers((5, 4), 6, rng)
    X = torch.tensor(rng.standard_normal((3, 2)))
    through = FullyConnectedNetwork((W, *others), activation=TANH, trained=(0,))
    merged = FullyConnectedNetwork((W @ V, *others), activation=TANH, trained=(0,))
    assert_allclose(through(X @ torch.tensor(V.T)).detach(), merged(X).detach(), atol=EXACT)
    through(X @ torch.tensor(V.T)).pow(2).sum().backward()
    merged(X).pow(2).sum().backward()
    assert_allclose(through.W0.grad.numpy() @ V, merged.W0.grad.numpy(), rtol=0, atol=10 * EXACT)


@pytest.mark.parametrize(
    ("trained", "moving"),
    [
        ("second_to_last", ["W1"]),
        ("all", ["W0", "W1", "W2"]),
        ((0, 1), ["W0", "W1"]),
        ((2,), ["W2"]),
    ],
)
def test_only_trained_layers_are_parameters(trained, moving, rng):
    weights = gaussian_layers((4, 3), 2, rng)
    network = FullyConnectedNetwork(weights, activation=TANH, trained=trained)
    assert [name for name, _ in network.named_parameters()] == moving
    held = [name for name, _ in network.named_buffers()]
    assert sorted(moving + held) == ["W0", "W1", "W2"]
    for given, own in zip(weights, network.weights, strict=True):
        np.testing.assert_array_equal(given, own.detach())


def test_matrices_are_copied_and_sizes_printed(rng):
    weights = gaussian_layers((4, 3), 2, rng)
    network = FullyConnectedNetwork(weights, activation=TANH)
    weights[1][:] = 0
    assert network.W1.abs().min() > 0
    assert network.widths == (4, 3)
    assert network.depth == 2
    assert "input_dim=2, widths=(4, 3), trained=(1,)" in repr(network)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"weights": None}, TypeError, r"`weights` must be a sequence"),
        ({"weights": [np.ones((3, 2))]}, ValueError, r"at least two matrices; got 1\."),
        ({0: np.ones(3)}, ValueError, r"`weights\[0\]` must be a matrix with rows and columns"),
        ({0: np.ones((0, 2))}, ValueError, r"`weights\[0\]` must be a matrix"),
        ({1: np.ones((4, 2))}, ValueError, r"`weights\[1\]` must have 3 columns.*got 2\."),
        ({2: np.ones((2, 4))}, ValueError, r"end with a matrix of one row; got 2 rows"),
        ({1: np.full((4, 3), np.inf)}, ValueError, r"got weights\[1\]\[0, 0\] = inf"),
        ({0: np.ones((3, 2), dtype=int)}, TypeError, r"`weights\[0\]` must be of a real floating"),
        ({1: np.ones((4, 3), np.float32)}, TypeError, r"`weights\[1\]` must have the type of"),
        ({"trained": (3,)}, ValueError, r"`trained` must be .* from 0 to depth = 2; got \(3,\)"),
    ],
)
def test_wrong_arguments_are_refused(changes, error, message, unchecked):
    weights = [np.ones((3, 2)), np.ones((4, 3)), np.ones((1, 4))]
    weights = [changes.get(index, matrix) for index, matrix in enumerate(weights)]
    arguments = {"weights": weights, "activation": TANH}
    arguments |= {name: value for name, value in changes.items() if isinstance(name, str)}
    with pytest.raises(error, match=message):
        FullyConnectedNetwork(**arguments)
