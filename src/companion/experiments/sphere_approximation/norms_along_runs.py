"""The residual in a negative, the zeroth and a positive Sobolev norm along runs on two spheres."""

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import xarray as xr

from companion.activations import GELU, RELU, Activation
from companion.experiments.base import Experiment, with_bar
from companion.experiments.sphere_approximation.harmonic_problem import (
    HarmonicGrid,
    deep_network,
    flow_from,
    harmonic_grid,
    log_times,
    outputs,
    trained_network,
)
from companion.numerics.montecarlo import stream
from companion.spaces.sobolev import interpolation_ratio, sobolev_norm
from companion.spaces.sphere_rule import sphere_rule
from companion.spaces.spherical_basis import spherical_basis
from companion.spaces.targets import borderline_energies, random_coefficients

ACTIVATIONS = {"relu": RELU, "gelu": GELU}


@dataclass(frozen=True)
class Config:
    """Two hidden layers, the second trained; sizes are ours, those of the paper are unknown."""

    input_dims: tuple[int, ...] = (2, 3)
    max_degrees: tuple[int, ...] = (64, 12)  # of the harmonics, one for each sphere
    activations: tuple[str, ...] = ("relu", "gelu")
    widths: tuple[int, ...] = (16, 64)
    smoothness: float = 0.45  # alpha: below the 1/2 of the reconstructed theorem
    horizon: float = 300.0
    num_times: int = 31
    num_seeds: int = 2
    rtol: float = 1e-3  # of one step of the flow
    seed: int = 0


SCALES = {
    "smoke": Config(
        max_degrees=(16, 4), widths=(8,), horizon=10.0, num_times=6, num_seeds=2, rtol=1e-2
    ),
    "book": Config(),
    "document": Config(
        max_degrees=(128, 16), widths=(64, 256, 1024), horizon=1000.0, num_times=41
    ),
}

NAMES = {
    "negative_norm": "norm of order minus alpha",
    "l2_norm": "L2 norm",
    "positive_norm": "norm of order alpha",
    "interpolation_ratio": "L2 norm over the mean of the other two",
    "seen": "share of the mean square in the degrees of the basis",
}


def run(config: Config) -> xr.Dataset:
    """Norms of the residual of every run, and its error between the points at the end."""
    t = log_times(config.horizon, config.num_times)
    shape = (
        len(config.input_dims),
        len(config.activations),
        len(config.widths),
        config.num_seeds,
    )
    series = {name: np.empty((*shape, len(t))) for name in NAMES}
    between = np.empty(shape)
    grids = [
        harmonic_grid(*sizes) for sizes in zip(config.input_dims, config.max_degrees, strict=True)
    ]
    for index in with_bar(list(product(*map(range, shape))), "runs"):
        i, j, k, draw = index
        activation = ACTIVATIONS[config.activations[j]]
        norms, ratio = _norms(config, grids[i], activation, config.widths[k], draw, t)
        between[index] = ratio
        for name, values in norms.items():
            series[name][index] = values
    dims = ("input_dim", "activation", "width", "draw")
    units = {"units": "1"}
    variables: dict[str, Any] = {
        name: ((*dims, "t"), series[name], {"long_name": text, **units})
        for name, text in NAMES.items()
    }
    start, bounded = series["positive_norm"][..., :1], series["negative_norm"]
    text = "root of (norm of order minus alpha) times (norm of order alpha at time 0)"
    variables["bound"] = ((*dims, "t"), np.sqrt(start * bounded), {"long_name": text, **units})
    text = "error on a rule of four times the degree over error on the training rule"
    variables["between_points"] = (dims, between, {"long_name": text, **units})
    return xr.Dataset(
        variables,
        coords={
            "input_dim": ("input_dim", list(config.input_dims), {"long_name": "d", **units}),
            "activation": (
                "activation",
                list(config.activations),
                {"long_name": "activation", **units},
            ),
            "width": ("width", list(config.widths), {"long_name": "width", **units}),
            "t": ("t", t, {"long_name": "flow time", "units": "time"}),
        },
    )


def _norms(
    config: Config,
    grid: HarmonicGrid,
    activation: Activation,
    width: int,
    draw: int,
    t: np.ndarray,
) -> tuple[dict[str, np.ndarray], float]:
    input_dim, alpha = grid.points.shape[1], config.smoothness
    rng = stream(config.seed, "weights", input_dim, activation.name, width, draw)
    network = deep_network(width, input_dim, activation, rng)
    # Half of the degrees of the basis: what leaves the target's degrees remains visible.
    energies = borderline_energies(
        input_dim=input_dim, max_degree=int(grid.degrees[-1]) // 2, smoothness=alpha
    )
    target = random_coefficients(
        energies, grid.degrees, stream(config.seed, "target", input_dim, draw)
    )
    trajectory = flow_from(network, grid, -grid.basis @ target, t, rtol=config.rtol)
    seen = grid.energies(trajectory.residual)
    square = 2 * trajectory.loss
    orders = {"negative_norm": -alpha, "l2_norm": 0.0, "positive_norm": alpha}
    norms: dict[str, np.ndarray] = {
        name: np.asarray(sobolev_norm(seen, input_dim=input_dim, smoothness=order))
        for name, order in orders.items()
    }
    norms["interpolation_ratio"] = np.asarray(
        interpolation_ratio(seen, input_dim=input_dim, low=-alpha, middle=0.0, high=alpha)
    )
    norms["seen"] = seen.sum(axis=-1) / square
    end = trained_network(network, trajectory.parameters)
    points, weights = sphere_rule(input_dim=input_dim, degree=8 * int(grid.degrees[-1]))
    basis, degrees = spherical_basis(points, max_degree=energies.size - 1)
    moved = outputs(end, points) - outputs(network, points)
    residual = moved - basis @ target[: degrees.size]
    return norms, float(np.sqrt(weights @ residual**2 / square[-1]))


EXPERIMENT = Experiment(
    name="sphere_approximation.norms_along_runs",
    summary="Sobolev norms of both signs of the residual along runs on the circle and the sphere",
    scales=SCALES,
    run=run,
)
