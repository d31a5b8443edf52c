"""Experiments on two-layer networks in the tangent-kernel scaling (Lei Li, 2019)."""

from companion.experiments.two_layer_flow import (
    fixed_sample,
    loss_identity,
    mean_residual,
    modes,
    tracking,
)

EXPERIMENTS = (
    loss_identity.EXPERIMENT,
    mean_residual.EXPERIMENT,
    tracking.EXPERIMENT,
    modes.EXPERIMENT,
    fixed_sample.EXPERIMENT,
)
