r"""Arc-cosine kernels: second moments of one ReLU layer under Gaussian weights.

For :math:`u = w \cdot x` and :math:`v = w \cdot z` with :math:`w \sim N(0, I_d)` both depend on
the norms and the angle :math:`\theta` alone,

.. math::
    \mathbb{E}\,\sigma'(u)\sigma'(v) = \frac{\pi - \theta}{2\pi}, \qquad
    \mathbb{E}\,\sigma(u)\sigma(v)
    = |x||z|\, \frac{\sin\theta + (\pi - \theta)\cos\theta}{2\pi}.

The first builds the blocks of the limiting Gram matrix of Sobolev training (Cocola and Hand,
Definition 1), the second is the random-feature kernel of the lectures on training dynamics (Wu,
eq. (0.25), up to the law of the weights), and every piecewise linear layer is made of both.
"""

from typing import Literal

import numpy as np
from jaxtyping import Float

from companion.kernels.point_pairs import point_pairs
from companion.spaces.angles import PairAngles


def arc_cosine_kernel(
    X: Float[np.ndarray, "n d"],
    Z: Float[np.ndarray, "n2 d"] | None = None,
    *,
    order: Literal[0, 1],
) -> Float[np.ndarray, "n n2"]:
    r"""Second moment of a ReLU layer (order 1) or of its derivative (order 0).

    .. math::
        \kappa_1(x, z) = \mathbb{E}_{w \sim N(0, I_d)}\, \sigma(w \cdot x)\, \sigma(w \cdot z),
        \qquad
        \kappa_0(x, z) = \mathbb{E}_{w \sim N(0, I_d)}\, \sigma'(w \cdot x)\, \sigma'(w \cdot z)

    Parameters
    ----------
    X, Z
        Points as rows, nonzero for order 0. Without ``Z``, the points ``X`` with themselves.
    order
        0 for the kernel of the derivative, 1 for the kernel of the layer.

    Returns
    -------
    Matrix with entry ``[i, j]`` equal to the kernel at ``(X[i], Z[j])``.

    Scale
    -----
    Plain expectation, without the factor 2 of [1]_: ``kappa_1(x, x) = |x|**2 / 2`` and
    ``kappa_0(x, x) = 1 / 2``. Weights uniform on the unit sphere instead of Gaussian divide
    ``kappa_1`` by ``d`` and leave ``kappa_0`` as it is.

    Raises
    ------
    TypeError
        If the points are not of double precision.
    ValueError
        If ``order`` is neither 0 nor 1, the points are malformed or of different dimension, a
        norm is outside of 1e-150 to 1e150, or a zero vector meets order 0, where its angle is
        undefined.

    Notes
    -----
    Computed block by block: the result is the only large array. The angles of nearly parallel
    points come from chords.

    References
    ----------
    .. [1] Y. Cho and L. K. Saul, "Kernel methods for deep learning", NeurIPS 2009, section 2.
    """
    if order not in (0, 1):
        raise ValueError(f"`order` must be 0 or 1; got {order!r}. Choose one of them.")
    pairs = point_pairs(X, Z, zero_allowed=order == 1)
    return pairs.matrix(lambda block: _of_angles(block.angles, order), homogeneity=order)


def _of_angles(pairs: PairAngles, order: Literal[0, 1]) -> Float[np.ndarray, "n n2"]:
    kernel = pairs.supplement
    if order == 1:
        kernel *= pairs.cosine
        kernel += pairs.sine
    kernel /= 2 * np.pi
    return kernel
