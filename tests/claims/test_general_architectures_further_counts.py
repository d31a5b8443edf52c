"""Counts of further architectures against layers of PyTorch, put together here once more."""

from itertools import pairwise

import pytest
import torch
from torch import nn

from companion.claims.general_architectures_further_counts import (
    convolutional_parameters,
    residual_parameters,
    siamese_parameters,
    transformer_block_parameters,
    u_net_parameters,
)


def count(*layers):
    return sum(p.numel() for layer in layers for p in layer.parameters())


@pytest.mark.parametrize(("width", "depth", "branch"), [(1, 1, 1), (3, 2, 5), (6, 4, 2)])
def test_residual(width, depth, branch):
    block = [nn.Linear(width, branch), nn.Linear(branch, width)]
    assert residual_parameters(width, depth, branch_width=branch) == depth * count(*block)


@pytest.mark.parametrize("side", [1, 3, 5])
def test_convolutional(side):
    layers = [nn.Conv2d(2, 4, side), nn.Conv2d(4, 3, side), nn.Linear(3 * 5 * 6, 7)]
    assert convolutional_parameters((2, 5, 6), (4, 3), 7, kernel_size=side) == count(*layers)


def test_u_net():
    down = [(1, 4), (4, 4), (4, 6), (6, 6), (6, 9), (9, 9)]
    join = [(12, 6), (6, 6), (8, 4), (4, 4)]
    layers = [nn.Conv2d(a, b, 3) for a, b in down + join]
    layers += [nn.ConvTranspose2d(9, 6, 2), nn.ConvTranspose2d(6, 4, 2), nn.Conv2d(4, 2, 1)]
    assert u_net_parameters(1, (4, 6, 9), 2) == count(*layers)


def test_a_u_net_of_the_size_of_the_paper():
    # Five levels of 64 to 1024 channels; the layers are made without memory for their entries.
    levels = (64, 128, 256, 512, 1024)
    with torch.device("meta"):
        layers = [nn.Conv2d(a, b, 3) for a, b in pairwise((1, *levels))]
        layers += [nn.Conv2d(b, b, 3) for b in levels]
        for fine, coarse in pairwise(levels):
            layers += [nn.ConvTranspose2d(coarse, fine, 2)]
            layers += [nn.Conv2d(2 * fine, fine, 3), nn.Conv2d(fine, fine, 3)]
        layers += [nn.Conv2d(64, 2, 1)]
    assert u_net_parameters(1, levels, 2) == count(*layers) == 31_030_658


def test_siamese():
    assert siamese_parameters(40, num_features=3) == 40 + count(nn.Linear(3, 1))


@pytest.mark.parametrize(("dim", "hidden"), [(4, 5), (12, 48)])
def test_transformer_block(dim, hidden):
    block = nn.TransformerEncoderLayer(dim, 2, hidden, dropout=0.0, batch_first=True)
    assert transformer_block_parameters(dim, hidden) == count(block)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: residual_parameters(2, 0, branch_width=2), "`depth` must be at least 1; got 0"),
        (lambda: residual_parameters(2, 1, branch_width=0), "`widths` must be two or more"),
        (lambda: convolutional_parameters((1, 2), (3,), 1), "`image_shape` must have at least 3"),
        (lambda: convolutional_parameters((1, 2, 2), (), 1), "`channels` must have at least 1"),
        (lambda: convolutional_parameters((1, 2, 2), (3,), 0), "`output_dim` must be at least 1"),
        (
            lambda: convolutional_parameters((1, 2, 2), (3,), 1, kernel_size=0),
            "`kernel_size` must be at least 1",
        ),
        (lambda: u_net_parameters(1, (3,), 1), "`channels` must have at least 2 entries; got 1"),
        (lambda: u_net_parameters(0, (3, 4), 1), "`in_channels` must be at least 1"),
        (lambda: u_net_parameters(1, (3, 4), 0), "`out_channels` must be at least 1"),
        (lambda: siamese_parameters(0, num_features=2), "`branch_parameters` must be at least 1"),
        (lambda: siamese_parameters(2, num_features=0), "`num_features` must be at least 1"),
        (lambda: transformer_block_parameters(0, 2), "`token_dim` must be at least 1"),
        (lambda: transformer_block_parameters(2, 0), "`widths` must be two or more"),
    ],
)
def test_impossible_sizes_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
