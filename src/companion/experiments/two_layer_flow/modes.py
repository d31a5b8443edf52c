"""Each eigenfunction of the limiting kernel decays at its own rate: the loss, mode by mode."""

from dataclasses import dataclass

import numpy as np
import torch
import xarray as xr

from companion.activations import SIGMOID
from companion.dynamics.gradient_flow import gradient_flow
from companion.experiments.base import Experiment, with_bar
from companion.kernels.spectrum import funk_hecke
from companion.kernels.tangent_kernel import tangent_kernel
from companion.networks.initialization import antisymmetric
from companion.networks.two_layer import TwoLayerNetwork
from companion.numerics.montecarlo import stream
from companion.spaces.sphere import uniform_on_sphere


@dataclass(frozen=True)
class Config:
    """A target with a constant, a linear and a quadratic part on an antipodal sample."""

    input_dim: int = 3
    num_pairs: int = 150  # points x and -x, so that even and odd functions do not mix
    width: int = 2000
    horizon: float = 60.0
    num_times: int = 41
    num_seeds: int = 3
    seed: int = 0


SCALES = {
    "smoke": Config(num_pairs=10, width=100, horizon=10.0, num_times=11, num_seeds=2),
    "book": Config(),
    "document": Config(num_pairs=1000, width=16000, horizon=400.0, num_times=81, num_seeds=8),
}

DEGREES = (0, 1, 2)


def run(config: Config) -> xr.Dataset:
    """Norm of the residual in each degree, for networks and for the infinite sphere."""
    rng = stream(config.seed, "points")
    half = uniform_on_sphere(config.num_pairs, config.input_dim, rng)
    X = np.concatenate([half, -half])
    # Orthogonal on the sphere, of mean square 1, 1 and 1.
    linear = X[:, 0] * np.sqrt(config.input_dim)
    quadratic = X[:, 0] * X[:, 1] * np.sqrt(config.input_dim * (config.input_dim + 2))
    y = np.ones(len(X)) + linear + quadratic
    t = np.linspace(0, config.horizon, config.num_times)
    nu = np.full(len(X), 1 / len(X))
    modes = _sample_modes(X)
    norms = np.empty((config.num_seeds, len(DEGREES), len(t)))
    for k in with_bar(range(config.num_seeds), "draws"):
        W, a = antisymmetric(config.width, config.input_dim, stream(config.seed, "weights", k))
        network = TwoLayerNetwork(W, a, activation=SIGMOID)
        trajectory = gradient_flow(
            network, torch.tensor(X), torch.tensor(y), t_end=config.horizon, t_eval=t, nu=nu
        )
        for degree, basis in zip(DEGREES, modes, strict=True):
            share = trajectory.residual @ basis / np.sqrt(len(X))
            norms[k, degree] = np.linalg.norm(share, axis=1)
    rates = funk_hecke(_sphere_kernel, input_dim=config.input_dim, max_degree=max(DEGREES))
    return xr.Dataset(
        {
            "residual_norm": (
                ("draw", "degree", "t"),
                norms,
                {"long_name": "norm of the residual in the degree", "units": "1"},
            ),
            "predicted": (
                ("degree", "t"),
                norms[:, :, 0].mean(axis=0)[:, None] * np.exp(-np.outer(rates, t)),
                {"long_name": "prediction of the limiting kernel", "units": "1"},
            ),
            "rate": (
                "degree",
                rates,
                {
                    "long_name": "eigenvalue of the limiting kernel",
                    "units": "1/time",
                },
            ),
        },
        coords={
            "degree": ("degree", list(DEGREES), {"long_name": "degree", "units": "1"}),
            "t": ("t", t, {"long_name": "flow time", "units": "1"}),
        },
    )


def _sample_modes(X: np.ndarray) -> list[np.ndarray]:
    # Orthonormal bases of the constant, linear and quadratic functions on the sample, each
    # orthogonal to the degrees before it.
    quadratics = [X[:, [i]] * X[:, i:] for i in range(X.shape[1])]
    everything = np.concatenate([np.ones((len(X), 1)), X, *quadratics], axis=1)
    basis, _ = np.linalg.qr(everything)
    edges = np.cumsum([0, 1, X.shape[1], everything.shape[1] - 1 - X.shape[1]])
    # On the sphere the squares of the coordinates add up to one: the last column is dependent.
    return [basis[:, edges[i] : edges[i + 1] - (i == 2)] for i in range(3)]


def _sphere_kernel(t: np.ndarray) -> np.ndarray:
    # A zonal kernel as a function of the inner product: one fixed point against a circle.
    circle = np.stack([t, np.sqrt(1 - t**2)], axis=-1)
    return tangent_kernel(np.array([[1.0, 0.0]]), circle, depth=1, activation=SIGMOID)[0]


EXPERIMENT = Experiment(
    name="two_layer_flow.modes",
    summary="decay of the constant, linear and quadratic part of the residual",
    scales=SCALES,
    run=run,
)
