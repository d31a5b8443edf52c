"""Finite sets of points: what makes them admissible, their norms and their angles."""

import numpy as np
from jaxtyping import Float

from companion.numerics.finite import require_finite

_NEARLY_PARALLEL = 0.99  # above it arccos loses more than one digit


def row_norms(X: Float[np.ndarray, "n d"], name: str = "X") -> Float[np.ndarray, " n"]:
    r"""Euclidean norms of points given as rows, after checking the points.

    .. math::
        |x_i| = \Big( \sum_j x_{ij}^2 \Big)^{1/2}

    Parameters
    ----------
    X
        Points as rows.
    name
        What the caller's argument is called, for messages.

    Returns
    -------
    The norm of every row; zero is allowed.

    Scale
    -----
    The unit of ``X``.

    Raises
    ------
    ValueError
        If ``X`` is not a matrix, has no row or no column, or has an entry that is not finite.

    References
    ----------
    .. [1] L. Li, arXiv:1909.13671, Assumption 1 (points bounded, and away from zero).
    """
    if X.ndim != 2 or X.size == 0:
        raise ValueError(
            f"`{name}` must be a nonempty matrix with points as rows; got shape {X.shape}. "
            "Use x[None, :] for one point."
        )
    require_finite(X, name)
    return np.linalg.norm(X, axis=1)


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
    ValueError
        If the matrices are malformed or of different dimension, or a row is the zero vector.

    Notes
    -----
    The arc cosine of the inner product loses half of the digits of a small angle. Pairs that
    are nearly parallel or antiparallel are therefore recomputed from their chords, row by row;
    all others come from one matrix product.

    References
    ----------
    .. [1] W. Kahan, "How futile are mindless assessments of roundoff in floating-point
       computation?", 2006 (on mangled angles).
    """
    U, V = _directions(X, "X"), _directions(Z, "Z")
    if U.shape[1] != V.shape[1]:
        raise ValueError(
            f"`Z` must have points of the dimension of `X`, {U.shape[1]}; got {V.shape[1]}."
        )
    cosine = U @ V.T
    theta = np.arccos(np.clip(cosine, -1.0, 1.0))
    nearly_parallel = np.abs(cosine) > _NEARLY_PARALLEL
    for i in np.flatnonzero(nearly_parallel.any(axis=1)):
        j = np.flatnonzero(nearly_parallel[i])
        minus = np.linalg.norm(U[i] - V[j], axis=1)
        plus = np.linalg.norm(U[i] + V[j], axis=1)
        theta[i, j] = 2 * np.arctan2(minus, plus)
    return theta


def _directions(X: Float[np.ndarray, "n d"], name: str) -> Float[np.ndarray, "n d"]:
    norms = row_norms(X, name)
    if not norms.all():
        raise ValueError(
            f"`{name}` must have nonzero rows; row {int(np.argmin(norms))} is the zero vector. "
            "An angle with it is undefined."
        )
    return X / norms[:, None]
