"""The rank of a matrix of rounded numbers, where it has one."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from companion.numerics.finite import require_finite

_CLEAR = 1e3  # entries are themselves sums of rounded products; this leaves room for them


@dataclass(frozen=True)
class NumericalRank:
    r"""How many singular values stand clear of rounding, and how many may.

    .. math::
        \text{lower} = \#\{\sigma_i > 10^3 \varepsilon\}, \qquad
        \text{upper} = \#\{\sigma_i > \varepsilon\}, \qquad
        \varepsilon = \max(n, k)\, u\, \sigma_1

    Parameters
    ----------
    lower, upper
        The two counts.
    threshold
        The rounding :math:`\varepsilon` of the singular values.
    gap
        The smallest singular value of the lower count divided by the next one; infinite where
        there is no next one or it is zero.

    Scale
    -----
    Multiplying the matrix by a number changes neither count.

    References
    ----------
    G. H. Golub and C. F. Van Loan, "Matrix Computations", 4th edition (2013), section 5.4.1.
    """

    lower: int
    upper: int
    threshold: float
    gap: float

    @property
    def rank(self) -> int | None:
        """The rank, or None where singular values near rounding leave it undecided."""
        return self.lower if self.lower == self.upper else None

    def __str__(self) -> str:
        if self.rank is None:
            return f"undecided, between {self.lower} and {self.upper}"
        return f"{self.rank} (gap {self.gap:.1e})"


def numerical_rank(A: Float[np.ndarray, "n k"]) -> NumericalRank:
    r"""Numerical rank of a matrix, with the gap behind its last singular value.

    .. math::
        \sigma_1 \ge \dots \ge \sigma_r \gg \varepsilon \ge \sigma_{r+1} \ge \dots

    Parameters
    ----------
    A
        A Jacobian, a Gram matrix, or any other.

    Returns
    -------
    The counts, the threshold and the gap. A rank of a Gram matrix sees singular values of the
    Jacobian down to the root of the rounding only: use the Jacobian where there is one.

    Scale
    -----
    As :class:`NumericalRank`.

    Raises
    ------
    ValueError
        If the matrix is empty or not finite.

    Notes
    -----
    A singular value below the threshold may be a true small one: no computation in the same
    precision can tell. So "upper" is no bound of the rank in exact arithmetic; "lower" is one
    from below. For a symmetric matrix the singular values are taken from its eigenvalues.

    References
    ----------
    G. H. Golub and C. F. Van Loan, "Matrix Computations", 4th edition (2013), section 5.4.1.
    """
    if A.size == 0:
        raise ValueError(f"`A` must not be empty; got shape {A.shape}.")
    require_finite(A, "A")
    values = _singular_values(A)
    threshold = float(max(A.shape) * np.finfo(A.dtype).eps * values[0])
    lower = int((values > _CLEAR * threshold).sum())
    upper = int((values > threshold).sum())
    following = float(values[lower]) if lower < len(values) else 0.0
    gap = float(values[lower - 1]) / following if lower and following else np.inf
    return NumericalRank(lower, upper, threshold, gap)


def _singular_values(A: Float[np.ndarray, "n k"]) -> Float[np.ndarray, " _"]:
    if A.shape[0] == A.shape[1] and np.array_equal(A, A.T):
        return np.sort(np.abs(np.linalg.eigvalsh(A)))[::-1]
    return np.linalg.svd(A, compute_uv=False)
