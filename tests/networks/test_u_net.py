"""The U-Net of two levels against SciPy's correlations and Kronecker products; its counts."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy.signal import correlate2d

from companion.activations import TANH, leaky_relu
from companion.claims.general_architectures_further_counts import u_net_parameters
from companion.networks.u_net import UNet

EXACT = 1e-14  # some tens of roundings of numbers of order one


def convolved(H, layer):
    W, b = layer.weight.detach().numpy(), layer.bias.detach().numpy()
    return np.array(
        [
            sum(correlate2d(H[c], W[j, c], mode="same") for c in range(len(H))) + b[j]
            for j in range(len(W))
        ]
    )


def twice(H, part):
    for layer in (part[0], part[2]):
        Z = convolved(H, layer)
        H = np.maximum(Z, 0.1 * Z)
    return H


def doubled(H, layer):
    # A transposed convolution of size and stride 2 replaces a pixel by a multiple of a 2x2 tile.
    W, b = layer.weight.detach().numpy(), layer.bias.detach().numpy()
    return np.array(
        [sum(np.kron(H[c], W[c, j]) for c in range(len(H))) + b[j] for j in range(W.shape[1])]
    )


def test_two_levels_written_out(rng):
    network = UNet(2, (3, 4), 2, activation=leaky_relu(0.1), seed=0)
    X = rng.standard_normal((2, 2, 4, 6))
    for image, outputs in zip(X, network(torch.tensor(X)).detach().numpy(), strict=True):
        fine = twice(image, network.down[0])
        halved = fine.reshape(3, 2, 2, 3, 2).mean(axis=(2, 4))
        coarse = twice(halved, network.down[1])
        joined = np.concatenate([fine, doubled(coarse, network.up[0])])
        expected = convolved(twice(joined, network.join[0]), network.last)
        assert_allclose(outputs, expected, rtol=0, atol=EXACT)


@pytest.mark.parametrize("channels", [(1, 1), (2, 3, 5)])
def test_parameters_are_as_many_as_are_counted(channels):
    network = UNet(2, channels, 3, activation=TANH, seed=0)
    assert sum(p.numel() for p in network.parameters()) == u_net_parameters(2, channels, 3)
    sizes = network(torch.zeros(2, 2, 4, 8, dtype=torch.float64)).shape
    assert sizes == (2, 3, 4, 8)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1, (2,), 1), r"`channels` must have at least 2 entries; got 1"),
        ((1, (2, 0), 1), r"`channels\[1\]` must be at least 1; got 0"),
        ((0, (2, 2), 1), r"`in_channels` must be at least 1; got 0"),
        ((1, (2, 2), 0), r"`out_channels` must be at least 1; got 0"),
    ],
)
def test_impossible_sizes_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        UNet(*arguments, activation=TANH, seed=0)


def test_the_image_must_be_halved_at_each_level():
    network = UNet(1, (1, 1, 1), 1, activation=TANH, seed=0)
    with pytest.raises(ValueError, match=r"divisible by 4; got \(4, 6\).*halved 2 times"):
        network(torch.zeros(1, 1, 4, 6, dtype=torch.float64))
