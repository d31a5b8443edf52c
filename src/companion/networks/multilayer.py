"""The fully connected network with biases, any number of layers and outputs."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import nn

from companion.networks.activation_module import activation_part
from companion.networks.default_law import default_layer, seeded
from companion.numerics.sizes import positive_sizes


def multilayer_perceptron(
    widths: Sequence[int],
    *,
    activation: Callable[[Any], Any],
    seed: int,
    bias: bool = True,
    dtype: torch.dtype = torch.float64,
) -> nn.Sequential:
    r"""Affine layers with an activation between each two.

    .. math::
        f = g_L \circ \sigma \circ g_{L-1} \circ \dots \circ \sigma \circ g_1,
        \qquad g_i(x) = W_i x + b_i

    Parameters
    ----------
    widths
        Input dimension, widths of the hidden layers, output dimension.
    activation
        As in :func:`companion.networks.activation_module.activation_part`.
    seed
        Seed of the initial parameters.
    bias
        Whether the layers have biases.
    dtype
        The type of the parameters.

    Returns
    -------
    A :class:`torch.nn.Sequential` of :class:`torch.nn.Linear` and activations. It maps
    ``(n, d)`` to ``(n, q)``.

    Scale
    -----
    No factor of a width. PyTorch's default law,
    :func:`companion.networks.default_law.default_layer`; in the same order, so that with the same
    seed the entries are those of PyTorch's own layers.

    Raises
    ------
    ValueError
        If there are fewer than two widths or one is not positive.
    TypeError
        If ``widths`` is no sequence of whole numbers or ``activation`` cannot be called.

    References
    ----------
    Y. Jakhmola, "Gradient flow convergence guarantee for general neural network architectures",
    arXiv:2509.23887, Corollary 3.2.1, part 1.
    """
    sizes = positive_sizes(
        "widths", widths, at_least=2, remedy="Pass input, hidden and output dimensions."
    )
    generator = seeded(seed)
    parts: list[nn.Module] = []
    for before, after in pairwise(sizes):
        if parts:
            parts.append(activation_part(activation, dtype=dtype))
        layer = default_layer(
            nn.Linear, before, after, bias=bias, dtype=dtype, generator=generator
        )
        parts.append(layer)
    return nn.Sequential(*parts)
