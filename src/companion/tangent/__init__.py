"""Jacobians and tangent kernels of any `torch.nn.Module`."""
