"""Finite sets of points as rows: what makes them admissible, their norms and directions."""

import numpy as np
from jaxtyping import Float

from companion.numerics.finite import require_finite


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
    TypeError
        If ``X`` is not an array of double precision: integers would be rounded, and single
        precision loses the digits that decide the smallest eigenvalue.
    ValueError
        If ``X`` is not a matrix, has no row or no column, or has an entry that is not finite.

    References
    ----------
    .. [1] L. Li, arXiv:1909.13671, Assumption 1 (points bounded, and away from zero).
    """
    if not isinstance(X, np.ndarray) or X.dtype != np.float64:
        kind = X.dtype if isinstance(X, np.ndarray) else type(X).__name__
        raise TypeError(
            f"`{name}` must be a NumPy array of float64; got {kind}. "
            "Convert it with numpy.asarray(points, dtype=float)."
        )
    if X.ndim != 2 or X.size == 0:
        raise ValueError(
            f"`{name}` must be a nonempty matrix with points as rows; got shape {X.shape}. "
            "Use x[None, :] for one point."
        )
    require_finite(X, name)
    return np.linalg.norm(X, axis=1)


def require_same_dimension(X: Float[np.ndarray, "n d"], Z: Float[np.ndarray, "n2 d2"]) -> None:
    r"""Raise an error unless two sets of points have the same number of coordinates.

    .. math::
        x_i, z_j \in \mathbb{R}^d

    Parameters
    ----------
    X, Z
        Points as rows.

    Raises
    ------
    ValueError
        If the numbers of columns differ.
    """
    if X.shape[1] != Z.shape[1]:
        raise ValueError(
            f"`Z` must have points of the dimension of `X`, {X.shape[1]}; got {Z.shape[1]}. "
            "Pass points of one space."
        )


def require_nonzero_rows(norms: Float[np.ndarray, " n"], name: str) -> None:
    r"""Raise an error that names the first point which is the zero vector.

    .. math::
        |x_i| > 0

    Parameters
    ----------
    norms
        The norms of the points.
    name
        What the caller's argument is called, for messages.

    Raises
    ------
    ValueError
        If a norm is zero.
    """
    if not norms.all():
        raise ValueError(
            f"`{name}` must have nonzero rows; row {int(np.argmin(norms))} is the zero vector. "
            "An angle with it is undefined."
        )
