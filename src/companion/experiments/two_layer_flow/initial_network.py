r"""The size of the network at the start, by law of the weights: (3.11) and Lemma 4 of Li."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import xarray as xr
from jaxtyping import Float

from companion.activations import SIGMOID
from companion.claims.two_layer_flow_start import mean_supremum_bound
from companion.claims.two_layer_flow_witness import mean_network_at_witness
from companion.experiments.base import Experiment, label, with_bar
from companion.numerics.montecarlo import stream
from companion.spaces.sphere import maximise_on_sphere, uniform_on_sphere

QUANTITIES = ("supremum over the sphere", "maximum over the points", "root mean square")


@dataclass(frozen=True)
class Config:
    """Dimensions, and the laws of the weights: that of Assumption 2 and others."""

    # Inner weights with unit covariance: Gaussian, uniform on a sphere, signs, three degrees of
    # freedom (finite second moments, no exponential ones); of norm one; and Gaussian inner weights
    # with all outer weights +1.
    laws: tuple[str, ...] = ("gaussian", "sphere", "signs", "student", "unit norm", "outer ones")
    input_dims: tuple[int, ...] = (5, 20, 80, 320)  # d
    width: int = 1000  # n in the document
    num_points: int = 1000  # M in the document
    num_draws: int = 4
    seed: int = 0


SCALES = {
    "smoke": Config(input_dims=(2, 6), width=60, num_points=30, num_draws=2),
    "book": Config(),
    "document": Config(input_dims=(5, 20, 80, 320, 1280), width=4000, num_draws=6),
}


def run(config: Config) -> xr.Dataset:
    """Three sizes of the initial network: over the sphere, over points, and in the mean square.

    Parameters
    ----------
    config
        The configuration.

    Returns
    -------
    The sizes by law, dimension and draw, and two bounds of the mean supremum for unit covariance.
    """
    shape = (len(config.laws), len(QUANTITIES), len(config.input_dims), config.num_draws)
    size = np.empty(shape)
    for i, law in enumerate(with_bar(config.laws, "laws")):
        for j, input_dim in enumerate(config.input_dims):
            for k in range(config.num_draws):
                rng = stream(config.seed, law, input_dim, k)
                W, a = draw_weights(law, config.width, input_dim, rng)
                X = uniform_on_sphere(config.num_points, input_dim, rng)
                output = np.asarray(SIGMOID(X @ W.T)) @ a / np.sqrt(config.width)
                size[i, :, j, k] = (
                    _supremum(W, a, rng),
                    np.abs(output).max(),
                    np.sqrt(np.mean(output**2)),
                )
    witness = [
        mean_network_at_witness(SIGMOID, width=config.width, input_dim=d)
        for d in config.input_dims
    ]
    bound = [
        mean_supremum_bound(SIGMOID, second_moment=float(d), radius=1.0) for d in config.input_dims
    ]
    return xr.Dataset(
        {
            "size": (
                ("law", "quantity", "input_dim", "draw"),
                size,
                label("size of the initial network"),
            ),
            "witness": ("input_dim", np.array(witness), label("mean at the witness")),
            "bound": ("input_dim", np.array(bound), label("bound of the mean")),
        },
        coords={
            "law": ("law", list(config.laws), label("weights:")),
            "quantity": ("quantity", list(QUANTITIES), label("size:")),
            "input_dim": ("input_dim", list(config.input_dims), label("dimension")),
        },
    )


def draw_weights(
    law: str, width: int, input_dim: int, rng: np.random.Generator
) -> tuple[Float[np.ndarray, "m d"], Float[np.ndarray, " m"]]:
    """Initial weights of a law known by name.

    Parameters
    ----------
    law
        One of the names in :class:`Config`.
    width, input_dim
        Shape of the inner weights.
    rng
        Source of randomness.

    Returns
    -------
    Inner weights as rows, and outer weights.

    Raises
    ------
    ValueError
        If the law is unknown.
    """
    if law not in _INNER:
        raise ValueError(f"`law` must be one of {', '.join(_INNER)}; got {law!r}.")
    W = _INNER[law]((width, input_dim), rng)
    a = np.ones(width) if law == "outer ones" else rng.choice([-1.0, 1.0], width)
    return W, a


def _gaussian(shape: tuple[int, int], rng: np.random.Generator) -> Float[np.ndarray, "m d"]:
    return rng.standard_normal(shape)


def _signs(shape: tuple[int, int], rng: np.random.Generator) -> Float[np.ndarray, "m d"]:
    return rng.choice([-1.0, 1.0], shape)


def _unit_norm(shape: tuple[int, int], rng: np.random.Generator) -> Float[np.ndarray, "m d"]:
    return uniform_on_sphere(*shape, rng)


def _sphere(shape: tuple[int, int], rng: np.random.Generator) -> Float[np.ndarray, "m d"]:
    return np.sqrt(shape[1]) * uniform_on_sphere(*shape, rng)


def _student(shape: tuple[int, int], rng: np.random.Generator) -> Float[np.ndarray, "m d"]:
    # A Gaussian vector over the root of chi^2_3; E 1/chi^2_3 = 1, so the covariance is one.
    return rng.standard_normal(shape) / np.sqrt(rng.chisquare(3, (shape[0], 1)))


_INNER: dict[str, Callable[[tuple[int, int], np.random.Generator], np.ndarray]] = {
    "gaussian": _gaussian,
    "sphere": _sphere,
    "signs": _signs,
    "student": _student,
    "unit norm": _unit_norm,
    "outer ones": _gaussian,
}


def _supremum(
    W: Float[np.ndarray, "m d"], a: Float[np.ndarray, " m"], rng: np.random.Generator
) -> float:
    best, scale = 0.0, np.sqrt(len(a))
    for signs in (a, -a):

        def value_and_gradient(x: np.ndarray, b: np.ndarray = signs) -> tuple[float, np.ndarray]:
            z = W @ x
            return float(b @ SIGMOID(z)) / scale, W.T @ (b * SIGMOID.derivative(z)) / scale

        # The linear part of the network has its maximum along W^T a.
        starts = np.stack([W.T @ signs, rng.standard_normal(W.shape[1])])
        best = max(best, float(maximise_on_sphere(value_and_gradient, starts)[1].max()))
    return best


EXPERIMENT = Experiment(
    name="two_layer_flow.initial_network",
    summary="size of the network at the start, by law of the weights",
    scales=SCALES,
    run=run,
)
