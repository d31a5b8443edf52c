"""Norms and angles of pairs of points: all that a layer with Gaussian weights sees of them."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from companion.spaces.points import angles, row_norms


@dataclass(frozen=True)
class PairGeometry:
    r"""Norms and pairwise angles of two sets of points, with or without coordinates.

    .. math::
        (u, v) \sim N\left(0, \begin{pmatrix} r^2 & r s \cos\theta \\
        r s \cos\theta & s^2 \end{pmatrix}\right)

    Parameters
    ----------
    norms_x, norms_z
        The norms r and s: standard deviations of the two pre-activations.
    angle
        The angle :math:`\theta` of each pair.

    Scale
    -----
    Weights of variance one: a point of norm r has a pre-activation of variance r squared.

    References
    ----------
    .. [1] L. Li, arXiv:1909.13671, proof of Lemma 5 (the covariance matrix).
    """

    norms_x: Float[np.ndarray, " n"]
    norms_z: Float[np.ndarray, " n2"]
    angle: Float[np.ndarray, "n n2"]


def pair_geometry(
    X: Float[np.ndarray, "n d"], Z: Float[np.ndarray, "n2 d"], *, zero_allowed: bool
) -> PairGeometry:
    r"""Norms and angles of points given by coordinates.

    .. math::
        r_i = |x_i|, \quad s_j = |z_j|, \quad x_i \cdot z_j = r_i s_j \cos\theta_{ij}

    Parameters
    ----------
    X, Z
        Points as rows.
    zero_allowed
        Whether the zero vector may occur, with an arbitrary angle.

    Returns
    -------
    The geometry of the pairs.

    Scale
    -----
    Angles in radians.

    Raises
    ------
    ValueError
        If the points are malformed or of different dimension, or a zero vector is not allowed.

    References
    ----------
    .. [1] L. Li, arXiv:1909.13671, proof of Lemma 5.
    """
    norms_x, norms_z = row_norms(X, "X"), row_norms(Z, "Z")
    if zero_allowed:
        X, Z = np.where(norms_x[:, None], X, 1.0), np.where(norms_z[:, None], Z, 1.0)
    return PairGeometry(norms_x, norms_z, angles(X, Z))
