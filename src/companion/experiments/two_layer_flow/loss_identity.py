"""The loss along the flow: its fall by the Gram matrix, by differences, and by parts.

L. Li, "On the convergence of gradient descent for two layer neural networks", 2019: the network
(1.3), its flow (2.3)-(2.4) and the identity (2.5) with the Gram matrix (2.6).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
import xarray as xr
from jaxtyping import Float
from torch import Tensor

from companion.activations import SIGMOID
from companion.dynamics.gradient_flow import gradient_flow
from companion.experiments.base import Experiment, with_bar
from companion.networks.initialization import gaussian_rademacher
from companion.networks.two_layer import TwoLayerNetwork
from companion.numerics.montecarlo import stream
from companion.spaces.sphere import uniform_on_sphere
from companion.tangent.gram import gram_by_parameter


@dataclass(frozen=True)
class Config:
    """Uniform points on the sphere with the empirical measure, Assumptions 1 to 3."""

    num_samples: int = 100  # M in the document, which runs no experiment of its own
    width: int = 400  # n in the document; the theorem asks for n >= C d
    input_dim: int = 5  # d
    target: Literal["linear", "signs"] = "linear"  # sqrt(d) x_1, or a fair sign at every point
    t_end: float = 200.0
    num_times: int = 25  # spread evenly in the logarithm over the last three decades
    difference_step: float = 1e-4  # leaves (step * rate)**2 / 6, below 1e-9 for rates up to 1
    rtol: float = 1e-9
    device: Literal["cpu", "cuda"] = "cpu"
    seed: int = 0


SCALES = {
    "smoke": Config(num_samples=10, width=30, input_dim=3, t_end=20.0, num_times=6),
    "book": Config(),
    "document": Config(num_samples=1000, width=4000, input_dim=10, t_end=1000.0, num_times=40),
}


def run(config: Config) -> xr.Dataset:
    """Loss, its rate of fall three ways, and the energy of the outer weights, along one run."""
    points = stream(config.seed, "points")
    X = uniform_on_sphere(config.num_samples, config.input_dim, points)
    if config.target == "linear":
        y = np.sqrt(config.input_dim) * X[:, 0]
    else:
        y = points.choice([-1.0, 1.0], config.num_samples)
    W, a = gaussian_rademacher(config.width, config.input_dim, stream(config.seed, "weights"))
    network = TwoLayerNetwork(W, a, activation=SIGMOID).to(config.device)
    nu = np.full(config.num_samples, 1 / config.num_samples)
    last = config.t_end - config.difference_step
    times = np.geomspace(config.t_end / 1000, last, config.num_times)
    # Each time has a neighbour on either side, from which the slope of the loss is read.
    triples = times[:, None] + config.difference_step * np.array([-1.0, 0.0, 1.0])
    flow = gradient_flow(
        network,
        X,
        y,
        t_end=config.t_end,
        t_eval=np.minimum(triples.ravel(), config.t_end),
        nu=nu,
        rtol=config.rtol,
        keep_path=True,
        progress=True,
    )
    middle = slice(1, None, 3)
    shares = [
        _decay_shares(network, torch.as_tensor(X), flow.parameters_at(k), nu * flow.residual[k])
        for k in with_bar(range(1, len(flow.t), 3), "Gram matrices")
    ]
    outer, inner = np.array(shares).T
    energy = np.array([(flow.parameters_at(k)["a"] ** 2).sum() for k in range(len(flow.t))])
    return _labelled(
        {
            "loss": (flow.loss[middle], "loss"),
            "decay_outer": (outer, "fall of the loss by the outer Gram matrix"),
            "decay_inner": (inner, "fall of the loss by the inner Gram matrix"),
            "decay_difference": (-_slope(flow.loss, flow.t), "fall of the loss by differences"),
            "outer_energy": (energy[middle], "sum of squares of the outer weights"),
            "outer_energy_slope": (_slope(energy, flow.t), "its slope by differences"),
            "outer_energy_identity": (
                -2 * (flow.residual * (flow.residual + y) @ nu)[middle],
                "its slope by the first equation of (3.1)",
            ),
            "distance": (flow.distance[middle], "distance of the parameters from the start"),
        },
        times,
    )


def _decay_shares(
    network: TwoLayerNetwork,
    X: Float[Tensor, "n d"],
    parameters: dict[str, Float[np.ndarray, "..."]],
    weighted_residual: Float[np.ndarray, " n"],
) -> tuple[float, float]:
    with torch.no_grad():
        network.W.copy_(torch.as_tensor(parameters["W"]))
        network.a.copy_(torch.as_tensor(parameters["a"]))
    grams = gram_by_parameter(network, X.to(network.W.device))
    outer, inner = (
        float(weighted_residual @ grams[name].cpu().numpy() @ weighted_residual)
        for name in ("a", "W")
    )
    return outer, inner


def _slope(values: Float[np.ndarray, " t"], t: Float[np.ndarray, " t"]) -> np.ndarray:
    slope: np.ndarray = (values[2::3] - values[::3]) / (t[2::3] - t[::3])
    return slope


def _labelled(
    variables: dict[str, tuple[Float[np.ndarray, " t"], str]], times: Float[np.ndarray, " t"]
) -> xr.Dataset:
    rates = ("decay", "outer_energy_slope", "outer_energy_identity")
    return xr.Dataset(
        {
            name: (
                "t",
                values,
                {"long_name": meaning, "units": "1/time" if name.startswith(rates) else "1"},
            )
            for name, (values, meaning) in variables.items()
        },
        coords={"t": ("t", times, {"long_name": "time", "units": "time"})},
        attrs={"key_variables": "loss decay_outer decay_inner decay_difference"},
    )


EXPERIMENT = Experiment(
    name="two_layer_flow.loss_identity",
    summary="the fall of the loss by the Gram matrix, outer and inner part, and by differences",
    scales=SCALES,
    run=run,
)
