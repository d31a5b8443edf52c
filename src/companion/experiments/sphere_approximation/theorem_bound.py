r"""What the reconstructed theorem promises over time, for every width and dimension.

Its constants are not known and set to one here: shapes and powers mean something, heights do not.
"""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from companion.claims.sphere_approximation import displacement_exponent
from companion.dynamics.comparison import comparison, comparison_norm, sum_bound
from companion.experiments.base import Experiment, label


@dataclass(frozen=True)
class Config:
    """The kernel of deep ReLU networks, beta = d/2, at the ends of the theorem's ranges."""

    input_dims: tuple[int, ...] = (2, 3, 4, 5, 6)
    log_widths: tuple[int, ...] = (2, 4, 6, 8, 10, 12, 14, 16)  # powers of ten
    smoothness: float = 0.5
    holder: float = 0.5
    last_time: float = 1e8
    num_times: int = 61
    seed: int = 0  # nothing is drawn


SCALES = {
    "smoke": Config(input_dims=(2, 3), log_widths=(2, 6), num_times=9),
    "book": Config(),
    "document": Config(input_dims=(2, 3, 4, 5, 6, 8, 10), last_time=1e12, num_times=121),
}


def run(config: Config) -> xr.Dataset:
    """Bounds of the L2 error over dimension, width and time.

    Parameters
    ----------
    config
        The configuration.

    Returns
    -------
    The bound of the theorem, the solution of the comparison equation with the same displacement,
    and the latter at infinite width. The initial residual has norm one in both spaces.
    """
    t = np.geomspace(1e-1, config.last_time, config.num_times)
    cells = ("input_dim", "log_width", "t")
    shape = (len(config.input_dims), len(config.log_widths), len(t))
    theorem, solution = np.empty(shape), np.empty(shape)
    rate, plateau = np.empty(shape[:2]), np.empty(shape[:2])
    infinite = np.empty((shape[0], shape[2]))
    for i, d in enumerate(config.input_dims):
        orders = {"smoothness": config.smoothness, "coercivity_order": d / 2}
        delta = displacement_exponent(
            config.smoothness, coercivity_order=d / 2, holder=config.holder
        )
        still = comparison(**orders, coercivity=1.0, perturbation=0.0)
        infinite[i] = np.sqrt(comparison_norm(still, 1.0, t))
        for j, power in enumerate(config.log_widths):
            displacement = 10.0 ** (-delta * power)
            equation = comparison(
                **orders, coercivity=1.0, perturbation=displacement**config.holder
            )
            theorem[i, j] = np.sqrt(sum_bound(equation, 1.0, t))
            solution[i, j] = np.sqrt(comparison_norm(equation, 1.0, t))
            rate[i, j], plateau[i, j] = equation.rate, np.sqrt(equation.plateau)
    return xr.Dataset(
        {
            "theorem": (cells, theorem, label("theorem, as reconstructed")),
            "solution": (cells, solution, label("comparison equation")),
            "infinite": (("input_dim", "t"), infinite, label("infinite width")),
            "rate": (cells[:2], rate, label("rate of the exponential", "1/time")),
            "plateau": (cells[:2], plateau, label("plateau of the L2 error")),
        },
        coords={
            "input_dim": ("input_dim", list(config.input_dims), label("dimension d")),
            "log_width": (
                "log_width",
                list(config.log_widths),
                label("width, as a power of ten"),
            ),
            "t": ("t", t, {"long_name": "flow time", "units": "time"}),
        },
    )


EXPERIMENT = Experiment(
    name="sphere_approximation.theorem_bound",
    summary="the bound of the reconstructed theorem over time, for widths and dimensions",
    scales=SCALES,
    run=run,
)
