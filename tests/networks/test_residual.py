"""Skips inside the activation are a shifted plain network; skips around it are not."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from torch import nn

from companion.activations import TANH, leaky_relu
from companion.claims.general_architectures_counts import skip_inside_parameters
from companion.claims.general_architectures_further_counts import residual_parameters
from companion.networks.multilayer import multilayer_perceptron
from companion.networks.residual import (
    SkipLinear,
    residual_network,
    shifted_plain_network,
    skip_inside_network,
)
from companion.tangent.jacobian import jacobian
from companion.tangent.rank import rank_bound

EXACT = 1e-13  # some tens of roundings of numbers of order one, through the layers


def count(module):
    return sum(p.numel() for p in module.parameters())


def test_one_layer_by_hand():
    network = skip_inside_network(2, 1, activation=TANH, seed=0)
    with torch.no_grad():
        network[0].linear.weight.copy_(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
        network[0].linear.bias.copy_(torch.tensor([0.5, -0.5]))
    outputs = network(torch.tensor([[1.0, 10.0]], dtype=torch.float64)).detach()
    np.testing.assert_array_equal(outputs, [[22.5, 52.5]])


@settings(max_examples=20)
@given(width=st.integers(1, 5), depth=st.integers(1, 5), seed=st.integers(0, 10**6))
def test_the_shifted_plain_network_is_the_same_function_with_the_same_jacobian(width, depth, seed):
    network = skip_inside_network(width, depth, activation=leaky_relu(0.01), seed=seed)
    plain = shifted_plain_network(network)
    X = np.random.default_rng(seed).standard_normal((3, width))
    assert [type(part) for part in plain[::2]] == [nn.Linear] * depth
    # Rounding of I + W moves a value by its size; near a kink that could change a slope, but
    # no draw comes that close.
    J, expected = jacobian(plain, X), jacobian(network, X)
    scale = float(expected.abs().max())
    assert_allclose(J, expected, rtol=0, atol=EXACT * scale)
    F = network(torch.tensor(X)).detach()
    assert_allclose(plain(torch.tensor(X)).detach(), F, rtol=0, atol=EXACT * scale)


def test_the_plain_network_is_a_copy_with_one_added_on_the_diagonal():
    network = skip_inside_network(3, 2, activation=nn.PReLU(), seed=0)
    plain = shifted_plain_network(network)
    assert torch.equal(plain[0].weight, network[0].linear.weight + torch.eye(3))
    assert torch.equal(plain[2].bias, network[2].linear.bias)
    with torch.no_grad():
        plain[1].weight.fill_(7.0)
    assert float(network[1].weight.detach()) == 0.25


def test_the_rank_of_the_documents_network_follows_from_the_plain_one(rng):
    # Width 4, two layers, leaky ReLU: P = n q = 40 on ten samples, and four rescalings are lost.
    network = skip_inside_network(4, 2, activation=leaky_relu(0.01), seed=0)
    X = rng.standard_normal((10, 4))
    assert count(network) == skip_inside_parameters(4, 2) == 40
    assert rank_bound(shifted_plain_network(network), X).bound == 36
    assert np.linalg.matrix_rank(jacobian(network, X).numpy(), tol=1e-10) <= 36


def test_the_branch_by_hand():
    network = residual_network(1, 2, branch_width=2, activation=leaky_relu(0.5), seed=0)
    with torch.no_grad():
        for block in network:
            block.inner.weight.copy_(torch.tensor([[1.0], [-2.0]]))
            block.inner.bias.copy_(torch.tensor([0.0, 1.0]))
            block.outer.weight.copy_(torch.tensor([[1.0, 3.0]]))
            block.outer.bias.fill_(-1.0)
    # 3 -> 3 + 3 + 3 (-5 / 2) - 1 = -2.5 -> -2.5 - 1.25 + 3 * 6 - 1 = 13.25
    outputs = network(torch.tensor([[3.0]], dtype=torch.float64)).detach()
    assert float(outputs) == 13.25


def test_the_residual_network_has_the_documents_form_for_a_leaky_relu(rng):
    # Every value passes the activation; two neurons of fixed weights carry an input on.
    slope = 0.2
    sigma = leaky_relu(slope)
    (block,) = residual_network(3, 1, branch_width=4, activation=sigma, seed=3)
    W, V = block.inner.weight.detach(), block.outer.weight.detach()
    one = torch.eye(3, dtype=W.dtype)
    inner = torch.cat([W, one, -one])
    shift = torch.cat([block.inner.bias.detach(), torch.zeros(6, dtype=W.dtype)])
    outer = torch.cat([V, one / (1 + slope), -one / (1 + slope)], dim=1)
    X = torch.tensor(rng.standard_normal((5, 3)))
    plain = sigma(X @ inner.T + shift) @ outer.T + block.outer.bias.detach()
    assert_allclose(block(X).detach(), plain, rtol=0, atol=EXACT)


@pytest.mark.parametrize(("width", "depth", "branch"), [(1, 1, 1), (3, 2, 5), (4, 3, 2)])
def test_parameters_are_as_many_as_are_counted(width, depth, branch):
    inside = skip_inside_network(width, depth, activation=TANH, seed=0)
    assert count(inside) == skip_inside_parameters(width, depth) == depth * (width**2 + width)
    around = residual_network(width, depth, branch_width=branch, activation=TANH, seed=0)
    assert count(around) == residual_parameters(width, depth, branch_width=branch)


def test_a_skip_needs_a_square_map():
    with pytest.raises(ValueError, match="got 3 inputs and 2 outputs"):
        SkipLinear(nn.Linear(3, 2))


def test_a_network_without_skips_is_refused():
    with pytest.raises(TypeError, match="`network` must have a SkipLinear part; got none"):
        shifted_plain_network(multilayer_perceptron((2, 2), activation=TANH, seed=0))


@pytest.mark.parametrize("name", ["width", "depth", "branch_width"])
def test_sizes_of_zero_are_refused(name):
    sizes = {"width": 2, "depth": 2, "branch_width": 2, name: 0}
    with pytest.raises(ValueError, match=f"`{name}` must be at least 1; got 0"):
        residual_network(**sizes, activation=TANH, seed=0)
    if name != "branch_width":
        sizes.pop("branch_width")
        with pytest.raises(ValueError, match=f"`{name}` must be at least 1; got 0"):
            skip_inside_network(**sizes, activation=TANH, seed=0)
