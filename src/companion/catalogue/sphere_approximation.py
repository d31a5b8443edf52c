"""The experiments on approximation on the sphere, with their drawings."""

from functools import partial

from companion.catalogue.entries import Entry
from companion.experiments.sphere_approximation import (
    infinite_width,
    one_dimension,
    perturbed_flow,
    plateau,
    theorem_bound,
    width_powers,
)
from companion.figures import curves, line, sphere_bounds

ENTRIES: tuple[Entry, ...] = (
    Entry(infinite_width.EXPERIMENT, sphere_bounds.draw_infinite_width),
    Entry(one_dimension.EXPERIMENT, line.draw_line_errors),
    Entry(
        perturbed_flow.EXPERIMENT,
        partial(curves.draw_family, x="t", y="error", family="kept_degree", log="xy"),
    ),
    Entry(plateau.EXPERIMENT, sphere_bounds.draw_plateaus),
    Entry(theorem_bound.EXPERIMENT, sphere_bounds.draw_theorem_bound),
    Entry(
        width_powers.EXPERIMENT,
        partial(curves.draw_family, x="width", y="error_power", family="input_dim", log="x"),
    ),
)
