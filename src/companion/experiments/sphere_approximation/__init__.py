"""Experiments on approximation on the sphere by networks that gradient flow trains (Welper)."""
