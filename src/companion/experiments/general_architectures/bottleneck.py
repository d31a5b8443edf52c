"""Losses of networks whose last hidden layer is narrower than the outputs, and their floor."""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from companion.activations import TANH
from companion.claims.general_architectures import fully_connected_parameters
from companion.claims.general_architectures_rank import bottleneck_loss, largest_rank
from companion.dynamics.gradient_flow import gradient_flow
from companion.experiments.base import Experiment, label, with_bar
from companion.networks.multilayer import multilayer_perceptron
from companion.numerics.montecarlo import stream
from companion.spaces.sphere import uniform_in_shell


@dataclass(frozen=True)
class Config:
    """Widths input - wide - narrow - outputs with tanh, every narrow width in turn."""

    input_dim: int = 5
    wide: int = 30
    narrow: tuple[int, ...] = (1, 2, 3, 4, 8)
    output_dim: int = 4
    num_samples: int = 8
    t_end: float = 1000.0
    num_times: int = 60
    seed: int = 0


SCALES = {
    "smoke": Config(narrow=(2, 4), wide=16, t_end=100.0, num_times=20),
    "book": Config(),
    "document": Config(t_end=1e6),
}


def run(config: Config) -> xr.Dataset:
    """Loss along the gradient flow for each narrow width, and the least loss possible.

    Parameters
    ----------
    config
        The configuration.

    Returns
    -------
    Loss by narrow width and time; by narrow width the floor, parameters and the bound of the rank.
    """
    rng = stream(config.seed, "data")
    X = uniform_in_shell(config.num_samples, config.input_dim, rng, inner=0.0, outer=1.0)
    Y = rng.standard_normal((config.num_samples, config.output_dim))
    t = np.concatenate([[0.0], np.geomspace(1e-3, 1, config.num_times - 1) * config.t_end])
    loss = np.empty((len(config.narrow), len(t)))
    shapes = [(config.input_dim, config.wide, width, config.output_dim) for width in config.narrow]
    for i, widths in enumerate(with_bar(shapes, "widths")):
        module = multilayer_perceptron(widths, activation=TANH, seed=config.seed)
        loss[i] = gradient_flow(module, X, Y, t_end=config.t_end, t_eval=t).loss
    bounds = [
        largest_rank(widths, num_samples=config.num_samples, homogeneous=False)
        for widths in shapes
    ]
    columns = {
        "floor": ([bottleneck_loss(Y, width=width) for width in config.narrow], "least loss"),
        "num_params": ([fully_connected_parameters(w) for w in shapes], "parameters P"),
        "bound": (bounds, "bound R of the rank"),
    }
    return xr.Dataset(
        {
            "loss": (("narrow", "t"), loss, label("loss")),
            "num_rows": ((), Y.size, label("rows nM")),
            **{name: ("narrow", values, label(text)) for name, (values, text) in columns.items()},
        },
        coords={
            "narrow": ("narrow", list(config.narrow), label("width of last hidden layer")),
            "t": ("t", t, {"long_name": "time", "units": "time"}),
        },
    )


EXPERIMENT = Experiment(
    name="general_architectures.bottleneck",
    summary="losses behind a narrow last hidden layer, and the floor that no parameters pass",
    scales=SCALES,
    run=run,
)
