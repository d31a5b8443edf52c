r"""Integral operators with a kernel on the sphere, as maps between Sobolev spaces.

The operator is :math:`(Hv)(x) = \int \Gamma(x, y)\, v(y)\, dy`. Between bases of orthonormal
harmonics it is a matrix, and its norms between Sobolev spaces are those of weighted matrices.
"""

import numpy as np
from jaxtyping import Float, Int
from scipy.linalg import svdvals

from companion.numerics.finite import require_finite
from companion.spaces.sobolev import sobolev_weights


def operator_matrix(
    kernel: Float[np.ndarray, "n n"],
    basis: Float[np.ndarray, "n k"],
    *,
    weights: Float[np.ndarray, " n"],
) -> Float[np.ndarray, "k k"]:
    r"""Matrix of the integral operator of a kernel in an orthonormal basis.

    .. math::
        A_{ij} = \iint \phi_i(x)\, \Gamma(x, y)\, \phi_j(y)\, dx\, dy

    Parameters
    ----------
    kernel
        Values :math:`\Gamma(x_i, x_j)` at the points of a quadrature rule.
    basis
        Values of the basis functions there, a column for each, such as
        :func:`companion.spaces.circle.fourier_basis` or
        :func:`companion.spaces.spherical_basis.spherical_basis`.
    weights
        Weights of the rule.

    Returns
    -------
    The matrix; symmetric up to rounding if the kernel is.

    Scale
    -----
    That of the measure behind ``weights``, here the uniform probability: a zonal kernel gives a
    diagonal matrix with its Funk-Hecke eigenvalues.

    Raises
    ------
    ValueError
        If the shapes do not fit or an entry is not finite.

    Notes
    -----
    Exact if the rule integrates the products; what the kernel has in higher degrees is folded
    back onto those of the basis.

    References
    ----------
    .. [1] K. Atkinson and W. Han, "Spherical Harmonics and Approximations on the Unit Sphere",
       Springer 2012, section 2.5.
    """
    count = len(weights)
    if kernel.shape != (count, count) or basis.shape[:1] != (count,):
        raise ValueError(
            f"`kernel` and `basis` must belong to the {count} points of `weights`; "
            f"got shapes {kernel.shape} and {basis.shape}. Evaluate both at those points."
        )
    for name, values in (("kernel", kernel), ("basis", basis), ("weights", weights)):
        require_finite(values, name)
    weighted = basis * weights[:, None]
    return weighted.T @ kernel @ weighted


def smoothing_norm(
    matrix: Float[np.ndarray, "k k"],
    degrees: Int[np.ndarray, " k"],
    *,
    input_dim: int,
    smoothness: float,
) -> float:
    r"""Norm of an operator from a negative Sobolev space to the positive one.

    .. math::
        \|H\|_{s \leftarrow -s} = \sup_{v \ne 0} \frac{\|Hv\|_s}{\|v\|_{-s}}
        = \big\| D^s A D^s \big\|, \qquad D_{ii} = 1 + \sqrt{k_i (k_i + d - 2)}

    Parameters
    ----------
    matrix
        The operator in orthonormal harmonics, see :func:`operator_matrix`.
    degrees
        Degree :math:`k_i` of each of them.
    input_dim
        The ambient dimension :math:`d` of the sphere :math:`S^{d-1}`.
    smoothness
        The order :math:`s`; zero gives the norm on :math:`L^2`.

    Returns
    -------
    The norm of the operator between the spaces that the harmonics span. It grows with them, to
    the norm of the operator if that is finite.

    Scale
    -----
    Norms as in :func:`companion.spaces.sobolev.sobolev_norm`.

    Raises
    ------
    TypeError
        If ``input_dim`` is not a whole number or ``smoothness`` no number.
    ValueError
        If the shapes do not fit, an entry is not finite, or an argument is out of the range of
        :func:`companion.spaces.sobolev.sobolev_weights`.

    Notes
    -----
    Multiplication by the power of the Laplacian is an isometry between the spaces, so that the
    norm is a largest singular value.

    References
    ----------
    .. [1] G. Welper, "Approximation Results for Gradient Descent trained Neural Networks",
       arXiv:2309.04860, known through a digest: the norm in which the tangent kernel is compared,
       as reconstructed here.
    """
    if matrix.shape != (len(degrees), len(degrees)):
        raise ValueError(
            f"`matrix` must have a row and a column for each of the {len(degrees)} degrees; "
            f"got shape {matrix.shape}. Pass the degrees of the basis."
        )
    require_finite(matrix, "matrix")
    scale = np.sqrt(sobolev_weights(degrees, input_dim=input_dim, smoothness=smoothness))
    return float(svdvals(scale[:, None] * matrix * scale)[0])
