"""The limit of the outer Gram function for several activations, and its least value on shells."""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from jaxtyping import Float

from companion.activations import Activation, activation
from companion.claims.two_layer_flow_positivity import kernel_bound_of_proof
from companion.experiments.base import Experiment, label
from companion.kernels.layer_moments import layer_moment
from companion.numerics.montecarlo import estimate, stream


@dataclass(frozen=True)
class Config:
    """Activations that satisfy Assumption 3 of the document, or do not, and norms of points."""

    activations: tuple[str, ...] = ("sigmoid", "shifted_sigmoid", "normal_cdf", "gaussian_bump")
    radii: tuple[float, ...] = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)  # |x| in D
    num_correlations: int = 41  # odd, so that right angles are among them
    sampled_radius: float = 1.0  # the norm at which weights are also sampled
    num_weights: int = 20_000
    seed: int = 0


SCALES = {
    "smoke": Config(radii=(0.5, 1.0, 2.0), num_correlations=5, num_weights=2000),
    "book": Config(),
    "document": Config(
        radii=(0.125, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0),
        num_correlations=161,
        num_weights=1_000_000,
    ),
}

# The two hypotheses on the values of sigma dropped: one activation is not positive at zero, the
# other takes both signs.
WITHOUT = Config(activations=("relu", "tanh"), radii=(0.5, 1.0, 2.0, 4.0))


def run(config: Config) -> xr.Dataset:
    """The kernel of two points of one norm, its least value, and the constant of Lemma 5.

    Parameters
    ----------
    config
        The configuration.

    Returns
    -------
    The kernel by activation, norm and correlation; the same from sampled weights, with standard
    errors, at one norm; its least value over all pairs of norms from the first to a given one, all
    correlations; and the constant that the proof of Lemma 5 constructs, not a number where
    Assumption 3 does not hold.
    """
    radii = np.array(config.radii)
    rho = np.linspace(-1, 1, config.num_correlations)
    functions = [activation(name) for name in config.activations]
    pairs = np.stack([_between(radii, rho, one) for one in functions])
    least_of_pair = pairs.min(axis=-1)
    least = np.stack(
        [least_of_pair[:, : k + 1, : k + 1].min(axis=(1, 2)) for k in range(len(radii))], axis=1
    )
    same = np.arange(len(radii))
    samples = [_sampled(one, rho, config) for one in functions]
    proof = [[_constant_of_proof(one, radius) for radius in config.radii] for one in functions]
    at_one_norm = ("activation", "correlation")
    return xr.Dataset(
        {
            "kernel": (
                ("activation", "radius", "correlation"),
                pairs[:, same, same],
                label("limit D of the outer Gram function"),
            ),
            "sampled": (at_one_norm, np.array([mean for mean, _ in samples]), label("mean")),
            "standard_error": (
                at_one_norm,
                np.array([error for _, error in samples]),
                label("standard error of the mean"),
            ),
            "least": (("activation", "radius"), least, label("least value of D on the shell")),
            "proof": (("activation", "radius"), np.array(proof), label("constant of the proof")),
        },
        coords={
            "activation": (
                "activation",
                [name.replace("_", " ") for name in config.activations],
                label("activation:"),
            ),
            "radius": ("radius", radii, label("norm of the points")),
            "correlation": ("correlation", rho, label("cosine of the angle")),
        },
    )


def by_activation(data: xr.Dataset) -> xr.Dataset:
    """The kernel as one variable for each activation, for a figure with a slider.

    Parameters
    ----------
    data
        A dataset of this experiment.

    Returns
    -------
    Variables over norm and correlation, named by their activations.
    """
    split = data["kernel"].to_dataset("activation")
    for name, variable in split.items():
        variable.attrs = label(str(name))
    return split


def _between(
    radii: Float[np.ndarray, " r"], rho: Float[np.ndarray, " c"], one: Activation
) -> Float[np.ndarray, "r r c"]:
    X = np.stack([radii, np.zeros_like(radii)], axis=1)
    directions = np.stack([rho, np.sqrt(1 - rho**2)], axis=1)
    Z = (radii[:, None, None] * directions).reshape(-1, 2)
    return layer_moment(X, Z, activation=one).reshape(len(radii), len(radii), len(rho))


def _sampled(
    one: Activation, rho: Float[np.ndarray, " c"], config: Config
) -> tuple[Float[np.ndarray, " c"], Float[np.ndarray, " c"]]:
    rng = stream(config.seed, "weights", one.name)
    u, v = config.sampled_radius * rng.standard_normal((2, config.num_weights))
    products = [one(u) * one(c * u + np.sqrt(1 - c**2) * v) for c in rho]
    found = [estimate(product) for product in products]
    return np.array([e.mean for e in found]), np.array([e.standard_error for e in found])


def _constant_of_proof(one: Activation, radius: float) -> float:
    admissible = one.nonnegative and float(one(0.0)) > 0
    return kernel_bound_of_proof(one, radius=radius) if admissible else float("nan")


EXPERIMENT = Experiment(
    name="two_layer_flow.limit_kernel",
    summary="the limit kernel by activation, and its least value on shells",
    scales=SCALES,
    run=run,
)
