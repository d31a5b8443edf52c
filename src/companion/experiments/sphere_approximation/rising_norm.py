"""Residuals whose positive Sobolev norm rises from the start, although the loss falls."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from companion.activations import RELU
from companion.dynamics.kernel_flow import kernel_flow
from companion.experiments.base import Experiment, with_bar
from companion.experiments.sphere_approximation.harmonic_problem import (
    HarmonicGrid,
    deep_network,
    flow_from,
    harmonic_grid,
    log_times,
)
from companion.networks.fully_connected import FullyConnectedNetwork
from companion.numerics.montecarlo import stream
from companion.spaces.sobolev import sobolev_norm, sobolev_weights
from companion.tangent.gram import ntk

_DIM = 2  # on the circle the harmonics span all functions on the points


@dataclass(frozen=True)
class Config:
    """The residual is chosen against the network, so small that the weights hardly move."""

    max_degree: int = 64
    widths: tuple[int, ...] = (8, 32, 128)
    smoothness: float = 0.45  # alpha
    size: float = 1e-3  # of the norm of order alpha at the start
    horizon: float = 1000.0
    num_times: int = 31
    num_seeds: int = 3
    rtol: float = 1e-3
    seed: int = 0


SCALES = {
    "smoke": Config(max_degree=12, widths=(4, 8), horizon=100.0, num_times=9, num_seeds=2),
    "book": Config(),
    "document": Config(
        max_degree=256, widths=(8, 32, 128, 512), horizon=1e4, num_times=61, num_seeds=6
    ),
}


def run(config: Config) -> xr.Dataset:
    """Norms over their starting values, of networks and of their linearisation."""
    grid = harmonic_grid(_DIM, config.max_degree)
    t = log_times(config.horizon, config.num_times)
    shape = (len(config.widths), config.num_seeds)
    growth, ratio = np.empty(shape), np.empty(shape)
    names = {
        "positive_norm": (config.smoothness, "norm of order alpha over its start"),
        "l2_norm": (0.0, "L2 norm over its start"),
    }
    series = {name: np.empty((*shape, len(t))) for name in (*names, "linearised")}
    for i, width in enumerate(with_bar(config.widths, "widths")):
        for draw in range(config.num_seeds):
            weights = stream(config.seed, "weights", width, draw)
            network = deep_network(width, _DIM, RELU, weights)
            gram = ntk(network, grid.points).numpy()
            start, growth[i, draw] = _most_rising(config, grid, gram)
            runs = {
                "network": _followed(config, network, grid, start, t),
                "kernel": grid.energies(kernel_flow(gram, start, t, nu=grid.weights)),
            }
            for name, (order, _) in names.items():
                series[name][i, draw] = _relative(runs["network"], order)
            series["linearised"][i, draw] = _relative(runs["kernel"], config.smoothness)
            low, high = (
                sobolev_norm(runs["network"][0], input_dim=_DIM, smoothness=order)
                for order in (-config.smoothness, config.smoothness)
            )
            ratio[i, draw] = low / high
    variables: dict[str, Any] = {
        name: (("width", "draw", "t"), series[name], {"long_name": text, "units": "1"})
        for name, (_, text) in names.items()
    }
    text = "norm of order alpha over its start, kernel held fixed"
    variables["linearised"] = (
        ("width", "draw", "t"),
        series["linearised"],
        {"long_name": text, "units": "1"},
    )
    text = "largest factor of the norm of order alpha until the horizon, kernel held fixed"
    variables["growth"] = (("width", "draw"), growth, {"long_name": text, "units": "1"})
    text = "norm of order minus alpha over norm of order alpha at time 0"
    variables["norm_ratio"] = (("width", "draw"), ratio, {"long_name": text, "units": "1"})
    return xr.Dataset(
        variables,
        coords={
            "width": ("width", list(config.widths), {"long_name": "width", "units": "1"}),
            "t": ("t", t, {"long_name": "flow time", "units": "time"}),
        },
    )


def _most_rising(config: Config, grid: HarmonicGrid, gram: np.ndarray) -> tuple[np.ndarray, float]:
    # The flow of the fixed kernel until the horizon is a matrix; its largest singular value
    # between weighted coefficients is the factor, the singular vector the residual.
    root = np.sqrt(grid.weights)
    rates, modes = np.linalg.eigh(root[:, None] * gram * root)
    decay = np.exp(-np.maximum(rates, 0.0) * config.horizon)
    columns = (modes * decay) @ (modes.T @ (root[:, None] * grid.basis)) / root[:, None]
    scale = np.sqrt(sobolev_weights(grid.degrees, input_dim=_DIM, smoothness=config.smoothness))
    matrix = scale[:, None] * grid.coefficients(columns.T).T / scale
    _, values, directions = np.linalg.svd(matrix)
    return config.size * grid.basis @ (directions[0] / scale), float(values[0])


def _followed(
    config: Config,
    network: FullyConnectedNetwork,
    grid: HarmonicGrid,
    start: np.ndarray,
    t: np.ndarray,
) -> np.ndarray:
    return grid.energies(flow_from(network, grid, start, t, rtol=config.rtol).residual)


def _relative(energies: np.ndarray, smoothness: float) -> np.ndarray:
    norms = np.asarray(sobolev_norm(energies, input_dim=_DIM, smoothness=smoothness))
    return norms / norms[0]


EXPERIMENT = Experiment(
    name="sphere_approximation.rising_norm",
    summary="residuals chosen so that their positive Sobolev norm rises while the loss falls",
    scales=SCALES,
    run=run,
)
