r"""The largest distance of the empirical kernels from their limits, against width and dimension.

Over all pairs of the unit sphere, found by ascent, and over the pairs of finitely many independent
points. Both kernels are treated: the outer one of Lemma 3, and the inner one, which the corrected
form of Theorem 1 needs as well.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import xarray as xr
from jaxtyping import Float
from numpy.polynomial import Polynomial
from scipy.spatial.distance import cdist

from companion.activations import SIGMOID
from companion.claims.two_layer_flow_deviation import mean_outer_deviation
from companion.claims.two_layer_flow_witness import mean_kernel_at_witness
from companion.experiments.base import Experiment, label, with_bar
from companion.kernels.hermite_series import hermite_series
from companion.numerics.montecarlo import stream
from companion.spaces.sphere import maximise_on_sphere, uniform_on_sphere

KERNELS = ("outer", "inner")
_BLOCK = 2000  # neurons at once

# A mean over neurons as a function of a pair of points: value, and slope in either point.
PairFunction = Callable[[np.ndarray], tuple[float, np.ndarray]]


@dataclass(frozen=True)
class Config:
    """Dimensions, widths and sample sizes; the document claims the law sqrt(d / n), whatever M."""

    input_dims: tuple[int, ...] = (5, 20, 80)  # d
    widths: tuple[int, ...] = (250, 1000, 4000)  # n in the document, n >= C d
    num_points: tuple[int, ...] = (10, 100, 1000)  # M in the document
    num_random: int = 10  # random starts beside the guesses, of which ...
    num_climbs: int = 6  # ... this many are climbed from, the highest
    num_fresh: int = 100  # weights whose distance to the drawn ones is measured
    num_draws: int = 3
    seed: int = 0


SCALES = {
    "smoke": Config(
        input_dims=(3, 6), widths=(50, 200), num_points=(5, 20), num_fresh=20, num_draws=2
    ),
    "book": Config(widths=(250, 1000), num_points=(10, 100, 300), num_climbs=4, num_draws=4),
    "document": Config(
        input_dims=(5, 20, 80, 320), widths=(1000, 4000, 16_000), num_climbs=10, num_draws=4
    ),
}

# Far fewer neurons than dimensions: the lemma asks for n >= C d.
NARROW = Config(input_dims=(1280,), widths=(160,), num_points=(10,), num_draws=3)


def run(config: Config) -> xr.Dataset:
    """Largest distances of the kernels from their limits.

    Parameters
    ----------
    config
        The configuration.

    Returns
    -------
    The distance by kernel, dimension, width and draw, over the sphere and over samples; a lower
    and an upper bound of the mean of the outer one; and how far a fresh weight is from the drawn
    ones, which bounds the Wasserstein distance of their laws from below.
    """
    cells = (len(config.input_dims), len(config.widths), config.num_draws)
    sphere = np.empty((len(KERNELS), *cells))
    sample = np.empty((len(KERNELS), *cells, len(config.num_points)))
    transport = np.empty(cells)
    limits = [_limit(kernel) for kernel in KERNELS]
    for i, input_dim in enumerate(with_bar(config.input_dims, "dimensions")):
        for j, width in enumerate(config.widths):
            for k in range(config.num_draws):
                rng = stream(config.seed, "weights", input_dim, width, k)
                W = rng.standard_normal((width, input_dim))
                fresh = rng.standard_normal((config.num_fresh, input_dim))
                transport[i, j, k] = cdist(fresh, W).min(axis=1).mean()
                starts = _starts(W, config.num_random, rng)
                X = uniform_on_sphere(max(config.num_points), input_dim, rng)
                for q, limit in enumerate(limits):
                    inner = KERNELS[q] == "inner"
                    sphere[q, i, j, k] = _largest(
                        _difference(W, limit, inner), starts, config.num_climbs
                    )
                    distance = _on_sample(W, X, limit, inner)
                    sample[q, i, j, k] = [distance[:M, :M].max() for M in config.num_points]
    grid = [(d, n) for d in config.input_dims for n in config.widths]
    lower = [mean_kernel_at_witness(SIGMOID, width=n, input_dim=d) for d, n in grid]
    upper = [
        mean_outer_deviation(SIGMOID, width=n, second_moment=float(d), radius=1.0) for d, n in grid
    ]
    return _dataset(config, sphere, sample, transport, np.array(lower), np.array(upper))


def _limit(kernel: str) -> Polynomial:
    # The limit as a polynomial in the cosine, by Mehler's formula; a polynomial can be climbed.
    inner = kernel == "inner"
    series, _ = hermite_series(np.ones(1), activation=SIGMOID, derivative=inner)
    return Polynomial(np.concatenate([[0.0] * inner, series[0] ** 2]))


def _difference(W: Float[np.ndarray, "m d"], limit: Polynomial, inner: bool) -> PairFunction:
    slope = limit.deriv()

    def value_and_gradient(pair: np.ndarray) -> tuple[float, np.ndarray]:
        z = W @ pair.T
        value, derivative = _neuron(z, inner)
        cosine = float(pair[0] @ pair[1])
        mean = float(value[:, 0] @ value[:, 1]) / len(W)
        gradient = (W.T @ (derivative * value[:, ::-1])).T / len(W)
        factor, share = (cosine, mean) if inner else (1.0, 0.0)
        along = share - slope(cosine)
        return factor * mean - limit(cosine), factor * gradient + along * pair[::-1]

    return value_and_gradient


def _neuron(z: np.ndarray, inner: bool) -> tuple[np.ndarray, np.ndarray]:
    value = np.asarray(SIGMOID(z))
    slope = value * (1 - value)
    return (slope, slope * (1 - 2 * value)) if inner else (value, slope)


def _starts(
    W: Float[np.ndarray, "m d"], num_random: int, rng: np.random.Generator
) -> Float[np.ndarray, "s 2 d"]:
    # To first order in w the difference is linear in the mean weight, to second order a quadratic
    # form of the sample covariance.
    mean = W.mean(axis=0)
    vectors = np.linalg.eigh(W.T @ W)[1]
    least, greatest = vectors[:, 0], vectors[:, -1]
    guesses = [(mean, mean), (-mean, -mean)]
    guesses += [(v, sign * v) for v in (least, greatest) for sign in (1, -1)]
    random = rng.standard_normal((num_random, 2, W.shape[1]))
    starts = np.concatenate([np.array(guesses), random])
    return starts / np.linalg.norm(starts, axis=-1, keepdims=True)


def _largest(
    difference: PairFunction, starts: Float[np.ndarray, "s 2 d"], num_climbs: int
) -> float:
    def reversed_sign(pair: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = difference(pair)
        return -value, -gradient

    heights = np.array([difference(pair)[0] for pair in starts])
    order = np.argsort(heights)
    _, above = maximise_on_sphere(difference, starts[order[-num_climbs:]])
    _, below = maximise_on_sphere(reversed_sign, starts[order[:num_climbs]])
    return float(max(above.max(), below.max()))


def _on_sample(
    W: Float[np.ndarray, "m d"], X: Float[np.ndarray, "n d"], limit: Polynomial, inner: bool
) -> Float[np.ndarray, "n n"]:
    mean = np.zeros((len(X), len(X)))
    for start in range(0, len(W), _BLOCK):
        value, _ = _neuron(X @ W[start : start + _BLOCK].T, inner)
        mean += value @ value.T / len(W)
    cosines = X @ X.T
    return np.abs((cosines * mean if inner else mean) - limit(cosines))


def _dataset(
    config: Config,
    sphere: Float[np.ndarray, "q d m k"],
    sample: Float[np.ndarray, "q d m k n"],
    transport: Float[np.ndarray, "d m k"],
    lower: Float[np.ndarray, " c"],
    upper: Float[np.ndarray, " c"],
) -> xr.Dataset:
    cells = ("input_dim", "width", "draw")
    domains = ["sphere", *(f"{count} points" for count in config.num_points)]
    distance = np.concatenate([sphere[..., None], sample], axis=-1)
    shape = (len(config.input_dims), len(config.widths))
    return xr.Dataset(
        {
            "distance": (
                ("kernel", *cells, "domain"),
                distance,
                label("largest distance from the limit"),
            ),
            "transport": (cells, transport, label("distance of a fresh weight from the drawn")),
            "lower": (cells[:2], lower.reshape(shape), label("mean at the witness")),
            "upper": (cells[:2], upper.reshape(shape), label("bound of the mean")),
        },
        coords={
            "kernel": ("kernel", list(KERNELS), label("kernel")),
            "input_dim": ("input_dim", list(config.input_dims), label("dimension")),
            "width": ("width", list(config.widths), label("width")),
            "domain": ("domain", domains, label("over")),
        },
    )


EXPERIMENT = Experiment(
    name="two_layer_flow.kernel_deviation",
    summary="largest distance of the empirical kernels from their limits",
    scales=SCALES,
    run=run,
)
