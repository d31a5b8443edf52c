r"""The psi_1 norm of an increment over the distance of its indices, for three processes.

Chaining needs this ratio bounded. For the neurons :math:`a\, \sigma(w \cdot x)` and for the kernel
:math:`\sigma(w \cdot x) \sigma(w \cdot y) - D(x, y)` it is, for the agreement tree it is not,
although all three have a bounded ratio of root mean square and distance.
"""

import math
from dataclasses import dataclass

import numpy as np
import xarray as xr
from jaxtyping import Float

from companion.activations import SIGMOID
from companion.claims.two_layer_flow_chaining import (
    kernel_increment_psi_1,
    neuron_increment_psi_1,
)
from companion.experiments.base import Experiment, label, with_bar
from companion.numerics.montecarlo import stream
from companion.probability.orlicz import psi_norm
from companion.probability.tree_process import AgreementTree, log_psi_1_ratio
from companion.spaces.sphere import uniform_on_sphere

PROCESSES = ("neurons", "kernel", "tree")


@dataclass(frozen=True)
class Config:
    """Distances 2**-e of the indices, all on the unit sphere, and the sample for the kernel."""

    exponents: tuple[int, ...] = (1, 2, 4, 6, 8, 10, 12, 14, 16)  # e
    input_dim: int = 10  # d
    num_pairs: int = 40  # random increments of the kernel at each distance
    num_weights: int = 8000  # draws of w
    seed: int = 0


SCALES = {
    "smoke": Config(exponents=(1, 6, 12), num_pairs=4, num_weights=500),
    "book": Config(),
    "document": Config(exponents=tuple(range(1, 21)), num_pairs=200, num_weights=100_000),
}


def run(config: Config) -> xr.Dataset:
    """Ratios by process and distance, with the proved bounds of the two that the document uses.

    Parameters
    ----------
    config
        The configuration.

    Returns
    -------
    The ratio: for neurons by quadrature, for the kernel the largest over the increments tried on
    sampled weights, for the tree in closed form; the ratio of root mean square and distance for
    the tree; the proved bounds for neurons and kernel.
    """
    distances = 2.0 ** -np.array(config.exponents)
    ratio = np.empty((len(PROCESSES), distances.size))
    W = stream(config.seed, "weights").standard_normal((config.num_weights, config.input_dim))
    for j, exponent in enumerate(with_bar(config.exponents, "distances")):
        rng = stream(config.seed, "increments", exponent)
        ratio[0, j] = _neuron_norm(distances[j]) / distances[j]
        ratio[1, j] = _kernel_norm(distances[j], W, config.num_pairs, rng) / distances[j]
        # One level is enough: neighbours on it are 2**-e apart.
        ratio[2, j] = math.exp(log_psi_1_ratio(AgreementTree(3, (exponent,)), 1))
    bounds = {
        "neuron_bound": (neuron_increment_psi_1(SIGMOID), "proved bound for the neurons"),
        "kernel_bound": (kernel_increment_psi_1(SIGMOID), "proved bound for the kernel"),
        # Neighbours differ with probability 2 * 4**-e.
        "tree_root_mean_square": (math.sqrt(2), "root mean square over distance, tree"),
    }
    return xr.Dataset(
        {
            "ratio": (("process", "distance"), ratio, label("psi_1 norm over distance")),
            **{
                name: ("distance", np.full(distances.size, value), label(long_name))
                for name, (value, long_name) in bounds.items()
            },
        },
        coords={
            "process": ("process", list(PROCESSES), label("process")),
            "distance": ("distance", distances, label("distance of the indices")),
        },
    )


def _neuron_norm(distance: float) -> float:
    # Only p = w.x and q = w.y matter. Their difference u and sum v are independent Gaussians of
    # variance r**2 and 4 - r**2; the integrand is even in u and smooth for u > 0, so the rule in
    # u is Legendre's on half the line.
    nodes, weights = np.polynomial.legendre.leggauss(80)
    u = 4.5 * (nodes + 1)  # in standard deviations; beyond 9 lies 2e-19
    u_weights = weights * np.exp(-(u**2) / 2)
    v, v_weights = np.polynomial.hermite_e.hermegauss(60)
    joint = np.outer(u_weights, v_weights).ravel()
    sums = math.sqrt(4 - distance**2) * v
    p = (sums[None, :] + distance * u[:, None]) / 2
    q = (sums[None, :] - distance * u[:, None]) / 2
    increments = (SIGMOID(p) - SIGMOID(q)).ravel()
    return psi_norm(increments, weights=joint / joint.sum())


def _kernel_norm(
    distance: float,
    W: Float[np.ndarray, "m d"],
    num_pairs: int,
    rng: np.random.Generator,
) -> float:
    # (x, y) moves to (x', y') with |x - x'|**2 + |y - y'|**2 = r**2, the shares drawn at random;
    # the first increment has y = x and moves both along, which adds up what it can.
    input_dim = W.shape[1]
    x, y = (uniform_on_sphere(num_pairs, input_dim, rng) for _ in range(2))
    shares = rng.uniform(0, math.pi / 2, size=num_pairs)
    turns = (
        uniform_on_sphere(num_pairs, input_dim, rng),
        uniform_on_sphere(num_pairs, input_dim, rng),
    )
    y[0], shares[0], turns[1][0] = x[0], math.pi / 4, turns[0][0]
    x_moved = _moved(x, turns[0], distance * np.cos(shares))
    y_moved = _moved(y, turns[1], distance * np.sin(shares))
    largest = 0.0
    for pair in zip(x, y, x_moved, y_moved, strict=True):
        before_x, before_y, after_x, after_y = (SIGMOID(W @ point) for point in pair)
        increment = after_x * after_y - before_x * before_y
        largest = max(largest, psi_norm(increment - increment.mean()))
    return largest


def _moved(
    points: Float[np.ndarray, "n d"],
    directions: Float[np.ndarray, "n d"],
    chords: Float[np.ndarray, " n"],
) -> Float[np.ndarray, "n d"]:
    # Along the great circle towards `directions`, to the given chord length.
    tangents = directions - np.sum(directions * points, axis=1, keepdims=True) * points
    tangents /= np.linalg.norm(tangents, axis=1, keepdims=True)
    angles = 2 * np.arcsin(chords / 2)[:, None]
    # cos(t) - 1 = -2 sin(t/2)**2 keeps the digits of a short move.
    return points + np.sin(angles) * tangents - 2 * np.sin(angles / 2) ** 2 * points


EXPERIMENT = Experiment(
    name="two_layer_flow.increment_norms",
    summary="psi_1 norm of increments over distance: neurons, kernel, tree",
    scales=SCALES,
    run=run,
)
