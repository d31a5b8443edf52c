r"""Zonal harmonics: Gegenbauer polynomials, how many harmonics a degree has, sums of both."""

import math
from collections.abc import Iterator

import numpy as np
from jaxtyping import Float

from companion.numerics.arguments import whole_number
from companion.numerics.finite import require_finite

_ROUNDING = 1e-12  # an inner product of unit vectors exceeds one by far less


def gegenbauer(
    t: Float[np.ndarray, "..."], *, input_dim: int, max_degree: int
) -> Float[np.ndarray, "l ..."]:
    r"""Gegenbauer polynomials of the sphere, one degree after the other.

    .. math::
        P_k(t), \quad k = 0, \dots, K, \qquad P_k(1) = 1, \qquad
        \int P_j(x \cdot y)\, P_k(x \cdot y)\, dy = \frac{\delta_{jk}}{N_k}

    Parameters
    ----------
    t
        Inner products of unit vectors.
    input_dim
        The ambient dimension :math:`d` of the sphere :math:`S^{d-1}`, at least two.
    max_degree
        The largest degree :math:`K`.

    Returns
    -------
    The values, with the degree along the first axis.

    Scale
    -----
    One at t = 1; Chebyshev polynomials for d = 2, Legendre for d = 3. The orthogonality is under
    the uniform probability measure, with :math:`N_k` of :func:`multiplicities`.

    Raises
    ------
    TypeError
        If a size is not a whole number.
    ValueError
        If ``input_dim`` is less than 2, ``max_degree`` is negative, or ``t`` has an entry that
        is not finite or outside [-1, 1].

    Notes
    -----
    The recurrence in the degree, which is stable on [-1, 1]. Near the ends the polynomials of
    degree k turn within 1/k of an angle, so a rounding of t moves them by up to
    :math:`k^2` roundings.

    References
    ----------
    .. [1] F. Dai and Y. Xu, "Approximation Theory and Harmonic Analysis on Spheres and Balls",
       Springer 2013, section 1.2.
    """
    input_dim, max_degree = checked_sizes(input_dim, max_degree)
    t = _clipped(t)
    values = np.empty((max_degree + 1, *t.shape))
    for degree, polynomial in enumerate(
        gegenbauer_by_degree(t, input_dim=input_dim, max_degree=max_degree)
    ):
        values[degree] = polynomial
    return values


def gegenbauer_by_degree(
    t: Float[np.ndarray, "..."], *, input_dim: int, max_degree: int
) -> Iterator[Float[np.ndarray, "..."]]:
    r"""Gegenbauer polynomials of the sphere, two degrees in memory at a time.

    .. math::
        (k + d - 2)\, P_{k+1}(t) = (2k + d - 2)\, t\, P_k(t) - k\, P_{k-1}(t)

    Parameters
    ----------
    t
        Numbers in [-1, 1]; this is not checked.
    input_dim, max_degree
        As for :func:`gegenbauer`; not checked.

    Returns
    -------
    The values of degree 0, 1, ..., ``max_degree``, one array after the other.

    Scale
    -----
    One at t = 1.

    References
    ----------
    .. [1] F. Dai and Y. Xu, "Approximation Theory and Harmonic Analysis on Spheres and Balls",
       Springer 2013, section 1.2.
    """
    current, following = np.ones_like(t), t
    for k in range(1, max_degree + 2):
        yield current
        current, following = (
            following,
            ((2 * k + input_dim - 2) * t * following - k * current) / (k + input_dim - 2),
        )


def multiplicities(*, input_dim: int, max_degree: int) -> Float[np.ndarray, " l"]:
    r"""Dimensions of the spaces of spherical harmonics.

    .. math::
        N_k = \frac{2k + d - 2}{k + d - 2} \binom{k + d - 2}{k}, \qquad N_0 = 1

    Parameters
    ----------
    input_dim
        The ambient dimension :math:`d`, at least two.
    max_degree
        The largest degree.

    Returns
    -------
    How many harmonics of each degree are linearly independent; as often does the eigenvalue of
    that degree occur in a zonal kernel.

    Scale
    -----
    Counts, as floating-point numbers because they outgrow integers.

    Raises
    ------
    TypeError
        If a size is not a whole number.
    ValueError
        If ``input_dim`` is less than 2 or ``max_degree`` is negative.

    References
    ----------
    .. [1] F. Dai and Y. Xu, "Approximation Theory and Harmonic Analysis on Spheres and Balls",
       Springer 2013, corollary 1.1.4.
    """
    input_dim, max_degree = checked_sizes(input_dim, max_degree)
    counts = [
        math.comb(k + input_dim - 1, k) - (math.comb(k + input_dim - 3, k - 2) if k > 1 else 0)
        for k in range(max_degree + 1)
    ]
    return np.array([float(count) for count in counts])


def zonal_expansion(
    eigenvalues: Float[np.ndarray, " l"], t: Float[np.ndarray, "..."], *, input_dim: int
) -> Float[np.ndarray, "..."]:
    r"""The zonal kernel that has given eigenvalues, by the addition theorem.

    .. math::
        \kappa(t) = \sum_{k=0}^{K} \mu_k\, N_k\, P_k(t), \qquad
        \kappa(x \cdot y) = \sum_k \mu_k \sum_{j=1}^{N_k} Y_{kj}(x)\, Y_{kj}(y)

    Parameters
    ----------
    eigenvalues
        One for each degree, from zero on.
    t
        Inner products of unit vectors.
    input_dim
        The ambient dimension :math:`d`, at least two.

    Returns
    -------
    The values of the kernel.

    Scale
    -----
    Uniform probability measure: ``eigenvalues = [1]`` is the constant kernel 1, and
    ``eigenvalues = [0, 1 / d]`` the kernel t.

    Raises
    ------
    TypeError
        If ``input_dim`` is not a whole number.
    ValueError
        If ``input_dim`` is less than 2, there is no eigenvalue, or an entry is not finite or,
        for ``t``, outside [-1, 1].

    References
    ----------
    .. [1] F. Dai and Y. Xu, "Approximation Theory and Harmonic Analysis on Spheres and Balls",
       Springer 2013, theorem 1.2.6 (addition formula).
    """
    if eigenvalues.ndim != 1 or eigenvalues.size == 0:
        raise ValueError(
            "`eigenvalues` must be a vector with one number for each degree; "
            f"got shape {eigenvalues.shape}. The first belongs to the constants."
        )
    require_finite(eigenvalues, "eigenvalues")
    max_degree = eigenvalues.size - 1
    factors = eigenvalues * multiplicities(input_dim=input_dim, max_degree=max_degree)
    t = _clipped(t)
    total = np.zeros_like(t)
    for factor, polynomial in zip(
        factors,
        gegenbauer_by_degree(t, input_dim=input_dim, max_degree=max_degree),
        strict=True,
    ):
        total += factor * polynomial
    return total


def checked_sizes(input_dim: int, max_degree: int) -> tuple[int, int]:
    r"""The two numbers, or an error unless there is a sphere and a degree.

    .. math::
        d \ge 2, \qquad K \ge 0

    Parameters
    ----------
    input_dim
        The ambient dimension :math:`d`.
    max_degree
        The largest degree :math:`K`.

    Returns
    -------
    Both as plain integers.

    Scale
    -----
    Counts.

    Raises
    ------
    TypeError
        If one of them is not a whole number.
    ValueError
        If ``input_dim`` is less than 2 or ``max_degree`` is negative.

    References
    ----------
    .. [1] F. Dai and Y. Xu, "Approximation Theory and Harmonic Analysis on Spheres and Balls",
       Springer 2013, section 1.1.
    """
    sphere = "Pass the number of coordinates; the circle has 2."
    count = "Pass the largest degree that is wanted."
    input_dim = whole_number("input_dim", input_dim, remedy=sphere)
    max_degree = whole_number("max_degree", max_degree, remedy=count)
    if input_dim < 2:
        raise ValueError(f"`input_dim` must be at least 2; got {input_dim}. {sphere}")
    if max_degree < 0:
        raise ValueError(f"`max_degree` must be nonnegative; got {max_degree}. {count}")
    return input_dim, max_degree


def _clipped(t: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    require_finite(t, "t")
    if t.size and np.abs(t).max() > 1 + _ROUNDING:
        raise ValueError(
            f"`t` must lie in [-1, 1]; got {t.flat[np.abs(t).argmax()]}. "
            "Divide the points by their norms."
        )
    return np.asarray(np.clip(t, -1.0, 1.0))
