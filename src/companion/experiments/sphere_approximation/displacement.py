"""How far the weights travel under gradient flow, and how far network and kernel depart.

On equidistant points of the circle, for a target at the border of a Sobolev space. The departure
is that from the linearisation at the initial weights, whose flow is solved exactly.
"""

import warnings
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import xarray as xr
from jaxtyping import Float
from scipy.integrate import cumulative_trapezoid

from companion.activations import activation
from companion.claims.sphere_approximation_linearization import displacement_bound
from companion.dynamics.failures import KinkWarning
from companion.dynamics.gradient_flow import gradient_flow
from companion.dynamics.kernel_flow import kernel_flow
from companion.experiments.base import Experiment, label, with_bar
from companion.networks.fully_connected import FullyConnectedNetwork
from companion.networks.initialization import gaussian_layers
from companion.numerics.montecarlo import stream
from companion.spaces.circle import circle_points
from companion.spaces.targets import borderline_energies, circle_target
from companion.tangent.gram import ntk

CURVES = {
    "displacement": "relative displacement of the weights",
    "bound": "bound of the displacement",
    "integral": "integral of the norm of the residual",
    "residual": "norm of the residual",
    "departure": "distance from the linearised network",
    "kernel_drift": "relative change of the kernel",
}


@dataclass(frozen=True)
class Config:
    """Widths, depths and times of ours; the digest asks for several of each."""

    activations: tuple[str, ...] = ("relu", "gelu")
    depths: tuple[int, ...] = (2, 3)  # L
    widths: tuple[int, ...] = (16, 64, 256)  # m, of every hidden layer
    target_norms: tuple[float, ...] = (1.0,)  # in L2
    trained: Literal["second to last", "all hidden"] = "second to last"
    smoothness: float = 0.45  # alpha of the target
    num_points: int = 64
    horizon: float = 64.0
    num_times: int = 31
    # Of one step; at a tenth of it, results of ReLU networks change in the fourth digit.
    rtol: float = 1e-3
    num_draws: int = 2
    seed: int = 0


SCALES = {
    "smoke": Config(
        depths=(2,), widths=(16, 64), num_points=24, horizon=8.0, num_times=13, num_draws=2
    ),
    "book": Config(),
    "document": Config(
        activations=("relu", "elu", "gelu"),
        depths=(1, 2, 3),
        widths=(16, 64, 256, 1024),
        horizon=256.0,
        num_draws=3,
    ),
}

# Weights that have to travel far: targets up to a hundred times as large, all hidden layers.
FAR = Config(
    depths=(2,),
    widths=(64,),
    target_norms=(0.25, 1.0, 4.0, 16.0),
    trained="all hidden",
    horizon=16.0,
    num_times=21,
)

# The same targets, with the second-to-last layer alone in motion.
FAR_SECOND_TO_LAST = replace(FAR, trained="second to last")


def run(config: Config) -> xr.Dataset:
    """Displacements, departures and the bound along runs.

    Parameters
    ----------
    config
        The configuration.

    Returns
    -------
    Over activation, depth, width, norm of the target, draw and time: the largest Frobenius
    displacement of a matrix over the root of its width, its bound, the norm of the residual and
    its integral, the distance of the residual from that of the linearised network over the norm
    at the start, and the relative change of the kernel as an operator. At the end also the
    displacement of each layer in the operator norm.
    """
    times = np.geomspace(1e-4 * config.horizon, config.horizon, config.num_times)
    t = np.concatenate([[0.0], times])
    cells = (
        len(config.activations),
        len(config.depths),
        len(config.widths),
        len(config.target_norms),
        config.num_draws,
    )
    results = {name: np.empty((*cells, len(t))) for name in CURVES}
    layers = np.full((*cells, max(config.depths)), np.nan)
    for index in with_bar(list(np.ndindex(*cells)), "runs"):
        curves, by_layer = _one(config, t, index)
        for name, values in curves.items():
            results[name][index] = values
        layers[index][: len(by_layer)] = by_layer
    return _dataset(config, t, results, layers)


def _one(
    config: Config, t: Float[np.ndarray, " t"], index: tuple[int, ...]
) -> tuple[dict[str, Float[np.ndarray, " t"]], list[float]]:
    sigma = activation(config.activations[index[0]])
    depth, width = config.depths[index[1]], config.widths[index[2]]
    rng = stream(config.seed, "weights", depth, width, index[4])
    start = gaussian_layers((width,) * depth, 2, rng)
    trained = (depth - 1,) if config.trained == "second to last" else tuple(range(depth))
    network = FullyConnectedNetwork(start, activation=sigma, trained=trained)
    X = circle_points(config.num_points)
    nu = np.full(len(X), 1 / len(X))
    y = config.target_norms[index[3]] * _target(config, index[4])
    with warnings.catch_warnings():
        # The gradient of a ReLU network jumps; how little that matters is said at `rtol`.
        warnings.simplefilter("ignore", KinkWarning)
        flow = gradient_flow(
            network,
            X,
            y,
            t_end=config.horizon,
            t_eval=t,
            nu=nu,
            rtol=config.rtol,
            method="exponential",
            record=("lambda_max", "kernel_drift"),
        )
    residual = np.sqrt(2 * flow.loss)
    linear = kernel_flow(ntk(network, X).numpy(), flow.residual[0], t, nu=nu)
    departure = np.sqrt(np.mean((flow.residual - linear) ** 2, axis=1))
    integral = cumulative_trapezoid(residual, t, initial=0)
    assert flow.lambda_max is not None and flow.distance_by_parameter is not None
    rate = np.maximum.accumulate(flow.lambda_max)
    curves = {
        "displacement": flow.distance_by_parameter.max(axis=1) / width**0.5,
        "bound": np.array(
            [
                displacement_bound(float(i), largest_rate=float(r), width=width)
                for i, r in zip(integral, rate, strict=True)
            ]
        ),
        "integral": integral,
        "residual": residual,
        "departure": departure / residual[0],
        "kernel_drift": flow.kernel_drift,
    }
    by_layer = [float("nan")] * depth
    for layer in trained:
        change = flow.parameters[f"W{layer}"] - start[layer]
        by_layer[layer] = float(np.linalg.norm(change, 2)) / width**0.5
    return curves, by_layer


def _target(config: Config, draw: int) -> Float[np.ndarray, " n"]:
    energies = borderline_energies(
        input_dim=2, max_degree=(config.num_points - 1) // 2, smoothness=config.smoothness
    )
    rng = stream(config.seed, "target", draw)
    values = circle_target(energies, num_points=config.num_points, rng=rng)
    return values / np.sqrt(np.mean(values**2))


def _dataset(
    config: Config,
    t: Float[np.ndarray, " t"],
    results: dict[str, Float[np.ndarray, "..."]],
    layers: Float[np.ndarray, "..."],
) -> xr.Dataset:
    cells = ("activation", "depth", "width", "target_norm", "draw")
    variables = {
        name: ((*cells, "t"), results[name], label(long_name))
        for name, long_name in CURVES.items()
    }
    return xr.Dataset(
        {
            **variables,
            "by_layer": (
                (*cells, "layer"),
                layers,
                label("relative displacement at the end in the operator norm"),
            ),
        },
        coords={
            "activation": ("activation", list(config.activations), label("activation:")),
            "depth": ("depth", list(config.depths), label("hidden layers")),
            "width": ("width", list(config.widths), label("width")),
            "target_norm": (
                "target_norm",
                list(config.target_norms),
                label("norm of the target"),
            ),
            "t": ("t", t, {"long_name": "flow time", "units": "time"}),
            "layer": ("layer", np.arange(layers.shape[-1]), label("matrix of weights")),
        },
    )


EXPERIMENT = Experiment(
    name="sphere_approximation.displacement",
    summary="how far weights, network and kernel depart from the start under gradient flow",
    scales=SCALES,
    run=run,
)
