"""Experiments on two-layer networks in the tangent-kernel scaling (Lei Li, 2019)."""
