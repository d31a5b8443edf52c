"""Parameters of architectures that Jakhmola names and does not count, and of a transformer.

They belong to the document `general_architectures`, which says of convolutional networks, U-Nets
and Siamese networks that its theorem covers them, and of transformers that they are future work.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

from companion.claims.general_architectures import fully_connected_parameters
from companion.numerics.sizes import positive_size, positive_sizes

_SIZE = "Pass a whole number from 1 on."


def residual_parameters(width: int, depth: int, *, branch_width: int) -> int:
    r"""Parameters of a residual network with the activation inside the branch.

    .. math::
        P = L (2 N B + N + B)

    Parameters
    ----------
    width
        The number N of inputs and outputs.
    depth
        The number L of blocks.
    branch_width
        The number B of neurons of a branch.

    Returns
    -------
    The number P.

    Scale
    -----
    A count.

    Raises
    ------
    ValueError, TypeError
        If a size is not a positive whole number.

    References
    ----------
    Derived here, for :func:`companion.networks.residual.residual_network`.
    """
    blocks = positive_size("depth", depth, remedy=_SIZE)
    return blocks * fully_connected_parameters((width, branch_width, width))


def convolutional_parameters(
    image_shape: Sequence[int], channels: Sequence[int], output_dim: int, *, kernel_size: int = 3
) -> int:
    r"""Parameters of convolutions that keep the size, and of a linear layer over all pixels.

    .. math::
        P = \sum_{i=1}^{L-1} c_i (c_{i-1} k^2 + 1) + q (c_{L-1} h w + 1)

    Parameters
    ----------
    image_shape
        Channels :math:`c_0`, height h and width w.
    channels
        Channels :math:`c_1, \dots, c_{L-1}` of the hidden layers.
    output_dim
        The number q of outputs.
    kernel_size
        The side k of the kernels.

    Returns
    -------
    The number P.

    Scale
    -----
    A count.

    Raises
    ------
    ValueError, TypeError
        If a size is not a positive whole number.

    References
    ----------
    Derived here, for :func:`companion.networks.convolutional.convolutional_network`.
    """
    shape = positive_sizes("image_shape", image_shape, at_least=3, remedy=_SIZE)
    hidden = positive_sizes("channels", channels, at_least=1, remedy=_SIZE)
    outputs = positive_size("output_dim", output_dim, remedy=_SIZE)
    side = positive_size("kernel_size", kernel_size, remedy=_SIZE)
    convolutions = sum(
        after * (before * side**2 + 1) for before, after in pairwise((shape[0], *hidden))
    )
    return convolutions + outputs * (hidden[-1] * math.prod(shape[1:]) + 1)


def u_net_parameters(in_channels: int, channels: Sequence[int], out_channels: int) -> int:
    r"""Parameters of a U-Net with two convolutions of size 3 at each level, down and up.

    .. math::
        P = \sum_{l=1}^{D} s(c_{l-1}, c_l)
          + \sum_{l=1}^{D-1} \bigl(c_l (4 c_{l+1} + 1) + s(2 c_l, c_l)\bigr) + q (c_1 + 1), \qquad
        s(a, b) = b (9 a + 1) + b (9 b + 1)

    Parameters
    ----------
    in_channels
        The channels :math:`c_0` of the images.
    channels
        Channels :math:`c_1, \dots, c_D` of each level, from fine to coarse.
    out_channels
        The channels q of the outputs.

    Returns
    -------
    The number P. It does not depend on the size of the images, as the number of outputs does.

    Scale
    -----
    A count.

    Raises
    ------
    ValueError, TypeError
        If a size is not a positive whole number.

    References
    ----------
    Derived here, for :class:`companion.networks.u_net.UNet`.
    """
    first = positive_size("in_channels", in_channels, remedy=_SIZE)
    last = positive_size("out_channels", out_channels, remedy=_SIZE)
    levels = positive_sizes("channels", channels, at_least=2, remedy=_SIZE)
    down = sum(_two_convolutions(a, b) for a, b in pairwise((first, *levels)))
    up = sum(
        fine * (4 * coarse + 1) + _two_convolutions(2 * fine, fine)
        for fine, coarse in pairwise(levels)
    )
    return down + up + last * (levels[0] + 1)


def siamese_parameters(branch_parameters: int, *, num_features: int) -> int:
    r"""Parameters of a Siamese network: the branch counts once, however often it is used.

    .. math::
        P = P_{\text{branch}} + q + 1

    Parameters
    ----------
    branch_parameters
        Parameters of the branch.
    num_features
        The number q of its outputs, each of which has a weight in the distance.

    Returns
    -------
    The number P.

    Scale
    -----
    A count.

    Raises
    ------
    ValueError, TypeError
        If a size is not a positive whole number.

    References
    ----------
    Derived here, for :class:`companion.networks.siamese.SiameseNetwork`.
    """
    branch = positive_size("branch_parameters", branch_parameters, remedy=_SIZE)
    return branch + positive_size("num_features", num_features, remedy=_SIZE) + 1


def transformer_block_parameters(token_dim: int, hidden_width: int) -> int:
    r"""Parameters of one transformer block.

    .. math::
        P = 4 d (d + 1) + (2 d B + d + B) + 4 d

    Parameters
    ----------
    token_dim
        The number d of features of a token.
    hidden_width
        The number B of neurons of the network at each token.

    Returns
    -------
    The number P: query, key, value and mixing, the network, two normalisations. It depends
    neither on the number of heads nor on that of tokens.

    Scale
    -----
    A count.

    Raises
    ------
    ValueError, TypeError
        If a size is not a positive whole number.

    References
    ----------
    Derived here, for :class:`companion.networks.transformer.TransformerBlock`.
    """
    dim = positive_size("token_dim", token_dim, remedy=_SIZE)
    attention = 4 * dim * (dim + 1)
    return attention + residual_parameters(dim, 1, branch_width=hidden_width) + 4 * dim


def _two_convolutions(before: int, after: int) -> int:
    return after * (9 * before + 1) + after * (9 * after + 1)
