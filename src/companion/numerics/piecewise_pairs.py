r"""Means over a pair of Gaussians of functions that are analytic between given levels.

A kink or jump of :math:`\sigma` at k is a line u = k in the plane of the pair, and another
v = k. Between the lines everything is analytic, so Gauss-Legendre rules on the pieces converge
geometrically, at every angle, while a rule that does not know the lines gains a digit for three
times the nodes at best.
"""

import math
from collections.abc import Callable

import numpy as np
from jaxtyping import Float

_HALF_WIDTH = 9.5  # the normal density is below 1e-20 outside
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)
_PANELS = (1, 2, 3, 4, 6, 9)  # of these nodes on each piece, tried in turn
_ACCURACY = 1e-14  # change from one size to the next, relative to the mean of the modulus


class UnresolvedMean(ArithmeticError):
    r"""The mean still changes at the largest number of panels tried.

    .. math::
        |m_9 - m_6| > 10^{-14}\, \mathbb{E} |f(u, v)|, \qquad p \text{ panels a piece}
    """


def piecewise_pair_mean(
    function: Callable[[np.ndarray, np.ndarray], np.ndarray],
    *,
    breaks: tuple[float, ...],
    deviations: tuple[float, float],
    angle: float,
    noise: float = 0.0,
) -> float:
    r"""Mean of a function of two Gaussians, analytic off the lines u = k and v = k.

    .. math::
        \mathbb{E} f(u, v), \qquad
        (u, v) \sim N\left(0, \begin{pmatrix} r^2 & r s \cos\theta \\
        r s \cos\theta & s^2 \end{pmatrix}\right)

    Parameters
    ----------
    function
        Takes two arrays of one shape and returns the values.
    breaks
        The levels k at which the function may have a kink or a jump in either variable.
    deviations
        The standard deviations r and s.
    angle
        The angle :math:`\theta` between 0 and pi; its cosine is the correlation.
    noise
        What the rounding of the values makes uncertain in the mean anyway, where they are
        differences of larger numbers.

    Returns
    -------
    The mean.

    Scale
    -----
    Plain expectation.

    Raises
    ------
    ValueError
        If a deviation is negative or not finite, the angle is outside [0, pi], or the function
        is not finite at a node.
    UnresolvedMean
        If the mean has not settled to 1e-14 of the mean of the modulus, or to the noise, with
        nine panels a piece.

    Notes
    -----
    In the axes that bisect the pair, :math:`u = r (a x + b y)` and :math:`v = \pm s (a x - b y)`
    with :math:`a \ge b \ge 0`. For fixed y the lines cut the x axis into pieces whose ends move
    linearly in y, so the inner integral is analytic in y between the points where two ends
    meet. Nothing degenerates for small angles, where b is small.

    References
    ----------
    .. [1] L. N. Trefethen, "Approximation Theory and Approximation Practice", SIAM 2013,
       chapter 19 (geometric convergence of Gauss quadrature).
    """
    first, second = deviations
    if not (0 <= first < math.inf and 0 <= second < math.inf):
        raise ValueError(f"`deviations` must be finite and at least 0; got {deviations}.")
    if not 0 <= angle <= math.pi:
        raise ValueError(f"`angle` must lie between 0 and pi; got {angle}. Use radians.")
    previous = math.nan
    for num_panels in _PANELS:
        mean, modulus = _product_rule(function, breaks, deviations, angle, num_panels)
        change = abs(mean - previous)
        if change <= _ACCURACY * modulus + noise:
            return mean
        previous = mean
    raise UnresolvedMean(
        "`function` must be analytic between `breaks`, and not too steep; got a change of "
        f"{change / modulus:.1e} at {num_panels} panels a piece. Name every kink and jump, or "
        "take smaller deviations."
    )


def _product_rule(
    function: Callable[[np.ndarray, np.ndarray], np.ndarray],
    breaks: tuple[float, ...],
    deviations: tuple[float, float],
    angle: float,
    num_panels: int,
) -> tuple[float, float]:
    first, second = deviations
    a, b, sign = math.cos(angle / 2), math.sin(angle / 2), 1.0
    if a < b:  # bisect the other angle of the two lines
        a, b, sign = b, a, -1.0
    cuts_u = [level / first for level in breaks if first > 0]
    cuts_v = [sign * level / second for level in breaks if second > 0]
    # Two ends meet where u and v are at their levels together; nearly never far outside.
    meetings = {
        (u - v) / (2 * b) for u in cuts_u for v in cuts_v if abs(u - v) < 2 * b * _HALF_WIDTH
    }
    y, outer = (one[0] for one in _pieces(np.array([[*meetings]]), num_panels))
    ends = [(cut - b * y) / a for cut in cuts_u] + [(cut + b * y) / a for cut in cuts_v]
    x, inner = _pieces(np.array(ends).T.reshape(y.size, len(ends)), num_panels)
    u, v = first * (a * x + b * y[:, None]), sign * second * (a * x - b * y[:, None])
    values = np.asarray(function(u, v))
    if not np.isfinite(values).all():
        index = tuple(np.argwhere(~np.isfinite(values))[0])
        raise ValueError(
            f"`function` must be finite; got {values[index]} at u = {u[index]:.6g}, "
            f"v = {v[index]:.6g}."
        )
    weights = outer[:, None] * inner
    return float((weights * values).sum()), float((weights * np.abs(values)).sum())


def _pieces(
    cuts: Float[np.ndarray, "y c"], num_panels: int
) -> tuple[Float[np.ndarray, "y x"], Float[np.ndarray, "y x"]]:
    inside = np.clip(np.sort(cuts, axis=1), -_HALF_WIDTH, _HALF_WIDTH)
    edge = np.full((len(cuts), 1), _HALF_WIDTH)
    ends = np.concatenate([-edge, inside, edge], axis=1)
    half = np.diff(ends, axis=1)[:, :, None, None] / (2 * num_panels)
    middle = ends[:, :-1, None, None] + half * (2 * np.arange(num_panels)[:, None] + 1)
    points = middle + half * _NODES
    density = np.exp(-(points**2) / 2) / math.sqrt(2 * math.pi)
    return points.reshape(len(cuts), -1), (half * _WEIGHTS * density).reshape(len(cuts), -1)
