"""Networks and data whose gradient flow is followed, with weights 1/n and eigenvalues known."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from companion.dynamics.objective import Objective
from companion.networks.two_layer import TwoLayerNetwork
from companion.spaces.sphere import uniform_on_sphere


@dataclass(frozen=True)
class Problem:
    """A flow up to the time at which its stiffness, lambda_max(0) times time, is as given."""

    module: nn.Module
    X: np.ndarray
    y: np.ndarray
    stiffness: float

    @property
    def nu(self) -> np.ndarray:
        return np.full(len(self.y), 1 / len(self.y))

    def objective(self) -> Objective:
        return Objective(self.module, self.X, self.y, self.nu)

    def end(self) -> float:
        objective = self.objective()
        return self.stiffness / float(objective.weighted_spectrum(objective.theta_0)[-1])

    def times(self) -> np.ndarray:
        """Thirteen times, spread in the logarithm over the last four decades."""
        end = self.end()
        times = np.geomspace(1e-4 * end, end, 13)
        times[-1] = end
        return times


def two_layers(
    X: np.ndarray,
    y: np.ndarray,
    *,
    width: int,
    activation: Callable[[Tensor], Tensor],
    stiffness: float,
    seed: int = 0,
) -> Problem:
    """Gaussian weights and biases, all trained."""
    rng = np.random.default_rng([seed, 1])
    W, bias, a = (
        rng.standard_normal(shape) for shape in ((width, X.shape[1]), (width,), (width,))
    )
    return Problem(TwoLayerNetwork(W, a, bias=bias, activation=activation), X, y, stiffness)


class ThreeLayers(nn.Module):
    """Two hidden layers of tanh, each read with a factor of one over the root of its width."""

    def __init__(self, input_dim: int, width: int, seed: int) -> None:
        super().__init__()
        self.scale = width**-0.5
        rng = np.random.default_rng([seed, 1])
        shapes = {"first": (width, input_dim), "second": (width, width), "last": (1, width)}
        for name, (rows, columns) in shapes.items():
            layer = nn.Linear(columns, rows, bias=name != "last", dtype=torch.float64)
            for parameter in layer.parameters():
                parameter.data = torch.from_numpy(rng.standard_normal(parameter.shape))
            setattr(self, name, layer)

    def forward(self, X: Tensor) -> Tensor:
        hidden = torch.tanh(self.first(X))
        hidden = torch.tanh(hidden @ self.second.weight.T * self.scale + self.second.bias)
        return (self.last(hidden) * self.scale).squeeze(1)


def random_labels(num_samples: int, input_dim: int, seed: int = 0) -> tuple[np.ndarray, ...]:
    """Points uniform on the unit sphere with Gaussian labels."""
    rng = np.random.default_rng(seed)
    return uniform_on_sphere(num_samples, input_dim, rng), rng.standard_normal(num_samples)


def smooth_target(num_samples: int, input_dim: int, seed: int = 0) -> tuple[np.ndarray, ...]:
    """Gaussian points of mean square norm 1 with a wave and a product of coordinates."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((num_samples, input_dim))
    return X / input_dim**0.5, np.sin(2 * X[:, 0]) + X[:, 1] * X[:, -1]


def wave(num_samples: int, seed: int = 0) -> tuple[np.ndarray, ...]:
    """Gaussian points of the plane with an oblique wave."""
    X = np.random.default_rng(seed).standard_normal((num_samples, 2))
    return X / 2**0.5, np.cos(X[:, 0] + 2 * X[:, 1])
