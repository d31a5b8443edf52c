r"""Singular starts of one hidden layer on a line, in closed form, and the width they ask for.

Three neighbouring samples without a kink between them make the kernel singular. Among n samples
and k kinks in random order their expected number is n (n - 1) (n - 2) / (n + k) (n + k - 1). Half
of the neurons have their kink among the samples, and where triples are rare their number is
nearly Poisson.
"""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from companion.claims.general_architectures_line import singular_start_probability
from companion.experiments.base import Experiment, label, with_bar


@dataclass(frozen=True)
class Config:
    """Widths h and sample sizes n of networks 1-h-1."""

    widths: tuple[int, ...] = (1, 2, 3, 4, 6, 8, 11, 16, 23, 32, 45, 64, 91, 128, 181, 256)
    num_samples: tuple[int, ...] = (3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32)
    seed: int = 0  # nothing is random here


SCALES = {
    "smoke": Config(widths=(1, 4, 16), num_samples=(3, 6)),
    "book": Config(),
    "document": Config(num_samples=(3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96)),
}


def run(config: Config) -> xr.Dataset:
    """Probabilities, and the least width at which a start is more often regular than singular.

    Parameters
    ----------
    config
        The configuration.

    Returns
    -------
    The probability by width and number of samples; what it would be if triples were Poisson,
    with half the neurons as kinks; by number of samples the least width at which the probability
    is at most one half, and its parameters.
    """
    h, n = np.array(config.widths), np.array(config.num_samples)
    probability = np.array(
        [[singular_start_probability(int(w), int(c)) for c in n] for w in with_bar(h, "widths")]
    )
    both = n + h[:, None] / 2
    triples = n * (n - 1) * (n - 2) / (both * (both - 1))
    needed = np.array([_width_for_half(int(count)) for count in with_bar(n, "samples")])
    dims = ("width", "num_samples")
    return xr.Dataset(
        {
            "probability": (dims, probability, label("probability of a singular start")),
            "poisson": (dims, -np.expm1(-triples), label("if triples were Poisson")),
            "needed_width": ("num_samples", needed, label("least width for one half")),
            "needed_params": ("num_samples", 3 * needed + 1, label("parameters needed")),
        },
        coords={
            "width": ("width", h, label("hidden width")),
            "num_samples": ("num_samples", n, label("number of samples")),
        },
    )


def _width_for_half(num_samples: int) -> int:
    above, below = 0, 1
    while singular_start_probability(below, num_samples) > 0.5:
        above, below = below, 2 * below
    while below - above > 1:
        middle = (above + below) // 2
        if singular_start_probability(middle, num_samples) > 0.5:
            above = middle
        else:
            below = middle
    return below


EXPERIMENT = Experiment(
    name="general_architectures.line_starts",
    summary="probability of a singular start on a line, in closed form",
    scales=SCALES,
    run=run,
)
