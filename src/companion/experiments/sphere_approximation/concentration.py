r"""Distance of the initial tangent kernel from its limit, against the width.

Measured as an operator from :math:`H^{-\alpha}` to :math:`H^\alpha`, as an operator on
:math:`L^2`, and in the supremum over the points of a rule on the sphere.
"""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from jaxtyping import Float

from companion.activations import Activation, activation
from companion.experiments.base import Experiment, label, with_bar
from companion.kernels.tangent_kernel import tangent_kernel
from companion.networks.fully_connected import FullyConnectedNetwork
from companion.networks.initialization import gaussian_layers
from companion.numerics.montecarlo import stream
from companion.spaces.sobolev_operators import operator_matrix, smoothing_norm
from companion.spaces.sphere_rule import sphere_rule
from companion.spaces.spherical_basis import spherical_basis
from companion.tangent.gram import ntk

NORMS = ("Sobolev operator", "L2 operator", "supremum")
_MEMORY = 2**32  # bytes, for the widest matrix with its copies


@dataclass(frozen=True)
class Config:
    """The network as reconstructed, trained in its second-to-last layer; sizes are ours."""

    input_dim: int = 2  # d
    activations: tuple[str, ...] = ("relu", "elu", "gelu")
    depths: tuple[int, ...] = (2, 3)  # L
    widths: tuple[int, ...] = (32, 64, 128, 256, 512)  # m, of every hidden layer
    smoothness: float = 0.45  # alpha of the norms, in (0, 1/2)
    max_degree: int = 48  # of the harmonics between which the operators act
    num_draws: int = 6
    seed: int = 0


SCALES = {
    "smoke": Config(
        activations=("relu", "gelu"), depths=(2,), widths=(16, 64), max_degree=8, num_draws=3
    ),
    "book": Config(),
    # On S^2, to widths at which one matrix of weights takes half a gigabyte.
    "document": Config(
        input_dim=3,
        depths=(2,),
        widths=(64, 256, 1024, 4096, 8192),
        max_degree=16,
        num_draws=4,
    ),
}


def run(config: Config) -> xr.Dataset:
    """Distances of random kernels from their limit.

    Parameters
    ----------
    config
        The configuration.

    Returns
    -------
    The distance in each of three norms by activation, depth, width and draw, and the size of the
    limit in the same norms.
    """
    points, weights = sphere_rule(input_dim=config.input_dim, degree=2 * config.max_degree)
    basis, degrees = spherical_basis(points, max_degree=config.max_degree)

    def sizes(kernel: Float[np.ndarray, "n n"]) -> list[float]:
        matrix = operator_matrix(kernel, basis, weights=weights)
        operators = [
            smoothing_norm(matrix, degrees, input_dim=config.input_dim, smoothness=order)
            for order in (config.smoothness, 0.0)
        ]
        return [*operators, float(np.abs(kernel).max())]

    kinds = (len(config.activations), len(config.depths))
    distance = np.empty((len(NORMS), *kinds, len(config.widths), config.num_draws))
    limit_size = np.empty((len(NORMS), *kinds))
    for i, name in enumerate(config.activations):
        sigma = activation(name)
        for j, depth in enumerate(config.depths):
            limit = tangent_kernel(points, depth=depth, activation=sigma, trained="second_to_last")
            limit_size[:, i, j] = sizes(limit)
            for k, width in enumerate(with_bar(config.widths, f"{name}, depth {depth}")):
                for draw in range(config.num_draws):
                    rng = stream(config.seed, "weights", depth, width, draw)
                    kernel = _kernel(points, sigma, (width,) * depth, rng)
                    distance[:, i, j, k, draw] = sizes(kernel - limit)
    return _dataset(config, distance, limit_size)


def _kernel(
    points: Float[np.ndarray, "n d"],
    sigma: Activation,
    widths: tuple[int, ...],
    rng: np.random.Generator,
) -> Float[np.ndarray, "n n"]:
    layers = gaussian_layers(widths, points.shape[1], rng)
    network = FullyConnectedNetwork(layers, activation=sigma, trained="second_to_last")
    kernel: Float[np.ndarray, "n n"] = ntk(network, points, memory=_MEMORY).numpy()
    return kernel


def _dataset(
    config: Config,
    distance: Float[np.ndarray, "q a l m k"],
    limit_size: Float[np.ndarray, "q a l"],
) -> xr.Dataset:
    dims = ("norm", "activation", "depth")
    return xr.Dataset(
        {
            "distance": (
                (*dims, "width", "draw"),
                distance,
                label("distance of the kernel from its limit"),
            ),
            "limit_size": (dims, limit_size, label("size of the limit")),
        },
        coords={
            "norm": ("norm", list(NORMS), label("norm:")),
            "activation": ("activation", list(config.activations), label("activation:")),
            "depth": ("depth", list(config.depths), label("hidden layers")),
            "width": ("width", list(config.widths), label("width")),
        },
    )


EXPERIMENT = Experiment(
    name="sphere_approximation.concentration",
    summary="distance of the initial tangent kernel from its limit in three norms",
    scales=SCALES,
    run=run,
)
