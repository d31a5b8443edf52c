"""How much the tangent kernel changes when the weights of its layer move, on the circle.

Two directions: a random one, and the one that changes the kernel at one point the most. Two
hidden layers, the second matrix moves.
"""

import math
from dataclasses import dataclass

import numpy as np
import xarray as xr
from jaxtyping import Float
from scipy.sparse.linalg import svds

from companion.activations import Activation, activation
from companion.claims.sphere_approximation_linearization import (
    lipschitz_kernel_change,
    relu_diagonal_change,
)
from companion.experiments.base import Experiment, label, with_bar
from companion.networks.fully_connected import FullyConnectedNetwork
from companion.networks.initialization import gaussian_layers
from companion.numerics.montecarlo import stream
from companion.spaces.circle import circle_points, fourier_basis
from companion.spaces.sobolev_operators import operator_matrix, smoothing_norm
from companion.tangent.gram import ntk

DIRECTIONS = ("random", "worst at a point")
NORMS = ("Sobolev operator", "L2 operator", "supremum")
_STEP = 1e-6  # of the difference quotient for the second derivative


@dataclass(frozen=True)
class Config:
    """Relative displacements h in the operator norm; the theorem as reconstructed has h <= 1."""

    activations: tuple[str, ...] = ("relu", "elu", "gelu")
    displacements: tuple[float, ...] = (0.005, 0.01, 0.02, 0.04, 0.08, 0.16)  # h
    width: int = 512  # m
    smoothness: float = 0.45  # alpha of the norms
    num_points: int = 128
    num_draws: int = 6
    seed: int = 0


SCALES = {
    "smoke": Config(displacements=(0.02, 0.05, 0.1, 0.2), width=128, num_points=32, num_draws=2),
    "book": Config(),
    "document": Config(
        displacements=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5),
        width=2048,
        num_points=256,
    ),
}


def run(config: Config) -> xr.Dataset:
    """Changes of the kernel in three norms.

    Parameters
    ----------
    config
        The configuration.

    Returns
    -------
    The change by activation, direction, norm, displacement and draw; beside it two results of
    ours in the supremum norm: the bound for a Lipschitz derivative (infinite for ReLU), and, for
    ReLU, the largest change of the diagonal at infinite width at the point of attack.
    """
    X = circle_points(config.num_points)
    basis, degrees = fourier_basis(config.num_points)
    weights = np.full(len(X), 1 / len(X))

    def sizes(change: Float[np.ndarray, "n n"]) -> list[float]:
        matrix = operator_matrix(change, basis, weights=weights)
        operators = [
            smoothing_norm(matrix, degrees, input_dim=2, smoothness=order)
            for order in (config.smoothness, 0.0)
        ]
        return [*operators, float(np.abs(change).max())]

    cells = (len(config.activations), len(config.displacements), config.num_draws)
    change = np.empty((len(DIRECTIONS), len(NORMS), *cells))
    bound = np.empty(cells)
    switched = np.empty(cells)
    for i, name in enumerate(with_bar(config.activations, "activations")):
        sigma = activation(name)
        for draw in range(config.num_draws):
            rng = stream(config.seed, "weights", draw)
            layers = gaussian_layers((config.width, config.width), 2, rng)
            start = _kernel(X, sigma, layers)
            values = sigma(X @ layers[0].T) / math.sqrt(config.width)
            norms = np.linalg.norm(values, axis=1)
            noise = stream(config.seed, "direction", draw).standard_normal(layers[1].shape)
            # Not by all singular values, which take a hundred times as long.
            (largest,) = svds(noise, k=1, v0=np.ones(len(noise)), return_singular_vectors=False)
            noise *= math.sqrt(config.width) / float(largest)
            for j, h in enumerate(config.displacements):
                shift = _worst_shift(values[0] @ layers[1].T, norms[0], h, sigma)
                attack = np.outer(shift, values[0] / norms[0] ** 2)
                for q, moved in enumerate((h * noise, attack)):
                    layers_moved = (layers[0], layers[1] + moved, layers[2])
                    change[q, :, i, j, draw] = sizes(_kernel(X, sigma, layers_moved) - start)
                bound[i, j, draw] = lipschitz_kernel_change(h, sigma, value_norm=norms.max())
                switched[i, j, draw] = norms[0] ** 2 * relu_diagonal_change(h)
    return _dataset(config, change, bound, switched)


def _kernel(
    X: Float[np.ndarray, "n d"], sigma: Activation, layers: tuple[np.ndarray, ...]
) -> Float[np.ndarray, "n n"]:
    kernel: Float[np.ndarray, "n n"] = ntk(
        FullyConnectedNetwork(layers, activation=sigma, trained="second_to_last"), X
    ).numpy()
    return kernel


def _worst_shift(
    f: Float[np.ndarray, " m"], value_norm: float, h: float, sigma: Activation
) -> Float[np.ndarray, " m"]:
    # How to move the arguments f of the last hidden layer at one point, within what a matrix of
    # relative norm h can reach there, so that the mean of sigma'(f)^2 changes the most: at a jump
    # of sigma' the cheapest active neurons are switched off, otherwise along the gradient.
    budget = h * value_norm * math.sqrt(len(f))
    if math.isinf(sigma.derivative_lipschitz):
        order = np.argsort(np.where(f > 0, f, np.inf))
        affordable = np.cumsum(np.where(f > 0, f, np.inf)[order] ** 2) <= budget**2
        shift = np.zeros_like(f)
        shift[order[affordable]] = -f[order[affordable]] * (1 + 1e-9)  # to beyond the kink
        return shift
    slope = sigma.derivative(f + _STEP) - sigma.derivative(f - _STEP)
    gradient = sigma.derivative(f) * slope
    return budget * gradient / float(np.linalg.norm(gradient))


def _dataset(
    config: Config,
    change: Float[np.ndarray, "q r a h k"],
    bound: Float[np.ndarray, "a h k"],
    switched: Float[np.ndarray, "a h k"],
) -> xr.Dataset:
    cells = ("activation", "displacement", "draw")
    return xr.Dataset(
        {
            "change": (("direction", "norm", *cells), change, label("change of the kernel")),
            "bound": (cells, bound, label("bound for a Lipschitz derivative")),
            "switched": (cells, switched, label("worst change of the ReLU diagonal")),
        },
        coords={
            "direction": ("direction", list(DIRECTIONS), label("direction:")),
            "norm": ("norm", list(NORMS), label("norm:")),
            "activation": ("activation", list(config.activations), label("activation:")),
            "displacement": (
                "displacement",
                list(config.displacements),
                label("relative displacement h"),
            ),
        },
    )


EXPERIMENT = Experiment(
    name="sphere_approximation.kernel_continuity",
    summary="change of the tangent kernel when the weights move, at random and at worst",
    scales=SCALES,
    run=run,
)
