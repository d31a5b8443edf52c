r"""The circle with equidistant points: trigonometric polynomials, and their energies by FFT.

A function is given by its values at :math:`\theta_j = 2 \pi j / n`. Trigonometric polynomials of
degree below n/2 are integrated exactly by the mean over these points, squares included, so for
them every number here is that of the continuous function.
"""

import numpy as np
from jaxtyping import Float, Int

from companion.numerics.arguments import whole_number
from companion.numerics.finite import require_finite


def circle_points(num_points: int) -> Float[np.ndarray, "n 2"]:
    r"""Equidistant points of the unit circle.

    .. math::
        x_j = (\cos\theta_j, \sin\theta_j), \qquad \theta_j = 2 \pi j / n,
        \qquad j = 0, \dots, n - 1

    Parameters
    ----------
    num_points
        Their number :math:`n`.

    Returns
    -------
    Points as rows.

    Scale
    -----
    Unit circle. With weights 1/n the points integrate trigonometric polynomials of degree below
    n exactly.

    Raises
    ------
    TypeError
        If ``num_points`` is not a whole number.
    ValueError
        If ``num_points`` is not positive.

    References
    ----------
    .. [1] L. N. Trefethen and J. A. C. Weideman, "The exponentially convergent trapezoidal
       rule", SIAM Review 56 (2014), section 2.
    """
    angle = _angles(_checked_count(num_points))
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def fourier_basis(num_points: int) -> tuple[Float[np.ndarray, "n n"], Int[np.ndarray, " n"]]:
    r"""Orthonormal trigonometric polynomials at equidistant points, and their degrees.

    .. math::
        1, \quad \sqrt2 \cos k\theta, \quad \sqrt2 \sin k\theta, \qquad 1 \le k < n/2,
        \qquad \text{and } \cos(n\theta/2) \text{ for even } n

    Parameters
    ----------
    num_points
        The number :math:`n` of points, which is that of functions.

    Returns
    -------
    The matrix B with a column for each function and a row for each point, and the degrees of
    the columns in increasing order.

    Scale
    -----
    Orthonormal under the uniform probability measure on the points:
    :math:`B^\top B / n = I`. The functions of degree below n/2 are orthonormal on the circle
    too; the last one of an even n alternates between 1 and -1 on the points and has mean square
    1/2 on the circle.

    Raises
    ------
    TypeError
        If ``num_points`` is not a whole number.
    ValueError
        If ``num_points`` is not positive.

    References
    ----------
    .. [1] L. N. Trefethen, "Spectral Methods in MATLAB", SIAM 2000, chapter 3.
    """
    count = _checked_count(num_points)
    degrees = (np.arange(count) + 1) // 2
    # The product is reduced modulo n in whole numbers: no angle is large.
    angle = _angles(count)[np.outer(np.arange(count), degrees) % count]
    basis = np.sqrt(2) * np.where(np.arange(count) % 2 == 1, np.cos(angle), np.sin(angle))
    basis[:, 0] = 1
    if count % 2 == 0:
        basis[:, -1] = 1 - 2 * (np.arange(count) % 2)
    return basis, degrees


def circle_energies(values: Float[np.ndarray, "*batch n"]) -> Float[np.ndarray, "*batch l"]:
    r"""Energy of a function on the circle in each degree.

    .. math::
        e_0 = |\hat v_0|^2, \qquad e_k = |\hat v_k|^2 + |\hat v_{-k}|^2, \qquad
        \hat v_k = \frac1n \sum_j v(\theta_j)\, e^{-i k \theta_j}

    Parameters
    ----------
    values
        Values at :func:`circle_points`, along the last axis; any axes before it.

    Returns
    -------
    Sums of squared coefficients in :func:`fourier_basis` by degree 0, ..., n // 2.

    Scale
    -----
    Uniform probability measure: the energies sum to the mean of the squared values. Degrees
    beyond n/2 are counted with the degree that looks alike on the points.

    Raises
    ------
    ValueError
        If there is no point or a value is not finite.

    References
    ----------
    .. [1] L. N. Trefethen, "Spectral Methods in MATLAB", SIAM 2000, chapter 3.
    """
    if values.ndim == 0 or values.shape[-1] == 0:
        raise ValueError(
            "`values` must have one number for each point along its last axis; "
            f"got shape {values.shape}. Evaluate the function at circle_points(n)."
        )
    require_finite(values, "values")
    count = values.shape[-1]
    coefficients = np.fft.rfft(values, axis=-1) / count
    energies = coefficients.real**2 + coefficients.imag**2
    # A real transform leaves out the negative degrees; degree 0 and n/2 have no partner.
    energies[..., 1 : (count + 1) // 2] *= 2
    return energies


def _angles(count: int) -> Float[np.ndarray, " n"]:
    return 2 * np.pi * np.arange(count) / count


def _checked_count(num_points: int) -> int:
    remedy = "Pass the number of equidistant points."
    count = whole_number("num_points", num_points, remedy=remedy)
    if count < 1:
        raise ValueError(f"`num_points` must be positive; got {count}. {remedy}")
    return count
