"""Second moments of one layer of infinite width under Gaussian weights."""

import numpy as np
from jaxtyping import Float

from companion.activations import Activation
from companion.kernels.layers import first_layer
from companion.kernels.point_pairs import point_pairs


def layer_moment(
    X: Float[np.ndarray, "n d"],
    Z: Float[np.ndarray, "n2 d"] | None = None,
    *,
    activation: Activation,
    derivative: bool = False,
) -> Float[np.ndarray, "n n2"]:
    r"""Second moment of an infinitely wide layer, or of the derivative of its activation.

    .. math::
        \mathbb{E}_{w \sim N(0, I_d)}\, \sigma(w \cdot x)\, \sigma(w \cdot z) \qquad \text{or}
        \qquad \mathbb{E}_{w \sim N(0, I_d)}\, \sigma'(w \cdot x)\, \sigma'(w \cdot z).

    Parameters
    ----------
    X, Z
        Points as rows, of any norms. Without ``Z``, the points ``X`` with themselves.
    activation
        The activation :math:`\sigma`: any :class:`~companion.activations.facts.Activation`,
        also one of your own that states its ``breaks``.
    derivative
        Whether :math:`\sigma` is replaced by :math:`\sigma'`.

    Returns
    -------
    Matrix with entry ``[i, j]`` equal to the moment at ``(X[i], Z[j])``.

    Scale
    -----
    Plain expectation over standard Gaussian weights, no factor 2 and no division by the
    dimension: a point of norm one has unit variance. The first moment is ``D(x, y)`` of [1]_;
    times :math:`x \cdot z`, the second is the limit of the part of its Gram matrix that comes
    from the inner weights.

    Raises
    ------
    TypeError
        If the points are not of double precision.
    ValueError
        If the points are malformed or of different dimension, or the derivative of a
        homogeneous activation meets the zero vector, where its angle is undefined.
    UnresolvedMoment
        If the series of a smooth activation is incomplete at degree 16384.
    UnresolvedMean
        If the quadrature of an activation with breaks does not settle, as with a kink that is
        not stated.

    Notes
    -----
    Three ways. *Homogeneous*: closed form, accurate to rounding at every angle.
    *Smooth*: the Hermite series leaves out at most 1e-14 of :math:`\mathbb{E}\,\sigma(rz)^2` at
    each norm; by Cauchy and Schwarz the same share bounds the error relative to the geometric
    mean of the two diagonal entries, at every angle. The cost grows with the norm, since
    :math:`\sigma(rz)` steepens: for the sigmoid the degree is about 50 at norm 1, 1000 at norm
    5 and 4000 at norm 10, and the limit lies above norm 20; for the hyperbolic tangent the same
    holds at half of these norms.
    *Analytic between breaks* (ELU, hard tanh): quadrature over the plane of each pair, cut along
    the kinks, to about 1e-14; some milliseconds for each angle and pair of norms, so put the
    points on a sphere if there are many.
    Every way works block by block, and the result is the only array of its size.

    References
    ----------
    .. [1] L. Li, "On the convergence of gradient descent for two layer neural networks",
       arXiv:1909.13671, section 3 (``D(x, y)`` before Lemma 3).
    .. [2] R. O'Donnell, "Analysis of Boolean Functions", Cambridge 2014, section 11.2
       (Mehler's formula).
    """
    # Only this combination depends on the angle at the zero vector.
    zero_allowed = not (activation.homogeneous and derivative)
    pairs = point_pairs(X, Z, zero_allowed=zero_allowed)
    layer = first_layer(activation, pairs)
    homogeneity = int(activation.homogeneous and not derivative)
    return pairs.matrix(layer.slope if derivative else layer.value, homogeneity=homogeneity)
