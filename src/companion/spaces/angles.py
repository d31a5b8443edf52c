r"""Angles between points, with the digits that nearly parallel points need.

The arc cosine of an inner product loses half of the digits of a small angle. What keeps them is
the pair of distances from the two ends, :math:`1 - \cos\theta` and :math:`1 + \cos\theta`, each
to its own relative accuracy: for unit vectors :math:`|u - v|^2 / 2` and :math:`|u + v|^2 / 2`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from companion.spaces.points import require_nonzero_rows, require_same_dimension, row_norms

_NEARLY_PARALLEL = 0.99  # above it arccos loses more than one digit


@dataclass(frozen=True)
class PairAngles:
    r"""The angle of every pair of two sets of points, with its sine and cosine.

    .. math::
        \theta_{ij} \in [0, \pi], \qquad \sin\theta_{ij} \ge 0, \qquad \cos\theta_{ij}

    Parameters
    ----------
    angle, sine, cosine
        One matrix each.

    Scale
    -----
    Radians.

    References
    ----------
    .. [1] W. Kahan, "How futile are mindless assessments of roundoff in floating-point
       computation?", 2006 (on mangled angles).
    """

    angle: Float[np.ndarray, "n n2"]
    sine: Float[np.ndarray, "n n2"]
    cosine: Float[np.ndarray, "n n2"]

    @property
    def supplement(self) -> Float[np.ndarray, "n n2"]:
        """The angles with the opposite points."""
        return np.pi - self.angle


def angles_from_cosine(
    cosine: Float[np.ndarray, "n n2"],
    ends: Callable[
        [Int[np.ndarray, " p"], Int[np.ndarray, " p"]],
        tuple[Float[np.ndarray, " p"], Float[np.ndarray, " p"]],
    ],
) -> PairAngles:
    r"""Angles of given cosines, those near the ends from their distances to the ends.

    .. math::
        \theta = \arccos c \quad\text{where } |c| \le 0.99, \qquad
        \theta = 2 \arctan \sqrt{\frac{1 - \cos\theta}{1 + \cos\theta}} \quad\text{elsewhere}

    Parameters
    ----------
    cosine
        Cosines up to rounding; overwritten where they are near the ends.
    ends
        Takes the rows and columns of those pairs and returns :math:`1 - \cos\theta` and
        :math:`1 + \cos\theta`, each with a small relative error.

    Returns
    -------
    The angles. The matrix of cosines is the argument itself.

    Scale
    -----
    Radians.

    Notes
    -----
    Where :math:`|c| \le 0.99` the arc cosine magnifies the rounding of c at most 7.1 times.
    Beyond, the few pairs are treated one by one.

    References
    ----------
    .. [1] W. Kahan, "How futile are mindless assessments of roundoff in floating-point
       computation?", 2006 (on mangled angles).
    """
    square = cosine * cosine
    nearly_parallel = square.max() > _NEARLY_PARALLEL**2
    if nearly_parallel:
        pairs = np.nonzero(square > _NEARLY_PARALLEL**2)
        minus, plus = ends(*pairs)
        cosine[pairs] = np.clip((plus - minus) / 2, -1.0, 1.0)
        square[pairs] = 1.0 - minus * plus
    angle = np.arccos(cosine)
    # In place: an array that is not made anew costs half as much as the arithmetic.
    sine = np.sqrt(np.subtract(1.0, square, out=square), out=square)
    if nearly_parallel:
        angle[pairs] = 2 * np.arctan2(np.sqrt(minus), np.sqrt(plus))
        sine[pairs] = np.sqrt(minus * plus)
    return PairAngles(angle, sine, cosine)


def direction_angles(U: Float[np.ndarray, "n d"], V: Float[np.ndarray, "n2 d"]) -> PairAngles:
    r"""Angles between unit vectors.

    .. math::
        \cos\theta_{ij} = u_i \cdot v_j, \qquad
        1 \mp \cos\theta_{ij} = \tfrac12 |u_i \mp v_j|^2

    Parameters
    ----------
    U, V
        Unit vectors as rows; not checked.

    Returns
    -------
    The angles; exactly zero between equal rows and exactly pi between opposite ones.

    Scale
    -----
    Radians.

    References
    ----------
    .. [1] W. Kahan, "How futile are mindless assessments of roundoff in floating-point
       computation?", 2006 (on mangled angles).
    """

    def ends(
        rows: Int[np.ndarray, " p"], columns: Int[np.ndarray, " p"]
    ) -> tuple[Float[np.ndarray, " p"], Float[np.ndarray, " p"]]:
        first, second = U[rows], V[columns]
        return ((first - second) ** 2).sum(axis=1) / 2, ((first + second) ** 2).sum(axis=1) / 2

    return angles_from_cosine(U @ V.T, ends)


def angles(X: Float[np.ndarray, "n d"], Z: Float[np.ndarray, "n2 d"]) -> Float[np.ndarray, "n n2"]:
    r"""Angle between every row of one matrix and every row of another.

    .. math::
        \theta_{ij} = 2 \arctan \frac{|u_i - v_j|}{|u_i + v_j|}, \qquad
        u_i = x_i / |x_i|, \quad v_j = z_j / |z_j|.

    Parameters
    ----------
    X, Z
        Points as rows, none of them zero.

    Returns
    -------
    Angles between 0 and pi.

    Scale
    -----
    Radians. Invariant under positive multiples of each point.

    Raises
    ------
    TypeError
        If a matrix is not of double precision.
    ValueError
        If the matrices are malformed or of different dimension, or a row is the zero vector.

    Notes
    -----
    One matrix product; pairs that are nearly parallel or antiparallel are recomputed from
    their chords.

    References
    ----------
    .. [1] W. Kahan, "How futile are mindless assessments of roundoff in floating-point
       computation?", 2006 (on mangled angles).
    """
    norms_x, norms_z = row_norms(X, "X"), row_norms(Z, "Z")
    require_same_dimension(X, Z)
    require_nonzero_rows(norms_x, "X")
    require_nonzero_rows(norms_z, "Z")
    return direction_angles(X / norms_x[:, None], Z / norms_z[:, None]).angle
