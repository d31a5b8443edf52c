"""A small convolutional network for images."""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import nn

from companion.networks.activation_module import activation_part
from companion.networks.default_law import default_layer, seeded
from companion.numerics.sizes import positive_size, positive_sizes


def convolutional_network(
    image_shape: Sequence[int],
    channels: Sequence[int],
    output_dim: int,
    *,
    activation: Callable[[Any], Any],
    seed: int,
    kernel_size: int = 3,
    dtype: torch.dtype = torch.float64,
) -> nn.Sequential:
    r"""Convolutions that keep the size of the image, then one affine layer over all pixels.

    .. math::
        f = g_L \circ \sigma \circ g_{L-1} \circ \dots \circ \sigma \circ g_1, \qquad
        g_i(X)_c = \sum_{c'} w_{i,c,c'} * X_{c'} + b_{i,c} \quad (i < L)

    Parameters
    ----------
    image_shape
        Channels, height and width of the images.
    channels
        Numbers of channels of the hidden layers.
    output_dim
        Number of outputs.
    activation, seed, dtype
        As in :func:`companion.networks.multilayer.multilayer_perceptron`.
    kernel_size
        Height and width of the kernels, odd. Outside of the image stand zeros.

    Returns
    -------
    A sequence of convolutions, activations, a flattening and a linear layer. It maps
    ``(n, c, height, width)`` to ``(n, q)``.

    Scale
    -----
    No factor of a width. PyTorch's default law: uniform, bounded by one over the root of the
    number of inputs of a neuron.

    Raises
    ------
    ValueError
        If a size is not positive, ``image_shape`` does not have three entries, or ``kernel_size``
        is even.
    TypeError
        If a size is no whole number or ``activation`` cannot be called.

    Notes
    -----
    There is no pooling: the largest of several values is not an activation of single entries, so
    that networks with maximal pooling are not of the document's form (1).

    References
    ----------
    Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-based learning applied to document
    recognition", Proceedings of the IEEE 86 (1998), section 2.
    """
    shape = positive_sizes(
        "image_shape", image_shape, at_least=3, remedy="Pass channels, height and width."
    )
    if len(shape) > 3:
        raise ValueError(
            f"`image_shape` must have 3 entries; got {len(shape)}. "
            "Pass channels, height and width."
        )
    hidden = positive_sizes(
        "channels", channels, at_least=1, remedy="Pass the channels of each hidden layer."
    )
    outputs = positive_size("output_dim", output_dim, remedy="Pass the number of outputs.")
    side = positive_size("kernel_size", kernel_size, remedy="Pass an odd number such as 3.")
    if side % 2 == 0:
        raise ValueError(f"`kernel_size` must be odd; got {side}. Pass an odd number such as 3.")
    generator = seeded(seed)
    parts: list[nn.Module] = []
    for before, after in pairwise((shape[0], *hidden)):
        layer = default_layer(
            nn.Conv2d, before, after, side, padding=side // 2, dtype=dtype, generator=generator
        )
        parts += [layer, activation_part(activation, dtype=dtype)]
    pixels = hidden[-1] * math.prod(shape[1:])
    last = default_layer(nn.Linear, pixels, outputs, dtype=dtype, generator=generator)
    return nn.Sequential(*parts, nn.Flatten(), last)
