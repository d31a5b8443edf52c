r"""Targets on [-1, 1] of three degrees of smoothness, and how errors on a uniform grid are summed.

The targets are those of the one-dimensional companion paper: a Gaussian bump, a cusp that is
barely in :math:`H^{1-}`, and a step that is barely in :math:`H^{1/2-}`.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from companion.numerics.arguments import positive_number
from companion.numerics.finite import require_finite


class GridNorms(NamedTuple):
    r"""Norms of a function known on a uniform grid.

    .. math::
        \|v\|_{L^1}, \qquad \|v\|_{L^2}, \qquad \|v\|_{L^2} + \|v'\|_{L^2}

    Parameters
    ----------
    l1, l2, h1
        The three norms, one number for each function.

    Scale
    -----
    Lebesgue measure on [-1, 1], whose length is 2; the third norm is a sum, not the root of a sum
    of squares.

    References
    ----------
    R. Gentile and G. Welper, arXiv:2209.08399, the published code of its experiments.
    """

    l1: Float[np.ndarray, "..."]
    l2: Float[np.ndarray, "..."]
    h1: Float[np.ndarray, "..."]


def gaussian_bump(
    x: Float[np.ndarray, " n"], *, gain: float = 0.5, spread: float = 0.2
) -> Float[np.ndarray, " n"]:
    r"""The smooth target.

    .. math::
        f(x) = \frac{g}{s \sqrt{2 \pi}}\, e^{-x^2 / (2 s^2)}

    Parameters
    ----------
    x
        Points.
    gain, spread
        The mass g on the whole line and the standard deviation s.

    Returns
    -------
    The values.

    Scale
    -----
    The peak is 0.997 for the defaults.

    Raises
    ------
    TypeError
        If ``gain`` or ``spread`` is no number.
    ValueError
        If one of them is not positive and finite.

    References
    ----------
    R. Gentile and G. Welper, arXiv:2209.08399, section on numerical experiments.
    """
    gain = positive_number("gain", gain, remedy="Pass the mass of the bump.")
    spread = positive_number("spread", spread, remedy="Pass its standard deviation.")
    return gain / (spread * np.sqrt(2 * np.pi)) * np.exp(-(x**2) / (2 * spread**2))


def cusp(x: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    r"""The target with an infinite slope at the origin.

    .. math::
        f(x) = 1 - \sqrt{|x|}

    Parameters
    ----------
    x
        Points.

    Returns
    -------
    The values.

    Scale
    -----
    One at the origin, zero at both ends.

    References
    ----------
    R. Gentile and G. Welper, arXiv:2209.08399, section on numerical experiments.
    """
    return 1 - np.sqrt(np.abs(x))


def step(x: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    r"""The target with a jump at the origin.

    .. math::
        f(x) = 1 \;\text{ for } x > 0, \qquad f(x) = 0 \;\text{ for } x \le 0

    Parameters
    ----------
    x
        Points.

    Returns
    -------
    The values.

    Scale
    -----
    The jump is one.

    References
    ----------
    R. Gentile and G. Welper, arXiv:2209.08399, section on numerical experiments.
    """
    return (x > 0).astype(np.float64)


def uniform_grid(num_points: int) -> Float[np.ndarray, " n"]:
    r"""Equally spaced points of [-1, 1], both ends among them.

    .. math::
        x_i = -1 + \frac{2 i}{n - 1}, \qquad i = 0, \dots, n - 1

    Parameters
    ----------
    num_points
        The number n of points.

    Returns
    -------
    The points, increasing.

    Scale
    -----
    The interval has length 2.

    Raises
    ------
    ValueError
        If there are fewer than two points.

    References
    ----------
    R. Gentile and G. Welper, arXiv:2209.08399, the published code of its experiments.
    """
    if num_points < 2:
        raise ValueError(f"`num_points` must be at least 2, for the two ends; got {num_points}.")
    return np.linspace(-1, 1, num_points)


def grid_norms(values: Float[np.ndarray, "... n"]) -> GridNorms:
    r"""Norms of functions on [-1, 1] from their values on a uniform grid.

    .. math::
        \|v\|_{L^p}^p \approx \frac2n \sum_{i} |v_i|^p, \qquad
        \|v'\|_{L^2}^2 \approx \frac n2 \sum_i (v_{i+1} - v_i)^2

    Parameters
    ----------
    values
        Values on :func:`uniform_grid`, one function in each row.

    Returns
    -------
    The norms of every row.

    Scale
    -----
    The published rule: every point has the weight 2/n, the ends too, and a difference is divided
    by 2/n, although the spacing is 2/(n - 1). Both are off by a share of order 1/n. For a
    function with a jump the last sum grows like n: the norm is infinite, and the number says how
    fine the grid is.

    Raises
    ------
    ValueError
        If a row has fewer than two entries or one is not finite.

    References
    ----------
    R. Gentile and G. Welper, arXiv:2209.08399, the published code of its experiments.
    """
    if values.ndim < 1 or values.shape[-1] < 2:
        raise ValueError(
            "`values` must have at least two entries in each row, one for each point of the "
            f"grid; got shape {values.shape}."
        )
    require_finite(values, "values")
    weight = 2 / values.shape[-1]
    l1 = np.abs(values).sum(axis=-1) * weight
    l2 = np.sqrt((values**2).sum(axis=-1) * weight)
    seminorm = np.sqrt((np.diff(values, axis=-1) ** 2).sum(axis=-1) / weight)
    return GridNorms(np.asarray(l1), np.asarray(l2), np.asarray(l2 + seminorm))
