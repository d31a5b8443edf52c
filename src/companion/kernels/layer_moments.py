r"""Second moments of one layer of infinite width under Gaussian weights.

With :math:`u = w \cdot x`, :math:`v = w \cdot z` and :math:`w \sim N(0, I_d)` the moment depends
on the two norms and the angle alone. For a smooth activation Mehler's formula turns it into a
power series in the correlation, whose terms are each positive semidefinite,

.. math::
    \mathbb{E}\,\sigma(u)\sigma(v) = \sum_{k \ge 0} c_k(|x|)\, c_k(|z|)\, \cos^k\theta, \qquad
    c_k(r) = \mathbb{E}_{z \sim N(0,1)}\, \sigma(rz)\, h_k(z);

for a homogeneous one there is a closed form.
"""

import numpy as np
from jaxtyping import Float

from companion.activations import Activation
from companion.kernels.hermite_series import hermite_series, mehler_sum
from companion.kernels.homogeneous import homogeneous_angle, homogeneous_moment
from companion.kernels.pair_geometry import PairGeometry, pair_geometry


def layer_moment(
    X: Float[np.ndarray, "n d"],
    Z: Float[np.ndarray, "n2 d"],
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
        Points as rows, of any norms.
    activation
        The activation :math:`\sigma`: homogeneous, or smooth.
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
    ValueError
        If the points are malformed or of different dimension, or the derivative of a
        homogeneous activation meets the zero vector, where its angle is undefined.
    UnresolvedMoment
        If the series is incomplete at degree 16384.

    Notes
    -----
    The series leaves out at most 1e-14 of :math:`\mathbb{E}\,\sigma(rz)^2` at each norm. By
    Cauchy and Schwarz the same share bounds the error relative to the geometric mean of the
    two diagonal entries, at every angle. The cost grows with the norm, since
    :math:`\sigma(rz)` steepens: for the sigmoid the degree is about 50 at norm 1, 1000 at norm
    5 and 4000 at norm 10, and the limit lies above norm 20; for the hyperbolic tangent the same
    holds at half of these norms.
    A kink that is not homogeneous is not resolved and raises.

    References
    ----------
    .. [1] L. Li, "On the convergence of gradient descent for two layer neural networks",
       arXiv:1909.13671, section 3 (``D(x, y)`` before Lemma 3).
    .. [2] R. O'Donnell, "Analysis of Boolean Functions", Cambridge 2014, section 11.2
       (Mehler's formula).
    """
    # Only this combination depends on the angle at the zero vector.
    zero_allowed = not (activation.homogeneous and derivative)
    geometry = pair_geometry(X, Z, zero_allowed=zero_allowed)
    return moment_of_pairs(geometry, activation=activation, derivative=derivative)


def moment_of_pairs(
    geometry: PairGeometry, *, activation: Activation, derivative: bool
) -> Float[np.ndarray, "n n2"]:
    r"""Second moment of a layer from the norms and angles of its inputs.

    .. math::
        \mathbb{E}\,\sigma(u)\sigma(v) \qquad \text{or} \qquad
        \mathbb{E}\,\sigma'(u)\sigma'(v)

    Parameters
    ----------
    geometry
        Norms and angles: the covariance of (u, v).
    activation
        The activation :math:`\sigma`: homogeneous, or smooth.
    derivative
        Whether the moment is that of the derivative.

    Returns
    -------
    The moment of each pair.

    Scale
    -----
    Plain expectation.

    Raises
    ------
    UnresolvedMoment
        If the series is incomplete at degree 16384.

    Notes
    -----
    As for :func:`layer_moment`, which checks its input. Deeper layers enter here: their inputs
    have norms and angles but no coordinates.

    References
    ----------
    .. [1] R. O'Donnell, "Analysis of Boolean Functions", Cambridge 2014, section 11.2.
    """
    if activation.homogeneous:
        moment = homogeneous_moment(geometry.angle, activation=activation, derivative=derivative)
        return moment if derivative else np.outer(geometry.norms_x, geometry.norms_z) * moment
    norms = np.concatenate([geometry.norms_x, geometry.norms_z])
    series, index = hermite_series(norms, activation=activation, derivative=derivative)
    count = geometry.norms_x.size
    return mehler_sum(series, index[:count], index[count:], np.cos(geometry.angle))


def after_layer(
    geometry: PairGeometry, moment: Float[np.ndarray, "n n2"], *, activation: Activation
) -> PairGeometry:
    r"""Norms and angles of pairs of points after a layer of infinite width.

    .. math::
        r'^2 = \mathbb{E}\,\sigma(u)^2, \qquad
        r' s' \cos\theta' = \mathbb{E}\,\sigma(u)\sigma(v)

    Parameters
    ----------
    geometry
        Norms and angles before the layer.
    moment
        What :func:`moment_of_pairs` returns for them.
    activation
        The activation of the layer.

    Returns
    -------
    Norms and angles after it. A point that the layer sends to zero has an arbitrary angle.

    Scale
    -----
    The layer is divided by the root of its width.

    Raises
    ------
    UnresolvedMoment
        If the series is incomplete at degree 16384.

    Notes
    -----
    For a smooth activation the angle is the arc cosine of the moment: its error near zero is
    the root of the rounding, but the next moment is smooth in the cosine and does not see it.

    References
    ----------
    .. [1] A. Jacot, F. Gabriel and C. Hongler, "Neural tangent kernel: convergence and
       generalization in neural networks", NeurIPS 2018, proposition 1.
    """
    before = np.concatenate([geometry.norms_x, geometry.norms_z])
    after = np.sqrt(_mean_squares(before, activation))
    norms_x, norms_z = np.split(after, [geometry.norms_x.size])
    if activation.homogeneous:
        angle = homogeneous_angle(geometry.angle, activation=activation)
    else:
        scale = np.outer(norms_x, norms_z)
        cosine = np.divide(moment, scale, out=np.zeros_like(moment), where=scale > 0)
        angle = np.arccos(np.clip(cosine, -1.0, 1.0))
    return PairGeometry(norms_x, norms_z, angle)


def _mean_squares(
    norms: Float[np.ndarray, " n"], activation: Activation
) -> Float[np.ndarray, " n"]:
    if activation.homogeneous:
        same_point = np.zeros((1, 1))
        unit = homogeneous_moment(same_point, activation=activation, derivative=False)
        return norms**2 * unit[0, 0]
    series, index = hermite_series(norms, activation=activation, derivative=False)
    return (series**2).sum(axis=1)[index]
