r"""Sobolev norms of either sign on the sphere, from the energy in each degree of harmonics.

The energy of a function in degree k is the sum of its squared coefficients there:
:math:`e_k = \sum_j v_{kj}^2`. Every norm here depends on nothing else.
"""

import numpy as np
from jaxtyping import Float, Int

from companion.numerics.arguments import real_number
from companion.numerics.finite import require_finite
from companion.spaces.harmonics import checked_sizes


def sobolev_weights(
    degrees: Int[np.ndarray, "..."] | Float[np.ndarray, "..."],
    *,
    input_dim: int,
    smoothness: float,
) -> Float[np.ndarray, "..."]:
    r"""What a unit of energy in each degree counts in a squared Sobolev norm.

    .. math::
        w_k = \Big( 1 + \sqrt{k (k + d - 2)} \Big)^{2s}

    Parameters
    ----------
    degrees
        Degrees :math:`k` of spherical harmonics.
    input_dim
        The ambient dimension :math:`d` of the sphere :math:`S^{d-1}`, at least two.
    smoothness
        The order :math:`s`, of either sign.

    Returns
    -------
    The weights.

    Scale
    -----
    One in degree zero, and one everywhere for s = 0. The weights of :math:`s_1 + s_2` are the
    products of those of :math:`s_1` and :math:`s_2`.

    Raises
    ------
    TypeError
        If ``input_dim`` is not a whole number or ``smoothness`` no number.
    ValueError
        If a degree is negative or not finite, ``input_dim`` is less than 2, or ``smoothness``
        is not finite.

    References
    ----------
    .. [1] K. Atkinson and W. Han, "Spherical Harmonics and Approximations on the Unit Sphere",
       Springer 2012, section 3.8 (Sobolev spaces from the Laplace-Beltrami operator).
    """
    input_dim, _ = checked_sizes(input_dim, 0)
    order = real_number("smoothness", smoothness, remedy="Pass an order, such as 0.5 or -1.")
    if not np.isfinite(order):
        raise ValueError(f"`smoothness` must be finite; got {order}. Pass an order such as 0.5.")
    require_finite(degrees, "degrees")
    if (degrees < 0).any():
        raise ValueError(
            f"`degrees` must be nonnegative; got {degrees.min()}. Degree 0 are the constants."
        )
    k = np.asarray(degrees, dtype=np.float64)
    return np.asarray((1 + np.sqrt(k * (k + input_dim - 2))) ** (2 * order))


def sobolev_norm(
    energies: Float[np.ndarray, "*batch l"], *, input_dim: int, smoothness: float
) -> float | Float[np.ndarray, "*batch"]:
    r"""Sobolev norm of a function on the sphere.

    .. math::
        \|v\|_s = \Big( \sum_k \big( 1 + \sqrt{k (k + d - 2)} \big)^{2s}\, e_k \Big)^{1/2},
        \qquad e_k = \sum_j v_{kj}^2

    Parameters
    ----------
    energies
        Sums of squared coefficients by degree 0, 1, ... along the last axis; any axes before it.
    input_dim
        The ambient dimension :math:`d` of the sphere :math:`S^{d-1}`, at least two.
    smoothness
        The order :math:`s`, of either sign; zero is the :math:`L^2` norm.

    Returns
    -------
    The norm, a number for a vector of energies and an array otherwise.

    Scale
    -----
    Coefficients in harmonics that are orthonormal under the uniform probability measure: the
    constant function 1 has norm one for every s.

    Raises
    ------
    TypeError
        If ``input_dim`` is not a whole number or ``smoothness`` no number.
    ValueError
        If there is no energy, one is negative or not finite, ``input_dim`` is less than 2, or
        ``smoothness`` is not finite.

    References
    ----------
    .. [1] K. Atkinson and W. Han, "Spherical Harmonics and Approximations on the Unit Sphere",
       Springer 2012, section 3.8.
    """
    check_energies(energies)
    degrees = np.arange(energies.shape[-1])
    weights = sobolev_weights(degrees, input_dim=input_dim, smoothness=smoothness)
    return np.sqrt(energies @ weights)


def interpolation_ratio(
    energies: Float[np.ndarray, "*batch l"],
    *,
    input_dim: int,
    low: float,
    middle: float,
    high: float,
) -> float | Float[np.ndarray, "*batch"]:
    r"""How much of the interpolation inequality between Sobolev norms a function uses up.

    .. math::
        \frac{\|v\|_s}{\|v\|_{r}^{1 - \vartheta}\, \|v\|_{u}^{\vartheta}} \le 1,
        \qquad s = (1 - \vartheta)\, r + \vartheta u, \qquad r \le s \le u

    Parameters
    ----------
    energies
        As for :func:`sobolev_norm`.
    input_dim
        The ambient dimension :math:`d` of the sphere :math:`S^{d-1}`, at least two.
    low, middle, high
        The orders :math:`r \le s \le u`, with :math:`r < u`.

    Returns
    -------
    The ratio, a number for a vector of energies and an array otherwise. It is one if and only
    if the energy lies in one degree, or the middle order is one of the others.

    Scale
    -----
    Free of the size of the function.

    Raises
    ------
    TypeError
        If ``input_dim`` is not a whole number or an order no number.
    ValueError
        If the orders are not in this order, the function vanishes, or an argument is out of the
        range that :func:`sobolev_norm` allows.

    Notes
    -----
    Hölder's inequality with exponents :math:`1/(1-\vartheta)` and :math:`1/\vartheta` for the sum
    over degrees, because the weights are powers of one number for each degree.

    References
    ----------
    .. [1] J. Bergh and J. Löfström, "Interpolation Spaces", Springer 1976, theorem 6.4.5.
    """
    if not (low <= middle <= high and low < high):
        raise ValueError(
            "`low`, `middle` and `high` must be in this order, and `low` below `high`; "
            f"got {low}, {middle} and {high}. Sort the orders."
        )
    share = (middle - low) / (high - low)
    below = sobolev_norm(energies, input_dim=input_dim, smoothness=low)
    inside = sobolev_norm(energies, input_dim=input_dim, smoothness=middle)
    above = sobolev_norm(energies, input_dim=input_dim, smoothness=high)
    if not np.all(above):
        raise ValueError(
            "`energies` must not all be zero; the zero function has no ratio. "
            "Leave it out, or compare the norms themselves."
        )
    return inside / (below ** (1 - share) * above**share)


def check_energies(energies: Float[np.ndarray, "..."]) -> None:
    r"""Raise an error unless there is an energy for each degree.

    .. math::
        e_k \ge 0, \qquad k = 0, \dots, K

    Parameters
    ----------
    energies
        Sums of squared coefficients by degree along the last axis.

    Raises
    ------
    ValueError
        If there is none, or one is negative or not finite.
    """
    if energies.ndim == 0 or energies.shape[-1] == 0:
        raise ValueError(
            "`energies` must have one number for each degree along the last axis; "
            f"got shape {energies.shape}. The first belongs to the constants."
        )
    require_finite(energies, "energies")
    if (energies < 0).any():
        index = [int(i) for i in np.argwhere(energies < 0)[0]]
        raise ValueError(
            f"`energies` must be nonnegative; got {energies[tuple(index)]} at index {index}. "
            "Pass sums of squared coefficients."
        )
