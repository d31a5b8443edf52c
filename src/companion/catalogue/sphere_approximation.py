"""The experiments on approximation on the sphere, with their drawings."""

from functools import partial

from companion.catalogue.entries import Entry
from companion.experiments.sphere_approximation import (
    coercivity,
    concentration,
    degree_decay,
    descent_steps,
    dimension_cost,
    displacement,
    finite_smoothness,
    high_dimension,
    infinite_width,
    kernel_continuity,
    kernel_roughness,
    kink_orders,
    line_variants,
    logarithmic_flow,
    missing_degrees,
    norm_inequalities,
    norms_along_runs,
    one_dimension,
    perturbed_flow,
    plateau,
    rising_norm,
    rounding_floor,
    sampled_error,
    smooth_and_noise,
    smooth_spectra,
    tangent_span,
    theorem_bound,
    under_parametrised,
    width_powers,
)
from companion.figures import (
    bands,
    curves,
    fast_decay,
    harmonic_decay,
    line,
    linearization,
    norms,
    sphere_bounds,
    width_rates,
)

ENTRIES: tuple[Entry, ...] = (
    Entry(coercivity.EXPERIMENT, harmonic_decay.draw_weighted_coercivity),
    Entry(degree_decay.EXPERIMENT, harmonic_decay.draw_kink_accuracy),
    Entry(kink_orders.EXPERIMENT, harmonic_decay.draw_orders_of_kinks),
    Entry(infinite_width.EXPERIMENT, sphere_bounds.draw_infinite_width),
    Entry(norm_inequalities.EXPERIMENT, norms.draw_rates),
    Entry(norms_along_runs.EXPERIMENT, norms.draw_norms),
    Entry(line_variants.EXPERIMENT, line.draw_line_variants),
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
    Entry(smooth_spectra.EXPERIMENT, fast_decay.draw_smooth_spectra),
    Entry(rounding_floor.EXPERIMENT, fast_decay.draw_rounding_floor),
    Entry(logarithmic_flow.EXPERIMENT, fast_decay.draw_logarithmic_flow),
    Entry(finite_smoothness.EXPERIMENT, fast_decay.draw_scaled_coefficients),
    Entry(concentration.EXPERIMENT, linearization.draw_concentration),
    Entry(kernel_continuity.EXPERIMENT, linearization.draw_kernel_changes),
    Entry(
        kernel_roughness.EXPERIMENT,
        partial(
            bands.draw_bands,
            x="smoothness",
            y="exponent",
            family="activation",
            prediction="law",
            log="",
        ),
    ),
    Entry(displacement.EXPERIMENT, linearization.draw_displacement),
    Entry(
        high_dimension.EXPERIMENT,
        partial(
            bands.draw_bands,
            x="ratio",
            y="distance",
            family="place",
            bounds=("shortest_law", "longest_law"),
        ),
    ),
    Entry(
        descent_steps.EXPERIMENT,
        partial(bands.draw_bands, x="num_steps", y="output_difference", family="activation"),
    ),
    Entry(
        missing_degrees.EXPERIMENT,
        partial(bands.draw_bands, x="t", y="amplitude", family="case", log="x"),
    ),
    Entry(
        dimension_cost.EXPERIMENT,
        partial(
            curves.draw_family, x="input_dim", y="proven_weights", family="activation", log=""
        ),
    ),
    Entry(smooth_and_noise.EXPERIMENT, width_rates.draw_noise),
    Entry(tangent_span.EXPERIMENT, width_rates.draw_span),
    Entry(under_parametrised.EXPERIMENT, width_rates.draw_width_rates),
)
