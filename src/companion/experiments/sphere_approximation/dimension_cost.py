r"""How the order of coercivity grows with the dimension, and what weights and times that costs.

The kernel is that of the theorem as reconstructed: two hidden layers, infinite width, the second
matrix trained. Its trace is finite, which bounds the order from below for every activation.
"""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from companion.activations import activation as activation_named
from companion.claims.sphere_approximation import coercivity_order, width_exponent
from companion.claims.sphere_approximation_cost import least_coercivity_order, log10_weights
from companion.claims.sphere_approximation_rates import classical_width_exponent, decay_exponent
from companion.experiments.base import Experiment, label, with_bar
from companion.kernels.decay import fit_degree_decay
from companion.kernels.spectrum import network_spectrum
from companion.kernels.tangent_kernel import tangent_kernel
from companion.spaces.harmonics import multiplicities

TRAINED = "second_to_last"
ORDERS = {"relu": 0, "elu": 1}  # continuous derivatives of the activation


@dataclass(frozen=True)
class Config:
    """The exponents of the theorem at the ends of its ranges."""

    input_dims: tuple[int, ...] = (2, 3, 4, 5, 6)
    activations: tuple[str, ...] = ("relu", "elu")
    max_degree: int = 64
    smoothness: float = 0.5  # alpha
    holder: float = 0.5  # gamma: at most 1 - alpha
    error: float = 0.1  # relative to the error at width one and at time one
    seed: int = 0  # nothing is random


SCALES = {
    "smoke": Config(input_dims=(2, 3), max_degree=48),
    "book": Config(),
    "document": Config(input_dims=(2, 3, 4, 5, 6, 8, 10), max_degree=256),
}


def run(config: Config) -> xr.Dataset:
    """Orders, measured and derived, and the cost of an accuracy, by activation and dimension.

    Parameters
    ----------
    config
        The configuration.

    Returns
    -------
    Orders of coercivity fitted to eigenvalues and by formula; the share of the trace in the
    degrees computed; decimal digits of weights and times.
    """
    shape = (len(config.activations), len(config.input_dims))
    fitted, low, high, share = np.empty((4, *shape))
    derived, proven, time = np.empty((3, *shape))
    for j, input_dim in enumerate(with_bar(config.input_dims, "dimensions")):
        counts = multiplicities(input_dim=input_dim, max_degree=config.max_degree)
        for i, name in enumerate(config.activations):
            activation = activation_named(name)
            mu = network_spectrum(
                depth=2,
                activation=activation,
                trained=TRAINED,
                input_dim=input_dim,
                max_degree=config.max_degree,
            )
            trace = tangent_kernel(
                np.eye(2)[:1], depth=2, activation=activation, trained=TRAINED
            ).item()
            share[i, j] = counts @ mu / trace
            degrees = np.arange(config.max_degree // 3 // 2 * 2, config.max_degree + 1, 2)
            rate = fit_degree_decay(degrees, mu[degrees], input_dim=input_dim)
            fitted[i, j], low[i, j], high[i, j] = (
                -rate.exponent / 2,
                -rate.high / 2,
                -rate.low / 2,
            )
            derived[i, j] = coercivity_order(input_dim, continuous_derivatives=ORDERS[name])
            rho = width_exponent(
                config.smoothness, coercivity_order=derived[i, j], holder=config.holder
            )
            proven[i, j] = log10_weights(config.error, width_exponent=rho)
            decay = decay_exponent(config.smoothness, coercivity_order=derived[i, j])
            time[i, j] = -np.log10(config.error) / decay
    least = [least_coercivity_order(d) for d in config.input_dims]
    classical = [
        log10_weights(
            config.error, width_exponent=classical_width_exponent(config.smoothness, input_dim=d)
        )
        for d in config.input_dims
    ]
    cells = ("activation", "input_dim")
    return xr.Dataset(
        {
            "fitted_order": (cells, fitted, label("order of coercivity, fitted")),
            "fitted_low": (cells, low, label("lower end of its interval")),
            "fitted_high": (cells, high, label("upper end of its interval")),
            "order": (cells, derived, label("order of coercivity, derived")),
            "least_order": (cells[1:], least, label("bound for every activation")),
            "trace_share": (cells, share, label("share of the trace in the degrees computed")),
            "proven_weights": (cells, proven, label("decimal digits of weights, theorem")),
            "classical_weights": (
                cells[1:],
                classical,
                label("decimal digits of coefficients, classical"),
            ),
            "flow_time": (cells, time, label("decimal digits of the time at infinite width")),
        },
        coords={
            "activation": ("activation", list(config.activations), label("activation")),
            "input_dim": ("input_dim", list(config.input_dims), label("dimension d")),
        },
    )


EXPERIMENT = Experiment(
    name="sphere_approximation.dimension_cost",
    summary="order of coercivity against the dimension, and the weights and times it asks for",
    scales=SCALES,
    run=run,
)
