"""Covariance of the outputs of an infinitely wide network at its random start."""

import numpy as np
from jaxtyping import Float

from companion.activations import Activation
from companion.kernels.tangent_kernel import tangent_kernel


def nngp_kernel(
    X: Float[np.ndarray, "n d"],
    Z: Float[np.ndarray, "n2 d"] | None = None,
    *,
    depth: int,
    activation: Activation,
) -> Float[np.ndarray, "n n2"]:
    r"""Kernel of the Gaussian process that a network with random weights is at infinite width.

    .. math::
        \mathbb{E}\, f(x) f(z) = \Sigma^L(x, z), \qquad
        \Sigma^0 = x \cdot z, \quad \Sigma^l = \mathbb{E}\,\sigma(u)\sigma(v),

    where :math:`(u, v)` is Gaussian with the covariance :math:`\Sigma^{l-1}` at the two points.

    Parameters
    ----------
    X, Z
        Points as rows, of any norms. Without ``Z``, the points ``X`` with themselves.
    depth
        Number of hidden layers :math:`L`, at least one.
    activation
        The activation :math:`\sigma` of every hidden layer.

    Returns
    -------
    Matrix with entry ``[i, j]`` equal to the kernel at ``(X[i], Z[j])``.

    Scale
    -----
    The network of :func:`~companion.kernels.tangent_kernel.tangent_kernel`: no biases, every
    weight of variance one, each layer divided by the root of its width, no factor 2. With one
    hidden layer it is :func:`~companion.kernels.layer_moments.layer_moment`.

    Raises
    ------
    TypeError
        If the points are not of double precision.
    ValueError
        If the points are malformed or of different dimension, or ``depth`` is not positive.
    UnresolvedMoment, UnresolvedMean
        If the moment of a layer is not resolved, see
        :func:`~companion.kernels.layer_moments.layer_moment`.

    Notes
    -----
    The gradient in the output weights alone has this Gram matrix, so it is the tangent kernel
    with no other weights trained.

    References
    ----------
    .. [1] J. Lee, Y. Bahri, R. Novak, S. Schoenholz, J. Pennington and J. Sohl-Dickstein, "Deep
       neural networks as Gaussian processes", ICLR 2018, eq. (4).
    """
    return tangent_kernel(X, Z, depth=depth, activation=activation, trained=(depth,))
