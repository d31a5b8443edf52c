"""The experiments on gradient flow for general architectures, with their drawings."""

from functools import partial

from companion.catalogue.entries import Entry
from companion.experiments.general_architectures import (
    attained_rank,
    bottleneck,
    line_starts,
    polynomial_activations,
    singular_starts,
    window,
)
from companion.figures import curves, ranks

ENTRIES: tuple[Entry, ...] = (
    Entry(attained_rank.EXPERIMENT, ranks.draw_attained_rank),
    Entry(bottleneck.EXPERIMENT, ranks.draw_floors),
    Entry(
        line_starts.EXPERIMENT,
        partial(curves.draw_family, x="width", y="probability", family="num_samples", log="x"),
    ),
    Entry(polynomial_activations.EXPERIMENT, ranks.draw_ranks_by_width),
    Entry(singular_starts.EXPERIMENT, ranks.draw_singular_starts),
    Entry(window.EXPERIMENT, ranks.draw_window),
)
