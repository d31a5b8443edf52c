"""Gradient descent with smaller and smaller steps beside gradient flow, at a fixed time."""

import warnings
from dataclasses import dataclass

import numpy as np
import xarray as xr
from jaxtyping import Float

from companion.activations import activation
from companion.dynamics.failures import Diverged, KinkWarning
from companion.dynamics.gradient_descent import gradient_descent
from companion.dynamics.gradient_flow import gradient_flow
from companion.dynamics.trajectory import Trajectory
from companion.experiments.base import Experiment, label, with_bar
from companion.networks.fully_connected import FullyConnectedNetwork
from companion.networks.initialization import gaussian_layers
from companion.numerics.montecarlo import stream
from companion.spaces.circle import circle_points
from companion.spaces.targets import borderline_energies, circle_target
from companion.tangent.gram import ntk


@dataclass(frozen=True)
class Config:
    """Both hidden layers are trained; the number of steps is what varies."""

    activations: tuple[str, ...] = ("elu", "gelu")
    num_steps: tuple[int, ...] = (32, 64, 128, 256, 512)  # to the same time
    width: int = 64
    num_points: int = 32
    smoothness: float = 0.45  # of the target
    horizon: float = 32.0
    rtol: float = 1e-6  # of the flow; two digits below the smallest difference
    num_draws: int = 2
    seed: int = 0


SCALES = {
    "smoke": Config(
        num_steps=(16, 32, 64), width=12, num_points=10, horizon=6.0, rtol=1e-5, num_draws=2
    ),
    "book": Config(),
    # ReLU too, whose gradient jumps: the flow then needs many short steps.
    "document": Config(
        activations=("relu", "elu", "gelu"),
        num_steps=(64, 128, 256, 512, 1024, 2048),
        width=256,
        num_points=64,
        horizon=64.0,
        rtol=1e-6,
    ),
}

# Steps beyond twice the inverse of the largest eigenvalue, where descent does not follow the flow.
TOO_LONG = Config(activations=("elu",), num_steps=(4, 5, 6), horizon=64.0)


def run(config: Config) -> xr.Dataset:
    """Differences of descent and flow at the end.

    Parameters
    ----------
    config
        The configuration.

    Returns
    -------
    By activation, number of steps and draw: the mean square difference of the outputs over the
    norm of the initial residual, the difference of the weights over their displacement under the
    flow, the ratio of the losses of descent and flow (infinite if descent diverges), and the
    length of a step times the largest eigenvalue of the initial kernel. By activation and draw the
    gradients that the flow needed.
    """
    X = circle_points(config.num_points)
    cells = (len(config.activations), len(config.num_steps), config.num_draws)
    names = ("output_difference", "weight_difference", "loss_ratio", "step")
    results = {name: np.full(cells, np.inf) for name in names}
    gradients = np.empty((cells[0], cells[2]))
    for i, name in enumerate(config.activations):
        for k in with_bar(range(config.num_draws), name):
            rng = stream(config.seed, "weights", k)
            network = FullyConnectedNetwork(
                gaussian_layers((config.width, config.width), 2, rng),
                activation=activation(name),
                trained=(0, 1),
            )
            y = _target(config, k)
            kernel = ntk(network, X).numpy() / len(X)
            largest = float(np.linalg.eigvalsh(kernel)[-1])
            flow = _flow(network, X, y, config)
            gradients[i, k] = flow.num_gradients
            for j, count in enumerate(config.num_steps):
                cell = (i, j, k)
                rate = config.horizon / count
                results["step"][cell] = rate * largest
                try:
                    descent = gradient_descent(
                        network,
                        X,
                        y,
                        learning_rate=rate,
                        num_steps=count,
                        nu=np.full(len(X), 1 / len(X)),
                        record_at=[count],
                    )
                except Diverged:
                    continue
                for quantity, value in _differences(descent, flow).items():
                    results[quantity][cell] = value
    return _dataset(config, results, gradients)


def _flow(
    network: FullyConnectedNetwork,
    X: Float[np.ndarray, "n d"],
    y: Float[np.ndarray, " n"],
    config: Config,
) -> Trajectory:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", KinkWarning)
        return gradient_flow(
            network,
            X,
            y,
            t_end=config.horizon,
            t_eval=[0.0, config.horizon],
            nu=np.full(len(X), 1 / len(X)),
            rtol=config.rtol,
        )


def _differences(descent: Trajectory, flow: Trajectory) -> dict[str, float]:
    change = descent.residual[-1] - flow.residual[-1]
    squares = [
        np.sum((descent.parameters[name] - flow.parameters[name]) ** 2) for name in flow.parameters
    ]
    return {
        "output_difference": float(np.sqrt(np.mean(change**2) / (2 * flow.loss[0]))),
        "weight_difference": float(np.sqrt(np.sum(squares)) / flow.distance[-1]),
        "loss_ratio": float(descent.loss[-1] / flow.loss[-1]),
    }


def _target(config: Config, draw: int) -> Float[np.ndarray, " n"]:
    energies = borderline_energies(
        input_dim=2, max_degree=(config.num_points - 1) // 2, smoothness=config.smoothness
    )
    rng = stream(config.seed, "target", draw)
    return circle_target(energies, num_points=config.num_points, rng=rng)


def _dataset(
    config: Config,
    results: dict[str, Float[np.ndarray, "a s k"]],
    gradients: Float[np.ndarray, "a k"],
) -> xr.Dataset:
    meanings = {
        "output_difference": "difference of descent and flow, outputs",
        "weight_difference": "difference of descent and flow, weights",
        "loss_ratio": "loss of descent over that of the flow",
        "step": "length of a step times the largest eigenvalue",
    }
    cells = ("activation", "num_steps", "draw")
    return xr.Dataset(
        {
            **{name: (cells, results[name], label(text)) for name, text in meanings.items()},
            "flow_gradients": (
                ("activation", "draw"),
                gradients,
                label("gradients that the flow needed"),
            ),
        },
        coords={
            "activation": ("activation", list(config.activations), label("activation:")),
            "num_steps": ("num_steps", list(config.num_steps), label("steps to the same time")),
        },
    )


EXPERIMENT = Experiment(
    name="sphere_approximation.descent_steps",
    summary="gradient descent with shorter and shorter steps beside gradient flow",
    scales=SCALES,
    run=run,
)
