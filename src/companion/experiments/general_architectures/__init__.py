"""Experiments on gradient flow for general architectures (Jakhmola)."""
