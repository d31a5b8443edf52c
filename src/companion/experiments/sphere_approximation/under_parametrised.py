r"""Gradient flow with many more samples than weights: errors along runs, against the width.

The inputs are equidistant points of the circle, at least four for every trained weight, so that
the loss is the continuous norm as far as the weights can tell. The network starts at zero. Beside
every run stands the flow of its linearisation at the start, which is exact at every time and at
infinity, and what classical methods make of as many numbers as there are weights.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
import xarray as xr

from companion.activations import activation as activation_named
from companion.claims.sphere_approximation_rates import require_under_parametrised
from companion.dynamics.gradient_flow import gradient_flow
from companion.dynamics.trajectory import Trajectory
from companion.experiments.base import Experiment, label, with_bar
from companion.networks.fully_connected import FullyConnectedNetwork
from companion.networks.initialization import symmetric_layers
from companion.numerics.montecarlo import stream
from companion.spaces.circle import circle_points
from companion.spaces.classical_approximation import (
    fourier_projection_error,
    periodic_spline_error,
)
from companion.spaces.targets import borderline_energies, circle_target
from companion.tangent.jacobian import jacobian


@dataclass(frozen=True)
class Config:
    """Two hidden layers of one width; sizes are ours, those of the paper are unknown."""

    widths: tuple[int, ...] = (4, 8, 16)
    activations: tuple[str, ...] = ("elu",)  # C^1 with a jump in the second derivative: beta = 2
    trained: tuple[str, ...] = ("second_to_last",)
    smoothness: float = 0.5  # alpha: the end of the theorem's range
    samples_per_weight: int = 4  # of the trained square matrix
    least_samples: int = 1024  # so that narrow networks see the same target
    max_degree: int = 4095  # of the target; a grid shows the part below half its points
    horizon: float = 1e5
    num_times: int = 26
    num_seeds: int = 3
    rtol: float = 1e-2  # of one step of the flow
    seed: int = 0


SCALES = {
    "smoke": Config(
        widths=(2, 4), least_samples=64, max_degree=63, horizon=30.0, num_times=6, num_seeds=2
    ),
    "book": Config(),
    "document": Config(widths=(4, 6, 8, 12, 16, 24), horizon=1e7, num_times=36),
}

LONG = 1e4  # time from which exponential steps cost less than stabilised ones
CUT = 1e-12  # singular values below it, relative to the largest, are not told from rounding

ALONG = {
    "error": "error of the network, relative",
    "linear_error": "error of its linearisation, relative",
    "displacement": "relative displacement h of the weights",
}


def run(config: Config) -> xr.Dataset:
    """Errors and displacements along every run, the linearised flow, and classical errors.

    Parameters
    ----------
    config
        The configuration.

    Returns
    -------
    Errors are L2 norms of the residual over that of the target, on the grid of the run.

    Raises
    ------
    ValueError
        If the samples are fewer than four for every weight of the trained square matrix.
    """
    for width in config.widths:
        require_under_parametrised(num_samples(config, width), width=width)
    t = np.concatenate([[0.0], np.geomspace(1.0, config.horizon, config.num_times - 1)])
    t[-1] = config.horizon
    shape = (
        len(config.activations),
        len(config.trained),
        len(config.widths),
        config.num_seeds,
    )
    along = {name: np.empty((*shape, len(t))) for name in ALONG}
    floor, gradients = np.empty(shape), np.empty(shape)
    classical = np.empty((2, len(config.widths), config.num_seeds))
    energies = borderline_energies(
        input_dim=2, max_degree=config.max_degree, smoothness=config.smoothness
    )
    for index in with_bar(list(product(*map(range, shape))), "runs"):
        i, j, k, draw = index
        width = config.widths[k]
        count = num_samples(config, width)
        y = _target(config, energies, count, draw)
        network = FullyConnectedNetwork(
            symmetric_layers((width, width), 2, stream(config.seed, "weights", width, draw)),
            activation=activation_named(config.activations[i]),
            trained=config.trained[j],
        )
        X, nu = circle_points(count), np.full(count, 1 / count)
        trajectory = gradient_flow(
            network,
            X,
            y,
            nu=nu,
            t_end=config.horizon,
            t_eval=t,
            rtol=config.rtol,
            method="exponential" if config.horizon > LONG else "stabilized",
            keep_path=True,
        )
        size = np.sqrt(np.mean(y**2))
        along["error"][index] = np.sqrt(2 * trajectory.loss) / size
        along["displacement"][index] = _displacement(trajectory, network)
        linear, floor[index] = _linear_errors(network, X, y, t)
        along["linear_error"][index] = linear
        gradients[index] = trajectory.num_gradients
    for k, width in enumerate(config.widths):
        count = 2 * (config.max_degree + 1)
        for draw in range(config.num_seeds):
            fine = _target(config, energies, count, draw)
            size = np.sqrt(np.mean(fine**2))
            classical[0, k, draw] = fourier_projection_error(energies, num_coefficients=width**2)
            classical[1, k, draw] = periodic_spline_error(fine, num_knots=width**2)
            classical[:, k, draw] /= size
    cells = ("activation", "trained", "width", "draw")
    return xr.Dataset(
        {name: ((*cells, "t"), along[name], label(text, "1")) for name, text in ALONG.items()}
        | {
            "linear_floor": (cells, floor, label("error of the linearisation at infinity", "1")),
            "num_gradients": (cells, gradients, label("gradients evaluated", "1")),
            "fourier_error": (
                cells[2:],
                classical[0],
                label("error of a Fourier sum with m^2 coefficients, relative", "1"),
            ),
            "spline_error": (
                cells[2:],
                classical[1],
                label("error of a linear spline with m^2 knots, relative", "1"),
            ),
            "num_samples": (
                "width",
                [num_samples(config, width) for width in config.widths],
                label("number of samples N", "1"),
            ),
        },
        coords={
            "activation": ("activation", list(config.activations), label("activation", "1")),
            "trained": ("trained", list(config.trained), label("trained layers", "1")),
            "width": ("width", list(config.widths), label("width m", "1")),
            "t": ("t", t, label("flow time", "time")),
        },
    )


def num_samples(config: Config, width: int) -> int:
    r"""Size of the grid for a width.

    .. math::
        N = \max(\text{samples per weight} \cdot m^2, \text{least})

    Parameters
    ----------
    config
        The configuration.
    width
        The width m.

    Returns
    -------
    The number N.

    Scale
    -----
    A count.

    References
    ----------
    Derived here.
    """
    return max(config.samples_per_weight * width**2, config.least_samples)


def _target(config: Config, energies: np.ndarray, count: int, draw: int) -> np.ndarray:
    # The phases do not depend on the number of points: the part of one function that is seen.
    seen = energies[: (count + 1) // 2]
    rng = stream(config.seed, "target", draw)
    return circle_target(seen, num_points=count, rng=rng)


def _displacement(trajectory: Trajectory, network: FullyConnectedNetwork) -> np.ndarray:
    start = trajectory.parameters_at(0)
    rows = []
    for index in range(len(trajectory.t)):
        moved = trajectory.parameters_at(index)
        rows.append(
            [np.linalg.norm(moved[n] - W, ord=2) / len(W) ** 0.5 for n, W in start.items()]
        )
    return np.max(rows, axis=1)


def _linear_errors(
    network: FullyConnectedNetwork, X: np.ndarray, y: np.ndarray, t: np.ndarray
) -> tuple[np.ndarray, float]:
    J = jacobian(network, X).numpy() / len(y) ** 0.5
    modes, singular, _ = np.linalg.svd(J, full_matrices=False)
    reached = singular > CUT * singular[0]
    parts = (modes[:, reached].T @ y) ** 2 / (y @ y)
    beyond = max(1 - parts.sum(), 0.0)
    left = np.exp(-2 * np.outer(t, singular[reached] ** 2)) @ parts
    return np.sqrt(left + beyond), float(np.sqrt(beyond))


EXPERIMENT = Experiment(
    name="sphere_approximation.under_parametrised",
    summary="error of networks with four samples for every weight, against time and width",
    scales=SCALES,
    run=run,
)
