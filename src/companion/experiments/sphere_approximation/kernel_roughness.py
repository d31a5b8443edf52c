r"""Which Sobolev norms the kernel of one narrow network has, and how it moves in them.

On a fine grid of the circle, so that the jumps of :math:`\sigma'` are resolved. The kernel of a
narrow network is a sum of few features, and every norm is that of a small matrix.
"""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from jaxtyping import Float, Int

from companion.activations import Activation, activation
from companion.claims.sphere_approximation_linearization import kernel_motion_exponent
from companion.experiments.base import Experiment, label, with_bar
from companion.networks.initialization import gaussian_layers
from companion.numerics.montecarlo import stream
from companion.numerics.rates import fit_power_law
from companion.spaces.circle import circle_points
from companion.spaces.sobolev import sobolev_weights


@dataclass(frozen=True)
class Config:
    """Orders up to and beyond 1/2, where the theorem as reconstructed ends."""

    activations: tuple[str, ...] = ("relu", "elu", "gelu")
    smoothness: tuple[float, ...] = (0.05, 0.15, 0.25, 0.35, 0.45, 0.6, 0.75)  # alpha
    displacements: tuple[float, ...] = (0.01, 0.02, 0.04, 0.08)  # h
    width: int = 6  # m
    num_points: int = 4096  # a step of 0.0015, below the smallest displacement
    num_draws: int = 4
    seed: int = 0


SCALES = {
    "smoke": Config(
        smoothness=(0.05, 0.45, 0.75),
        displacements=(0.01, 0.02, 0.04),
        width=4,
        num_points=2048,
        num_draws=2,
    ),
    "book": Config(),
    "document": Config(
        displacements=(0.00125, 0.0025, 0.005, 0.01, 0.02, 0.04),
        width=8,
        num_points=65_536,
        num_draws=8,
    ),
}


def run(config: Config) -> xr.Dataset:
    """Norms of the kernel up to a degree, and of its changes.

    Parameters
    ----------
    config
        The configuration.

    Returns
    -------
    The norm of the kernel between harmonics up to a degree, against that degree; the norm of its
    change under random displacements of the second matrix, and the power of the displacement
    that fits it, by activation, order and draw; and that power by our derivation.
    """
    X = circle_points(config.num_points)
    degrees = 2 ** np.arange(3, int(np.log2(config.num_points // 2)) + 1)
    kinds = (len(config.activations), len(config.smoothness))
    size = np.empty((*kinds, config.num_draws, len(degrees)))
    change = np.empty((*kinds, config.num_draws, len(config.displacements)))
    for i, name in enumerate(config.activations):
        sigma = activation(name)
        for k in with_bar(range(config.num_draws), name):
            layers = gaussian_layers((config.width,) * 2, 2, stream(config.seed, "weights", k))
            noise = stream(config.seed, "direction", k).standard_normal(layers[1].shape)
            noise *= config.width**0.5 / np.linalg.norm(noise, 2)
            start = _features(X, sigma, layers[0], layers[1])
            moved = [
                _features(X, sigma, layers[0], layers[1] + h * noise) for h in config.displacements
            ]
            for j, order in enumerate(config.smoothness):
                scaled = _scaled(start, order)
                size[i, j, k] = [_norm(scaled[: 2 * degree + 1]) for degree in degrees]
                change[i, j, k] = [_norm_of_change(_scaled(one, order), scaled) for one in moved]
    return _dataset(config, degrees, size, change)


def _features(
    X: Float[np.ndarray, "n d"],
    sigma: Activation,
    first: Float[np.ndarray, "m d"],
    second: Float[np.ndarray, "m m"],
) -> Float[np.ndarray, "c p"]:
    # Coefficients of the derivatives of the network by the second matrix: constants, then cosine
    # and sine of each degree.
    values = sigma(X @ first.T) / len(first) ** 0.5
    slopes = sigma.derivative(values @ second.T) / len(second) ** 0.5
    products = (slopes[:, :, None] * values[:, None, :]).reshape(len(X), -1)
    transformed = np.fft.rfft(products, axis=0)[:-1] / len(X)
    pairs = np.stack([transformed.real, transformed.imag], axis=1) * 2**0.5
    coefficients = pairs.reshape(-1, products.shape[1])[1:]
    coefficients[0] = transformed[0].real
    return coefficients


def _scaled(coefficients: Float[np.ndarray, "c p"], order: float) -> Float[np.ndarray, "c p"]:
    degrees = (np.arange(len(coefficients)) + 1) // 2
    weights = sobolev_weights(degrees, input_dim=2, smoothness=order)
    return coefficients * np.sqrt(weights)[:, None]


def _norm(features: Float[np.ndarray, "c p"]) -> float:
    return float(np.linalg.eigvalsh(features.T @ features)[-1])


def _norm_of_change(after: Float[np.ndarray, "c p"], before: Float[np.ndarray, "c p"]) -> float:
    # A A^T - B B^T with A = B + C is (B + C/2) C^T + C (B + C/2)^T: in an orthonormal basis of the
    # columns a small matrix, without the difference of large numbers.
    moved, middle = after - before, (after + before) / 2
    triangle = np.asarray(np.linalg.qr(np.hstack([moved, middle]), mode="r"))
    half = triangle[:, : moved.shape[1]] @ triangle[:, moved.shape[1] :].T
    return float(np.abs(np.linalg.eigvalsh(half + half.T)).max())


def _dataset(
    config: Config,
    degrees: Int[np.ndarray, " l"],
    size: Float[np.ndarray, "a s k l"],
    change: Float[np.ndarray, "a s k h"],
) -> xr.Dataset:
    cells = ("activation", "smoothness", "draw")
    h = np.array(config.displacements)
    fits = [fit_power_law(h, one).exponent for one in change.reshape(-1, len(h))]
    law = [
        [kernel_motion_exponent(order, activation=activation(name)) for order in config.smoothness]
        for name in config.activations
    ]
    return xr.Dataset(
        {
            "exponent": (
                cells,
                np.array(fits).reshape(change.shape[:-1]),
                label("power of the displacement"),
            ),
            "law": (cells[:2], np.array(law), label("the same, derived")),
            "size": ((*cells, "degree"), size, label("norm of the kernel up to a degree")),
            "change": ((*cells, "displacement"), change, label("change of the kernel")),
        },
        coords={
            "activation": ("activation", list(config.activations), label("activation:")),
            "smoothness": ("smoothness", list(config.smoothness), label("order alpha")),
            "degree": ("degree", degrees, label("largest degree")),
            "displacement": (
                "displacement",
                list(config.displacements),
                label("relative displacement h"),
            ),
        },
    )


EXPERIMENT = Experiment(
    name="sphere_approximation.kernel_roughness",
    summary="Sobolev norms of the kernel of a narrow network, and how it moves in them",
    scales=SCALES,
    run=run,
)
