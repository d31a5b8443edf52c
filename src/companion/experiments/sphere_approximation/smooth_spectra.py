"""Eigenvalues of the tangent kernel for smooth activations, and the law they are claimed to obey.

The digest lists polynomial decay for smooth activations as something to verify. Here eigenvalues
of the infinitely wide network are summed to relative accuracy, however small, and fitted.
"""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from jaxtyping import Float, Int
from scipy.special import logsumexp

from companion.activations import activation
from companion.claims.sphere_approximation_smooth import DecayLaw, decay_law
from companion.experiments.base import Experiment, label, with_bar
from companion.kernels.hermite_spectrum import log_network_spectrum
from companion.numerics.rates import ExponentialRate
from companion.numerics.stretched_decay import fit_stretched_decay
from companion.spaces.harmonics import multiplicities

_NETWORKS = {
    "one layer": (1, 0.0),
    "two layers": (2, 0.0),
    "three layers": (3, 0.0),
    "two layers, biases": (2, 1.0),
}


@dataclass(frozen=True)
class Config:
    """Sizes are ours: those of the document's numerical evidence are not known to us."""

    activations: tuple[str, ...] = (
        "gelu",
        "gaussian_bump",
        "normal_cdf",
        "erf",
        "tanh",
        "sigmoid",
        "silu",
        "softplus",
    )
    input_dims: tuple[int, ...] = (2, 3, 5)
    max_degree: int = 256
    deep_degree: int = 128
    deep_dim: int = 3
    laplacian_orders: tuple[int, ...] = (2, 4, 8, 16)  # powers of the Laplacian in the bounds
    seed: int = 0  # nothing is drawn


SCALES = {
    "smoke": Config(
        activations=("gelu", "erf", "tanh"), input_dims=(2, 3), max_degree=96, deep_degree=48
    ),
    "book": Config(),
    "document": Config(max_degree=1000, deep_degree=480),
}


def run(config: Config) -> xr.Dataset:
    """Logarithms of eigenvalues by degree, fitted rates with intervals, and the laws.

    Parameters
    ----------
    config
        The configuration.

    Returns
    -------
    For one hidden layer every activation and dimension; for several layers and with biases every
    activation in one dimension. Fits are over the upper three quarters of the degrees of one
    parity. A degree that a kernel does not have is minus infinity. For the first activation and
    two layers also the bounds of the eigenvalues by powers of the Laplacian of the kernel.
    """
    sizes = (len(config.activations), len(config.input_dims))
    shallow = np.empty((*sizes, config.max_degree + 1))
    shallow_rates = np.empty((*sizes, 6))
    deep = np.empty((len(config.activations), len(_NETWORKS), config.deep_degree + 1))
    deep_rates = np.empty((*deep.shape[:2], 6))
    for i, name in enumerate(with_bar(config.activations, "activations")):
        for j, input_dim in enumerate(config.input_dims):
            shallow[i, j], shallow_rates[i, j] = _one(name, 1, 0.0, input_dim, config.max_degree)
        for j, (depth, bias) in enumerate(_NETWORKS.values()):
            deep[i, j], deep_rates[i, j] = _one(
                name, depth, bias, config.deep_dim, config.deep_degree
            )
    by_dim, by_network = ("activation", "input_dim"), ("activation", "network")
    return xr.Dataset(
        {
            "log_eigenvalue": (
                (*by_dim, "degree"),
                shallow,
                label("logarithm of the eigenvalue, one hidden layer"),
            ),
            **_rates("", by_dim, shallow_rates),
            "deep_log_eigenvalue": (
                (*by_network, "deep_degree"),
                deep,
                label(f"logarithm of the eigenvalue, dimension {config.deep_dim}"),
            ),
            **_rates("deep_", by_network, deep_rates),
            "log_bound": (
                ("laplacian_order", "deep_degree"),
                _bounds(deep[0, 1], config),
                label("logarithm of the bound by a power of the Laplacian"),
            ),
        },
        coords={
            "activation": (
                "activation",
                [name.replace("_", " ") for name in config.activations],
                label("activation"),
            ),
            "input_dim": ("input_dim", list(config.input_dims), label("dimension")),
            "network": ("network", list(_NETWORKS), label("network")),
            "laplacian_order": (
                "laplacian_order",
                list(config.laplacian_orders),
                label("power of the Laplacian"),
            ),
            "degree": ("degree", np.arange(config.max_degree + 1), label("degree")),
            "deep_degree": ("deep_degree", np.arange(config.deep_degree + 1), label("degree")),
        },
    )


def degrees_of_one_parity(
    log_eigenvalues: Float[np.ndarray, " l"],
) -> Int[np.ndarray, " k"]:
    """The upper three quarters of the even degrees, or of the odd ones if even ones vanish.

    Parameters
    ----------
    log_eigenvalues
        Logarithms by degree.

    Returns
    -------
    The degrees, for fits.
    """
    last = log_eigenvalues.size - 1
    upper = np.arange(-(-last // 4), last + 1)
    even, odd = upper[upper % 2 == 0], upper[upper % 2 == 1]
    return even if np.isfinite(log_eigenvalues[even]).all() else odd


def _one(
    name: str, depth: int, bias_variance: float, input_dim: int, max_degree: int
) -> tuple[Float[np.ndarray, " l"], Float[np.ndarray, " 6"]]:
    logs = log_network_spectrum(
        depth=depth,
        activation=activation(name),
        trained="second_to_last",
        input_dim=input_dim,
        max_degree=max_degree,
        bias_variance=bias_variance,
    )
    law = decay_law(name, input_dim=input_dim, depth=depth, bias_variance=bias_variance)
    fit = _fitted(logs, law, input_dim)
    return logs, np.array([fit.rate, fit.low, fit.high, law.rate, law.power, law.algebraic])


def _fitted(
    log_eigenvalues: Float[np.ndarray, " l"], law: DecayLaw, input_dim: int
) -> ExponentialRate:
    degrees = degrees_of_one_parity(log_eigenvalues)
    return fit_stretched_decay(
        degrees + (input_dim - 2) / 2,
        log_eigenvalues[degrees],
        power=law.power,
        algebraic=law.algebraic,
    )


def _bounds(log_eigenvalues: Float[np.ndarray, " l"], config: Config) -> Float[np.ndarray, "r l"]:
    # mu_k <= sup |Laplacian^r kernel| / (k (k + d - 2))^r. Eigenvalues are nonnegative, so the
    # supremum is at equal points, where it is a sum over the degrees.
    d, k = config.deep_dim, np.arange(log_eigenvalues.size)
    counts = multiplicities(input_dim=d, max_degree=log_eigenvalues.size - 1)
    orders = np.array(config.laplacian_orders)[:, None]
    with np.errstate(divide="ignore"):
        laplacian = orders * np.log(k * (k + d - 2.0))
    suprema = logsumexp(np.log(counts) + log_eigenvalues + laplacian, axis=1, keepdims=True)
    return np.asarray(suprema - laplacian)


def _rates(
    prefix: str, dims: tuple[str, str], values: Float[np.ndarray, "..."]
) -> dict[str, tuple]:
    names = {
        "rate": "fitted rate",
        "rate_low": "lower end of its interval",
        "rate_high": "upper end of its interval",
        "law_rate": "rate of the law",
        "law_power": "power of the degree in the exponent",
        "law_algebraic": "exponent of the algebraic factor",
    }
    return {
        prefix + name: (dims, values[..., k], label(long_name))
        for k, (name, long_name) in enumerate(names.items())
    }


EXPERIMENT = Experiment(
    name="sphere_approximation.smooth_spectra",
    summary="eigenvalues for smooth activations, to any degree, beside their laws",
    scales=SCALES,
    run=run,
)
