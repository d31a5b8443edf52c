"""What symmetries leave of the parameters, against ranks of Jacobians on enough samples."""

import numpy as np
import pytest
import torch

from companion.activations import TANH, leaky_relu
from companion.claims.general_architectures_further_counts import transformer_block_parameters
from companion.claims.general_architectures_symmetries import (
    convolutional_rank_bound,
    residual_rank_bound,
    transformer_block_rank_bound,
    u_net_rank_bound,
)
from companion.networks.convolutional import convolutional_network
from companion.networks.residual import residual_network
from companion.networks.transformer import TransformerBlock
from companion.networks.u_net import UNet
from companion.tangent.jacobian import jacobian

ACTIVATIONS = [(TANH, False), (leaky_relu(0.1), True)]
NAMES = ["tanh", "leaky"]


def measured_rank(network, X):
    # There are more rows than parameters. With columns of length one, singular values fall to
    # 1e-6 of the largest and then at once to rounding.
    J = jacobian(network, X).numpy()
    assert len(J) > J.shape[1]
    lengths = np.linalg.norm(J, axis=0)
    s = np.linalg.svd(J / np.where(lengths > 1e-13, lengths, np.inf), compute_uv=False)
    s /= s[0]
    rank = int((s > 1e-10).sum())
    assert s[rank:].max(initial=0) < 1e-14
    return rank


@pytest.mark.parametrize(("activation", "homogeneous"), ACTIVATIONS, ids=NAMES)
@pytest.mark.parametrize(("width", "depth", "branch"), [(3, 3, 4), (2, 1, 5)])
def test_residual_networks_reach_it(activation, homogeneous, width, depth, branch, rng):
    network = residual_network(width, depth, branch_width=branch, activation=activation, seed=0)
    expected = residual_rank_bound(width, depth, branch_width=branch, homogeneous=homogeneous)
    assert measured_rank(network, 2 * rng.standard_normal((150, width))) == expected


@pytest.mark.parametrize(("activation", "homogeneous"), ACTIVATIONS, ids=NAMES)
def test_convolutional_networks_reach_it(activation, homogeneous, rng):
    network = convolutional_network((1, 4, 4), (2, 3), 2, activation=activation, seed=0)
    expected = convolutional_rank_bound((1, 4, 4), (2, 3), 2, homogeneous=homogeneous)
    assert measured_rank(network, rng.standard_normal((100, 1, 4, 4))) == expected


@pytest.mark.parametrize(("activation", "homogeneous"), ACTIVATIONS, ids=NAMES)
@pytest.mark.parametrize("channels", [(1, 2), (2, 2)])
def test_u_nets_reach_it(activation, homogeneous, channels):
    network = UNet(1, channels, 1, activation=activation, seed=0)
    with torch.no_grad():  # as drawn, a leaky ReLU has one sign all over some channels
        for values in network.parameters():
            values.mul_(3)
    expected = u_net_rank_bound(1, channels, 1, homogeneous=homogeneous)
    assert (
        measured_rank(network, np.random.default_rng(0).standard_normal((6, 1, 8, 8))) == expected
    )


@pytest.mark.parametrize(("dim", "heads", "hidden"), [(4, 2, 5), (4, 1, 5), (6, 3, 4), (3, 3, 2)])
def test_transformer_blocks_reach_it(dim, heads, hidden, rng):
    block = TransformerBlock(dim, heads, hidden, activation=TANH, seed=0)
    expected = transformer_block_rank_bound(dim, heads, hidden)
    lost = transformer_block_parameters(dim, hidden) - expected
    assert lost == 9 * dim + 2 * dim**2 // heads + hidden + 1
    assert measured_rank(block, rng.standard_normal((20, 4, dim))) == expected


def test_impossible_sizes_are_refused():
    with pytest.raises(ValueError, match="`num_heads` must divide token_dim = 4; got 3"):
        transformer_block_rank_bound(4, 3, 2)
    with pytest.raises(ValueError, match="`depth` must be at least 1; got 0"):
        residual_rank_bound(3, 0, branch_width=2, homogeneous=True)
    with pytest.raises(ValueError, match="`channels` must have at least 2 entries"):
        u_net_rank_bound(1, (2,), 1, homogeneous=False)
    with pytest.raises(ValueError, match="`output_dim` must be at least 1"):
        convolutional_rank_bound((1, 4, 4), (2,), 0, homogeneous=False)
