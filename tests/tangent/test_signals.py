"""Signals against derivatives of a network whose inside is written out by hand."""

import pytest
import torch
from torch import nn

from companion.tangent.signals import Backward

N, M, Q = 5, 4, 3
EXACT = 1e-14  # products of three numbers of order one


@pytest.fixture
def recorded(rng):
    X, W, V = (torch.tensor(rng.standard_normal(shape)) for shape in ((N, 2), (2, M), (M, Q)))
    parameters = [nn.Parameter(W), nn.Parameter(V)]
    inside = X @ parameters[0]
    outputs = torch.tanh(inside) @ parameters[1]
    slope = 1 / torch.cosh(X @ W) ** 2
    return parameters, inside.grad_fn, outputs, slope, V, X


def test_signals_of_outputs_are_slopes_times_weights(recorded):
    parameters, node, outputs, slope, V, _ = recorded
    signals = Backward(outputs, parameters, (0, N * Q)).per_output([node, outputs.grad_fn])
    expected = torch.einsum("nm,mq->qnm", slope, V)
    torch.testing.assert_close(signals[node], expected, rtol=0, atol=EXACT)
    # At the outputs themselves: one for the own output, nothing for the others.
    assert torch.equal(signals[outputs.grad_fn], torch.eye(Q)[:, None].expand(Q, N, Q).double())


@pytest.mark.parametrize("rows", [(0, N * Q), (Q, 3 * Q)])
def test_signals_of_rows_belong_to_one_sample(recorded, rows):
    parameters, node, outputs, slope, V, X = recorded
    signals, (written,) = Backward(outputs, parameters, rows).per_row([node], [0])
    expected = torch.zeros(N, Q, N, M, dtype=torch.float64)
    for i in range(N):
        expected[i, :, i] = (slope[i][:, None] * V).T
    chosen = expected.reshape(N * Q, N, M)[slice(*rows)]
    torch.testing.assert_close(signals[node], chosen, rtol=0, atol=EXACT)
    by_weight = torch.einsum("rnm,nd->rdm", chosen, X).flatten(1)
    torch.testing.assert_close(written.J, by_weight, rtol=0, atol=EXACT)


def test_the_gradient_is_of_the_wanted_rows_and_the_same_every_time(recorded):
    parameters, _, outputs, *_ = recorded
    first, second = (Backward(outputs, parameters, (Q, 2 * Q)) for _ in range(2))
    assert torch.equal(first.u, second.u)
    assert first.u.nonzero().flatten().tolist() == list(range(Q, 2 * Q))
    expected = torch.autograd.grad(outputs, parameters, first.u.view(N, Q), retain_graph=True)
    for found, one in zip(first.gradients, expected, strict=True):
        assert torch.equal(found, one.flatten())


def test_rows_come_one_by_one_where_they_cannot_be_vectorised(recorded):
    parameters, *_ = recorded

    class Doubling(torch.autograd.Function):
        @staticmethod
        def forward(ctx, values):
            return 2 * values

        @staticmethod
        def backward(ctx, D):
            return 2 * D if D.sum().item() is not None else D  # looks at its numbers

    outputs = Doubling.apply(torch.ones(3, 2, dtype=torch.float64) @ parameters[0]).sum(1)
    _, (written,) = Backward(outputs, parameters, (0, 3)).per_row([], [0])
    assert torch.equal(written.J, torch.full((3, 2 * M), 2.0, dtype=torch.float64))
