r"""The plateau of the comparison equation against the displacement, and a flow that attains it."""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from companion.claims.sphere_approximation import plateau_exponent
from companion.dynamics.comparison import Comparison, comparison, numerical_comparison_norm
from companion.dynamics.displacement_loop import accumulated_residual
from companion.dynamics.zonal_flow import largest_residual
from companion.experiments.base import Experiment, label
from companion.numerics.rates import Rate, fit_power_law


@dataclass(frozen=True)
class Config:
    """Orders of the theorem, one set for each case, over small displacements."""

    smoothness: tuple[float, ...] = (0.5, 0.5, 0.45, 0.3)
    coercivity_orders: tuple[float, ...] = (1.0, 1.5, 2.5, 1.7)
    holders: tuple[float, ...] = (0.5, 0.5, 0.5, 0.7)
    largest: float = 1e-6
    smallest: float = 1e-12
    num_displacements: int = 7
    seed: int = 0  # nothing is drawn


SCALES = {
    "smoke": Config(num_displacements=4),
    "book": Config(),
    "document": Config(largest=1e-4, smallest=1e-20, num_displacements=65),
}


def run(config: Config) -> xr.Dataset:
    r"""Plateaus and integrals for every case, with fitted powers.

    Parameters
    ----------
    config
        The configuration.

    Returns
    -------
    Squared errors over the case and the displacement: of the bound, from the integrator of the
    differential equation, and the largest over the unit ball of H^alpha that the flow of a cut
    kernel leaves at late times. Constants of the argument are one.
    """
    orders = list(zip(config.smoothness, config.coercivity_orders, config.holders, strict=True))
    h = np.geomspace(config.largest, config.smallest, config.num_displacements)
    shape = (len(orders), len(h))
    bound, attained, integral, rate = (np.empty(shape) for _ in range(4))
    for i, (alpha, beta, gamma) in enumerate(orders):
        for j, displacement in enumerate(h):
            epsilon = float(displacement**gamma)
            equation = comparison(
                smoothness=alpha, coercivity_order=beta, coercivity=1.0, perturbation=epsilon
            )
            late = np.array([0.0, 60 / equation.rate])
            bound[i, j] = numerical_comparison_norm(equation, 1.0, late)[-1]
            attained[i, j] = _attained(alpha, beta, epsilon)
            integral[i, j] = accumulated_residual(equation, 1.0, _near_plateau(equation))
            rate[i, j] = equation.rate
    powers = [fit_power_law(h, row) for row in bound]
    paths = [fit_power_law(rate[i], integral[i]) for i in range(len(orders))]
    cells = ("case", "displacement")
    return xr.Dataset(
        {
            "bound": (cells, bound, label("squared error at rest, bound")),
            "attained": (cells, attained, label("squared error at rest, cut kernel")),
            "integral": (cells, integral, label("integral of the bound", "time")),
            "rate": (cells, rate, label("rate of the exponential", "1/time")),
            "predicted_power": (
                "case",
                [plateau_exponent(a, coercivity_order=b, holder=g) for a, b, g in orders],
                label("power of the displacement, theorem"),
            ),
            "predicted_path_power": (
                "case",
                [a / (2 * b) - 1 for a, b, _ in orders],
                label("power of the rate in the integral, ours"),
            ),
            **_fitted("power", "power of the displacement, measured", powers),
            **_fitted("path_power", "power of the rate in the integral, measured", paths),
        },
        coords={
            "case": (
                "case",
                [rf"$\alpha$ = {a:g}, $\beta$ = {b:g}, $\gamma$ = {g:g}" for a, b, g in orders],
                label("orders"),
            ),
            "displacement": ("displacement", h, label("relative displacement h of the weights")),
        },
    )


def _attained(alpha: float, beta: float, epsilon: float) -> float:
    # Weights 1, 2, 3, ... of the degrees of the circle, kernel w^(-2 beta), cut off from the
    # first degree on whose removal costs no more than epsilon; nothing of that degree decays.
    first = int(np.ceil(epsilon ** (-1 / (2 * (beta - alpha))) * (1 - 1e-12)))
    w = np.concatenate([np.arange(1.0, min(first, 2000)), np.arange(first, first + 3.0)])
    kernel = np.where(w < first, w ** (-2 * beta), 0.0)
    # Until degree first - 1 has decayed by a factor e^40.
    late = np.array([40 * float(first) ** (2 * beta)])
    return float(largest_residual(kernel, w ** (2 * alpha), late)[0] ** 2)


def _near_plateau(equation: Comparison) -> float:
    # The time at which x, started at y, is twice its plateau: u = 2^p K in closed form.
    share = (1 - equation.level) / (1 - 2**-equation.power)
    return float(np.log(share) / equation.rate)


def _fitted(name: str, long_name: str, rates: list[Rate]) -> dict:
    return {
        name: ("case", [one.exponent for one in rates], label(long_name)),
        f"{name}_low": ("case", [one.low for one in rates], label(f"{long_name}, lower end")),
        f"{name}_high": ("case", [one.high for one in rates], label(f"{long_name}, upper end")),
    }


EXPERIMENT = Experiment(
    name="sphere_approximation.plateau",
    summary="the plateau of the coupled norms against the displacement, and a kernel on it",
    scales=SCALES,
    run=run,
)
