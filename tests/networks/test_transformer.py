"""The transformer block against PyTorch's encoder layer; what its parameters cannot move."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn

from companion.activations import RELU, TANH
from companion.claims.general_architectures_further_counts import transformer_block_parameters
from companion.networks.transformer import TransformerBlock
from companion.tangent.gram import gram_by_parameter, ntk

EXACT = 1e-13  # some tens of roundings of numbers of order one


@pytest.mark.parametrize("num_heads", [1, 2, 4])
def test_agrees_with_pytorchs_encoder_layer(num_heads, rng):
    block = TransformerBlock(8, num_heads, 5, activation=RELU, seed=0)
    own = nn.TransformerEncoderLayer(
        8, num_heads, 5, dropout=0.0, batch_first=True, norm_first=True, dtype=torch.float64
    )
    pairs = [
        (own.self_attn.out_proj, block.mix),
        (own.linear1, block.inner),
        (own.linear2, block.outer),
        (own.norm1, block.attention_norm),
        (own.norm2, block.network_norm),
    ]
    with torch.no_grad():
        # Away from the start of the normalisations, where a lost factor or shift is not seen.
        for norm in (block.attention_norm, block.network_norm):
            norm.weight.copy_(torch.linspace(0.5, 2.0, 8))
            norm.bias.copy_(torch.linspace(-0.3, 0.4, 8))
        parts = (block.query, block.key, block.value)
        own.self_attn.in_proj_weight.copy_(torch.cat([part.weight for part in parts]))
        own.self_attn.in_proj_bias.copy_(torch.cat([part.bias for part in parts]))
        for theirs, ours in pairs:
            theirs.weight.copy_(ours.weight)
            theirs.bias.copy_(ours.bias)
    X = torch.tensor(rng.standard_normal((3, 6, 8)))
    assert_allclose(block(X).detach(), own(X).detach(), rtol=0, atol=EXACT)


def test_tokens_have_no_order(rng):
    block = TransformerBlock(4, 2, 5, activation=TANH, seed=0)
    X, order = torch.tensor(rng.standard_normal((2, 6, 4))), rng.permutation(6)
    assert_allclose(block(X[:, order]).detach(), block(X)[:, order].detach(), rtol=0, atol=EXACT)


def test_a_bias_of_the_keys_moves_nothing_and_that_of_the_values_repeats_another(rng):
    block = TransformerBlock(4, 2, 5, activation=TANH, seed=0)
    shares = gram_by_parameter(block, rng.standard_normal((2, 3, 4)))
    largest = {name: float(share.abs().max()) for name, share in shares.items()}
    assert largest["key.bias"] < 1e-28  # squares of roundings
    assert min(value for name, value in largest.items() if name != "key.bias") > 1e-6
    # Attention is a mean over tokens, so a shift of all values is one of the mix.
    values = torch.linalg.eigvalsh(shares["value.bias"] + shares["mix.bias"])
    assert int((values > 1e-12 * values[-1]).sum()) == 4


def test_the_kernel_is_positive_on_generic_tokens(rng):
    block = TransformerBlock(4, 2, 5, activation=TANH, seed=0)
    eigenvalues = np.linalg.eigvalsh(ntk(block, rng.standard_normal((2, 3, 4))))
    assert eigenvalues[0] > 1e-6 * eigenvalues[-1]


@pytest.mark.parametrize(("dim", "hidden"), [(2, 1), (4, 7)])
def test_parameters_are_as_many_as_are_counted(dim, hidden):
    for heads in (1, 2):
        block = TransformerBlock(dim, heads, hidden, activation=TANH, seed=0)
        total = sum(p.numel() for p in block.parameters())
        assert total == transformer_block_parameters(dim, hidden)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 1, 2), "`token_dim` must be at least 1; got 0"),
        ((4, 0, 2), "`num_heads` must be at least 1; got 0"),
        ((4, 2, 0), "`hidden_width` must be at least 1; got 0"),
        ((4, 3, 2), "`num_heads` must divide token_dim = 4; got 3"),
    ],
)
def test_impossible_sizes_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        TransformerBlock(*arguments, activation=TANH, seed=0)
