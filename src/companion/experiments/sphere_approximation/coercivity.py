r"""One inequality for eigenvalues is coercivity in every Sobolev order, for zonal kernels only.

The hypothesis that fails is that the kernel is zonal: on the circle
:math:`q(x)\, \kappa(x \cdot y)\, q(y)` with :math:`q = 1 + a \cos(m \phi)` is coercive in
:math:`L^2` if q is bounded below, and need not be so in another order.
"""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from jaxtyping import Float

from companion.activations import RELU
from companion.experiments.base import Experiment, label
from companion.kernels.decay import coercivity_constant
from companion.kernels.kink_singularity import kink_singularity
from companion.kernels.spectrum import network_spectrum
from companion.numerics.montecarlo import stream
from companion.spaces.harmonics import multiplicities
from companion.spaces.sobolev import sobolev_norm, sobolev_weights


@dataclass(frozen=True)
class Config:
    """Random functions on spheres, and weightings of the kernel on the circle."""

    input_dims: tuple[int, ...] = (2, 3, 5)  # d of the sphere S^(d-1)
    depth: int = 2  # hidden layers; the second-to-last is trained
    smoothness: float = 0.45  # alpha, below 1/2 as in the theorem as reconstructed
    max_degree: int = 120
    num_functions: int = 400
    amplitude: float = 0.5  # a of the weighting
    frequencies: tuple[int, ...] = (0, 1, 2, 4, 8, 16)  # m of the weighting
    seed: int = 0


SCALES = {
    "smoke": Config(input_dims=(2, 3), max_degree=40, num_functions=20, frequencies=(0, 4)),
    "book": Config(),
    "document": Config(
        max_degree=1000,  # in dimension five the last eigenvalue is 1e-15
        num_functions=4000,
        frequencies=(0, 1, 2, 4, 8, 16, 32, 64),
    ),
}


def run(config: Config) -> xr.Dataset:
    """Constants of coercivity, quotients of random functions, and both for weighted kernels.

    Parameters
    ----------
    config
        The configuration.

    Returns
    -------
    By dimension, the constant for the order d/2 on these degrees, the product of eigenvalue and
    weight by degree and its limit; the quotients of random functions in the orders -alpha, 0 and
    alpha; and for weighted kernels on the circle the smallest quotient over all functions in these
    orders.
    """
    orders = np.array([-config.smoothness, 0.0, config.smoothness])
    degrees = np.arange(config.max_degree + 1)
    products, constants, limits, quotients = [], [], [], []
    for d in config.input_dims:
        eigenvalues = network_spectrum(
            depth=config.depth,
            activation=RELU,
            trained="second_to_last",
            input_dim=d,
            max_degree=config.max_degree,
        )
        weights = sobolev_weights(degrees, input_dim=d, smoothness=d / 2)
        products.append(eigenvalues * weights)
        constants.append(coercivity_constant(eigenvalues, input_dim=d, order=d / 2))
        limits.append(_limit(config.depth, d))
        energies = _random_energies(config, d)
        quotients.append([_quotients(energies, eigenvalues, d, order) for order in orders])
    return xr.Dataset(
        {
            "product": (
                ("input_dim", "degree"),
                np.stack(products),
                label("eigenvalue times weight"),
            ),
            "constant": (("input_dim",), np.array(constants), label("constant of coercivity")),
            "limit": (
                ("input_dim",),
                np.array(limits),
                label("limit of the product as the degree grows"),
            ),
            "quotient": (
                ("input_dim", "order", "function"),
                np.array(quotients),
                label("quotient of a random function"),
            ),
            "smallest": (
                ("order", "frequency"),
                np.stack([_weighted(config, m, orders) for m in config.frequencies], axis=1),
                label("smallest quotient"),
            ),
        },
        coords={
            "input_dim": ("input_dim", list(config.input_dims), label("dimension d")),
            "degree": ("degree", degrees, label("degree k")),
            "order": ("order", orders, label("Sobolev order S")),
            "function": ("function", np.arange(config.num_functions), label("random function")),
            "frequency": (
                "frequency",
                list(config.frequencies),
                label("frequency m of the weighting"),
            ),
        },
    )


def _limit(depth: int, input_dim: int) -> float:
    # In the shifted degree the leading part is a power up to 1e-8 of it, and so is the weight.
    last = 20_000
    kink = kink_singularity(depth=depth, activation=RELU, trained="second_to_last")
    leading = kink.spectrum(input_dim=input_dim, max_degree=last)[-1]
    return float(leading * (last + (input_dim - 2) / 2) ** input_dim)


def _random_energies(config: Config, input_dim: int) -> Float[np.ndarray, "n l"]:
    # Gaussian coefficients, with a random decay so that rough and smooth functions both occur:
    # the energy of a degree is a chi-squared variable with a degree of freedom per harmonic.
    rng = stream(config.seed, "functions", input_dim)
    counts = multiplicities(input_dim=input_dim, max_degree=config.max_degree)
    decay = rng.uniform(0, 2 * input_dim, size=(config.num_functions, 1))
    shape = (config.num_functions, counts.size)
    return rng.chisquare(counts, shape) * (1.0 + np.arange(counts.size)) ** -decay


def _quotients(
    energies: Float[np.ndarray, "n l"],
    eigenvalues: Float[np.ndarray, " l"],
    input_dim: int,
    order: float,
) -> Float[np.ndarray, " n"]:
    below = sobolev_norm(energies, input_dim=input_dim, smoothness=order - input_dim / 2)
    # <v, Hv>_S is the squared norm of order S of the energies times the eigenvalues.
    form = sobolev_norm(energies * eigenvalues, input_dim=input_dim, smoothness=order)
    return np.asarray((form / below) ** 2)


def _weighted(
    config: Config, frequency: int, orders: Float[np.ndarray, " s"]
) -> Float[np.ndarray, " s"]:
    # In e^{ik phi} the weighting is a matrix with three diagonals. Degrees within its reach of
    # the largest are left out afterwards, where the matrix is cut off.
    reach = config.max_degree + 2 * frequency
    degrees = np.abs(np.arange(-reach, reach + 1))
    eigenvalues = network_spectrum(
        depth=config.depth,
        activation=RELU,
        trained="second_to_last",
        input_dim=2,
        max_degree=reach,
    )
    neighbours = np.eye(degrees.size, k=frequency) + np.eye(degrees.size, k=-frequency)
    weighting = np.eye(degrees.size) + config.amplitude / 2 * neighbours
    operator = weighting @ (eigenvalues[degrees][:, None] * weighting.T)
    kept = degrees <= config.max_degree
    operator, degrees = operator[np.ix_(kept, kept)], degrees[kept]
    smallest = []
    for order in orders:
        form = sobolev_weights(degrees, input_dim=2, smoothness=order)[:, None] * operator
        scale = sobolev_weights(degrees, input_dim=2, smoothness=(1 - order) / 2)
        quotient = scale[:, None] * (form + form.T) / 2 * scale
        smallest.append(np.linalg.eigvalsh(quotient)[0])
    return np.array(smallest)


EXPERIMENT = Experiment(
    name="sphere_approximation.coercivity",
    summary="constants of coercivity in three Sobolev orders, for zonal and weighted kernels",
    scales=SCALES,
    run=run,
)
