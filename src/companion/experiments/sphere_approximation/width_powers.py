r"""Powers of the width: the loop of error and displacement, integrated, beside two formulas."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import xarray as xr

from companion.claims.sphere_approximation import rate_exponent, width_exponent
from companion.claims.sphere_approximation_rates import (
    classical_width_exponent,
    sharper_width_exponent,
)
from companion.dynamics.displacement_loop import rest_of_the_loop
from companion.experiments.base import Experiment, label


@dataclass(frozen=True)
class Config:
    """The kernel of deep ReLU networks, beta = d/2, at the ends of the theorem's ranges."""

    input_dims: tuple[int, ...] = (2, 3, 5, 10)
    smoothness: float = 0.5
    holder: float = 0.5
    first_width: float = 1e2
    last_width: float = 1e26  # powers show late: the exponents are small
    num_widths: int = 13
    seed: int = 0  # nothing is drawn


SCALES = {
    "smoke": Config(input_dims=(2, 3), first_width=1e20, last_width=1e24, num_widths=3),
    "book": Config(),
    "document": Config(input_dims=(2, 3, 4, 5, 6, 8, 10, 20), num_widths=49),
}


def run(config: Config) -> xr.Dataset:
    """Error, displacement and rate at rest, and their powers between neighbouring widths.

    Parameters
    ----------
    config
        The configuration.

    Returns
    -------
    Over the dimension and the width; the power at a width is that from the width before.
    """
    widths = np.geomspace(config.first_width, config.last_width, config.num_widths)
    alpha, gamma = config.smoothness, config.holder
    rests = [
        [
            rest_of_the_loop(float(m), smoothness=alpha, coercivity_order=d / 2, holder=gamma)
            for m in widths
        ]
        for d in config.input_dims
    ]
    values = {
        "error": np.sqrt([[one.norm for one in row] for row in rests]),
        "displacement": np.array([[one.displacement for one in row] for row in rests]),
        "rate": np.array([[one.rate for one in row] for row in rests]),
    }
    cells = ("input_dim", "width")
    powers = {
        f"{name}_power": (cells, _powers(widths, row), _LABELS[f"{name}_power"])
        for name, row in values.items()
    }
    formulas: dict[str, Callable[[int], float]] = {
        "theorem": lambda d: -width_exponent(alpha, coercivity_order=d / 2, holder=gamma),
        "sharper": lambda d: -sharper_width_exponent(alpha, coercivity_order=d / 2, holder=gamma),
        "classical": lambda d: -classical_width_exponent(alpha, input_dim=d),
        "theorem_rate": lambda d: -rate_exponent(alpha, coercivity_order=d / 2, holder=gamma),
    }
    return xr.Dataset(
        {name: (cells, row, _LABELS[name]) for name, row in values.items()}
        | powers
        | {
            name: ("input_dim", [formula(d) for d in config.input_dims], _LABELS[name])
            for name, formula in formulas.items()
        },
        coords={
            "input_dim": ("input_dim", list(config.input_dims), label("dimension d")),
            "width": ("width", widths, label("width m")),
        },
    )


def _powers(widths: np.ndarray, values: np.ndarray) -> np.ndarray:
    return np.diff(np.log(values), axis=1, prepend=np.nan) / np.diff(np.log(widths), prepend=0.0)


_LABELS = {
    "error": label("L2 error at rest, bound"),
    "displacement": label("displacement at rest"),
    "rate": label("rate of the exponential", "1/time"),
    "error_power": label("power of the width, error"),
    "displacement_power": label("power of the width, displacement"),
    "rate_power": label("power of the width, rate"),
    "theorem": label("power of the width, reconstructed theorem"),
    "sharper": label("power of the width, sharper integral"),
    "classical": label("power of the width, classical methods"),
    "theorem_rate": label("power of the width, rate in the theorem"),
}

EXPERIMENT = Experiment(
    name="sphere_approximation.width_powers",
    summary="powers of the width from the loop of error and displacement beside the theorem's",
    scales=SCALES,
    run=run,
)
