"""Training as motion: gradient flow of networks and of kernels, and the record of a run."""
