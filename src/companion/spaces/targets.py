r"""Functions of prescribed Sobolev smoothness on the circle and on spheres.

The energies by degree decide every Sobolev norm; how the energy of a degree is spread over its
harmonics is free. So a target is made in two steps: energies, then coefficients with them.
"""

import numpy as np
from jaxtyping import Float, Int

from companion.numerics.arguments import positive_number, whole_number
from companion.spaces.harmonics import checked_sizes, multiplicities, zonal_expansion
from companion.spaces.sobolev import check_energies, sobolev_weights


def borderline_energies(
    *, input_dim: int, max_degree: int, smoothness: float, norm: float = 1.0
) -> Float[np.ndarray, " l"]:
    r"""Energies at the border of a Sobolev space, with a given norm in it.

    .. math::
        e_k = c\, \Big( 1 + \sqrt{k (k + d - 2)} \Big)^{-2s-1}, \qquad k = 0, \dots, K, \qquad
        \|f\|_s^2 = \sum_k \Big( 1 + \sqrt{k (k + d - 2)} \Big)^{2s} e_k = \text{norm}^2

    Parameters
    ----------
    input_dim
        The ambient dimension :math:`d` of the sphere :math:`S^{d-1}`, at least two.
    max_degree
        The largest degree :math:`K`.
    smoothness
        The order :math:`s`, of either sign.
    norm
        The norm of order s.

    Returns
    -------
    The energies by degree, all positive.

    Scale
    -----
    Energies are sums of squared coefficients in orthonormal harmonics. As K grows every norm of
    order below s settles relative to c and that of order s grows like the root of log K: the
    decay of the energies is the slowest power that :math:`H^s` does not quite allow.

    Raises
    ------
    TypeError
        If a size is not a whole number, or ``smoothness`` or ``norm`` no number.
    ValueError
        If ``input_dim`` is less than 2, ``max_degree`` is negative, ``smoothness`` is not
        finite, or ``norm`` is not positive.

    References
    ----------
    Derived here.
    """
    input_dim, max_degree = checked_sizes(input_dim, max_degree)
    norm = positive_number("norm", norm, remedy="Pass the Sobolev norm of the target.")
    degrees = np.arange(max_degree + 1)
    weights = sobolev_weights(degrees, input_dim=input_dim, smoothness=smoothness)
    symbol = sobolev_weights(degrees, input_dim=input_dim, smoothness=-0.5)
    shape = symbol / weights
    return norm**2 * shape / (weights @ shape)


def random_coefficients(
    energies: Float[np.ndarray, " l"],
    degrees: Int[np.ndarray, " k"],
    rng: np.random.Generator,
) -> Float[np.ndarray, " k"]:
    r"""Coefficients with given energies, in a random direction in each degree.

    .. math::
        v_a = \sqrt{e_k}\, \frac{g_a}{|g|_k}, \qquad |g|_k^2 = \sum_{\deg b = k} g_b^2,
        \qquad g \sim N(0, I), \qquad k = \deg a

    Parameters
    ----------
    energies
        One for each degree, from zero on.
    degrees
        The degree of each function of the basis, as
        :func:`~companion.spaces.spherical_basis.spherical_basis` and
        :func:`~companion.spaces.circle.fourier_basis` return it.
    rng
        Source of randomness.

    Returns
    -------
    The coefficients; zero for functions of a degree beyond the energies.

    Scale
    -----
    The squares of a degree sum to its energy; the law is invariant under rotations. A degree
    whose functions are not all in the basis has its energy in those that are.

    Raises
    ------
    ValueError
        If there is no energy, one is negative or not finite, a degree is negative, or a degree
        of positive energy has no function in the basis.

    References
    ----------
    Derived here.
    """
    check_energies(energies)
    if degrees.size == 0 or degrees.min() < 0:
        raise ValueError(
            "`degrees` must be nonnegative, one for each function; "
            f"got {degrees.tolist()[:8]}. Pass the second result of the basis."
        )
    missing = np.setdiff1d(np.flatnonzero(energies), degrees)
    if missing.size:
        raise ValueError(
            f"`degrees` must contain every degree of positive energy; got none of {missing[0]}. "
            "Take a basis of higher degree, or cut the energies off."
        )
    gaussian = rng.standard_normal(degrees.size)
    lengths = np.sqrt(np.bincount(degrees, gaussian**2))
    wanted = np.zeros(lengths.size)
    shared = min(lengths.size, energies.size)
    wanted[:shared] = np.sqrt(energies[:shared])
    return gaussian * (wanted / np.where(lengths > 0, lengths, 1.0))[degrees]


def circle_target(
    energies: Float[np.ndarray, " l"], *, num_points: int, rng: np.random.Generator
) -> Float[np.ndarray, " n"]:
    r"""A function with given energies at equidistant points of the circle.

    .. math::
        f(\theta) = \pm \sqrt{e_0} + \sum_{k=1}^{K} \sqrt{2 e_k}\, \cos(k \theta - \phi_k),
        \qquad \phi_k \text{ uniform}

    Parameters
    ----------
    energies
        One for each degree, from zero on.
    num_points
        The number of points, more than 2 K.
    rng
        Source of the phases.

    Returns
    -------
    Values at :func:`~companion.spaces.circle.circle_points`.

    Scale
    -----
    Uniform probability measure: the mean square is the sum of the energies.

    Raises
    ------
    TypeError
        If ``num_points`` is not a whole number.
    ValueError
        If there is no energy, one is negative or not finite, or there are too few points.

    Notes
    -----
    One fast transform, so that hundreds of thousands of points need no matrix. The phases do
    not depend on the number of points: a finer grid shows the same function.

    References
    ----------
    Derived here.
    """
    check_energies(energies)
    max_degree = energies.size - 1
    count = whole_number("num_points", num_points, remedy="Pass the number of points.")
    if count <= 2 * max_degree:
        raise ValueError(
            f"`num_points` must exceed twice the largest degree, {2 * max_degree}; got {count}. "
            "Fewer points do not tell the degrees apart."
        )
    phases = 2 * np.pi * rng.random(max_degree + 1)
    coefficients = count * np.sqrt(energies / 2) * np.exp(-1j * phases)
    coefficients[0] = count * np.sqrt(energies[0]) * (1 if phases[0] < np.pi else -1)
    return np.fft.irfft(coefficients, n=count)


def zonal_target(
    energies: Float[np.ndarray, " l"], t: Float[np.ndarray, "..."], *, input_dim: int
) -> Float[np.ndarray, "..."]:
    r"""The function of the distance from a pole with given energies that is largest there.

    .. math::
        f(x) = \sum_k \sqrt{e_k N_k}\, P_k(t), \qquad t = x \cdot p

    Parameters
    ----------
    energies
        One for each degree, from zero on.
    t
        Inner products of the points with the pole p.
    input_dim
        The ambient dimension :math:`d` of the sphere :math:`S^{d-1}`, at least two.

    Returns
    -------
    The values.

    Scale
    -----
    Uniform probability measure: the mean square is the sum of the energies.

    Raises
    ------
    TypeError
        If ``input_dim`` is not a whole number.
    ValueError
        If there is no energy, one is negative or not finite, ``input_dim`` is less than 2, or
        ``t`` is not finite or outside [-1, 1].

    References
    ----------
    .. [1] F. Dai and Y. Xu, "Approximation Theory and Harmonic Analysis on Spheres and Balls",
       Springer 2013, section 1.2 (the mean square of :math:`P_k` is :math:`1 / N_k`).
    """
    check_energies(energies)
    counts = multiplicities(input_dim=input_dim, max_degree=energies.size - 1)
    return zonal_expansion(np.sqrt(energies / counts), t, input_dim=input_dim)
