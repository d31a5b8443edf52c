r"""Every step of the argument along flows whose kernel is a known distance from a coercive one.

The kernel of a ReLU network with two hidden layers is cut off above one degree, as the kernel of a
network with few weights is: its rank is finite. What is left out is the perturbation, and its norm
from :math:`H^{-\alpha}` to :math:`H^\alpha` is known exactly. So are all norms along the flow.
"""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from companion.activations import RELU
from companion.dynamics.comparison import comparison, comparison_norm, sum_bound
from companion.dynamics.zonal_flow import zonal_flow
from companion.experiments.base import Experiment, label
from companion.kernels.spectrum import network_spectrum
from companion.spaces.sobolev import sobolev_norm, sobolev_weights


@dataclass(frozen=True)
class Config:
    """On the circle, where beta = 1 for ReLU, just above twice the smoothness."""

    input_dim: int = 2
    smoothness: float = 0.45
    kept_degrees: tuple[int, ...] = (4, 8, 16, 32, 64, 128)
    max_degree: int = 2048  # the functions of this experiment have no higher degrees
    last_time: float = 1e6
    num_times: int = 61
    seed: int = 0  # nothing is drawn


SCALES = {
    "smoke": Config(kept_degrees=(4, 8), max_degree=64, last_time=1e4, num_times=13),
    "book": Config(),
    "document": Config(
        kept_degrees=(4, 16, 64, 256, 1024), max_degree=8192, last_time=1e9, num_times=121
    ),
}


def run(config: Config) -> xr.Dataset:
    """Norms, slopes and their bounds for every cut, and the flow of a kernel that is not coercive.

    Parameters
    ----------
    config
        The configuration.

    Returns
    -------
    Over the degree of the cut and time, all for an initial residual of norm one in H^alpha.
    """
    d, alpha = config.input_dim, config.smoothness
    k = np.arange(config.max_degree + 1)
    full, blind = (
        network_spectrum(
            depth=depth,
            activation=RELU,
            trained=(depth - 1,),
            input_dim=d,
            max_degree=config.max_degree,
        )
        for depth in (2, 1)
    )
    beta = d / 2
    coercivity = float((full / sobolev_weights(k, input_dim=d, smoothness=-beta)).min())
    start = _start(k, d, alpha)
    t = np.concatenate([[0.0], np.geomspace(0.1, config.last_time, config.num_times - 1)])
    high = sobolev_weights(k, input_dim=d, smoothness=alpha)
    cells: dict[str, list[np.ndarray]] = {name: [] for name in _NAMES}
    perturbations, plateaus = [], []
    for cut in config.kept_degrees:
        kernel = np.where(k <= cut, full, 0.0)
        perturbation = float(((full - kernel) * high).max())
        equation = comparison(
            smoothness=alpha,
            coercivity_order=beta,
            coercivity=coercivity,
            perturbation=perturbation,
        )
        energies = zonal_flow(start, kernel, t)
        low_norm = _norm(energies, d, -alpha)
        high_norm = _norm(energies, d, alpha)
        ratio = low_norm / high_norm
        p = equation.power
        cells["error"].append(energies.sum(axis=1))
        cells["low_norm"].append(low_norm)
        cells["high_norm"].append(high_norm)
        cells["low_slope"].append(-(energies / high) @ kernel / low_norm**2)
        cells["low_slope_bound"].append(equation.speed / p * (equation.level - ratio**p))
        cells["high_slope"].append(-(energies * high) @ kernel / high_norm**2)
        cells["high_slope_bound"].append(-coercivity * ratio**p + perturbation * ratio)
        cells["bound"].append(comparison_norm(equation, float(low_norm[0]), t))
        cells["sum_bound"].append(sum_bound(equation, float(low_norm[0]), t))
        perturbations.append(perturbation)
        plateaus.append(equation.plateau)
    lost = zonal_flow(start, blind, t)
    return xr.Dataset(
        {name: (("kept_degree", "t"), np.array(cells[name]), _NAMES[name]) for name in _NAMES}
        | {
            "perturbation": ("kept_degree", perturbations, label("norm of the perturbation")),
            "plateau": ("kept_degree", plateaus, label("plateau of the bound")),
            "blind_error": ("t", lost.sum(axis=1), label("squared error, one hidden layer")),
            "blind_floor": ((), start[3::2].sum(), label("energy in odd degrees from 3")),
            "coercivity": ((), coercivity, label("constant of coercivity")),
        },
        coords={
            "kept_degree": (
                "kept_degree",
                list(config.kept_degrees),
                label("degrees kept in the kernel"),
            ),
            "t": ("t", t, {"long_name": "flow time", "units": "time"}),
        },
    )


def _start(k: np.ndarray, input_dim: int, smoothness: float) -> np.ndarray:
    # Barely in H^alpha: the same energy in every degree times its weight, less a small power.
    energies = 1 / sobolev_weights(k, input_dim=input_dim, smoothness=smoothness + 0.6)
    return energies / _norm(energies, input_dim, smoothness) ** 2


def _norm(energies: np.ndarray, input_dim: int, smoothness: float) -> np.ndarray:
    return np.asarray(sobolev_norm(energies, input_dim=input_dim, smoothness=smoothness))


_NAMES = {
    "error": label("squared error"),
    "bound": label("bound by the comparison equation"),
    "sum_bound": label("plateau plus exponential"),
    "low_norm": label("norm of order minus alpha"),
    "high_norm": label("norm of order alpha"),
    "low_slope": label("growth rate of the low norm", "1/time"),
    "low_slope_bound": label("its bound", "1/time"),
    "high_slope": label("growth rate of the high norm", "1/time"),
    "high_slope_bound": label("its bound", "1/time"),
}

EXPERIMENT = Experiment(
    name="sphere_approximation.perturbed_flow",
    summary="every inequality of the argument along exact flows of kernels cut off at a degree",
    scales=SCALES,
    run=run,
)
