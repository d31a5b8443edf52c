"""Experiments on two-layer networks in the tangent-kernel scaling (Lei Li, 2019)."""

from companion.experiments.two_layer_flow import (
    capacity,
    chaining_functional,
    decay_by_target,
    fixed_sample,
    four_points,
    increment_norms,
    loss_identity,
    mean_residual,
    modes,
    rate_by_dimension,
    remainder,
    smallest_eigenvalues,
    tracking,
    tree_process,
)

EXPERIMENTS = (
    loss_identity.EXPERIMENT,
    remainder.EXPERIMENT,
    chaining_functional.EXPERIMENT,
    increment_norms.EXPERIMENT,
    tree_process.EXPERIMENT,
    four_points.EXPERIMENT,
    smallest_eigenvalues.EXPERIMENT,
    decay_by_target.EXPERIMENT,
    capacity.EXPERIMENT,
    rate_by_dimension.EXPERIMENT,
    mean_residual.EXPERIMENT,
    tracking.EXPERIMENT,
    modes.EXPERIMENT,
    fixed_sample.EXPERIMENT,
)
