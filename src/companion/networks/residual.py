r"""Networks with skip connections, inside the activation and around it.

A skip inside the activation, :math:`\sigma(x + W x + b)`, is a plain layer with the matrix I + W.
A skip around the activation, :math:`x + V \sigma(W x + b) + c`, is another class of functions.
"""

import copy
from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from companion.networks.activation_module import activation_part
from companion.networks.default_law import default_layer, seeded
from companion.numerics.sizes import positive_size

_SIZE = "Pass a whole number from 1 on."


class SkipLinear(nn.Module):
    r"""An affine map added to its input.

    .. math::
        g(x) = x + W x + b

    Parameters
    ----------
    linear
        The affine map, with as many outputs as inputs; becomes ``linear``.

    Scale
    -----
    The derivatives by W and b are those of the affine map alone.

    Raises
    ------
    ValueError
        If the map is not square.

    References
    ----------
    Y. Jakhmola, arXiv:2509.23887, Corollary 3.2.1, part 2.
    """

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        if linear.in_features != linear.out_features:
            raise ValueError(
                "`linear` must have as many outputs as inputs; "
                f"got {linear.in_features} inputs and {linear.out_features} outputs."
            )
        self.linear = linear

    def forward(self, X: Float[Tensor, "*n m"]) -> Float[Tensor, "*n m"]:
        """The sum for every row of ``X``."""
        return X + self.linear(X)


def skip_inside_network(
    width: int,
    depth: int,
    *,
    activation: Callable[[Any], Any],
    seed: int,
    dtype: torch.dtype = torch.float64,
) -> nn.Sequential:
    r"""What the document calls a ResNet: every skip connection stands inside the activation.

    .. math::
        f = g_L \circ \sigma \circ \dots \circ \sigma \circ g_1,
        \qquad g_i(x) = x + W_i x + b_i

    Parameters
    ----------
    width
        Number of inputs, outputs and neurons of each layer.
    depth
        Number L of affine layers.
    activation, seed, dtype
        As in :func:`companion.networks.multilayer.multilayer_perceptron`.

    Returns
    -------
    A sequence of :class:`SkipLinear` and activations that maps ``(n, m)`` to ``(n, m)``.

    Scale
    -----
    No factor of the width. PyTorch's default law for the matrices :math:`W_i`; those of the plain
    network, :math:`I + W_i`, have mean one on the diagonal, so that outputs and kernel grow with
    the depth.

    Raises
    ------
    ValueError
        If ``width`` or ``depth`` is not positive.
    TypeError
        If a size is no whole number or ``activation`` cannot be called.

    References
    ----------
    Y. Jakhmola, arXiv:2509.23887, Corollary 3.2.1, part 2.
    """
    positive_size("width", width, remedy=_SIZE)
    generator = seeded(seed)
    parts: list[nn.Module] = []
    for _ in range(positive_size("depth", depth, remedy=_SIZE)):
        if parts:
            parts.append(activation_part(activation, dtype=dtype))
        linear = default_layer(nn.Linear, width, width, dtype=dtype, generator=generator)
        parts.append(SkipLinear(linear))
    return nn.Sequential(*parts)


def shifted_plain_network(network: nn.Sequential) -> nn.Sequential:
    r"""The plain network that is the same function as one with skips inside.

    .. math::
        x + W x + b = W' x + b, \qquad W' = I + W

    Parameters
    ----------
    network
        As :func:`skip_inside_network` returns it. Its parameters are copied.

    Returns
    -------
    Linear layers in place of the :class:`SkipLinear` ones.

    Scale
    -----
    Outputs and Jacobian agree with those of ``network``, entry by entry, up to rounding.

    Raises
    ------
    TypeError
        If ``network`` has no :class:`SkipLinear`.

    Notes
    -----
    The shift does not depend on the parameters, so that both networks have the same gradient flow.
    Only the law of the start differs from that of a plain network.

    References
    ----------
    Derived here.
    """
    if not any(isinstance(part, SkipLinear) for part in network):
        raise TypeError(
            "`network` must have a SkipLinear part; got none. Pass what skip_inside_network made."
        )
    return nn.Sequential(
        *(
            _shifted(part.linear) if isinstance(part, SkipLinear) else copy.deepcopy(part)
            for part in network
        )
    )


class ResidualBlock(nn.Module):
    r"""A branch of one hidden layer added to its input: the activation stands inside the branch.

    .. math::
        g(x) = x + V \sigma(W x + b) + c

    Parameters
    ----------
    inner, outer
        The affine maps ``W, b`` and ``V, c``.
    activation
        A module; becomes ``activation``.

    Scale
    -----
    No factor of a width.

    References
    ----------
    K. He, X. Zhang, S. Ren and J. Sun, "Identity mappings in deep residual networks", ECCV 2016,
    eq. (1) and (2) with the identity for f, without normalisation.
    """

    def __init__(self, inner: nn.Linear, outer: nn.Linear, activation: nn.Module) -> None:
        super().__init__()
        self.inner, self.activation, self.outer = inner, activation, outer

    def forward(self, X: Float[Tensor, "*n m"]) -> Float[Tensor, "*n m"]:
        """The sum for every row of ``X``."""
        return X + self.outer(self.activation(self.inner(X)))


def residual_network(
    width: int,
    depth: int,
    *,
    branch_width: int,
    activation: Callable[[Any], Any],
    seed: int,
    dtype: torch.dtype = torch.float64,
) -> nn.Sequential:
    r"""A residual network: the input is carried on, each block adds a branch.

    .. math::
        f = g_L \circ \dots \circ g_1, \qquad g_i(x) = x + V_i \sigma(W_i x + b_i) + c_i

    Parameters
    ----------
    width
        Number of inputs and outputs.
    depth
        Number L of blocks.
    branch_width
        Number of neurons of each branch.
    activation, seed, dtype
        As in :func:`companion.networks.multilayer.multilayer_perceptron`.

    Returns
    -------
    A sequence of :class:`ResidualBlock` that maps ``(n, m)`` to ``(n, m)``.

    Scale
    -----
    No factor of a width or of the depth. PyTorch's default law.

    Raises
    ------
    ValueError
        If a size is not positive.
    TypeError
        If a size is no whole number or ``activation`` cannot be called.

    Notes
    -----
    For a leaky ReLU of slope s in [0, 1) it is of the document's form (1), in which every value
    passes the activation: :math:`x = (\sigma(x) - \sigma(-x)) / (1 + s)` carries the input on by
    fixed weights.

    References
    ----------
    K. He, X. Zhang, S. Ren and J. Sun, "Identity mappings in deep residual networks", ECCV 2016.
    """
    positive_size("width", width, remedy=_SIZE)
    positive_size("branch_width", branch_width, remedy=_SIZE)
    generator = seeded(seed)
    blocks = []
    for _ in range(positive_size("depth", depth, remedy=_SIZE)):
        inner = default_layer(nn.Linear, width, branch_width, dtype=dtype, generator=generator)
        outer = default_layer(nn.Linear, branch_width, width, dtype=dtype, generator=generator)
        blocks.append(ResidualBlock(inner, outer, activation_part(activation, dtype=dtype)))
    return nn.Sequential(*blocks)


def _shifted(linear: nn.Linear) -> nn.Linear:
    plain = copy.deepcopy(linear)
    with torch.no_grad():
        plain.weight += torch.eye(linear.in_features, dtype=linear.weight.dtype)
    return plain
