"""The Laplace kernel, to which the tangent kernel of a ReLU network is compared."""

import numpy as np
from jaxtyping import Float
from scipy.spatial.distance import cdist

from companion.numerics.arguments import positive_number
from companion.spaces.points import require_same_dimension, row_norms


def laplace_kernel(
    X: Float[np.ndarray, "n d"], Z: Float[np.ndarray, "n2 d"] | None = None, *, length: float = 1.0
) -> Float[np.ndarray, "n n2"]:
    r"""Exponential of the distance of two points.

    .. math::
        \kappa(x, z) = e^{-|x - z| / s}

    Parameters
    ----------
    X, Z
        Points as rows. Without ``Z``, the points ``X`` with themselves.
    length
        The length :math:`s`.

    Returns
    -------
    Matrix with entry ``[i, j]`` equal to the kernel at ``(X[i], Z[j])``.

    Scale
    -----
    One for equal points. The distance is that of the surrounding space, not along the sphere.

    Raises
    ------
    TypeError
        If the points are not of double precision or ``length`` is no number.
    ValueError
        If the points are malformed or of different dimension, or ``length`` is not positive.

    Notes
    -----
    Distances are taken entry by entry; from inner products they would lose half of the digits
    where they are small, and there the kernel has its kink.

    References
    ----------
    .. [1] A. Geifman, A. Yadav, Y. Kasten, M. Galun, D. Jacobs and R. Basri, "On the similarity
       between the Laplace and neural tangent kernels", NeurIPS 2020, section 3.
    """
    length = positive_number("length", length, remedy="Pass for example 1.")
    others = X if Z is None else Z
    row_norms(X, "X")
    row_norms(others, "Z")
    require_same_dimension(X, others)
    return np.exp(-cdist(X, others) / length)
