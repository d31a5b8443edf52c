r"""Smallest eigenvalue of the limiting kernel on a sample, against its size and the dimension.

The proof of Theorem 1 uses :math:`\iint e e\, D \ge \lambda \ell = \frac{\lambda}{2} \int e^2`
for every e, which is :math:`\lambda_{\min}(D / M) \ge \lambda / 2` on M points of equal weight.
The trace gives :math:`\lambda_{\min}(D / M) \le \sup \sigma^2 / M`.
"""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from companion.activations import SIGMOID
from companion.claims.two_layer_flow import claimed_dissipation
from companion.experiments.base import Experiment, label, with_bar
from companion.kernels.tangent_kernel import tangent_kernel
from companion.numerics.linalg import smallest_eigenvalue
from companion.numerics.montecarlo import stream
from companion.spaces.sphere import uniform_on_sphere

_OUTER, _ALL = (1,), "all"


@dataclass(frozen=True)
class Config:
    """Independent uniform points on the unit sphere."""

    input_dims: tuple[int, ...] = (2, 3, 5, 10, 50)  # d; the document's lambda is free of it
    num_samples: tuple[int, ...] = (10, 30, 100, 300)  # M; the document's lambda is free of it
    num_seeds: int = 3
    seed: int = 0


SCALES = {
    "smoke": Config(input_dims=(2, 5), num_samples=(4, 8), num_seeds=2),
    "book": Config(),
    "document": Config(num_samples=(10, 30, 100, 300, 1000, 2000), num_seeds=5),
}


def run(config: Config) -> xr.Dataset:
    """Smallest eigenvalues of D/M and of the full kernel over M, with what they are held against.

    Parameters
    ----------
    config
        The configuration.

    Returns
    -------
    Eigenvalues by dimension, sample size and draw; the smallest entry of D, which is the largest
    lambda that Lemma 5 allows on the sample; what the proof claims; the trace bound; the size of
    the rounding error.
    """
    shape = (len(config.input_dims), len(config.num_samples), config.num_seeds)
    outer, full, entry, rounding = (np.empty(shape) for _ in range(4))
    for i, input_dim in enumerate(config.input_dims):
        for j, count in enumerate(with_bar(config.num_samples, "sample sizes")):
            for k in range(config.num_seeds):
                rng = stream(config.seed, "points", input_dim, count, k)
                X = uniform_on_sphere(count, input_dim, rng)
                D = tangent_kernel(X, X, depth=1, activation=SIGMOID, trained=_OUTER)
                K = tangent_kernel(X, X, depth=1, activation=SIGMOID, trained=_ALL)
                outer[i, j, k] = smallest_eigenvalue(D / count)
                full[i, j, k] = smallest_eigenvalue(K / count)
                entry[i, j, k] = D.min()
                # Entries are known to a few eps; the largest eigenvalue is below trace(K) / M.
                rounding[i, j, k] = 4 * np.finfo(float).eps * np.trace(K) / count
    # On a function of mean square one.
    claimed = claimed_dissipation(np.ones(1), np.ones(1), kernel_bound=entry.min())
    cells = ("input_dim", "num_samples", "draw")
    counts = np.array(config.num_samples)
    return xr.Dataset(
        {
            "outer": (cells, outer, label("smallest eigenvalue of D / M", "1/time")),
            "full": (cells, full, label("smallest eigenvalue of (D + D') / M", "1/time")),
            "smallest_entry": (cells, entry, label("smallest entry of D", "1/time")),
            "rounding": (cells, rounding, label("size of the rounding error", "1/time")),
            "trace_bound": (
                "num_samples",
                SIGMOID.bound**2 / counts,
                label("trace bound, sup of sigma squared over M", "1/time"),
            ),
            "claimed": ((), claimed, label("claimed lower bound, half of lambda", "1/time")),
        },
        coords={
            "input_dim": ("input_dim", list(config.input_dims), label("dimension d", "1")),
            "num_samples": ("num_samples", counts, label("number of points M", "1")),
        },
    )


EXPERIMENT = Experiment(
    name="two_layer_flow.smallest_eigenvalues",
    summary="smallest eigenvalue of the limiting kernel against sample size and dimension",
    scales=SCALES,
    run=run,
)
