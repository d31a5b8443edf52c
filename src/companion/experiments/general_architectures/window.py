"""Singular starts of one network against the number of samples, up to its parameters."""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from companion.activations import TANH, leaky_relu
from companion.claims.general_architectures import fully_connected_parameters
from companion.claims.general_architectures_rank import largest_rank
from companion.experiments.base import Experiment, label, with_bar
from companion.experiments.general_architectures.singular_starts import start_counts


@dataclass(frozen=True)
class Config:
    """A network with one hidden layer and one output, so that rows are samples."""

    widths: tuple[int, ...] = (4, 5, 1)
    num_samples: tuple[int, ...] = (16, 18, 20, 22, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33)
    slope: float = 0.01
    num_draws: int = 60
    seed: int = 0


SCALES = {
    "smoke": Config(num_samples=(16, 26, 27, 31, 32), num_draws=15),
    "book": Config(),
    "document": Config(num_samples=tuple(range(8, 35)), num_draws=2000),
}


def run(config: Config) -> xr.Dataset:
    """Fractions of singular and undecided starts.

    Parameters
    ----------
    config
        The configuration.

    Returns
    -------
    Both by activation and number of samples, and the bound of the rank for each.
    """
    activations = {"leaky ReLU": leaky_relu(config.slope), "tanh": TANH}
    counts = np.array(
        [
            [
                start_counts(config.widths, n, activation, config.num_draws, config.seed)
                for n in with_bar(config.num_samples, name)
            ]
            for name, activation in activations.items()
        ]
    )
    bounds = [
        [
            largest_rank(config.widths, num_samples=n, homogeneous=name == "leaky ReLU")
            for n in config.num_samples
        ]
        for name in activations
    ]
    fraction = counts / config.num_draws
    dims = ("activation", "num_samples")
    return xr.Dataset(
        {
            "singular": (dims, fraction[..., 0], label("fraction of singular starts")),
            "undecided": (dims, fraction[..., 1], label("fraction of undecided starts")),
            "bound": (dims, bounds, label("bound R of the rank")),
            "num_params": ((), fully_connected_parameters(config.widths), label("parameters P")),
        },
        coords={
            "activation": ("activation", list(activations), label("activation")),
            "num_samples": (
                "num_samples",
                list(config.num_samples),
                label("number of samples"),
            ),
        },
    )


EXPERIMENT = Experiment(
    name="general_architectures.window",
    summary="singular starts against the number of samples, up to the number of parameters",
    scales=SCALES,
    run=run,
)
