"""How far neurons travel to the same loss in the scalings with 1/sqrt(m) and with 1/m."""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from companion.activations import SIGMOID
from companion.dynamics.gradient_flow import gradient_flow
from companion.experiments.base import Experiment
from companion.networks.initialization import gaussian_rademacher
from companion.networks.two_layer import TwoLayerNetwork
from companion.numerics.montecarlo import stream
from companion.spaces.sphere import uniform_on_sphere


@dataclass(frozen=True)
class Config:
    """A linear target, so that both scalings can learn; one clock for both."""

    widths: tuple[int, ...] = (50, 100, 200, 400, 800)  # n in the document
    num_samples: int = 40
    input_dim: int = 3
    # Flow time of the 1/sqrt(m) network; the 1/m network runs m times as long, which makes the
    # kernels of the two the same at the start.
    horizon: float = 150.0
    num_times: int = 61
    num_seeds: int = 3
    seed: int = 0


SCALES = {
    "smoke": Config(widths=(10, 40), num_samples=8, horizon=10.0, num_times=11, num_seeds=2),
    "book": Config(),
    "document": Config(
        widths=(50, 100, 200, 400, 800, 1600, 3200), num_samples=200, horizon=400.0, num_seeds=6
    ),
}

EXPONENTS = (0.5, 1.0)


def run(config: Config) -> xr.Dataset:
    """Loss and largest displacement of a neuron, on the clock of the 1/sqrt(m) network.

    Parameters
    ----------
    config
        The configuration.

    Returns
    -------
    Losses over time and displacements at the end, for both scalings, all widths and draws.
    """
    rng = stream(config.seed, "data")
    X = uniform_on_sphere(config.num_samples, config.input_dim, rng)
    y = np.sqrt(config.input_dim) * X[:, 0]
    t = np.linspace(0, config.horizon, config.num_times)
    shape = (len(EXPONENTS), len(config.widths), config.num_seeds)
    loss = np.empty((*shape, len(t)))
    displacement = np.empty(shape)
    for i, exponent in enumerate(EXPONENTS):
        for j, width in enumerate(config.widths):
            clock = float(width) ** (2 * exponent - 1)
            for k in range(config.num_seeds):
                weights = stream(config.seed, "weights", width, k)
                W, a = gaussian_rademacher(width, config.input_dim, weights)
                flow = gradient_flow(
                    TwoLayerNetwork(W, a, activation=SIGMOID, exponent=exponent),
                    X,
                    y,
                    t_end=config.horizon * clock,
                    t_eval=t * clock,
                    nu=np.full(len(y), 1 / len(y)),
                    progress=True,
                )
                loss[i, j, k] = flow.loss
                moved = np.linalg.norm(flow.parameters["W"] - W, axis=1)
                displacement[i, j, k] = np.hypot(moved, flow.parameters["a"] - a).max()
    return xr.Dataset(
        {
            "loss": (
                ("exponent", "width", "draw", "t"),
                loss,
                {"long_name": "loss", "units": "1"},
            ),
            "displacement": (
                ("exponent", "width", "draw"),
                displacement,
                {"long_name": "largest displacement of a neuron", "units": "1"},
            ),
        },
        coords={
            "exponent": (
                "exponent",
                list(EXPONENTS),
                {"long_name": "power of the width in front", "units": "1"},
            ),
            "width": ("width", list(config.widths), {"long_name": "width", "units": "1"}),
            "t": ("t", t, {"long_name": "flow time on a common clock", "units": "time"}),
        },
    )


EXPERIMENT = Experiment(
    name="two_layer_flow.scaling",
    summary="how far neurons travel in the scalings 1/sqrt(m) and 1/m",
    scales=SCALES,
    run=run,
)
