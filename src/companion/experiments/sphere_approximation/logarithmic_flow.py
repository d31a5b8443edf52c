"""How slowly the error falls at infinite width if eigenvalues fall faster than any power."""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from jaxtyping import Float
from scipy.special import zeta

from companion.activations import activation
from companion.claims.sphere_approximation_smooth import decay_law
from companion.dynamics.zonal_flow import zonal_flow_of_logarithms
from companion.experiments.base import Experiment, label, with_bar
from companion.kernels.hermite_spectrum import log_network_spectrum
from companion.kernels.spectrum import network_spectrum
from companion.numerics.rates import fit_power_law
from companion.spaces.sobolev import sobolev_weights


@dataclass(frozen=True)
class Config:
    """Inner weights of the last hidden layer are trained: of one layer for the powers of log t,
    where high degrees are cheap, of two for the time to an accuracy."""

    smooth: tuple[str, ...] = ("gelu", "erf", "tanh", "softplus")
    rough: tuple[str, ...] = ("relu", "elu")
    smoothness: float = 0.5
    input_dim: int = 2
    max_degree: int = 2000
    num_times: int = 25
    last_accuracy: float = 1 / 16
    num_accuracies: int = 16
    seed: int = 0  # nothing is drawn


SCALES = {
    "smoke": Config(smooth=("gelu", "tanh"), rough=("relu",), max_degree=800, num_times=13,
                    last_accuracy=1 / 8, num_accuracies=5),
    "book": Config(),
    "document": Config(max_degree=6000, num_times=97, last_accuracy=1 / 20, num_accuracies=40),
}  # fmt: skip


def run(config: Config) -> xr.Dataset:
    r"""Errors against the logarithm of time, and the time to every accuracy.

    Parameters
    ----------
    config
        The configuration.

    Returns
    -------
    The error of a residual with energies :math:`k^{-2\alpha-1}` on the degrees that the kernel
    has, up to infinity, with the fitted power of log t, whose interval is the hull of the fits
    with and without a correction; and the time after which every residual
    of the unit ball of :math:`H^\alpha` is below an accuracy. Times are kept as logarithms: no
    floating-point number holds them.
    """
    log_t = np.empty((len(config.smooth), config.num_times))
    error = np.empty_like(log_t)
    powers = np.empty((len(config.smooth), 4))
    for i, name in enumerate(with_bar(config.smooth, "activations")):
        log_t[i], error[i], powers[i] = _flow(name, config)
    accuracy = np.geomspace(1 / 2, config.last_accuracy, config.num_accuracies)
    everyone = (*config.rough, *config.smooth)
    needed = [_log_time_needed(name, accuracy, config) for name in everyone]
    cells = ("smooth", "step")
    return xr.Dataset(
        {
            "log_t": (cells, log_t, label("logarithm of time")),
            "error": (cells, error, label("L2 error")),
            "power": ("smooth", powers[:, 0], label("fitted power of log t")),
            "power_low": ("smooth", powers[:, 1], label("lower end of its interval")),
            "power_high": ("smooth", powers[:, 2], label("upper end of its interval")),
            "predicted_power": ("smooth", powers[:, 3], label("power of log t by the law")),
            "log_time_needed": (
                ("activation", "accuracy"),
                np.array(needed),
                label("logarithm of the time to the accuracy"),
            ),
            "time_needed": (
                ("activation", "accuracy"),
                np.exp(needed),
                {"long_name": "flow time to the accuracy", "units": "time"},
            ),
        },
        coords={
            "smooth": ("smooth", list(config.smooth), label("activation")),
            "activation": ("activation", list(everyone), label("activation")),
            "accuracy": ("accuracy", accuracy, label("largest L2 error over the ball")),
            "step": ("step", np.arange(config.num_times), label("number of the time")),
        },
    )


def _flow(
    name: str, config: Config
) -> tuple[Float[np.ndarray, " t"], Float[np.ndarray, " t"], Float[np.ndarray, " 4"]]:
    logs = log_network_spectrum(
        depth=1,
        activation=activation(name),
        trained="second_to_last",
        input_dim=config.input_dim,
        max_degree=config.max_degree,
    )
    there = np.flatnonzero(np.isfinite(logs[2:])) + 2  # every other degree
    power = 2 * config.smoothness + 1.0
    # Beyond the last degree nothing has moved by the last time; those energies add up exactly.
    rest = 2**-power * zeta(power, (there[-1] + 2) / 2)
    last = -0.5 * (logs[there[-1]] + logs[there[-len(there) // 3]])
    log_t = np.geomspace(last / 8, last, config.num_times)
    energies = zonal_flow_of_logarithms(there**-power, logs[there], log_t)
    error = np.sqrt(energies.sum(axis=1) + rest)
    law = decay_law(name, input_dim=config.input_dim)
    predicted = -config.smoothness / law.power
    return log_t, error, np.array([*_power(log_t, error), predicted])


def _power(
    log_t: Float[np.ndarray, " t"], error: Float[np.ndarray, " t"]
) -> tuple[float, float, float]:
    # log t = a k^p - q log k - C where degree k starts to move: the first correction to a power
    # of log t is log(log t) / log t. Without it the fit is bent; both ends are reported.
    correction = np.log(log_t) / log_t
    columns = np.stack([log_t, np.exp(correction / correction.max())], axis=1)
    bent, plain = fit_power_law(columns, error), fit_power_law(log_t, error)
    power, low, high = (np.atleast_1d(v)[0] for v in (bent.exponent, bent.low, bent.high))
    return float(power), float(min(low, plain.low)), float(max(high, plain.high))


def _log_time_needed(
    name: str, accuracy: Float[np.ndarray, " k"], config: Config
) -> Float[np.ndarray, " k"]:
    # sup_k w_k^(-1/2) exp(-mu_k t) <= eps once t >= log(w_k^(-1/2) / eps) / mu_k for every k.
    degree = int(config.last_accuracy ** (-1 / config.smoothness)) + 2
    if name in config.rough:
        values = network_spectrum(
            depth=2,
            activation=activation(name),
            trained="second_to_last",
            input_dim=config.input_dim,
            max_degree=degree,
        )
        logs = np.log(values)
    else:
        logs = log_network_spectrum(
            depth=2,
            activation=activation(name),
            trained="second_to_last",
            input_dim=config.input_dim,
            max_degree=degree,
        )
    weights = sobolev_weights(
        np.arange(degree + 1), input_dim=config.input_dim, smoothness=config.smoothness
    )
    there = np.isfinite(logs)  # an odd network is asked for odd residuals only
    excess = -np.log(weights[there]) / 2 - np.log(accuracy)[:, None]
    with np.errstate(divide="ignore"):
        needed = np.log(np.maximum(excess, 0.0)) - logs[there]
    return np.asarray(needed.max(axis=1))


EXPERIMENT = Experiment(
    name="sphere_approximation.logarithmic_flow",
    summary="error at infinite width for smooth activations: a power of log t",
    scales=SCALES,
    run=run,
)
