"""The coupled inequalities for the rates of two Sobolev norms, with their constants."""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from companion.activations import RELU
from companion.claims.sphere_approximation import coercivity_order
from companion.experiments.base import Experiment, with_bar
from companion.experiments.sphere_approximation.harmonic_problem import (
    HarmonicGrid,
    deep_network,
    flow_from,
    harmonic_grid,
    log_times,
    trained_network,
)
from companion.kernels.tangent_kernel import tangent_kernel
from companion.networks.fully_connected import FullyConnectedNetwork
from companion.numerics.montecarlo import stream
from companion.spaces.sobolev import sobolev_norm, sobolev_weights
from companion.spaces.sobolev_operators import operator_matrix, smoothing_norm
from companion.spaces.targets import borderline_energies, random_coefficients
from companion.tangent.gram import ntk

_DIM = 2  # on the circle the harmonics span all functions on the points: nothing is cut off


@dataclass(frozen=True)
class Config:
    """ReLU, two hidden layers, the second trained: coercive of order one on the circle."""

    max_degree: int = 64
    widths: tuple[int, ...] = (64, 256)
    smoothness: float = 0.45  # alpha
    horizon: float = 300.0
    num_times: int = 16
    rtol: float = 1e-3
    seed: int = 0


SCALES = {
    "smoke": Config(max_degree=12, widths=(8, 32), horizon=30.0, num_times=6),
    "book": Config(),
    "document": Config(max_degree=128, widths=(64, 256, 1024), horizon=1000.0, num_times=21),
}

NAMES = {
    "negative_rate": ("rate of log of the norm of order minus alpha", "1/time"),
    "negative_bound": ("its upper bound", "1/time"),
    "positive_rate": ("rate of log of the norm of order alpha", "1/time"),
    "positive_bound": ("its upper bound ", "1/time"),
    "norm_ratio": ("norm of order minus alpha over norm of order alpha", "1"),
    "perturbation": ("distance of the kernel from its limit, order -alpha to alpha", "1/time"),
    "threshold": ("ratio above which the positive norm must fall", "1"),
}


def run(config: Config) -> xr.Dataset:
    """Rates of both norms at times along each run, and the bounds that the argument gives."""
    grid = harmonic_grid(_DIM, config.max_degree)
    t = log_times(config.horizon, config.num_times)
    kernel = tangent_kernel(grid.points, grid.points, depth=2, activation=RELU, trained=(1,))
    limit = operator_matrix(kernel, grid.basis, weights=grid.weights)
    order = coercivity_order(_DIM, continuous_derivatives=0)
    weights = sobolev_weights(grid.degrees, input_dim=_DIM, smoothness=order)
    coercivity = float((np.diag(limit) * weights).min())
    series = {name: np.empty((len(config.widths), len(t))) for name in NAMES}
    for i, width in enumerate(with_bar(config.widths, "widths")):
        network = deep_network(width, _DIM, RELU, stream(config.seed, "weights", width))
        for j, (coefficients, matrix) in enumerate(_states(config, grid, network, t)):
            values = _inequalities(config, grid, coefficients, matrix, limit, coercivity)
            for name, value in values.items():
                series[name][i, j] = value
    variables = {
        name: (("width", "t"), series[name], {"long_name": text, "units": units})
        for name, (text, units) in NAMES.items()
    }
    text = "coercivity constant of the limit, least of (1 + k)^(2 beta) times eigenvalue"
    return xr.Dataset(
        {**variables, "coercivity": ((), coercivity, {"long_name": text, "units": "1/time"})},
        coords={
            "width": ("width", list(config.widths), {"long_name": "width", "units": "1"}),
            "t": ("t", t, {"long_name": "flow time", "units": "time"}),
        },
    )


def _states(
    config: Config, grid: HarmonicGrid, network: FullyConnectedNetwork, t: np.ndarray
) -> list[tuple[np.ndarray, np.ndarray]]:
    # Coefficients of the residual and matrix of the network's kernel at every time.
    energies = borderline_energies(
        input_dim=_DIM, max_degree=config.max_degree // 2, smoothness=config.smoothness
    )
    target = random_coefficients(energies, grid.degrees, stream(config.seed, "target"))
    start = -grid.basis @ target
    run = flow_from(network, grid, start, t, rtol=config.rtol, keep_path=True)
    states = []
    for index in range(len(t)):
        now = trained_network(network, run.parameters_at(index))
        gram = ntk(now, grid.points).numpy()
        matrix = operator_matrix(gram, grid.basis, weights=grid.weights)
        states.append((grid.coefficients(run.residual[index]), matrix))
    return states


def _inequalities(
    config: Config,
    grid: HarmonicGrid,
    coefficients: np.ndarray,
    matrix: np.ndarray,
    limit: np.ndarray,
    coercivity: float,
) -> dict[str, float]:
    alpha, beta = config.smoothness, coercivity_order(_DIM, continuous_derivatives=0)
    velocity = -matrix @ coefficients
    energies = np.bincount(grid.degrees, coefficients**2)
    norm = {
        order: float(sobolev_norm(energies, input_dim=_DIM, smoothness=order * alpha))
        for order in (-3, -1, 1)
    }
    eps = smoothing_norm(matrix - limit, grid.degrees, input_dim=_DIM, smoothness=alpha)
    ratio = norm[-1] / norm[1]
    found = {"norm_ratio": ratio, "perturbation": eps}
    pull = coercivity * ratio ** (beta / alpha)
    push = {-1: eps * norm[-3] / norm[-1], 1: eps * ratio}
    for sign, name in ((-1, "negative"), (1, "positive")):
        weights = sobolev_weights(grid.degrees, input_dim=_DIM, smoothness=sign * alpha)
        found[f"{name}_rate"] = float(weights * coefficients @ velocity / norm[sign] ** 2)
        found[f"{name}_bound"] = push[sign] - pull
    found["threshold"] = float((eps / coercivity) ** (alpha / (beta - alpha)))
    return found


EXPERIMENT = Experiment(
    name="sphere_approximation.norm_inequalities",
    summary="rates of two Sobolev norms along a run, and the bounds of the coupled inequalities",
    scales=SCALES,
    run=run,
)
