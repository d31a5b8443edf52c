"""How close a network of fixed width comes to a polynomial: found, possible, and proved."""

from dataclasses import dataclass

import numpy as np
import torch
import xarray as xr
from scipy.optimize import minimize

from companion.activations import SIGMOID
from companion.claims.two_layer_flow_approximation import ridge_floor
from companion.dynamics.least_loss import least_loss
from companion.experiments.base import Experiment, label, with_bar
from companion.networks.two_layer import TwoLayerNetwork
from companion.numerics.montecarlo import stream
from companion.spaces.disc import disc_rule, radial_polynomial, ridge_distance

_CENTRE = np.array([2.0, 0.0])  # a disc that avoids the origin, Assumption 1


@dataclass(frozen=True)
class Config:
    """A disc in the plane with its area, and one polynomial with values between -1 and 1."""

    degree: int = 3  # half the degree of the polynomial
    widths: tuple[int, ...] = (
        1,
        2,
        3,
        4,
        6,
        8,
        12,
        16,
        24,
    )  # n in the document, fixed in Corollary 1
    num_radii: int = 10
    num_angles: int = 32
    max_iterations: int = 400
    num_seeds: int = 3
    seed: int = 0


SCALES = {
    "smoke": Config(
        degree=2, widths=(1, 3), num_radii=5, num_angles=12, max_iterations=30, num_seeds=2
    ),
    "book": Config(),
    "document": Config(
        degree=6,
        widths=(1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48),
        num_radii=20,
        num_angles=64,
        max_iterations=3000,
        num_seeds=10,
    ),
}


def run(config: Config) -> xr.Dataset:
    """Relative squared error of networks found, of the best profiles found, and its floor.

    Parameters
    ----------
    config
        The configuration.

    Returns
    -------
    Errors against the width. A network is trained on one rule and judged on a finer one, because
    a steep neuron can hide between the points.
    """
    offsets, nu = disc_rule(config.num_radii, config.num_angles)
    fine_offsets, fine_nu = disc_rule(2 * config.num_radii, 2 * config.num_angles)
    y = radial_polynomial(offsets, degree=config.degree)
    fine_y = radial_polynomial(fine_offsets, degree=config.degree)
    size = float(nu @ y**2)
    found = np.empty((len(config.widths), config.num_seeds))
    profiles = np.empty(len(config.widths))
    for j, width in enumerate(with_bar(config.widths, "widths")):
        for k in range(config.num_seeds):
            network = _start(width, stream(config.seed, "start", width, k))
            least_loss(network, offsets + _CENTRE, y, nu=nu, max_iterations=config.max_iterations)
            with torch.no_grad():
                outputs = network(torch.from_numpy(fine_offsets + _CENTRE)).numpy()
            found[j, k] = fine_nu @ (outputs - fine_y) ** 2 / size
        profiles[j] = _best_profiles(config, width)
    floor = [ridge_floor(config.degree, width=width) for width in config.widths]
    return xr.Dataset(
        {
            "found": (("width", "draw"), found, label("networks found, each start")),
            "best_found": ("width", found.min(axis=1), label("sigmoids found")),
            "profiles": ("width", profiles, label("free profiles found")),
            "floor": ("width", floor, label("floor")),
        },
        coords={"width": ("width", list(config.widths), label("width"))},
    )


def _start(width: int, rng: np.random.Generator) -> TwoLayerNetwork:
    # Neurons that cross the disc; a bias, so that no symmetry stands in the way.
    W = 3 * rng.standard_normal((width, 2))
    bias = rng.standard_normal(width) - W @ _CENTRE
    return TwoLayerNetwork(W, rng.choice([-1.0, 1.0], width), activation=SIGMOID, bias=bias)


def _best_profiles(config: Config, width: int) -> float:
    if width > config.degree:
        # These many equidistant directions represent the polynomial; more do no harm.
        angles = np.pi * np.arange(config.degree + 1) / (config.degree + 1)
        return ridge_distance(angles, degree=config.degree)
    rng = stream(config.seed, "directions", width)
    starts = [np.pi * np.arange(width) / width, *rng.uniform(0, np.pi, (4, width))]
    searches = [
        minimize(
            lambda angles: ridge_distance(angles, degree=config.degree),
            start,
            method="Nelder-Mead",
            options={"maxiter": 100 * width},
        )
        for start in starts
    ]
    return float(min(search.fun for search in searches))


EXPERIMENT = Experiment(
    name="two_layer_flow.fixed_width",
    summary="how close a network of fixed width comes to a polynomial",
    scales=SCALES,
    run=run,
)
