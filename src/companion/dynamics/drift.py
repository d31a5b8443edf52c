"""How far a symmetric matrix has moved."""

from typing import Literal

import numpy as np
from jaxtyping import Float

MatrixNorm = Literal["operator", "frobenius"]


def relative_change(
    matrix: Float[np.ndarray, "k k"], start: Float[np.ndarray, "k k"], *, norm: MatrixNorm
) -> float:
    r"""Distance of two symmetric matrices over the size of the second.

    .. math::
        \|G - G_0\| \,/\, \|G_0\|

    Parameters
    ----------
    matrix, start
        The matrices G and G_0.
    norm
        ``"operator"``, the largest modulus of an eigenvalue, or ``"frobenius"``, the root of the
        sum of squares.

    Returns
    -------
    The quotient; zero if the matrices are equal.

    Scale
    -----
    A number without a unit.

    References
    ----------
    A. Jacot, F. Gabriel and C. Hongler, "Neural tangent kernel", NeurIPS 2018, theorem 2: the
    change that vanishes with growing width.
    """
    size = np.linalg.norm if norm == "frobenius" else _operator_norm
    change = float(size(matrix - start))
    return change / float(size(start)) if change else 0.0


def _operator_norm(matrix: Float[np.ndarray, "k k"]) -> float:
    return float(np.abs(np.linalg.eigvalsh(matrix)).max())
