"""The experiments on two-layer networks and generic chaining, with their drawings."""

from functools import partial

from companion.catalogue.entries import Entry
from companion.experiments.two_layer_flow import (
    capacity,
    chaining_functional,
    decay_by_target,
    fixed_sample,
    fixed_width,
    four_points,
    increment_norms,
    initial_network,
    kernel_deviation,
    limit_kernel,
    loss_identity,
    mean_residual,
    modes,
    parity,
    rate_by_dimension,
    remainder,
    scaling,
    smallest_eigenvalues,
    tracking,
    tree_process,
)
from companion.figures import bands, curves, decay, spectra, suprema

ENTRIES = (
    Entry(
        loss_identity.EXPERIMENT,
        partial(
            curves.draw_curves,
            x="t",
            names=("decay_difference", "decay_outer", "decay_inner"),
            ylabel="fall of the loss (1/time)",
        ),
    ),
    Entry(
        remainder.EXPERIMENT,
        partial(curves.draw_family, x="t", y="change", family="width", log="xy"),
    ),
    Entry(
        limit_kernel.EXPERIMENT,
        partial(curves.draw_family, x="radius", y="least", family="activation", log="xy"),
    ),
    Entry(kernel_deviation.EXPERIMENT, suprema.draw_kernel_distance),
    Entry(initial_network.EXPERIMENT, suprema.draw_network_size),
    Entry(
        chaining_functional.EXPERIMENT,
        partial(
            curves.draw_curves,
            x="input_dim",
            names=("ball_upper", "ball_lower", "sample_upper"),
            bounds=("root",),
            ylabel="gamma_2",
        ),
    ),
    Entry(
        increment_norms.EXPERIMENT,
        partial(
            curves.draw_family,
            x="distance",
            y="ratio",
            family="process",
            bounds=("kernel_bound",),
            log="xy",
        ),
    ),
    Entry(
        tree_process.EXPERIMENT,
        partial(bands.draw_bands, x="width", y="supremum", family="process", bounds=("expected",)),
    ),
    Entry(four_points.EXPERIMENT, decay.draw_loss_floor),
    Entry(smallest_eigenvalues.EXPERIMENT, spectra.draw_smallest_eigenvalues),
    Entry(decay_by_target.EXPERIMENT, decay.draw_decay_by_target),
    Entry(
        capacity.EXPERIMENT,
        partial(
            bands.draw_bands,
            x="num_samples",
            y="best_loss",
            family="activation",
            bounds=("null_loss",),
            log="x",
        ),
    ),
    Entry(rate_by_dimension.EXPERIMENT, decay.draw_rate_by_dimension),
    Entry(
        mean_residual.EXPERIMENT,
        partial(curves.draw_family, x="t", y="mean_share", family="width", log="xy"),
    ),
    Entry(
        tracking.EXPERIMENT, partial(bands.draw_bands, x="width", y="error", family="num_samples")
    ),
    Entry(
        modes.EXPERIMENT,
        partial(
            bands.draw_bands,
            x="t",
            y="residual_norm",
            family="degree",
            prediction="predicted",
            log="y",
        ),
    ),
    Entry(
        fixed_sample.EXPERIMENT,
        partial(
            curves.draw_family, x="t", y="loss", family="width", bounds=("envelope",), log="y"
        ),
    ),
    Entry(
        fixed_width.EXPERIMENT,
        partial(
            curves.draw_curves,
            x="width",
            names=("best_found", "profiles"),
            bounds=("floor",),
            ylabel="squared error, relative",
            log="x",
        ),
    ),
    Entry(
        parity.EXPERIMENT,
        partial(bands.draw_bands, x="width", y="relative_loss", family="network"),
    ),
    Entry(
        scaling.EXPERIMENT,
        partial(bands.draw_bands, x="width", y="displacement", family="exponent"),
    ),
)
