r"""One under-parametrised network, a smooth target and white noise, more and more samples.

A smooth target is the same function on every grid; noise has new values at every point. With far
fewer weights than samples nothing but smoothness is left to learn from.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
import xarray as xr

from companion.activations import activation as activation_named
from companion.claims.sphere_approximation_cost import noise_floor
from companion.dynamics.gradient_flow import gradient_flow
from companion.experiments.base import Experiment, label, with_bar
from companion.networks.fully_connected import FullyConnectedNetwork
from companion.networks.initialization import symmetric_layers
from companion.numerics.montecarlo import stream
from companion.spaces.circle import circle_points
from companion.spaces.targets import borderline_energies, circle_target

KINDS = ("smooth", "noise")


@dataclass(frozen=True)
class Config:
    """Two hidden layers of one width, the matrix between them trained."""

    width: int = 8
    samples_per_weight: tuple[int, ...] = (1, 4, 16, 64)
    activation: str = "elu"
    smoothness: float = 0.5  # alpha of the smooth target
    horizon: float = 1e4
    num_times: int = 21
    num_seeds: int = 3
    rtol: float = 1e-2  # of one step of the flow
    seed: int = 0


SCALES = {
    "smoke": Config(width=4, samples_per_weight=(4, 16), horizon=20.0, num_times=6, num_seeds=2),
    "book": Config(),
    "document": Config(width=16, horizon=1e5, num_seeds=5),
}


def run(config: Config) -> xr.Dataset:
    """Errors along runs on both targets, for every number of samples for a weight.

    Parameters
    ----------
    config
        The configuration.

    Returns
    -------
    Norms of the residual over that of the target, on the samples; the floor that a linear model
    of so many weights has on noise.
    """
    t = np.concatenate([[0.0], np.geomspace(1.0, config.horizon, config.num_times - 1)])
    t[-1] = config.horizon
    shape = (len(KINDS), len(config.samples_per_weight), config.num_seeds)
    error = np.empty((*shape, len(t)))
    counts = [share * config.width**2 for share in config.samples_per_weight]
    # What the coarsest grid can show, so that the smooth target is one function on all grids.
    energies = borderline_energies(
        input_dim=2, max_degree=(min(counts) - 1) // 2, smoothness=config.smoothness
    )
    for index in with_bar(list(product(*map(range, shape))), "runs"):
        i, j, draw = index
        count = counts[j]
        rng = stream(config.seed, KINDS[i], draw)
        if KINDS[i] == "smooth":
            y = circle_target(energies, num_points=count, rng=rng)
        else:
            y = rng.standard_normal(count)
        layers = symmetric_layers(
            (config.width, config.width), 2, stream(config.seed, "weights", draw)
        )
        trajectory = gradient_flow(
            FullyConnectedNetwork(layers, activation=activation_named(config.activation)),
            circle_points(count),
            y,
            nu=np.full(count, 1 / count),
            t_end=config.horizon,
            t_eval=t,
            rtol=config.rtol,
            method="exponential",
        )
        error[index] = np.sqrt(2 * trajectory.loss / np.mean(y**2))
    return xr.Dataset(
        {
            "error": (("target", "ratio", "draw", "t"), error, label("error, relative", "1")),
            "noise_floor": (
                "ratio",
                [noise_floor(config.width**2, count) for count in counts],
                label("floor of a linear model on noise", "1"),
            ),
        },
        coords={
            "target": ("target", list(KINDS), label("target", "1")),
            "ratio": (
                "ratio",
                list(config.samples_per_weight),
                label("samples for every weight N / m^2", "1"),
            ),
            "t": ("t", t, label("flow time", "time")),
        },
    )


EXPERIMENT = Experiment(
    name="sphere_approximation.smooth_and_noise",
    summary="errors of one network on a smooth target and on noise, against the samples",
    scales=SCALES,
    run=run,
)
