"""What is said of rows against derivatives by every entry of the batch."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from companion.tangent.uses import read_graph

SIZE = 4


def numbers(*shape):
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


W, V = nn.Parameter(numbers(SIZE, SIZE)), nn.Parameter(numbers(SIZE))
C = numbers(SIZE, SIZE)

# Square on purpose: rows and columns cannot be told apart by their number.
KEPT = {
    "perceptron": lambda X: torch.tanh(X @ W + V) @ V,
    "layers": lambda X: F.linear(F.relu(F.linear(X, W, V)), W),
    "residual": lambda X: (X @ W) + torch.sigmoid(X @ W) * (X @ W),
    "constants": lambda X: torch.sin(X @ W) * C / 2 - C,
    "flattened": lambda X: torch.tanh((X @ W).view(SIZE, 2, 2).view(SIZE, SIZE)) @ V,
    "frozen weights behind": lambda X: torch.tanh(X @ W) @ C,
}
MIXED = {
    "matrix from the left": lambda X: C @ torch.tanh(X @ W),
    "weights from the left": lambda X: W @ torch.tanh(X @ W),
    "transposed": lambda X: torch.tanh(X @ W).T @ V,
    "mean of the batch": lambda X: torch.tanh(X @ W) - torch.tanh(X @ W).mean(0),
    "products of samples": lambda X: torch.tanh(X @ W) @ torch.tanh(X @ W).T,
    "softmax over samples": lambda X: torch.softmax(X @ W, dim=0),
    "rows against columns": lambda X: torch.tanh(X @ V) * torch.tanh(X @ W),
    "sorted": lambda X: torch.tanh(X @ W).sort(dim=0).values,
    "rolled": lambda X: torch.tanh(X @ W).roll(1, 0),
}


def couples(function):
    """Whether some output row has a derivative by another row of the first preactivation."""
    X = numbers(SIZE, SIZE).requires_grad_()
    outputs = function(X)
    blocks = torch.autograd.functional.jacobian(function, X).reshape(
        SIZE, outputs[0].numel(), SIZE, SIZE
    )
    return any(blocks[i, :, j].abs().max() > 0 for i in range(SIZE) for j in range(SIZE) if i != j)


@pytest.mark.parametrize("name", KEPT)
def test_rows_that_stay_apart_are_recognised(name):
    assert read_graph(KEPT[name](numbers(SIZE, SIZE)), [W, V]).rowwise
    assert not couples(KEPT[name])


@pytest.mark.parametrize("name", MIXED)
def test_rows_that_meet_are_never_called_apart(name):
    assert not read_graph(MIXED[name](numbers(SIZE, SIZE)), [W, V]).rowwise
    assert couples(MIXED[name])
