"""The experiments on approximation on the sphere, with their drawings."""

from functools import partial

from companion.catalogue.entries import Entry
from companion.experiments.sphere_approximation import (
    infinite_width,
    norm_inequalities,
    norms_along_runs,
    one_dimension,
    perturbed_flow,
    plateau,
    rising_norm,
    sampled_error,
    theorem_bound,
    width_powers,
)
from companion.figures import bands, curves, line, norms, sphere_bounds

ENTRIES: tuple[Entry, ...] = (
    Entry(infinite_width.EXPERIMENT, sphere_bounds.draw_infinite_width),
    Entry(norm_inequalities.EXPERIMENT, norms.draw_rates),
    Entry(norms_along_runs.EXPERIMENT, norms.draw_norms),
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
    Entry(
        rising_norm.EXPERIMENT,
        partial(bands.draw_bands, x="t", y="positive_norm", family="width", log="x"),
    ),
    Entry(sampled_error.EXPERIMENT, norms.draw_sampled_error),
)
