r"""Ranks of tangent kernels with activations that are one polynomial.

Where the activation is the identity or a square, the network is a polynomial in its inputs at all
parameters, of a degree that does not depend on the width. So are its derivatives by the
parameters, and the rank is at most the dimension of such polynomials. Ranks are exact, from whole
numbers.
"""

from dataclasses import dataclass
from math import comb
from typing import Any

import numpy as np
import xarray as xr

from companion.activations import Activation, leaky_relu
from companion.claims.general_architectures import fully_connected_parameters
from companion.experiments.base import Experiment, label, with_bar
from companion.experiments.general_architectures.attained_rank import HALF, exact_rank
from companion.numerics.montecarlo import stream


@dataclass(frozen=True)
class Config:
    """Networks with one output, one width for all hidden layers."""

    input_dim: int = 2
    hidden: tuple[int, ...] = (1, 2, 3, 4, 6, 8, 10, 12, 16, 20)
    num_samples: int = 24
    num_draws: int = 5
    seed: int = 0


SCALES = {
    "smoke": Config(hidden=(1, 4, 12), num_draws=2),
    "book": Config(),
    "document": Config(hidden=tuple(range(1, 41)), num_samples=40, num_draws=20),
}

CASES = {  # activation by name, number of hidden layers, degree in the inputs
    "identity": ("identity", 1, 1),
    "square": ("square", 1, 2),
    "square, two layers": ("square", 2, 4),
    "leaky ReLU": ("leaky", 1, None),
}


def run(config: Config) -> xr.Dataset:
    """Largest ranks over draws.

    Parameters
    ----------
    config
        The configuration.

    Returns
    -------
    By network and width: the largest rank, the number of parameters, and the dimension of the
    polynomials that the derivatives lie in.
    """
    sigma = {"identity": leaky_relu(1.0), "square": square(), "leaky": HALF}
    shape = (len(CASES), len(config.hidden))
    rank, num_params = np.empty(shape, dtype=int), np.empty(shape, dtype=int)
    for i, (name, layers, _) in enumerate(with_bar(list(CASES.values()), "activations")):
        for j, width in enumerate(config.hidden):
            widths = (config.input_dim, *(width,) * layers, 1)
            rng = stream(config.seed, i, width)
            rank[i, j] = max(
                exact_rank(widths, config.num_samples, rng, sigma[name])
                for _ in range(config.num_draws)
            )
            num_params[i, j] = fully_connected_parameters(widths)
    spaces = [
        comb(config.input_dim + degree, degree) if degree else np.nan
        for _, _, degree in CASES.values()
    ]
    dims = ("network", "width")
    return xr.Dataset(
        {
            "rank": (dims, rank, label("largest rank")),
            "num_params": (dims, num_params, label("parameters P")),
            "dimension": ("network", spaces, label("dimension of the polynomials")),
            "num_samples": ((), config.num_samples, label("number of samples")),
        },
        coords={
            "network": ("network", list(CASES), label("network")),
            "width": ("width", list(config.hidden), label("hidden width")),
        },
    )


def square() -> Activation:
    """The activation z^2: continuous, a polynomial, zero at one point only.

    Returns
    -------
    The activation.
    """
    return Activation(
        name="square",
        value=_square,
        derivative=_double,
        bound=np.inf,
        lipschitz=np.inf,
        derivative_lipschitz=2.0,
        nonnegative=True,
        centre=None,
        even=True,
        homogeneous=False,
        analytic=True,
        breaks=(),
        continuous_derivatives=None,
        jumps=(),
    )


def _square(z: Any) -> Any:
    return z * z


def _double(z: Any) -> Any:
    return 2 * z


EXPERIMENT = Experiment(
    name="general_architectures.polynomial_activations",
    summary="ranks with the identity and the square as activations, at growing width",
    scales=SCALES,
    run=run,
)
