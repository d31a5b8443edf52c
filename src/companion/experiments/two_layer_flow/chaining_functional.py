r"""The chaining functional gamma_2 against the dimension, from above and from below.

Li's Proposition 1 needs :math:`\gamma_2 \le C \sqrt d` in the metric (A.4). Bounds by volume give
it for the ball and the sphere; greedy nets show what a finite sample of the sphere costs instead.
"""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from companion.experiments.base import Experiment, label, with_bar
from companion.numerics.montecarlo import stream
from companion.probability.chaining import chaining_metric, gamma_2_bounds
from companion.probability.covering import covering_radii, mean_distances
from companion.probability.nets import sample_gamma_2_bounds
from companion.spaces.sphere import uniform_on_sphere

_SETTINGS = {
    "ball": ("ball", "chaining"),
    "sphere": ("sphere", "chaining"),
    "euclidean": ("ball", "euclidean"),
}


@dataclass(frozen=True)
class Config:
    """Dimensions to compare, and the sample whose own gamma_2 is bounded."""

    input_dims: tuple[int, ...] = (2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)  # d
    num_points: int = 4000  # M; the document's bound is free of it
    max_sample_dim: int = 128  # nets of samples cost d per distance
    num_levels: int = 14  # levels of nets whose single terms are kept
    seed: int = 0


SCALES = {
    "smoke": Config(input_dims=(2, 8, 32), num_points=300, max_sample_dim=8, num_levels=6),
    "book": Config(),
    "document": Config(num_points=60_000),
}


def run(config: Config) -> xr.Dataset:
    """Bounds on gamma_2 by dimension, domain and metric, with the terms of their sums.

    Parameters
    ----------
    config
        The configuration.

    Returns
    -------
    In the metric (A.4) lower and upper bounds for the unit ball, the unit sphere and a sample of
    the sphere (NaN beyond the largest dimension asked for), and for the ball the terms of the
    sums, level by level; the bounds for the ball in the Euclidean metric; the root of the
    dimension to compare with.
    """
    dims = config.input_dims
    bounds = {
        (name, side): np.empty(len(dims)) for name in _SETTINGS for side in ("lower", "upper")
    }
    sample = np.full((2, len(dims)), np.nan)
    term_lower, term_upper = np.empty((2, config.num_levels, len(dims)))
    weights = 2.0 ** (np.arange(config.num_levels) / 2)
    for j, input_dim in enumerate(with_bar(dims, "dimensions")):
        for name, (domain, metric) in _SETTINGS.items():
            bounds[name, "lower"][j], bounds[name, "upper"][j] = gamma_2_bounds(
                input_dim, domain=domain, metric=metric
            )
        if input_dim <= config.max_sample_dim:
            rng = stream(config.seed, "points", input_dim)
            X = uniform_on_sphere(config.num_points, input_dim, rng)
            sample[:, j] = sample_gamma_2_bounds(X, metric="chaining")
        far = chaining_metric(covering_radii(input_dim, domain="ball"))
        mean = mean_distances(input_dim, domain="ball", power=0.5)
        term_upper[:, j] = weights * _first(far, config.num_levels)
        term_lower[:, j] = weights * _first(mean, config.num_levels)
    levels = ("level", "input_dim")
    return xr.Dataset(
        {
            **{
                f"{name}_{side}": ("input_dim", values, label(f"{name}, {side} bound"))
                for (name, side), values in bounds.items()
            },
            "sample_lower": ("input_dim", sample[0], label("sample, lower bound")),
            "sample_upper": ("input_dim", sample[1], label("sample, upper bound")),
            "term_lower": (levels, term_lower, label("price of a level, lower bound")),
            "term_upper": (levels, term_upper, label("price of a level, upper bound")),
            "root": ("input_dim", np.sqrt(dims), label("root of the dimension")),
        },
        coords={
            "input_dim": ("input_dim", list(dims), label("dimension d")),
            "level": ("level", np.arange(config.num_levels), label("level s of the nets")),
        },
    )


def _first(values: np.ndarray, count: int) -> np.ndarray:
    kept = values[:count]
    return np.pad(kept, (0, count - kept.size))


EXPERIMENT = Experiment(
    name="two_layer_flow.chaining_functional",
    summary="gamma_2 of ball, sphere and samples against the dimension",
    scales=SCALES,
    run=run,
)
