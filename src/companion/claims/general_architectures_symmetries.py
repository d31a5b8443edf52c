"""Parameters that no output sees, architecture by architecture (`general_architectures`).

The document counts every parameter. The rank of the Jacobian is at most the number of parameters
less the directions along which no output moves, on any number of samples. Plain networks are in
:func:`companion.tangent.rank.rank_bound`; so is the document's ResNet, as a plain network. In
each proof the outputs are written as a function of fewer numbers; where parameters are special
the rank is not larger, because it cannot drop in a limit of generic ones.
"""

from collections.abc import Sequence

from companion.claims.general_architectures_further_counts import (
    convolutional_parameters,
    residual_parameters,
    u_net_parameters,
)
from companion.numerics.sizes import positive_size

_SIZE = "Pass a whole number from 1 on."


def residual_rank_bound(width: int, depth: int, *, branch_width: int, homogeneous: bool) -> int:
    r"""Largest rank of the Jacobian of a residual network.

    .. math::
        \operatorname{rank} J \le P - (L - 1) N - L B\, [\sigma \text{ homogeneous}]

    Parameters
    ----------
    width
        The number N of inputs and outputs.
    depth
        The number L of blocks.
    branch_width
        The number B of neurons of a branch.
    homogeneous
        Whether :math:`\sigma(c z) = c\, \sigma(z)` for all c > 0.

    Returns
    -------
    The bound.

    Scale
    -----
    A number of dimensions.

    Raises
    ------
    ValueError, TypeError
        If a size is not a positive whole number.

    Notes
    -----
    *Proof.* What :math:`c_i` adds is carried on to the output and enters the later branches as a
    shift of their biases, so that one vector c is enough. Each neuron of a homogeneous activation
    may scale its incoming parameters up and its outgoing ones down.

    References
    ----------
    Derived here, for :func:`companion.networks.residual.residual_network`.
    """
    num_params = residual_parameters(width, depth, branch_width=branch_width)
    return num_params - (depth - 1) * width - homogeneous * depth * branch_width


def convolutional_rank_bound(
    image_shape: Sequence[int],
    channels: Sequence[int],
    output_dim: int,
    *,
    kernel_size: int = 3,
    homogeneous: bool,
) -> int:
    r"""Largest rank of the Jacobian of the convolutional network.

    .. math::
        \operatorname{rank} J \le P - [\sigma \text{ homogeneous}] \sum_{i=1}^{L-1} c_i

    Parameters
    ----------
    image_shape, channels, output_dim, kernel_size
        As in :func:`.general_architectures_further_counts.convolutional_parameters`.
    homogeneous
        As in :func:`residual_rank_bound`.

    Returns
    -------
    The bound.

    Scale
    -----
    A number of dimensions.

    Raises
    ------
    ValueError, TypeError
        If a size is not a positive whole number.

    Notes
    -----
    *Proof.* A channel is scaled as a neuron is, at all pixels together: one direction for each
    channel, not for each pixel.

    References
    ----------
    Derived here, for :func:`companion.networks.convolutional.convolutional_network`.
    """
    num_params = convolutional_parameters(
        image_shape, channels, output_dim, kernel_size=kernel_size
    )
    return num_params - homogeneous * sum(channels)


def u_net_rank_bound(
    in_channels: int, channels: Sequence[int], out_channels: int, *, homogeneous: bool
) -> int:
    r"""Largest rank of the Jacobian of the U-Net.

    .. math::
        \operatorname{rank} J \le P - \sum_{l=1}^{D-1} c_l^2
          - [\sigma \text{ homogeneous}] \Bigl(2 c_D + 4 \sum_{l=1}^{D-1} c_l\Bigr)

    Parameters
    ----------
    in_channels, channels, out_channels
        As in :func:`.general_architectures_further_counts.u_net_parameters`.
    homogeneous
        As in :func:`residual_rank_bound`.

    Returns
    -------
    The bound.

    Scale
    -----
    A number of dimensions.

    Raises
    ------
    ValueError, TypeError
        If a size is not a positive whole number.

    Notes
    -----
    *Proof.* No activation stands between a transposed convolution and the convolution behind it:
    its :math:`c_l` channels may be mixed by any invertible matrix that the next kernels undo.
    Each of the channels behind the two activations of a level, down and up, may be scaled.

    References
    ----------
    Derived here, for :class:`companion.networks.u_net.UNet`.
    """
    num_params = u_net_parameters(in_channels, channels, out_channels)
    *fine, coarse = channels
    mixed = sum(width**2 for width in fine)
    return num_params - mixed - homogeneous * (2 * coarse + 4 * sum(fine))


def transformer_block_rank_bound(token_dim: int, num_heads: int, hidden_width: int) -> int:
    r"""Largest rank of the Jacobian of a transformer block, for any activation.

    .. math::
        \operatorname{rank} J \le 4 d^2 - \frac{2 d^2}{h} + 2 d B - 1
        = P - 9 d - \frac{2 d^2}{h} - B - 1

    Parameters
    ----------
    token_dim
        The number d of features of a token.
    num_heads
        The number h of heads.
    hidden_width
        The number B of neurons of the network at each token.

    Returns
    -------
    The bound.

    Scale
    -----
    A number of dimensions.

    Raises
    ------
    ValueError
        If a size is not positive or the heads do not divide the features.
    TypeError
        If a size is no whole number.

    Notes
    -----
    *Proof.* A normalised token without gain and shift is a vector with sum zero, d - 1 numbers.
    The scores of a head are a bilinear form of one such vector with a one appended and of
    another, but for terms that the softmax does not see: a matrix of d rows and d - 1 columns of
    rank k = d / h, which is k (2 d - 1 - k) numbers. Values and mix make a matrix of the same
    size and rank, and one vector for all biases, since the weights of the attention add up to
    one. The network sees the normalised sums by B rows of d - 1 numbers and B biases, and has
    d B + d behind. A multiple of the vector of ones in the attention's bias is lost in the second
    normalisation, so that the last bias can make it: one number less. Together
    :math:`2 h k (2 d - 1 - k) + d + 2 d B + d - 1`.

    References
    ----------
    Derived here, for :class:`companion.networks.transformer.TransformerBlock`.
    """
    dim = positive_size("token_dim", token_dim, remedy=_SIZE)
    heads = positive_size("num_heads", num_heads, remedy=_SIZE)
    hidden = positive_size("hidden_width", hidden_width, remedy=_SIZE)
    if dim % heads:
        raise ValueError(f"`num_heads` must divide token_dim = {dim}; got {heads}.")
    return 4 * dim**2 - 2 * dim**2 // heads + 2 * dim * hidden - 1
