r"""Cholesky factors of shifted symmetric matrices: solvers, and counts of eigenvalues.

If a factorisation of :math:`K - \tau I` finishes, no eigenvalue of K lies below :math:`\tau`, up
to a rounding that is known; with a rank-one term added, at most one does.
"""

import numpy as np
from jaxtyping import Float
from scipy.linalg import blas, lapack


class ShiftedFactor:
    r"""Cholesky factor of a symmetric matrix after a shift and, if wanted, a rank-one term.

    .. math::
        L L^\top = (K - \tau I + c\, v v^\top) / s

    Parameters
    ----------
    matrix
        The symmetric matrix K, column-major; its lower triangle is read.
    shift
        The shift tau.
    vector, weight
        The vector v and the factor c >= 0.
    scale
        The number s > 0, for a factor in single precision of a matrix of any size.
    dtype
        Type of the factor.

    Scale
    -----
    ``solve`` inverts the shifted matrix divided by s; ``floor`` is in units of K.

    Raises
    ------
    numpy.linalg.LinAlgError
        If the matrix to be factored is not positive definite to rounding.

    References
    ----------
    .. [1] B. N. Parlett, "The Symmetric Eigenvalue Problem", SIAM 1998, section 3.3.
    .. [2] N. J. Higham, "Accuracy and Stability of Numerical Algorithms", SIAM 2002,
       theorem 10.3.
    """

    floor: float  # no eigenvalue of K lies below; with a rank-one term, at most one does

    def __init__(
        self,
        matrix: Float[np.ndarray, "n n"],
        *,
        shift: float,
        vector: Float[np.ndarray, " n"] | None = None,
        weight: float = 0.0,
        scale: float = 1.0,
        dtype: type[np.floating] = np.float64,
    ) -> None:
        A = np.empty(matrix.shape, dtype=dtype, order="F")
        np.multiply(matrix, 1 / scale, out=A, casting="same_kind")
        A[np.diag_indices_from(A)] -= dtype(shift / scale)
        if vector is not None:
            A = blas.dsyr(weight / scale, vector, a=A, lower=1, overwrite_a=1)
        size, unit = len(A), float(np.finfo(dtype).eps) / 2
        # A finished factorisation is that of a matrix within (n + 1) u trace(A), and forming A
        # has moved it by less than 8 u (trace(A) + c): a norm is at most the trace.
        lost = unit * (1.01 * (size + 1) + 8) * (scale * float(np.trace(A)) + weight)
        self.floor = float(np.nextafter(shift - lost, -np.inf))
        potrf = lapack.spotrf if dtype is np.float32 else lapack.dpotrf
        self._lower, info = potrf(A, lower=1, clean=0, overwrite_a=1)
        if info:
            raise np.linalg.LinAlgError(f"no Cholesky factor at shift {shift}: row {info} failed")

    @property
    def dtype(self) -> np.dtype:
        """Type of the factor."""
        return self._lower.dtype

    def solve(self, x: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        """Solution of the system with right-hand side ``x``, in the type of the factor."""
        trsv = blas.strsv if self.dtype == np.float32 else blas.dtrsv
        return trsv(self._lower, trsv(self._lower, x, lower=1), lower=1, trans=1)
