"""Eigenvalues on the sphere of kernels that are given as functions of points."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from companion.kernels.spectrum import angle_spectrum
from companion.numerics.finite import require_finite
from companion.spaces.harmonics import checked_sizes

Kernel = Callable[[Float[np.ndarray, "n d"], Float[np.ndarray, "n2 d"]], Float[np.ndarray, "n n2"]]

_TURNS = 4  # rotations under which the kernel must not change
_DEFECT = 1e-9  # what it may change by, relative to its largest value
_ANGLES = np.linspace(0.0, np.pi, 9)


def zonal_spectrum(kernel: Kernel, *, input_dim: int, max_degree: int) -> Float[np.ndarray, " l"]:
    r"""Eigenvalues of the integral operator of a zonal kernel of two points.

    .. math::
        \int \kappa(x, y)\, Y(y)\, dy = \mu_k Y(x), \qquad \deg Y = k = 0, \dots, K,
        \qquad \kappa(Qx, Qy) = \kappa(x, y)

    Parameters
    ----------
    kernel
        Takes points as rows of two matrices and returns the matrix of its values.
    input_dim
        The ambient dimension :math:`d` of the sphere :math:`S^{d-1}`, at least two.
    max_degree
        The largest degree :math:`K`.

    Returns
    -------
    The eigenvalues by degree.

    Scale
    -----
    Uniform probability measure on the unit sphere, as for
    :func:`~companion.kernels.spectrum.funk_hecke`.

    Raises
    ------
    TypeError
        If a size is not a whole number.
    ValueError
        If a size is out of range, the kernel returns another shape or values that are not
        finite, or it changes when both points are turned: then it has no eigenvalue per degree.
    UnresolvedSpectrum
        If the eigenvalues have not settled, as for a kernel with a jump.

    Notes
    -----
    The kernel is tried at nine angles under four reflections in fixed directions in general
    position. A kernel that depends on more than the angle passes only if it is constructed to.

    References
    ----------
    .. [1] F. Dai and Y. Xu, "Approximation Theory and Harmonic Analysis on Spheres and Balls",
       Springer 2013, theorem 1.2.9.
    """
    input_dim, max_degree = checked_sizes(input_dim, max_degree)
    pole = np.eye(1, input_dim)

    def around(angle: np.ndarray) -> np.ndarray:
        Z = np.zeros((angle.size, input_dim))
        Z[:, 0], Z[:, 1] = np.cos(angle), np.sin(angle)
        return Z

    _require_zonal(kernel, pole, around(_ANGLES))
    return angle_spectrum(
        lambda angle: _row(kernel, pole, around(angle)),
        input_dim=input_dim,
        max_degree=max_degree,
    )


def _require_zonal(
    kernel: Kernel, pole: Float[np.ndarray, "1 d"], Z: Float[np.ndarray, "n d"]
) -> None:
    values = _row(kernel, pole, Z)
    defect = 0.0
    for turn in range(1, _TURNS + 1):
        normal = np.cos(turn * np.arange(1, pole.size + 1))
        normal /= np.linalg.norm(normal)
        reflected = [points - 2 * np.outer(points @ normal, normal) for points in (pole, Z)]
        defect = max(defect, float(np.abs(_row(kernel, *reflected) - values).max()))
    if defect > _DEFECT * np.abs(values).max():
        raise ValueError(
            "`kernel` must be zonal, a function of the angle of its points; got a change of "
            f"{defect:.1e} when both points are turned. It has no eigenvalue per degree."
        )


def _row(
    kernel: Kernel, pole: Float[np.ndarray, "1 d"], Z: Float[np.ndarray, "n d"]
) -> Float[np.ndarray, " n"]:
    values = np.asarray(kernel(pole, Z))
    if values.shape != (1, len(Z)):
        raise ValueError(
            f"`kernel` must return a matrix of shape {(1, len(Z))} for 1 and {len(Z)} points; "
            f"got {values.shape}."
        )
    require_finite(values, "kernel")
    return values[0]
