r"""The tangent kernel of a ReLU network against its limit as the dimension nears the width.

The worst points are directions in which the first matrix of weights is longest or shortest, its
first and last right singular vectors; from :math:`d > m` on the shortest has length zero.
"""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from jaxtyping import Float

from companion.activations import RELU
from companion.experiments.base import Experiment, label, with_bar
from companion.kernels.tangent_kernel import tangent_kernel
from companion.networks.fully_connected import FullyConnectedNetwork
from companion.networks.initialization import gaussian_layers
from companion.numerics.montecarlo import stream
from companion.spaces.sphere import uniform_on_sphere
from companion.tangent.gram import ntk

PLACES = ("shortest direction", "longest direction", "random points")


@dataclass(frozen=True)
class Config:
    """Two hidden layers of one width, in dimensions below and beyond it."""

    input_dims: tuple[int, ...] = (2, 4, 8, 16, 32, 64, 128, 256, 512)  # d
    width: int = 256  # m
    num_points: int = 100  # independent points beside the worst directions
    num_draws: int = 6
    seed: int = 0


SCALES = {
    "smoke": Config(input_dims=(2, 8, 32, 64), width=32, num_points=10, num_draws=4),
    "book": Config(),
    "document": Config(
        input_dims=tuple(2**k for k in range(1, 11)), width=512, num_points=300, num_draws=12
    ),
}


def run(config: Config) -> xr.Dataset:
    """Distances from the limit, relative to its value at one point.

    Parameters
    ----------
    config
        The configuration.

    Returns
    -------
    The distance at the two directions and its maximum over pairs of random points, by dimension
    and draw, and the law of random matrices for the first two.
    """
    cells = (len(config.input_dims), config.num_draws)
    distance = np.empty((len(PLACES), *cells))
    for i, input_dim in enumerate(with_bar(config.input_dims, "dimensions")):
        for draw in range(config.num_draws):
            rng = stream(config.seed, "weights", input_dim, draw)
            layers = gaussian_layers((config.width, config.width), input_dim, rng)
            random = uniform_on_sphere(config.num_points, input_dim, rng)
            directions = np.linalg.eigh(layers[0].T @ layers[0])[1][:, [0, -1]].T
            points = np.concatenate([directions, random])
            network = FullyConnectedNetwork(layers, activation=RELU, trained="second_to_last")
            limit = tangent_kernel(points, depth=2, activation=RELU, trained="second_to_last")
            change = np.abs(ntk(network, points).numpy() - limit) / limit[0, 0]
            distance[:, i, draw] = [change[0, 0], change[1, 1], change[2:, 2:].max()]
    return _dataset(config, distance)


def _dataset(config: Config, distance: Float[np.ndarray, "q d k"]) -> xr.Dataset:
    ratio = np.array(config.input_dims) / config.width
    # The extreme singular values of a Gaussian matrix are near sqrt(m) +- sqrt(d).
    shortest = 1 - np.maximum(1 - np.sqrt(ratio), 0) ** 2
    longest = (1 + np.sqrt(ratio)) ** 2 - 1
    return xr.Dataset(
        {
            "distance": (
                ("place", "ratio", "draw"),
                distance,
                label("distance from the limit over its diagonal"),
            ),
            "shortest_law": ("ratio", shortest, label("law for the shortest direction")),
            "longest_law": ("ratio", longest, label("law for the longest direction")),
        },
        coords={
            "place": ("place", list(PLACES), label("at:")),
            "ratio": ("ratio", ratio, label("dimension over width")),
        },
    )


EXPERIMENT = Experiment(
    name="sphere_approximation.high_dimension",
    summary="the tangent kernel against its limit as the dimension nears the width",
    scales=SCALES,
    run=run,
)
