r"""Suprema against width: the tree, which has all that Proposition 1 asks, and neurons.

Both processes are bounded, have mean zero and second moments of increments of at most a constant
times the squared distance. The supremum over the tree stays at 1/2; that of
:math:`a\, \sigma(w \cdot x)` over the sphere falls like :math:`n^{-1/2}`.
"""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from jaxtyping import Float

from companion.activations import SIGMOID
from companion.experiments.base import Experiment, label, with_bar
from companion.numerics.montecarlo import stream
from companion.probability.tree_process import agreement_tree
from companion.probability.tree_supremum import climb, expected_supremum
from companion.spaces.sphere import maximise_on_sphere, uniform_on_sphere

PROCESSES = ("tree", "sphere")


@dataclass(frozen=True)
class Config:
    """Widths, the space that the indices lie in, and repetitions."""

    widths: tuple[int, ...] = (50, 100, 200, 400, 800, 1600, 3200)  # n
    input_dim: int = 3  # d; the smallest in which the tree exists
    num_draws: int = 16
    num_starts: int = 1  # random starts of each ascent, besides a good guess
    seed: int = 0


SCALES = {
    "smoke": Config(widths=(20, 60), num_draws=3, num_starts=1),
    "book": Config(),
    "document": Config(
        widths=(50, 100, 200, 400, 800, 1600, 3200, 6400), num_draws=40, num_starts=4
    ),
}


def run(config: Config) -> xr.Dataset:
    """Suprema of the mean of n copies of both processes.

    Parameters
    ----------
    config
        The configuration.

    Returns
    -------
    The supremum by process, width and draw; for the tree also the value that no word can exceed,
    draw by draw, and the expectation in closed form.
    """
    shape = (len(config.widths), config.num_draws)
    supremum = np.empty((len(PROCESSES), *shape))
    ceiling = np.empty(shape)
    tree = agreement_tree(config.input_dim, max(config.widths))
    for j, width in enumerate(with_bar(config.widths, "widths")):
        for k in range(config.num_draws):
            path = climb(tree, width, stream(config.seed, "tree", width, k))
            supremum[0, j, k], ceiling[j, k] = path.values[-1], path.ceiling
            rng = stream(config.seed, "sphere", width, k)
            supremum[1, j, k] = _sphere_supremum(width, config, rng)
    cells = ("width", "draw")
    expected = np.array([expected_supremum(width) for width in config.widths])
    return xr.Dataset(
        {
            "supremum": (("process", *cells), supremum, label("supremum of |Z|")),
            "ceiling": (cells, ceiling, label("share of the more frequent sign")),
            "expected": ("width", expected, label("expected supremum over the tree")),
        },
        coords={
            "process": ("process", list(PROCESSES), label("supremum over the")),
            "width": ("width", list(config.widths), label("width n")),
        },
    )


def _sphere_supremum(width: int, config: Config, rng: np.random.Generator) -> float:
    W = rng.standard_normal((width, config.input_dim))
    a = rng.choice([-1.0, 1.0], size=width)
    best = 0.0
    for sign in (1.0, -1.0):

        def value_and_gradient(
            x: np.ndarray, sign: float = sign
        ) -> tuple[float, Float[np.ndarray, " d"]]:
            z = W @ x
            slopes = SIGMOID.derivative(z) * a
            return sign * float(a @ SIGMOID(z)) / width, sign * (W.T @ slopes) / width

        # The linear part of the sigmoid has its maximum at +-W^T a.
        random = uniform_on_sphere(config.num_starts, config.input_dim, rng)
        starts = np.concatenate([sign * (W.T @ a)[None], random])
        _, values = maximise_on_sphere(value_and_gradient, starts)
        best = max(best, float(values.max()))
    return best


EXPERIMENT = Experiment(
    name="two_layer_flow.tree_process",
    summary="suprema against width: a process that meets the printed hypotheses, and neurons",
    scales=SCALES,
    run=run,
)
