"""How the cost of the exponential method grows with samples, parameters and stiffness."""

from collections.abc import Callable, Iterator

import numpy as np
import torch

from benchmarks.flows.problems import Problem, random_labels, two_layers
from benchmarks.flows.race import engine
from benchmarks.measure import Options, Scaling
from companion.numerics.rates import fit_power_law

RTOL, NUM_SAMPLES, WIDTH, STIFFNESS = 1e-4, 64, 500, 1e4  # where the other sizes stay


def rows(options: Options) -> Iterator[Scaling]:
    yield growth("n", (32, 64, 128, 256), lambda n: problem(num_samples=int(n)))
    widths = (125, 250, 500, 1000, 2000)  # times 12: ten weights, a bias, an outer weight
    yield growth("P", tuple(12 * m for m in widths), lambda p: problem(width=int(p) // 12))
    yield growth("stiffness", (1e2, 1e3, 1e4, 1e5), lambda s: problem(stiffness=s))


def problem(
    *, num_samples: int = NUM_SAMPLES, width: int = WIDTH, stiffness: float = STIFFNESS
) -> Problem:
    points, labels = random_labels(num_samples, 10)
    return two_layers(points, labels, width=width, activation=torch.tanh, stiffness=stiffness)


def growth(variable: str, sizes: tuple[float, ...], made: Callable[[float], Problem]) -> Scaling:
    seconds = tuple(engine(made(size), RTOL, repeats=2).seconds for size in sizes)
    fit = fit_power_law(np.array(sizes, dtype=float), np.array(seconds))
    return Scaling("flow_exponential", variable, sizes, seconds, fit.exponent, fit.low, fit.high)
