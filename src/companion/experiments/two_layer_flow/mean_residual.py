"""What the positivity of the activation gives at every width: control of the mean residual."""

from dataclasses import dataclass

import numpy as np
import torch
import xarray as xr
from jaxtyping import Float
from scipy.integrate import cumulative_trapezoid

from companion.activations import SIGMOID
from companion.dynamics.gradient_flow import gradient_flow
from companion.experiments.base import Experiment, with_bar
from companion.networks.initialization import gaussian_rademacher
from companion.networks.two_layer import TwoLayerNetwork
from companion.numerics.montecarlo import stream
from companion.spaces.sphere import uniform_on_sphere


@dataclass(frozen=True)
class Config:
    """Targets of mean one with random signs on top, on unrelated points with unequal weights."""

    widths: tuple[int, ...] = (1, 10, 100, 1000)  # n in the document; the law needs no width
    num_samples: int = 60
    input_dim: int = 4
    horizon: float = 200.0
    num_times: int = 401
    seed: int = 0


SCALES = {
    "smoke": Config(widths=(1, 20), num_samples=8, horizon=5.0, num_times=51),
    "book": Config(),
    "document": Config(
        widths=(1, 10, 100, 1000, 10000), num_samples=1000, horizon=1000.0, num_times=2001
    ),
}


def run(config: Config) -> xr.Dataset:
    """Dissipation of the loss beside the squared mean of the residual, along a flow per width."""
    rng = stream(config.seed, "data")
    X = uniform_on_sphere(config.num_samples, config.input_dim, rng)
    y = 1 + rng.choice([-1.0, 1.0], config.num_samples)
    nu = rng.dirichlet(np.ones(config.num_samples))
    t = np.linspace(0, config.horizon, config.num_times)
    loss, dissipation, weighted_mean = (np.empty((len(config.widths), len(t))) for _ in range(3))
    for k, width in enumerate(with_bar(config.widths, "widths")):
        W, a = gaussian_rademacher(width, config.input_dim, stream(config.seed, "weights", width))
        trajectory = gradient_flow(
            TwoLayerNetwork(W, a, activation=SIGMOID),
            torch.tensor(X),
            torch.tensor(y),
            t_end=config.horizon,
            t_eval=t,
            nu=nu,
            rtol=1e-8,
            keep_path=True,
        )
        loss[k] = trajectory.loss
        dissipation[k] = 2 * trajectory.dissipation_rate * trajectory.loss
        for i, residual in enumerate(trajectory.residual):
            neurons = _mean_neuron(trajectory.parameters_at(i)["W"], X)
            weighted_mean[k, i] = nu @ (residual * neurons)
    spent = cumulative_trapezoid(weighted_mean**2, t, axis=1, initial=0)
    dims = ("width", "t")
    return xr.Dataset(
        {
            "loss": (dims, loss, {"long_name": "loss", "units": "1"}),
            "dissipation": (dims, dissipation, {"long_name": "-d loss / dt", "units": "1/time"}),
            "mean_share": (
                dims,
                weighted_mean**2,
                {"long_name": "squared weighted mean residual", "units": "1/time"},
            ),
            "spent": (
                dims,
                spent,
                {"long_name": "its integral over time", "units": "1"},
            ),
        },
        coords={
            "width": ("width", list(config.widths), {"long_name": "width", "units": "1"}),
            "t": ("t", t, {"long_name": "flow time", "units": "1"}),
        },
    )


def _mean_neuron(
    W: Float[np.ndarray, "m d"], X: Float[np.ndarray, "n d"]
) -> Float[np.ndarray, " n"]:
    return np.asarray(SIGMOID(X @ W.T)).mean(axis=1)


EXPERIMENT = Experiment(
    name="two_layer_flow.mean_residual",
    summary="at every width the loss pays for the squared mean of the residual",
    scales=SCALES,
    run=run,
)
