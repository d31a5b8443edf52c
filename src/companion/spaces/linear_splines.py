r"""Continuous piecewise linear functions on [-1, 1]: best approximations with given kinks.

All integrals are taken in the variable z with x = z|z|, in which both the cusp
:math:`\sqrt{|x|} = |z|` and the smooth targets are smooth away from the origin.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from scipy.interpolate import make_lsq_spline
from scipy.special import roots_legendre

from companion.numerics.finite import require_finite

_NUM_NODES = 8  # per interval: exact for polynomials of degree 15 in z
_NUM_CELLS = 200_000  # for the running integral of a density

Function = Callable[[Float[np.ndarray, " n"]], Float[np.ndarray, " n"]]


def uniform_knots(num_knots: int) -> Float[np.ndarray, " k"]:
    r"""Equally spaced interior points of [-1, 1].

    .. math::
        \xi_j = -1 + \frac{2 j}{k + 1}, \qquad j = 1, \dots, k

    Parameters
    ----------
    num_knots
        The number k of kinks.

    Returns
    -------
    The kinks, increasing.

    Scale
    -----
    The interval has length 2.

    Raises
    ------
    ValueError
        If ``num_knots`` is negative.

    References
    ----------
    C. de Boor, "A Practical Guide to Splines", revised edition, Springer 2001, chapter XII.
    """
    if num_knots < 0:
        raise ValueError(f"`num_knots` must not be negative; got {num_knots}.")
    return np.linspace(-1, 1, num_knots + 2)[1:-1]


def equidistributed_knots(curvature: Function, num_knots: int) -> Float[np.ndarray, " k"]:
    r"""Kinks that are asymptotically the best for a target, crowded where it bends.

    .. math::
        \int_{-1}^{\xi_j} |f''|^{2/5} = \frac{j}{k + 1} \int_{-1}^1 |f''|^{2/5}

    Parameters
    ----------
    curvature
        The second derivative of the target; it is never asked for at the origin, where it may be
        infinite as long as the integral is finite.
    num_knots
        The number k of kinks.

    Returns
    -------
    The kinks, increasing.

    Scale
    -----
    The error of the best spline with them, times :math:`k^2`, tends to
    :math:`720^{-1/2} (\int |f''|^{2/5})^{5/2}`, the least possible limit.

    Raises
    ------
    ValueError
        If ``num_knots`` is negative, or the second derivative is not finite or zero throughout.

    References
    ----------
    C. de Boor, "A Practical Guide to Splines", revised edition, Springer 2001, chapter XII.
    """
    if num_knots < 0:
        raise ValueError(f"`num_knots` must not be negative; got {num_knots}.")
    ends = np.linspace(-1, 1, _NUM_CELLS + 1)
    z = (ends[1:] + ends[:-1]) / 2
    density = np.abs(curvature(z * np.abs(z))) ** 0.4 * 2 * np.abs(z)
    require_finite(density, "curvature")
    running = np.concatenate([[0.0], np.cumsum(density)])
    if not running[-1] > 0:
        raise ValueError(
            "`curvature` must not vanish throughout; a linear function needs no kinks."
        )
    shares = np.arange(1, num_knots + 1) / (num_knots + 1) * running[-1]
    place = np.interp(shares, running, ends)
    return place * np.abs(place)


def linear_spline_error(target: Function, knots: Float[np.ndarray, " k"]) -> float:
    r"""Distance of a target from all continuous piecewise linear functions with given kinks.

    .. math::
        \min_s \Big( \int_{-1}^1 |f(x) - s(x)|^2\, dx \Big)^{1/2}

    Parameters
    ----------
    target
        The function f; between kinks, and on either side of the origin, smooth in
        :math:`\sqrt{|x|}`.
    knots
        The kinks, increasing, inside of (-1, 1).

    Returns
    -------
    The distance.

    Scale
    -----
    Lebesgue measure on [-1, 1], whose length is 2. There are k + 2 coefficients.

    Raises
    ------
    ValueError
        If the kinks do not increase inside of (-1, 1), or a value of the target is not finite.

    References
    ----------
    C. de Boor, "A Practical Guide to Splines", revised edition, Springer 2001, chapter XIV.
    """
    breaks = np.concatenate([[-1.0], knots, [1.0]])
    if not (np.diff(breaks) > 0).all():
        index = int(np.argmin(np.diff(breaks) > 0))
        raise ValueError(
            f"`knots` must increase inside of (-1, 1); got {breaks[index]} before "
            f"{breaks[index + 1]}. Sort them and leave out the ends."
        )
    x, weights = _rule(breaks)
    values = target(x)
    require_finite(values, "target")
    padded = np.concatenate([[-1.0], breaks, [1.0]])
    spline = make_lsq_spline(x, values, padded, k=1, w=np.sqrt(weights))
    return float(np.sqrt(weights @ (values - spline(x)) ** 2))


def _rule(
    breaks: Float[np.ndarray, " k2"],
) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    # The origin is a break, too: there the targets are smooth in z on either side only.
    z = np.unique(np.concatenate([np.sign(breaks) * np.sqrt(np.abs(breaks)), [0.0]]))
    nodes, weights = roots_legendre(_NUM_NODES)
    half = np.diff(z)[:, None] / 2
    at = (z[:-1, None] + half + half * nodes).ravel()
    return at * np.abs(at), (half * weights).ravel() * 2 * np.abs(at)
