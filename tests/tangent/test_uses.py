"""Uses of parameters found in graphs whose answer can be read off the code."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from companion.tangent.uses import read_graph


def numbers(*shape):
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def parameter(*shape):
    return nn.Parameter(numbers(*shape))


X = numbers(5, 3)


def test_a_linear_layer_uses_its_weight_and_its_bias_once():
    layer = nn.Linear(3, 4).double()
    reading = read_graph(layer(X), list(layer.parameters()))
    (weight,), (bias,) = reading.uses
    assert weight.node is bias.node
    assert torch.equal(weight.A, X[None]) and not weight.transposed
    assert torch.equal(bias.A, torch.ones(1, 5, 1))
    assert reading.structure == ("AddmmBackward0",)
    assert reading.rowwise


def test_every_place_counts():
    W = parameter(3, 3)
    outputs = torch.tanh(torch.tanh(X @ W) @ W.T) @ W
    (uses,) = read_graph(outputs, [W]).uses
    assert sorted(use.transposed for use in uses) == [False, True, True]


def test_constant_factors_belong_to_the_inputs():
    W = parameter(4, 3)
    (uses,) = read_graph(F.linear(X, -W * 6 / 2), [W]).uses
    assert torch.equal(uses[0].A, -3.0 * X[None])


@pytest.mark.parametrize(
    "view",
    [
        lambda W: W.T,
        lambda W: W.transpose(-1, 0),
        lambda W: W.permute(1, 0),
        lambda W: W.view(-1).view(4, 3).T,
        lambda W: W.unsqueeze(0).transpose(1, 2).view(3, 4),
    ],
)
def test_views_are_seen_through(view):
    W = parameter(4, 3)
    (uses,) = read_graph(X @ view(W), [W]).uses
    assert uses is not None and not uses[0].transposed


@pytest.mark.parametrize(
    "function",
    [
        lambda W: X @ W[:, :2],  # a part of the parameter
        lambda W: X @ torch.sin(W),  # a function of it
        lambda W: (X @ W) * W.sum(),  # one use known, one not
        lambda W: W[None].expand(5, 3, 4)[:, 0],  # the outputs are the parameter
    ],
    ids=["part", "function", "second use", "outputs"],
)
def test_uses_of_another_form_are_not_claimed(function):
    W = parameter(3, 4)
    assert read_graph(function(W), [W]).uses == [None]


def test_parameters_without_influence_have_no_uses():
    W, unused = parameter(3, 4), parameter(2)
    uses = read_graph(X @ W, [unused, W]).uses
    assert uses[0] == [] and len(uses[1]) == 1
    assert read_graph(X.sum(1), [W]).uses == [[]]


def test_inputs_of_the_uses_do_not_keep_the_graph():
    W, V = parameter(3, 4), parameter(4, 1)
    (use,) = read_graph(torch.tanh(X @ W) @ V, [W, V]).uses[1]
    assert use.A.grad_fn is None and use.A._base is None


def test_hidden_parts_of_the_graph_are_refused():
    layer, inner = nn.Linear(3, 3).double(), nn.Linear(3, 1).double()
    outputs = checkpoint(inner, layer(X), use_reentrant=True)
    with pytest.raises(ValueError, match="Pass use_reentrant=False"):
        read_graph(outputs, [*layer.parameters(), *inner.parameters()])
