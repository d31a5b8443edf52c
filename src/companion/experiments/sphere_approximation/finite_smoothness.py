"""ReLUs mollified by splines: as smooth as wished, and coercive.

The kernel is a power series with nonnegative coefficients. Those of an activation with a spline
for its second derivative stay above a multiple of a power, and with them the eigenvalues.
"""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from companion.activations import GELU, mollified_relu
from companion.claims.sphere_approximation import coercivity_order
from companion.experiments.base import Experiment, label, with_bar
from companion.kernels.network_series import log_network_series
from companion.kernels.series_spectrum import log_power_series_spectrum


@dataclass(frozen=True)
class Config:
    """Even orders, for which the transform of the spline is a square."""

    orders: tuple[int, ...] = (2, 4)
    depths: tuple[int, ...] = (2, 3)
    input_dims: tuple[int, ...] = (2, 3, 5)
    num_terms: int = 1500
    max_degree: int = 24  # the sums reach half of their size at n = k**2
    seed: int = 0  # nothing is drawn


SCALES = {
    "smoke": Config(depths=(2,), input_dims=(2, 3), num_terms=400, max_degree=12),
    "book": Config(),
    "document": Config(
        orders=(2, 4, 6), depths=(2, 3, 4), input_dims=(2, 3, 5, 10), num_terms=4000, max_degree=40
    ),
}


def run(config: Config) -> xr.Dataset:
    r"""Coefficients and eigenvalues, each times the power that the proof claims for it.

    Parameters
    ----------
    config
        The configuration.

    Returns
    -------
    Logarithms of :math:`b_n n^{r + 3/2}`, and of the sum of the first terms of
    :math:`\mu_k (1 + k)^{2 \beta}`, a lower bound because no term is negative. For comparison the
    coefficients for GELU with the power of the smallest order.
    """
    n, k = np.arange(1, config.num_terms), np.arange(config.max_degree + 1)
    shape = (len(config.orders), len(config.depths))
    coefficients = np.empty((*shape, n.size))
    bounds = np.empty((*shape, len(config.input_dims), k.size))
    for i, order in enumerate(with_bar(config.orders, "orders")):
        for j, depth in enumerate(config.depths):
            series = log_network_series(
                depth=depth,
                activation=mollified_relu(order),
                trained="second_to_last",
                num_terms=config.num_terms,
            )
            coefficients[i, j] = series[1:] + (order + 3 / 2) * np.log(n)
            for m, d in enumerate(config.input_dims):
                logs = log_power_series_spectrum(series, input_dim=d, max_degree=config.max_degree)
                beta = coercivity_order(d, continuous_derivatives=order)
                bounds[i, j, m] = logs + 2 * beta * np.log(1 + k)
    smooth = log_network_series(
        depth=config.depths[0],
        activation=GELU,
        trained="second_to_last",
        num_terms=config.num_terms,
    )
    networks = ("order", "depth")
    return xr.Dataset(
        {
            "log_coefficient": (
                (*networks, "n"),
                coefficients,
                label("logarithm of the scaled coefficient"),
            ),
            "log_constant": (
                (*networks, "input_dim", "degree"),
                bounds,
                label("logarithm of the scaled eigenvalue"),
            ),
            "smooth_log_coefficient": (
                "n",
                smooth[1:] + (config.orders[0] + 3 / 2) * np.log(n),
                label("GELU, same power"),
            ),
        },
        coords={
            "order": ("order", list(config.orders), label("order")),
            "depth": ("depth", list(config.depths), label("hidden layers")),
            "input_dim": ("input_dim", list(config.input_dims), label("dimension")),
            "n": ("n", n, label("power of the inner product")),
            "degree": ("degree", k, label("degree")),
        },
    )


EXPERIMENT = Experiment(
    name="sphere_approximation.finite_smoothness",
    summary="coefficients and eigenvalues of spline-mollified ReLUs stay above a power",
    scales=SCALES,
    run=run,
)
