r"""Tangent kernel of a fully connected network of infinite width, layer by layer."""

import numpy as np
from jaxtyping import Float

from companion.activations import Activation
from companion.kernels.gaussian_layer import Layer
from companion.kernels.layers import first_layer
from companion.kernels.point_pairs import PairBlock, point_pairs
from companion.numerics.arguments import layer_indices, whole_number

_COUNT = "Pass the number of hidden layers."


def tangent_kernel(
    X: Float[np.ndarray, "n d"],
    Z: Float[np.ndarray, "n2 d"] | None = None,
    *,
    depth: int,
    activation: Activation,
    trained: str | tuple[int, ...] = "all",
) -> Float[np.ndarray, "n n2"]:
    r"""Limit of the Gram matrix of the gradients of a network as its width grows.

    .. math::
        \Theta = \sum_{l \in \text{trained}} \Sigma^l \prod_{j = l + 1}^{L} \dot\Sigma^j, \qquad
        \Sigma^0 = x \cdot z, \quad \Sigma^l = \mathbb{E}\,\sigma(u)\sigma(v), \quad
        \dot\Sigma^l = \mathbb{E}\,\sigma'(u)\sigma'(v),

    where :math:`(u, v)` is Gaussian with the covariance :math:`\Sigma^{l-1}` at the two points.

    Parameters
    ----------
    X, Z
        Points as rows, of any norms. Without ``Z``, the points ``X`` with themselves.
    depth
        Number of hidden layers :math:`L`, at least one.
    activation
        The activation :math:`\sigma` of every hidden layer: any
        :class:`~companion.activations.facts.Activation`.
    trained
        Which weights move: ``"all"``, ``"second_to_last"`` (the last hidden weight matrix), or
        layer indices from 0 (the weights next to the input) to ``depth`` (the output weights).

    Returns
    -------
    Matrix with entry ``[i, j]`` equal to the kernel at ``(X[i], Z[j])``.

    Scale
    -----
    The network is :math:`h^1 = W^0 x`, :math:`h^{l+1} = m^{-1/2} W^l \sigma(h^l)`,
    :math:`f = m^{-1/2} a \cdot \sigma(h^L)`, without biases, every weight of variance one (for
    ``a`` also random signs). No factor 2 and no division by the dimension. With one hidden
    layer, ``trained=(1,)`` gives ``D(x, y)`` of [1]_, the limit of the first part of its Gram
    matrix (2.6), ``trained=(0,)`` gives the limit of the second part, and ``"all"`` the sum;
    with the loss of [1]_ on n points of equal weight, residuals decay under this matrix
    divided by n. ``"second_to_last"`` is the kernel of [2]_ up to its layer normalisation.

    Raises
    ------
    TypeError
        If the points are not of double precision, ``depth`` is not a whole number, or
        ``activation`` is not an :class:`~companion.activations.facts.Activation`.
    ValueError
        If the points are malformed or of different dimension, ``depth`` is not positive,
        ``trained`` names no layer, an unknown one or one twice, or a homogeneous activation
        meets the zero vector where an angle is needed.
    UnresolvedMoment, UnresolvedMean
        If the moment of a layer is not resolved, see
        :func:`~companion.kernels.layer_moments.layer_moment`.

    Notes
    -----
    Computed block by block, half of the pairs if there is one set of points; the result is the
    only array of its size. Norms change from layer to layer and are carried along. Where kinks
    make small angles matter, angles are carried from chord to chord, which keeps the digits of
    nearly parallel points; for a smooth activation the kernel is smooth in the correlation and
    the correlation suffices.

    References
    ----------
    .. [1] L. Li, "On the convergence of gradient descent for two layer neural networks",
       arXiv:1909.13671, eqs. (2.6) and (3.4); its width is ``n``, here m.
    .. [2] G. Welper, "Approximation Results for Gradient Descent trained Neural Networks",
       arXiv:2309.04860 (the second-to-last layer).
    .. [3] A. Jacot, F. Gabriel and C. Hongler, "Neural tangent kernel: convergence and
       generalization in neural networks", NeurIPS 2018, theorem 1.
    """
    depth = whole_number("depth", depth, remedy=_COUNT)
    if depth < 1:
        raise ValueError(f"`depth` must be at least 1; got {depth}. {_COUNT}")
    _check_activation(activation)
    moving = layer_indices("trained", trained, depth=depth)
    zero_allowed = not activation.homogeneous or min(moving) == depth
    pairs = point_pairs(X, Z, zero_allowed=zero_allowed)
    layers = [first_layer(activation, pairs)]
    for _ in range(1, depth):
        layers.append(layers[-1].following())
    return pairs.matrix(
        lambda block: _through_layers(block, layers, moving),
        homogeneity=int(activation.homogeneous),
    )


def _check_activation(activation: object) -> None:
    if isinstance(activation, Activation):
        return
    given = repr(activation) if isinstance(activation, str) else type(activation).__name__
    name = given if isinstance(activation, str) else '"tanh"'
    raise TypeError(
        f"`activation` must be a companion.activations.Activation; got {given}. Pass "
        f"companion.activations.activation({name})."
    )


def _through_layers(
    block: PairBlock, layers: list[Layer], moving: tuple[int, ...]
) -> Float[np.ndarray, "n n2"]:
    kernel = layers[0].covariance(block) if 0 in moving else None
    for index, layer in enumerate(layers, start=1):
        if kernel is None:
            value = layer.value(block)
        elif index in moving or layer is not layers[-1]:
            value, slope = layer.moments(block)
        else:
            slope = layer.slope(block)
        if layer is not layers[-1]:
            block = layer.after(block, value)
        if kernel is not None:
            slope *= kernel
            kernel = slope
        if index in moving:
            kernel = value if kernel is None else np.add(kernel, value, out=kernel)
    assert kernel is not None  # since at least one layer moves
    return kernel
