"""Kernels of infinitely wide networks in closed form or as convergent series."""
