"""The convolutional network against SciPy's correlations, and its counts."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy.signal import correlate2d
from torch import nn

from companion.activations import TANH, leaky_relu
from companion.claims.general_architectures_further_counts import convolutional_parameters
from companion.networks.convolutional import convolutional_network
from companion.tangent.gram import ntk
from companion.tangent.jacobian import jacobian

EXACT = 1e-14  # a few tens of roundings of numbers of order one


@pytest.mark.parametrize("kernel_size", [1, 3, 5])
def test_agrees_with_correlations(kernel_size, rng):
    network = convolutional_network(
        (2, 4, 5), (3, 2), 2, activation=leaky_relu(0.1), seed=0, kernel_size=kernel_size
    )
    X = rng.standard_normal((3, 2, 4, 5))
    first, _, second, _, _, last = network
    for image, outputs in zip(X, network(torch.tensor(X)).detach().numpy(), strict=True):
        H = image
        for layer in (first, second):
            W, b = layer.weight.detach().numpy(), layer.bias.detach().numpy()
            Z = [
                sum(correlate2d(H[c], W[j, c], mode="same") for c in range(len(H))) + b[j]
                for j in range(len(W))
            ]
            H = np.maximum(Z, 0.1 * np.array(Z))
        expected = last.weight.detach().numpy() @ H.ravel() + last.bias.detach().numpy()
        assert_allclose(outputs, expected, rtol=0, atol=EXACT)


@pytest.mark.parametrize(
    ("shape", "channels", "outputs", "side"),
    [((1, 3, 3), (2,), 1, 3), ((3, 4, 6), (2, 5, 1), 4, 5)],
)
def test_parameters_are_as_many_as_are_counted(shape, channels, outputs, side):
    network = convolutional_network(
        shape, channels, outputs, activation=TANH, seed=0, kernel_size=side
    )
    counted = convolutional_parameters(shape, channels, outputs, kernel_size=side)
    assert sum(p.numel() for p in network.parameters()) == counted


def test_the_kernel_is_the_product_of_the_jacobian(rng):
    network = convolutional_network((1, 3, 3), (2,), 2, activation=nn.PReLU(), seed=0)
    X = rng.standard_normal((4, 1, 3, 3))
    J = jacobian(network, X).numpy()
    assert J.shape == (8, 20 + 1 + 38)
    scale = np.abs(J).max() ** 2 * J.shape[1]
    assert_allclose(ntk(network, X), J @ J.T, rtol=0, atol=1e-14 * scale)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"image_shape": (2, 3)}, r"`image_shape` must have at least 3 entries; got 2"),
        ({"image_shape": (2, 3, 3, 3)}, r"`image_shape` must have 3 entries; got 4"),
        ({"image_shape": (2, 0, 3)}, r"`image_shape\[1\]` must be at least 1; got 0"),
        ({"channels": ()}, r"`channels` must have at least 1 entries; got 0"),
        ({"channels": (0,)}, r"`channels\[0\]` must be at least 1"),
        ({"output_dim": 0}, r"`output_dim` must be at least 1"),
        ({"kernel_size": 2}, r"`kernel_size` must be odd; got 2"),
    ],
)
def test_impossible_sizes_are_refused(changes, message):
    arguments = {"image_shape": (1, 3, 3), "channels": (2,), "output_dim": 1} | changes
    with pytest.raises(ValueError, match=message):
        convolutional_network(**arguments, activation=TANH, seed=0)
