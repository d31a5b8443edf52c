r"""How fast the error falls at infinite width: exact flows of the kernel of deep ReLU networks."""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from scipy.special import zeta

from companion.activations import RELU
from companion.claims.sphere_approximation import coercivity_order
from companion.claims.sphere_approximation_rates import decay_exponent
from companion.dynamics.zonal_flow import largest_residual, zonal_flow
from companion.experiments.base import Experiment, label, with_bar
from companion.kernels.spectrum import network_spectrum
from companion.numerics.rates import Rate, fit_power_law
from companion.spaces.sobolev import sobolev_weights


@dataclass(frozen=True)
class Config:
    """Two hidden layers, of which the inner weights of the last are trained."""

    input_dims: tuple[int, ...] = (2, 3, 5)
    smoothness: tuple[float, ...] = (0.25, 0.5, 1.0)
    depth: int = 2
    max_degree: int = 4096
    first_degree: float = 2.0  # the times are one over the rates of these degrees
    last_degree: float = 1024.0
    fit_from: float = 128.0  # powers are fitted from here on
    num_times: int = 37
    polynomial_degree: int = 4
    seed: int = 0  # nothing is drawn


SCALES = {
    "smoke": Config(input_dims=(2, 3), smoothness=(0.5, 1.0), max_degree=1024, last_degree=256.0,
                    fit_from=64.0, num_times=15),
    "book": Config(),
    # Not to higher degrees: in five dimensions eigenvalues beyond them are rounding.
    "document": Config(input_dims=(2, 3, 4, 5), smoothness=(0.1, 0.25, 0.5, 1.0, 2.0), depth=3,
                       num_times=145),
}  # fmt: skip


def run(config: Config) -> xr.Dataset:
    r"""Errors over time for every dimension and smoothness, with fitted powers.

    Parameters
    ----------
    config
        The configuration.

    Returns
    -------
    The largest error over the unit ball of H^alpha; the error of one residual at its edge, with
    energies k^(-2 alpha - 1); and that of a polynomial. Times differ from dimension to dimension.
    """
    dims, alphas = config.input_dims, config.smoothness
    k = np.arange(config.max_degree + 1)
    degrees = np.geomspace(config.first_degree, config.last_degree, config.num_times)
    shape = (len(dims), len(alphas), config.num_times)
    ball, edge = np.empty(shape), np.empty(shape)
    polynomial, t = np.empty((shape[0], shape[2])), np.empty((shape[0], shape[2]))
    slowest = np.empty(len(dims))
    for i, d in enumerate(with_bar(dims, "dimensions")):
        mu = network_spectrum(
            depth=config.depth,
            activation=RELU,
            trained=(config.depth - 1,),
            input_dim=d,
            max_degree=config.max_degree,
        )
        t[i] = 1 / np.exp(np.interp(np.log(degrees), np.log(k[1:]), np.log(mu[1:])))
        for j, alpha in enumerate(alphas):
            weights = sobolev_weights(k, input_dim=d, smoothness=alpha)
            ball[i, j] = largest_residual(mu, weights, t[i])
            edge[i, j] = _edge(mu, alpha, d, t[i])
        low = np.where(k <= config.polynomial_degree, 1 / (config.polynomial_degree + 1), 0.0)
        polynomial[i] = np.sqrt(zonal_flow(low, mu, t[i]).sum(axis=1))
        slowest[i] = mu[: config.polynomial_degree + 1].min()
    cells = ("input_dim", "smoothness", "step")
    late = degrees >= config.fit_from * (1 - 1e-12)
    fits = [[fit_power_law(t[i, late], e[late]) for e in ball[i]] for i in range(len(dims))]
    edges = [[fit_power_law(t[i, late], e[late]) for e in edge[i]] for i in range(len(dims))]
    predicted = [
        [-decay_exponent(a, coercivity_order=coercivity_order(d, continuous_derivatives=0))
         for a in alphas] for d in dims]  # fmt: skip
    return xr.Dataset(
        {
            "ball": (cells, ball, label("largest error over the ball")),
            "edge": (cells, edge, label("error of one residual")),
            "polynomial": (("input_dim", "step"), polynomial, label("error of a polynomial")),
            "t": (("input_dim", "step"), t, {"long_name": "flow time", "units": "time"}),
            "slowest": (
                "input_dim",
                slowest,
                label("least eigenvalue of the polynomial's degrees", "1/time"),
            ),
            "predicted_power": (cells[:2], predicted, label("power of time, predicted")),
            **_fitted("ball_power", "power of time, ball", fits),
            **_fitted("edge_power", "power of time, one residual", edges),
        },
        coords={
            "input_dim": ("input_dim", list(dims), label("dimension d")),
            "smoothness": ("smoothness", list(alphas), label("smoothness")),
            "step": ("step", np.arange(config.num_times), label("number of the time")),
        },
    )


def _edge(mu: np.ndarray, alpha: float, d: int, t: np.ndarray) -> np.ndarray:
    power, last = 2 * alpha + 1.0, len(mu) - 1
    k = np.arange(1, last + 1)
    seen = zonal_flow(k**-power, mu[1:], t).sum(axis=1)
    # Beyond the last degree in bundles: their energies are exact, their rates follow k^(-d).
    edges = np.append(last + 1 + np.concatenate([[0], np.geomspace(1, 1e3 * last, 400)]), np.inf)
    energies = -np.diff([*zeta(power, edges[:-1]), 0.0])
    rates = mu[last] * (last / edges[:-1]) ** d
    return np.sqrt(seen + zonal_flow(energies, rates, t).sum(axis=1))


def _fitted(name: str, long_name: str, rates: list[list[Rate]]) -> dict:
    cells = ("input_dim", "smoothness")
    return {
        name: (cells, [[one.exponent for one in row] for row in rates], label(long_name)),
        f"{name}_low": (
            cells,
            [[one.low for one in row] for row in rates],
            label(f"{long_name}, lower end"),
        ),
        f"{name}_high": (
            cells,
            [[one.high for one in row] for row in rates],
            label(f"{long_name}, upper end"),
        ),
    }


EXPERIMENT = Experiment(
    name="sphere_approximation.infinite_width",
    summary="power-law decay of the error at infinite width, against time and smoothness",
    scales=SCALES,
    run=run,
)
