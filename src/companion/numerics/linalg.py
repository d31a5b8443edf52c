"""Smallest eigenvalues and positivity of symmetric matrices."""

import numpy as np
from jaxtyping import Float

from companion.numerics.eigenvalues import smallest_eigenpair
from companion.numerics.symmetric import symmetric_matrix


def smallest_eigenvalue(K: Float[np.ndarray, "n n"]) -> float:
    r"""Smallest eigenvalue of a symmetric matrix.

    .. math::
        \lambda_{\min}(K) = \min_{|v| = 1} v^\top K v.

    Parameters
    ----------
    K
        A symmetric matrix.

    Returns
    -------
    The eigenvalue. It is negative by rounding where the true one is far below
    ``1e-16`` times the largest.

    Scale
    -----
    The eigenvalue of the matrix as given: divide a Gram matrix by the number of points first
    if the points carry the weight 1/n.

    Raises
    ------
    ValueError
        If the matrix is not square, empty, not finite or not symmetric.

    Notes
    -----
    The value of :func:`companion.numerics.eigenvalues.smallest_eigenpair`, which also says how
    far it can be trusted. A value below ``n * 2.2e-16 * lambda_max`` says only that the matrix
    is singular to rounding.

    References
    ----------
    .. [1] B. N. Parlett, "The Symmetric Eigenvalue Problem", SIAM 1998, section 1.4.
    """
    return smallest_eigenpair(K).value


def is_positive_semidefinite(K: Float[np.ndarray, "n n"], rtol: float = 1e-12) -> bool:
    r"""Whether a symmetric matrix has no eigenvalue below zero, up to rounding.

    .. math::
        \lambda_{\min}(K) \ge -\text{rtol} \cdot \max(|\lambda_{\min}|, |\lambda_{\max}|).

    Parameters
    ----------
    K
        A symmetric matrix.
    rtol
        The threshold relative to the spectral norm. The default leaves room for the rounding of
        a few thousand rows.

    Returns
    -------
    True if the smallest eigenvalue is at least minus the threshold.

    Scale
    -----
    Relative: multiplying the matrix by a positive number changes nothing.

    Raises
    ------
    ValueError
        If the matrix is not square, empty, not finite or not symmetric, or ``rtol`` is negative.

    References
    ----------
    .. [1] B. N. Parlett, "The Symmetric Eigenvalue Problem", SIAM 1998, section 1.4.
    """
    if not rtol >= 0:
        raise ValueError(f"`rtol` must be nonnegative; got {rtol}.")
    values = np.linalg.eigvalsh(symmetric_matrix(K))
    return bool(values[0] >= -rtol * max(abs(values[0]), abs(values[-1])))
