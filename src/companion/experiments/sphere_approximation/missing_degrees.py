"""What becomes of a residual in one degree whose eigenvalue vanishes, and of one next to it.

The tangent kernel of one hidden layer of ReLU without biases vanishes on odd degrees from three
on; with two hidden layers it does not.
"""

import warnings
from dataclasses import dataclass

import numpy as np
import xarray as xr
from jaxtyping import Float

from companion.activations import RELU
from companion.dynamics.failures import KinkWarning
from companion.dynamics.gradient_flow import gradient_flow
from companion.dynamics.zonal_flow import zonal_flow
from companion.experiments.base import Experiment, label, with_bar
from companion.kernels.spectrum import network_spectrum
from companion.networks.fully_connected import FullyConnectedNetwork
from companion.networks.initialization import gaussian_layers
from companion.numerics.montecarlo import stream
from companion.spaces.circle import circle_energies, circle_points


@dataclass(frozen=True)
class Config:
    """Targets of one degree on the circle; the second-to-last layer is trained."""

    degrees: tuple[int, ...] = (3, 4)  # of the target
    depths: tuple[int, ...] = (1, 2)
    width: int = 128
    num_points: int = 32
    horizon: float = 128.0
    num_times: int = 21
    rtol: float = 1e-2
    num_draws: int = 2
    seed: int = 0


SCALES = {
    "smoke": Config(width=16, num_points=12, horizon=32.0, num_times=5, num_draws=2),
    "book": Config(),
    "document": Config(
        degrees=(3, 4, 5, 6),
        depths=(1, 2, 3),
        width=1024,
        num_points=64,
        horizon=1024.0,
        rtol=1e-3,
        num_draws=4,
    ),
}


def run(config: Config) -> xr.Dataset:
    """The part of the target that is not yet learnt.

    Parameters
    ----------
    config
        The configuration.

    Returns
    -------
    The amplitude of the residual in the degree of the target, over that of the target: of finite
    networks by case (depth and degree), draw and time, and under the flow at infinite width.
    """
    t = np.concatenate([[0.0], np.geomspace(0.1, config.horizon, config.num_times)])
    X = circle_points(config.num_points)
    angle = np.arctan2(X[:, 1], X[:, 0])
    cases = [(depth, degree) for depth in config.depths for degree in config.degrees]
    amplitude = np.empty((len(cases), config.num_draws, len(t)))
    limit = np.empty((len(cases), len(t)))
    for i, (depth, degree) in enumerate(with_bar(cases, "cases")):
        target = np.sqrt(2) * np.cos(degree * angle)
        eigenvalues = network_spectrum(
            input_dim=2,
            max_degree=degree,
            depth=depth,
            activation=RELU,
            trained="second_to_last",
        )
        start = np.eye(degree + 1)[degree]
        limit[i] = np.sqrt(zonal_flow(start, np.maximum(eigenvalues, 0), t)[:, degree])
        for draw in range(config.num_draws):
            layers = gaussian_layers(
                (config.width,) * depth, 2, stream(config.seed, "weights", depth, draw)
            )
            network = FullyConnectedNetwork(layers, activation=RELU)
            residual = _residual(network, X, target, t, config)
            amplitude[i, draw] = np.sqrt(circle_energies(residual)[:, degree])
    labels = [f"{depth} hidden, degree {degree}" for depth, degree in cases]
    return xr.Dataset(
        {
            "amplitude": (
                ("case", "draw", "t"),
                amplitude,
                label("residual in the degree of the target"),
            ),
            "limit": (("case", "t"), limit, label("the same at infinite width")),
        },
        coords={
            "case": ("case", labels, label("layers:")),
            "t": ("t", t, {"long_name": "flow time", "units": "time"}),
        },
    )


def _residual(
    network: FullyConnectedNetwork,
    X: Float[np.ndarray, "n d"],
    y: Float[np.ndarray, " n"],
    t: Float[np.ndarray, " t"],
    config: Config,
) -> Float[np.ndarray, "t n"]:
    with warnings.catch_warnings():
        # At a tenth of `rtol` the amplitudes change by less than a percent.
        warnings.simplefilter("ignore", KinkWarning)
        flow = gradient_flow(
            network,
            X,
            y,
            t_end=config.horizon,
            t_eval=t,
            nu=np.full(len(X), 1 / len(X)),
            rtol=config.rtol,
            method="exponential",
        )
    return flow.residual


EXPERIMENT = Experiment(
    name="sphere_approximation.missing_degrees",
    summary="residuals in degrees whose eigenvalue vanishes, or does not",
    scales=SCALES,
    run=run,
)
