"""Modules that the library has never seen, each with a batch: what a user may bring along."""

from collections.abc import Callable

import torch
from torch import Tensor, nn


class SharedWeights(nn.Module):
    """One matrix used twice, and a linear layer tied to another."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(3, 3)
        self.outer = nn.Linear(3, 3)
        self.outer.weight = self.inner.weight

    def forward(self, X: Tensor) -> Tensor:
        return torch.tanh(self.outer(torch.tanh(self.inner(self.inner(X))))).sum(1)


class WithBuffer(nn.Module):
    """A buffer in the forward pass and a parameter that is never used."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 2)
        self.unused = nn.Parameter(torch.ones(2))
        self.register_buffer("shift", torch.tensor([0.5, -1.0, 2.0]))

    def forward(self, X: Tensor) -> Tensor:
        return torch.sigmoid(self.layer(X - self.shift))


class Coupled(nn.Module):
    """Samples see each other: every output has the mean of the batch subtracted."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 2)

    def forward(self, X: Tensor) -> Tensor:
        hidden = torch.tanh(self.layer(X))
        return hidden - hidden.mean(0)


class DataDependent(nn.Module):
    """Control flow that looks at the values, which vectorised transformations refuse."""

    def __init__(self) -> None:
        super().__init__()
        self.left, self.right = nn.Linear(3, 1), nn.Linear(3, 1)

    def forward(self, X: Tensor) -> Tensor:
        rows = [self.left(x) if x.sum().item() > 0 else torch.tanh(self.right(x)) for x in X]
        return torch.cat(rows)


class Recurrent(nn.Module):
    """A gated recurrent unit read at its last step."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.GRU(2, 3, batch_first=True)

    def forward(self, X: Tensor) -> Tensor:
        return self.cell(X)[0][:, -1]


def _perceptron() -> nn.Module:
    return nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 2))


def _frozen() -> nn.Module:
    module = _perceptron()
    module[0].requires_grad_(False)
    return module


def _convolution() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.Softplus(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(2, 1)
    )


def _normalised() -> nn.Module:
    layers = nn.Sequential(
        nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Dropout(), nn.Linear(4, 1)
    )
    layers[1].running_mean.copy_(torch.linspace(-0.5, 0.5, 4))
    return nn.Sequential(layers, nn.Flatten(0))


def _attention() -> nn.Module:
    layer = nn.TransformerEncoderLayer(
        4, 2, dim_feedforward=5, activation="gelu", batch_first=True
    )
    return nn.Sequential(layer, nn.Flatten())


# Name -> (module in evaluation mode, shape of one sample); all smooth, so that differences work.
_MAKERS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "perceptron": (_perceptron, (3,)),
    "frozen first layer": (_frozen, (3,)),
    "shared weights": (SharedWeights, (3,)),
    "buffer and unused parameter": (WithBuffer, (3,)),
    "convolution": (_convolution, (1, 4, 4)),
    "batch norm and dropout, evaluating": (_normalised, (3,)),
    "attention": (_attention, (2, 4)),
    "coupled samples": (Coupled, (3,)),
    "control flow on data": (DataDependent, (3,)),
    "recurrent": (Recurrent, (3, 2)),
}
NAMES = tuple(_MAKERS)


def stranger(name: str, num_samples: int = 5) -> tuple[nn.Module, Tensor]:
    """A module in double precision and evaluation mode, and a batch for it."""
    make, shape = _MAKERS[name]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = make().double().eval()
        return module, torch.randn(num_samples, *shape, dtype=torch.float64)
