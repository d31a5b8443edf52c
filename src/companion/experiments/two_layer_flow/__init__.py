"""Experiments on two-layer networks in the tangent-kernel scaling (Lei Li, 2019)."""

from companion.experiments.two_layer_flow import loss_identity

EXPERIMENTS = (loss_identity.EXPERIMENT,)
