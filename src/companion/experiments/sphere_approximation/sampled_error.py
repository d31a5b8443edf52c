"""The error at the training points against the error on the whole circle."""

from dataclasses import dataclass
from itertools import product

import numpy as np
import xarray as xr

from companion.activations import RELU
from companion.experiments.base import Experiment, with_bar
from companion.experiments.sphere_approximation.harmonic_problem import (
    deep_network,
    flow_from,
    harmonic_grid,
    outputs,
    trained_network,
)
from companion.numerics.montecarlo import stream
from companion.spaces.circle import circle_points
from companion.spaces.spherical_basis import spherical_basis
from companion.spaces.targets import borderline_energies, random_coefficients

_DIM = 2


@dataclass(frozen=True)
class Config:
    """Odd numbers of points, 2 K + 1, so that they are those of the rule of degree 2 K."""

    half_points: tuple[int, ...] = (4, 8, 16, 32, 64, 128, 256, 512)  # K
    width: int = 16  # 256 trained weights: four samples to a weight from 1024 points on
    smoothness: float = 0.45
    target_degree: int = 64
    horizon: float = 1000.0
    num_seeds: int = 3
    rtol: float = 1e-2
    seed: int = 0


SCALES = {
    "smoke": Config(half_points=(4, 32), width=8, target_degree=8, horizon=100.0, num_seeds=2),
    "book": Config(),
    "document": Config(
        half_points=(4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048), horizon=3000.0, num_seeds=10
    ),
}


def run(config: Config) -> xr.Dataset:
    """Both errors after training, for every number of points."""
    finest = harmonic_grid(_DIM, config.target_degree)
    energies = borderline_energies(
        input_dim=_DIM, max_degree=config.target_degree, smoothness=config.smoothness
    )
    shape = (len(config.half_points), config.num_seeds)
    sampled, whole = np.empty(shape), np.empty(shape)
    everywhere = _between(config)
    for i, draw in with_bar(list(product(*map(range, shape))), "runs"):
        coefficients = random_coefficients(
            energies, finest.degrees, stream(config.seed, "target", draw)
        )
        grid = harmonic_grid(_DIM, config.half_points[i])
        network = deep_network(config.width, _DIM, RELU, stream(config.seed, "weights", draw))
        t = np.array([0.0, config.horizon])
        start = -_values(coefficients, grid.points)
        trajectory = flow_from(network, grid, start, t, rtol=config.rtol)
        end = trained_network(network, trajectory.parameters)
        moved = outputs(end, everywhere) - outputs(network, everywhere)
        residual = moved - _values(coefficients, everywhere)
        sampled[i, draw] = np.sqrt(2 * trajectory.loss[-1])
        whole[i, draw] = np.sqrt(np.mean(residual**2))
    return xr.Dataset(
        {
            "sampled": (
                ("num_points", "draw"),
                sampled,
                {"long_name": "root mean square error at the training points", "units": "1"},
            ),
            "whole": (
                ("num_points", "draw"),
                whole,
                {"long_name": "L2 error on the circle", "units": "1"},
            ),
        },
        coords={
            "num_points": (
                "num_points",
                [2 * half + 1 for half in config.half_points],
                {"long_name": "number of training points", "units": "1"},
            )
        },
    )


def _between(config: Config) -> np.ndarray:
    # Equidistant, several to an interval of the finest training set and to a wave of the target.
    return circle_points(16 * max(*config.half_points, config.target_degree) + 1)


def _values(coefficients: np.ndarray, points: np.ndarray) -> np.ndarray:
    max_degree = len(coefficients) // 2
    basis, _ = spherical_basis(points, max_degree=max_degree)
    return basis @ coefficients


EXPERIMENT = Experiment(
    name="sphere_approximation.sampled_error",
    summary="error at the training points and on the whole circle, against the number of points",
    scales=SCALES,
    run=run,
)
