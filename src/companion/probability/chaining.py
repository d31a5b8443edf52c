"""Generic chaining: the functional gamma_2, and the uniform bound that it gives.

To bound a supremum over x, walk to x along its nearest points pi_s(x) in nets T_s of 2^(2^s)
points. A step on level s is short, g(x, T_s), and there are few of them, so it may cost the
factor 2^(s/2). The price of the best walk to the worst point is

    gamma_2 = inf over (T_s)  sup over x  sum over s of  2^(s/2) g(x, T_s).

The metric is g = max(r, sqrt(r)) of the distance r, because the fine steps are made not by the
process Z but by sqrt(1 + |Z|), whose increments are at most sqrt(|Z_x - Z_y|).
"""

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from companion.probability.arguments import require_positive, require_probability
from companion.probability.concentration import psi_1_deviation
from companion.probability.covering import covering_radii, mean_distances

# Steps from one net to the next: g(pi_s, pi_{s+1}) <= g(x, T_s) + g(x, T_{s+1}), summed.
_STEPS = 1 + 1 / math.sqrt(2)
# A rate of 6 log 2 per sample beats the 2^(3 * 2^s) pairs of a level twice over; see Notes of
# `uniform_bound`. 10**2 / (4 + 2 * 10) = 4.1667 > 4.1589 = 6 log 2.
_FINE_STEP = math.sqrt(10)


class Bounds(NamedTuple):
    r"""A lower and an upper bound on gamma_2.

    .. math::
        \text{lower} \le \gamma_2 \le \text{upper}

    Parameters
    ----------
    lower, upper
        The two bounds.

    Scale
    -----
    Of the functional with nets of ``2**(2**s)`` points from s = 0 on; see the module.

    References
    ----------
    .. [1] M. Talagrand, "The generic chaining", 2005, definition 1.2.5.
    """

    lower: float
    upper: float


def chaining_metric(distance: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    r"""The metric in which the fine steps of the chain are measured.

    .. math::
        g = \max(r, \sqrt r)

    Parameters
    ----------
    distance
        Distances r, not negative.

    Returns
    -------
    The metric, of the same shape.

    Scale
    -----
    Not homogeneous: the unit of length matters. It is the root below distance 1.

    Raises
    ------
    ValueError
        If a distance is negative or not a number.

    References
    ----------
    .. [1] L. Li, arXiv:1909.13671, equation (A.4).
    """
    if not (distance >= 0).all():
        raise ValueError(
            f"`distance` must not be negative; its smallest entry is {np.min(distance)}. "
            "Pass norms of differences."
        )
    return np.asarray(np.maximum(distance, np.sqrt(distance)))


def chaining_sum(distances: Float[np.ndarray, "*points s"]) -> Float[np.ndarray, "*points"]:
    r"""The price of a walk: distances from the nets, weighted by 2^(s/2) and summed.

    .. math::
        \sum_{s \ge 0} 2^{s/2} r_s

    Parameters
    ----------
    distances
        Distance from the net of level s in the last axis.

    Returns
    -------
    The sum over the last axis. With covering radii as distances it is Dudley's entropy sum.

    Scale
    -----
    Level s = 0 is the net of two points, as in Li's (A.7).

    Raises
    ------
    ValueError
        If there is no level.

    References
    ----------
    .. [1] M. Talagrand, "The generic chaining", 2005, definition 1.2.5.
    """
    levels = distances.shape[-1]
    if levels == 0:
        raise ValueError("`distances` must have at least one level; got none.")
    return np.asarray(distances @ 2.0 ** (np.arange(levels) / 2))


def gamma_2_bounds(input_dim: int, *, domain: str, metric: str) -> Bounds:
    r"""Two-sided bounds on gamma_2 of the unit ball or sphere.

    .. math::
        \sum_s 2^{s/2}\, \mathbb{E}\, g(x, T_s) \;\le\; \gamma_2
        \;\le\; \sum_s 2^{s/2} g(e_s)

    Parameters
    ----------
    input_dim
        The ambient dimension d.
    domain
        "ball" for the unit ball of R^d, "sphere" for the unit sphere S^(d-1) in it.
    metric
        "euclidean" for the distance, "chaining" for the metric of :func:`chaining_metric`.

    Returns
    -------
    The two bounds. Both grow like ``sqrt(d)``.

    Scale
    -----
    Radius 1. Nets start with two points (Li's (A.7)) and lie in the domain. In the Euclidean
    metric gamma_2 of a domain of radius r is r times this; in the chaining metric it is not.

    Raises
    ------
    ValueError
        If ``metric`` or ``domain`` is unknown, or ``input_dim`` is less than 1 (ball) or 2
        (sphere).

    Notes
    -----
    Above: covering radii by volume bound every term of the sum. Below: the supremum over x is
    at least the mean over a uniform x, and the mean can be taken term by term, with the bound of
    :func:`companion.probability.covering.mean_distances` for any choice of nets.

    References
    ----------
    .. [1] L. Li, arXiv:1909.13671, equation (A.7).
    """
    radii = covering_radii(input_dim, domain=domain)
    if metric == "euclidean":
        below = mean_distances(input_dim, domain=domain)
    elif metric == "chaining":
        radii = chaining_metric(radii)
        below = mean_distances(input_dim, domain=domain, power=0.5)
    else:
        raise ValueError(
            f"`metric` must be 'euclidean' or 'chaining'; got {metric!r}. Choose one."
        )
    return Bounds(lower=float(chaining_sum(below)), upper=float(chaining_sum(radii)))


def coarse_step(delta: float) -> float:
    r"""How far a step between coarse nets may go, in units of 2^(s/2) g / sqrt(n).

    .. math::
        \beta = L + \sqrt{L^2 + 4 L}, \qquad L = \log \frac{8 (2 + \delta)}{\delta}

    Parameters
    ----------
    delta
        The probability with which some step on some coarse level may be longer.

    Returns
    -------
    The multiple :math:`\beta`; it grows like ``2 log(1 / delta)``.

    Scale
    -----
    For increments of psi_1 norm at most the distance. Levels with ``2**s <= n`` are coarse.

    Raises
    ------
    ValueError
        If ``delta`` is not strictly between 0 and 1.

    Notes
    -----
    There are :math:`2^{3 \cdot 2^s}` pairs on level s, and :math:`2^s \le n` makes the exponent
    of Bernstein's inequality at least :math:`2^s \beta^2 / (4 + 2 \beta)`. The failure
    probabilities therefore sum to at most :math:`2 \sum_s q^{2^s} \le 2 q / (1 - q)` with
    :math:`q = 8 e^{-\beta^2 / (4 + 2 \beta)}`, and the multiple above makes that equal to delta.

    References
    ----------
    .. [1] L. Li, arXiv:1909.13671, equation (A.9), with the constants filled in.
    """
    require_probability(delta)
    return psi_1_deviation(math.log(8 * (2 + delta) / delta), psi_1=1.0)


def uniform_bound(
    gamma_2: float,
    num_samples: int,
    delta: float,
    *,
    increment_psi_1: float,
    point_psi_1: float,
) -> float:
    r"""Bound on the supremum of a mean of independent processes with psi_1 increments.

    .. math::
        \sup_{x \in T} |Z_x| \le K \big(A + 2 B \sqrt{1 + A} + B^2\big), \qquad
        A = \frac{(1 + 2^{-1/2}) \beta\, \gamma_2}{\sqrt n} + \frac{\kappa}{K} (a + \sqrt{a^2
        + 4 a}), \quad B = \frac{(1 + 2^{-1/2}) \sqrt{10}\, \gamma_2}{\sqrt n}

    with probability at least :math:`1 - \delta`, where :math:`Z_x = \frac1n \sum_i Y_x^i`,
    :math:`\beta` is :func:`coarse_step` and :math:`a = \log(4 / \delta') / n`, both at the
    failure probability :math:`\delta' = (\delta - 2^{-3n-1}) / 2`.

    Parameters
    ----------
    gamma_2
        An upper bound on gamma_2 of the index set in the metric of :func:`chaining_metric`.
    num_samples
        The number n of independent copies of the process.
    delta
        The failure probability.
    increment_psi_1
        A constant K with :math:`\|Y_x - Y_y\|_{\psi_1} \le K |x - y|`.
    point_psi_1
        A bound :math:`\kappa` on the psi_1 norm of the process at single points.

    Returns
    -------
    The bound on the supremum over any countable set of indices.

    Scale
    -----
    For small delta and large n it is :math:`K (1 + 2^{-1/2}) (2 \log(1/\delta) + 2 \sqrt{10})
    \gamma_2 / \sqrt n` to leading order.

    Raises
    ------
    ValueError
        If an argument is not positive and finite, or ``delta`` is not between ``2**(-3n-1)``
        and 1.

    Notes
    -----
    Between coarse nets (2^s <= n) Z itself makes the steps, at most :math:`\beta 2^{s/2} g /
    \sqrt n`. Between fine nets :math:`W = \sqrt{1 + |Z|/K}` makes them, at most :math:`\sqrt{10}
    \, 2^{s/2} g / \sqrt n`: by Bernstein's inequality a longer step has probability at most
    :math:`2 (|T_s| |T_{s+1}|)^{-2}`, and all levels together :math:`2^{-3n-1}`. Squaring
    :math:`\sup W \le \sqrt{1 + A} + B` gives the bound.

    References
    ----------
    .. [1] L. Li, arXiv:1909.13671, appendix A, with psi_1 increments in place of second
       moments, and explicit constants.
    .. [2] B. Klartag and S. Mendelson, "Empirical processes and random projections", 2005,
       proposition 2.2.
    """
    require_positive(
        gamma_2=gamma_2,
        num_samples=num_samples,
        increment_psi_1=increment_psi_1,
        point_psi_1=point_psi_1,
    )
    require_probability(delta)
    share = (delta - 2.0 ** -(3 * num_samples + 1)) / 2
    if share <= 0:
        raise ValueError(
            f"`delta` must exceed 2**-(3n + 1) = {2.0 ** -(3 * num_samples + 1):.3g} for n = "
            f"{num_samples} samples; got {delta}. Take more samples or a larger `delta`."
        )
    walk = _STEPS * gamma_2 / math.sqrt(num_samples)
    start = psi_1_deviation(math.log(4 / share) / num_samples, psi_1=point_psi_1)
    coarse = coarse_step(share) * walk + start / increment_psi_1
    fine = _FINE_STEP * walk
    return increment_psi_1 * (coarse + 2 * fine * math.sqrt(1 + coarse) + fine**2)
