r"""The least loss that a network of fixed width reaches on random signs, against their number.

The search is a local one from many starts, so its result is an upper estimate of the infimum over
all parameters. With m (d + 1) parameters and more points than that, almost no vector of targets
is met exactly.
"""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from companion.activations import activation
from companion.dynamics.least_loss import least_loss
from companion.experiments.base import Experiment, label, with_bar
from companion.networks.initialization import gaussian_rademacher
from companion.networks.two_layer import TwoLayerNetwork
from companion.numerics.montecarlo import stream
from companion.spaces.sphere import uniform_on_sphere


@dataclass(frozen=True)
class Config:
    """One width, growing samples; the null function has loss 1/2 on every sample."""

    activations: tuple[str, ...] = ("sigmoid", "shifted_sigmoid")  # both meet Assumption 3
    num_samples: tuple[int, ...] = (20, 60, 120, 300)  # M; the document's n does not depend on it
    width: int = 20  # n in the document, n >= C d: with d it makes 120 parameters
    input_dim: int = 5  # d
    num_restarts: int = 2
    max_iterations: int = 400
    num_seeds: int = 3
    seed: int = 0


SCALES = {
    "smoke": Config(num_samples=(4, 40), width=3, input_dim=2, max_iterations=40, num_seeds=2),
    "book": Config(),
    "document": Config(
        num_samples=(20, 60, 120, 300, 1000, 3000),
        num_restarts=3,
        max_iterations=2000,
        num_seeds=5,
    ),
}


def run(config: Config) -> xr.Dataset:
    """Least loss found on random signs, for every activation, sample size, draw and start.

    Parameters
    ----------
    config
        The configuration.

    Returns
    -------
    The loss at the end of every search, the least of each data set, the size of the gradient.
    """
    cells = (len(config.activations), len(config.num_samples), config.num_seeds)
    loss, gradient = np.empty((2, *cells, config.num_restarts))
    for j, count in enumerate(with_bar(config.num_samples, "sample sizes")):
        for k in range(config.num_seeds):
            rng = stream(config.seed, "data", count, k)
            X = uniform_on_sphere(count, config.input_dim, rng)
            y = rng.choice([-1.0, 1.0], count)
            for i, name in enumerate(config.activations):
                for r in range(config.num_restarts):
                    start = stream(config.seed, "start", name, count, k, r)
                    W, a = gaussian_rademacher(config.width, config.input_dim, start)
                    network = TwoLayerNetwork(W, a, activation=activation(name))
                    found = least_loss(
                        network,
                        X,
                        y,
                        nu=np.full(count, 1 / count),
                        max_iterations=config.max_iterations,
                    )
                    loss[i, j, k, r], gradient[i, j, k, r] = found.loss, found.gradient
    dims = ("activation", "num_samples", "draw", "restart")
    null = np.full(len(config.num_samples), 0.5)  # half the mean square of signs
    num_params = config.width * (config.input_dim + 1)
    return xr.Dataset(
        {
            "loss": (dims, loss, label("loss where one search ends", "1")),
            "best_loss": (
                dims[:-1],
                loss.min(axis=-1),
                label("least loss found", "1"),
            ),
            "null_loss": ("num_samples", null, label("loss of the zero function", "1")),
            "gradient": (dims, gradient, label("norm of the gradient there", "1")),
            "num_params": ((), num_params, label("number of parameters", "1")),
        },
        coords={
            "activation": ("activation", list(config.activations), label("activation", "1")),
            "num_samples": (
                "num_samples",
                list(config.num_samples),
                label("number of points M", "1"),
            ),
        },
    )


EXPERIMENT = Experiment(
    name="two_layer_flow.capacity",
    summary="least loss found on random signs at fixed width, against the number of points",
    scales=SCALES,
    run=run,
)
