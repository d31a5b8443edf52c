"""Least loss on an even target, for networks with and without the symmetry of the sigmoid."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import xarray as xr
from jaxtyping import Float

from companion.activations import SHIFTED_SIGMOID, SIGMOID
from companion.dynamics.least_loss import least_loss
from companion.experiments.base import Experiment, with_bar
from companion.networks.initialization import gaussian_rademacher
from companion.networks.two_layer import TwoLayerNetwork
from companion.numerics.montecarlo import stream
from companion.spaces.sphere import uniform_in_shell

Network = Literal["plain", "shifted", "biased"]


@dataclass(frozen=True)
class Config:
    """A shell in the plane, Assumption 1, with antipodal points; target 4 x_1 x_2."""

    networks: tuple[Network, ...] = ("plain", "shifted", "biased")
    widths: tuple[int, ...] = (5, 10, 20, 40)  # n in the document; Corollary 1 asks for n >= C d
    num_pairs: int = 150  # pairs x, -x
    input_dim: int = 2
    inner: float = 0.5
    outer: float = 1.0
    max_iterations: int = 250
    num_seeds: int = 3
    seed: int = 0


SCALES = {
    "smoke": Config(widths=(2, 4), num_pairs=10, max_iterations=40, num_seeds=2),
    "book": Config(),
    "document": Config(
        widths=(5, 10, 20, 40, 80, 160), num_pairs=1000, max_iterations=3000, num_seeds=5
    ),
}


def run(config: Config) -> xr.Dataset:
    """Least loss found from several starts, relative to that of the zero function.

    Parameters
    ----------
    config
        The configuration.

    Returns
    -------
    The relative loss of every network, width and start, and that of the best constant.
    """
    half = uniform_in_shell(
        config.num_pairs,
        config.input_dim,
        stream(config.seed, "points"),
        inner=config.inner,
        outer=config.outer,
    )
    X = np.concatenate([half, -half])
    y = 4 * X[:, 0] * X[:, 1]
    nu = np.full(len(y), 1 / len(y))
    null = float(nu @ y**2 / 2)
    relative = np.empty((len(config.networks), len(config.widths), config.num_seeds))
    for i, kind in enumerate(config.networks):
        for j, width in enumerate(with_bar(config.widths, "widths")):
            for k in range(config.num_seeds):
                rng = stream(config.seed, "start", kind, width, k)
                found = least_loss(
                    _network(kind, width, config.input_dim, rng),
                    X,
                    y,
                    nu=nu,
                    max_iterations=config.max_iterations,
                )
                relative[i, j, k] = found.loss / null
    return xr.Dataset(
        {
            "relative_loss": (
                ("network", "width", "draw"),
                relative,
                {"long_name": "least loss found, relative to the zero function", "units": "1"},
            ),
            "floor": (
                (),
                1 - float(nu @ y) ** 2 / (2 * null),
                {"long_name": "loss of the best constant, relative", "units": "1"},
            ),
        },
        coords={
            "network": ("network", list(config.networks), {"long_name": "sigmoid", "units": "1"}),
            "width": ("width", list(config.widths), {"long_name": "width", "units": "1"}),
        },
    )


def _network(
    kind: Network, width: int, input_dim: int, rng: np.random.Generator
) -> TwoLayerNetwork:
    W, a = gaussian_rademacher(width, input_dim, rng)
    if kind == "shifted":
        return TwoLayerNetwork(W, a, activation=SHIFTED_SIGMOID)
    bias: Float[np.ndarray, " m"] | None = rng.standard_normal(width) if kind == "biased" else None
    return TwoLayerNetwork(W, a, activation=SIGMOID, bias=bias)


EXPERIMENT = Experiment(
    name="two_layer_flow.parity",
    summary="least loss on an even target with and without the symmetry of the sigmoid",
    scales=SCALES,
    run=run,
)
