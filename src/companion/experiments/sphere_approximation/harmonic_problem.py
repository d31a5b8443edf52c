"""What the runs on a sphere share: an exact rule, the harmonics on it, a target, a network."""

import warnings
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int

from companion.activations import Activation
from companion.dynamics.failures import KinkWarning
from companion.dynamics.gradient_flow import gradient_flow
from companion.dynamics.trajectory import Trajectory
from companion.networks.fully_connected import FullyConnectedNetwork
from companion.networks.initialization import gaussian_layers
from companion.spaces.sphere_rule import sphere_rule
from companion.spaces.spherical_basis import spherical_basis


@dataclass(frozen=True, eq=False)
class HarmonicGrid:
    """A rule that is exact for products of two harmonics, and the harmonics at its points.

    On the circle the harmonics span all functions on the points; on higher spheres a residual
    has a part in higher degrees, which no coefficient sees.

    Parameters
    ----------
    points
        Points as rows.
    weights
        Their weights, which sum to one.
    basis
        A column for each harmonic.
    degrees
        Their degrees.
    """

    points: Float[np.ndarray, "n d"]
    weights: Float[np.ndarray, " n"]
    basis: Float[np.ndarray, "n k"]
    degrees: Int[np.ndarray, " k"]

    def coefficients(self, values: Float[np.ndarray, "*batch n"]) -> Float[np.ndarray, "*batch k"]:
        """Coefficients of functions given at the points along the last axis."""
        return values @ (self.weights[:, None] * self.basis)

    def energies(self, values: Float[np.ndarray, "*batch n"]) -> Float[np.ndarray, "*batch l"]:
        """Sums of their squares by degree."""
        squares = self.coefficients(values) ** 2
        first = np.searchsorted(self.degrees, np.arange(self.degrees[-1] + 1))
        return np.add.reduceat(squares, first, axis=-1)


def harmonic_grid(input_dim: int, max_degree: int) -> HarmonicGrid:
    """The grid for harmonics up to a degree on the sphere in a space of that dimension."""
    points, weights = sphere_rule(input_dim=input_dim, degree=2 * max_degree)
    basis, degrees = spherical_basis(points, max_degree=max_degree)
    return HarmonicGrid(points, weights, basis, degrees)


def deep_network(
    width: int,
    input_dim: int,
    activation: Activation,
    rng: np.random.Generator,
    *,
    depth: int = 2,
) -> FullyConnectedNetwork:
    """Hidden layers of one width; the last is trained, as in the reconstructed theorem."""
    layers = gaussian_layers((width,) * depth, input_dim, rng)
    return FullyConnectedNetwork(layers, activation=activation)


def outputs(
    network: FullyConnectedNetwork, points: Float[np.ndarray, "n d"]
) -> Float[np.ndarray, " n"]:
    """Outputs of a network as an array."""
    with torch.no_grad():
        return network(torch.from_numpy(points)).numpy()


def flow_from(
    network: FullyConnectedNetwork,
    grid: HarmonicGrid,
    residual: Float[np.ndarray, " n"],
    t: Float[np.ndarray, " t"],
    *,
    rtol: float,
    keep_path: bool = False,
) -> Trajectory:
    """The flow whose residual starts at the given one: the target is what makes it so.

    A deep ReLU network crosses kinks, which the flow warns of. The tests compare these runs with
    runs of smaller tolerance instead.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", KinkWarning)
        return gradient_flow(
            network,
            torch.from_numpy(grid.points),
            outputs(network, grid.points) - residual,
            t_end=float(t[-1]),
            t_eval=t,
            nu=grid.weights,
            rtol=rtol,
            keep_path=keep_path,
        )


def log_times(horizon: float, count: int) -> Float[np.ndarray, " t"]:
    """Zero, and times spread evenly in the logarithm from a tenth to the horizon."""
    t = np.concatenate([[0.0], np.geomspace(0.1, horizon, count - 1)])
    t[-1] = horizon  # geomspace rounds its end
    return t


def trained_network(
    network: FullyConnectedNetwork, parameters: dict[str, np.ndarray]
) -> FullyConnectedNetwork:
    """A copy of the network with the trained matrices replaced."""
    layers = [
        torch.as_tensor(parameters.get(f"W{index}", matrix.detach()))
        for index, matrix in enumerate(network.weights)
    ]
    return FullyConnectedNetwork(layers, activation=network.activation, trained=network.trained)
