r"""The unit disc with its normalised area: a quadrature, radial polynomials, ridge functions.

A ridge function is :math:`x \mapsto g(w \cdot x)` with any profile g; a neuron is one. Those of a
direction :math:`\theta` have the orthonormal basis :math:`U_n(w_\theta \cdot x)`, the Chebyshev
polynomials of the second kind, and each of these lies in the space :math:`V_n` of polynomials of
degree n that are orthogonal to all of lower degree. So the distance of a function in one
:math:`V_n` from all sums of ridge functions in given directions is a problem in n + 1 dimensions.
"""

import numpy as np
from jaxtyping import Float
from scipy.special import eval_legendre, roots_legendre

from companion.numerics.finite import require_finite

_RANK = 1e-10  # directions closer than this, relative to the widest angle, count as one


def disc_rule(
    num_radii: int, num_angles: int
) -> tuple[Float[np.ndarray, "n 2"], Float[np.ndarray, " n"]]:
    r"""Points and weights of a product rule on the unit disc.

    .. math::
        \frac1\pi \int_{|x| < 1} p(x)\, dx = \sum_i \nu_i\, p(x_i)

    Parameters
    ----------
    num_radii
        Number of circles; their squared radii are Gauss-Legendre nodes.
    num_angles
        Number of equidistant points on each circle.

    Returns
    -------
    Points as rows, and weights. Exact for polynomials of degree below ``4 * num_radii`` and below
    ``num_angles``.

    Scale
    -----
    The weights sum to one: the area is normalised to a probability.

    Raises
    ------
    ValueError
        If a number is not positive.

    References
    ----------
    .. [1] A. H. Stroud, "Approximate Calculation of Multiple Integrals", Prentice-Hall 1971,
       chapter 2 (product rules).
    """
    for name, count in (("num_radii", num_radii), ("num_angles", num_angles)):
        if count < 1:
            raise ValueError(f"`{name}` must be positive; got {count}.")
    nodes, weights = roots_legendre(num_radii)
    radii = np.sqrt((nodes + 1) / 2)
    angles = 2 * np.pi * np.arange(num_angles) / num_angles
    circle = np.column_stack([np.cos(angles), np.sin(angles)])
    points = (radii[:, None, None] * circle).reshape(-1, 2)
    return points, np.repeat(weights / 2 / num_angles, num_angles)


def radial_polynomial(X: Float[np.ndarray, "n 2"], *, degree: int) -> Float[np.ndarray, " n"]:
    r"""The radial polynomial that is orthogonal to all polynomials of lower degree.

    .. math::
        p_k(x) = P_k(2 |x|^2 - 1), \qquad
        \frac1\pi \int_{|x| < 1} p_j\, p_k\, dx = \frac{\delta_{jk}}{2k + 1}

    Parameters
    ----------
    X
        Points of the plane.
    degree
        The degree k of the Legendre polynomial; that of :math:`p_k` is 2k.

    Returns
    -------
    The values; between -1 and 1 on the disc.

    Scale
    -----
    One at the boundary of the unit disc.

    Raises
    ------
    ValueError
        If ``degree`` is negative or a point is not finite.

    References
    ----------
    .. [1] M. Born and E. Wolf, "Principles of Optics", section 9.2.1 (the circle polynomials of
       Zernike, :math:`R_{2k}^0`).
    """
    _check_degree(degree)
    require_finite(X, "X")
    values: Float[np.ndarray, " n"] = eval_legendre(degree, 2 * (X**2).sum(axis=1) - 1)
    return values


def ridge_distance(angles: Float[np.ndarray, " k"], *, degree: int) -> float:
    r"""Squared distance of a radial polynomial from all ridge functions in given directions.

    .. math::
        \min_{g_1, \dots, g_m} \frac{\| p_k - \sum_i g_i(w_i \cdot x) \|^2}{\| p_k \|^2}
        = \min_{c \in \mathbb{C}^m} \sum_{j = -k}^{k}
        \Bigl| \delta_{j0} - \sum_i c_i\, e^{2 \mathrm{i} j \theta_i} \Bigr|^2

    Parameters
    ----------
    angles
        The angles of the directions w.
    degree
        The degree k of :func:`radial_polynomial`.

    Returns
    -------
    The least relative squared error over all profiles, between 0 and 1.

    Scale
    -----
    Relative to the polynomial itself, in L2 of the unit disc. Directions are lines: an angle and
    its opposite count as one.

    Raises
    ------
    ValueError
        If ``degree`` is negative, there is no angle, or an angle is not finite.

    Notes
    -----
    :math:`\langle U_{2k}(w_\theta \cdot x), U_{2k}(w_\phi \cdot x) \rangle
    = U_{2k}(\cos(\theta - \phi)) / (2k + 1)`, a sum of the 2k + 1 even harmonics of
    :math:`\theta - \phi` with equal weights; the polynomial is the harmonic of order zero.

    References
    ----------
    .. [1] B. F. Logan and L. A. Shepp, "Optimal reconstruction of a function from its
       projections", Duke Math. J. 42 (1975).
    """
    _check_degree(degree)
    require_finite(angles, "angles")
    if len(angles) == 0:
        raise ValueError("`angles` must hold at least one direction; got none.")
    order = np.arange(-degree, degree + 1)
    waves = np.exp(2j * np.outer(order, angles))
    target = (order == 0).astype(complex)
    coefficients = np.linalg.lstsq(waves, target, rcond=_RANK)[0]
    return float((np.abs(target - waves @ coefficients) ** 2).sum())


def _check_degree(degree: int) -> None:
    if degree < 0:
        raise ValueError(f"`degree` must not be negative; got {degree}.")
