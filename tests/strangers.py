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


class HandwrittenAttention(nn.Module):
    """Two heads from one tensor of weights by einsum, a gain, and the projection tied to it."""

    def __init__(self) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.randn(3, 2, 4, 2))  # query, key, value; head; in; out
        self.gain = nn.Parameter(torch.rand(4) + 0.5)
        self.temperature = nn.Parameter(torch.tensor(0.7))

    def forward(self, X: Tensor) -> Tensor:
        normal = self.gain * X / (1e-3 + X.square().mean(-1, keepdim=True)).sqrt()
        query, key, value = torch.einsum("ntd,shde->snhte", normal, self.weights)
        mixing = torch.softmax(self.temperature * query @ key.transpose(-1, -2), dim=-1)
        mixed = torch.einsum("nhte,hde->ntd", mixing @ value, self.weights[2])
        return (X + mixed).tanh().flatten(1)[:, :3]


class Doubled(torch.autograd.Function):
    """An operation with a derivative of its own that no graph explains: sin(w) x."""

    @staticmethod
    def forward(ctx, X, w):
        ctx.save_for_backward(X, w)
        return X * torch.sin(w)

    @staticmethod
    def backward(ctx, D):
        X, w = ctx.saved_tensors
        return D * torch.sin(w), (D * X * torch.cos(w)).sum(0)


class OperatorNetwork(nn.Module):
    """Weights made from weights, an operation of its own and a basis that is data, not layers."""

    def __init__(self) -> None:
        super().__init__()
        self.left, self.right = nn.Parameter(torch.randn(3, 2)), nn.Parameter(torch.randn(2, 4))
        self.frequencies = nn.Parameter(torch.randn(4))
        self.coefficients = nn.Parameter(torch.randn(4, 1))
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, X: Tensor) -> Tensor:
        self.calls += 1
        branch = torch.tanh(X @ (self.left @ self.right))
        trunk = Doubled.apply(torch.cos(X.sum(1, keepdim=True)) + branch, self.frequencies)
        return ((branch * trunk) @ self.coefficients).squeeze(1)


class NormedRecursion(nn.Module):
    """One normalised cell applied until a depth, its weight a product of length and direction."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.utils.parametrizations.weight_norm(nn.Linear(3, 3))
        self.norm = nn.LayerNorm(3)
        self.step = nn.Parameter(torch.tensor(0.3))
        self.heads = nn.ModuleDict({"mean": nn.Linear(3, 1), "scale": nn.Linear(3, 2, bias=False)})

    def forward(self, X: Tensor) -> Tensor:
        state = X
        for _ in range(3):
            state = state + self.step * torch.tanh(self.norm(self.cell(state)))
        return torch.cat([self.heads["mean"](state), self.heads["scale"](state).exp()], dim=1)


def rows_by_autograd(
    module: nn.Module, X: object, call: Callable[[nn.Module, object], Tensor] | None = None
) -> Tensor:
    """The Jacobian, one plain backward pass for every output of every sample."""
    outputs = module(X) if call is None else call(module, X)
    parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
    rows = [
        torch.autograd.grad(one, parameters, retain_graph=True, materialize_grads=True)
        for one in outputs.reshape(-1)
    ]
    return torch.stack([torch.cat([part.reshape(-1) for part in row]) for row in rows])


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
    "handwritten attention": (HandwrittenAttention, (3, 4)),
    "operator network": (OperatorNetwork, (3,)),
    "normed recursion": (NormedRecursion, (3,)),
}
NAMES = tuple(_MAKERS)


def stranger(name: str, num_samples: int = 5) -> tuple[nn.Module, Tensor]:
    """A module in double precision and evaluation mode, and a batch for it."""
    make, shape = _MAKERS[name]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = make().double().eval()
        return module, torch.randn(num_samples, *shape, dtype=torch.float64)
