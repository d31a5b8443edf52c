"""A sample of fixed size with a positive smallest eigenvalue: one exponential rate for ever."""

from dataclasses import dataclass

import numpy as np
import torch
import xarray as xr

from companion.activations import SIGMOID
from companion.claims.two_layer_flow_corrected import fixed_sample_width
from companion.dynamics.gradient_flow import gradient_flow
from companion.experiments.base import Experiment, with_bar
from companion.kernels.tangent_kernel import tangent_kernel
from companion.networks.initialization import gaussian_rademacher
from companion.networks.two_layer import TwoLayerNetwork
from companion.numerics.linalg import smallest_eigenvalue
from companion.numerics.montecarlo import stream
from companion.spaces.sphere import uniform_on_sphere


@dataclass(frozen=True)
class Config:
    """Few points in high dimension, where the limiting kernel is well conditioned."""

    widths: tuple[int, ...] = (300, 1000, 3000)
    num_samples: int = 10
    input_dim: int = 50
    half_lives: float = 8.0  # the horizon, in units of 1 / lambda_star
    num_times: int = 81
    seed: int = 0


SCALES = {
    "smoke": Config(widths=(300,), num_samples=3, input_dim=20, half_lives=2.0, num_times=11),
    "book": Config(),
    "document": Config(widths=(300, 1000, 3000, 10000, 30000), half_lives=20.0),
}


def run(config: Config) -> xr.Dataset:
    """Loss against time for each width, with the eigenvalue and the width the theorem asks for."""
    data = stream(config.seed, "data")
    X = uniform_on_sphere(config.num_samples, config.input_dim, data)
    y = data.choice([-1.0, 1.0], config.num_samples)
    nu = np.full(config.num_samples, 1 / config.num_samples)
    kernel = tangent_kernel(X, X, depth=1, activation=SIGMOID)
    lambda_star = smallest_eigenvalue(kernel / config.num_samples)
    t = np.linspace(0, config.half_lives / lambda_star, config.num_times)
    loss = np.empty((len(config.widths), len(t)))
    sufficient = np.empty(len(config.widths))
    for k, width in enumerate(with_bar(config.widths, "widths")):
        W, a = gaussian_rademacher(width, config.input_dim, stream(config.seed, "weights", width))
        trajectory = gradient_flow(
            TwoLayerNetwork(W, a, activation=SIGMOID),
            torch.tensor(X),
            torch.tensor(y),
            t_end=float(t[-1]),
            t_eval=t,
            nu=nu,
        )
        loss[k] = trajectory.loss
        sufficient[k] = fixed_sample_width(
            lambda_star,
            residual_norm=float(np.sqrt(2 * loss[k, 0])),
            activation=SIGMOID,
            radius=1.0,
        )
    return xr.Dataset(
        {
            "loss": (("width", "t"), loss, {"long_name": "loss", "units": "1"}),
            "envelope": (
                "t",
                loss[:, 0].max() * np.exp(-lambda_star * t),
                {"long_name": "largest initial loss times exp(-eigenvalue t)", "units": "1"},
            ),
            "lambda_star": (
                (),
                lambda_star,
                {"long_name": "smallest eigenvalue of the limiting kernel", "units": "1/time"},
            ),
            "sufficient_width": (
                "width",
                sufficient,
                {"long_name": "width at which the theorem bounds the drift", "units": "1"},
            ),
        },
        coords={
            "width": ("width", list(config.widths), {"long_name": "width", "units": "1"}),
            "t": ("t", t, {"long_name": "flow time", "units": "1"}),
        },
    )


EXPERIMENT = Experiment(
    name="two_layer_flow.fixed_sample",
    summary="decay at the rate of the smallest eigenvalue on a fixed sample",
    scales=SCALES,
    run=run,
)
