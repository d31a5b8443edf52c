r"""Power series with nonnegative coefficients, kept as logarithms.

Sums of positive terms lose no digits, so products and compositions of such series are known to
relative accuracy in every coefficient, however small. A coefficient that vanishes has the
logarithm minus infinity.
"""

import math

import numpy as np
from jaxtyping import Float
from scipy.optimize import brentq
from scipy.special import logsumexp


class UnresolvedSeries(ArithmeticError):
    r"""A composition needs more terms of the outer series than there are.

    .. math::
        [t^N] \sum_{m \ge M} a_m g(t)^m > 10^{-16}\, [t^N] \sum_{m < M} a_m g(t)^m
    """


def log_product(
    first: Float[np.ndarray, " k"], second: Float[np.ndarray, " k"]
) -> Float[np.ndarray, " k"]:
    r"""Coefficients of a product, as many as the factors have.

    .. math::
        c_n = \sum_{i + j = n} a_i\, b_j

    Parameters
    ----------
    first, second
        Logarithms of the coefficients, equally many.

    Returns
    -------
    Logarithms of the coefficients of the product.

    Scale
    -----
    Natural logarithms.

    References
    ----------
    .. [1] P. Henrici, "Applied and Computational Complex Analysis", volume 1, Wiley 1974,
       section 1.2.
    """
    rate = max(_rate(first), _rate(second))
    rate = rate if math.isfinite(rate) else 0.0
    n = np.arange(first.size)
    a, top_a = _scaled(first, rate)
    b, top_b = _scaled(second, rate)
    return _log(_truncated(a, b)) + top_a + top_b + rate * n


def log_composition(
    outer: Float[np.ndarray, " m"], inner: Float[np.ndarray, " k"]
) -> Float[np.ndarray, " k"]:
    r"""Coefficients of one series put into another, as many as the inner one has.

    .. math::
        c_n = [t^n] \sum_m a_m\, g(t)^m, \qquad g(t) = \sum_n g_n t^n

    Parameters
    ----------
    outer, inner
        Logarithms of the coefficients :math:`a_m` and of those of g, with :math:`g(1) \le 1`.

    Returns
    -------
    Logarithms of the coefficients of the composition.

    Scale
    -----
    Natural logarithms.

    Raises
    ------
    UnresolvedSeries
        If terms that the outer series leaves out could matter in the last coefficients.

    Notes
    -----
    Both series are first stretched by geometric factors, so that no power of g leaves the range
    of double precision. Powers are formed in blocks (Paterson and Stockmeyer), with about twice
    the root of the number of terms in products. What is left out is bounded by
    :math:`[t^n]\, g^m \le g(x)^m x^{-n}`, if the :math:`a_m` fall from the last one on.

    References
    ----------
    .. [1] P. Henrici, "Applied and Computational Complex Analysis", volume 1, Wiley 1974,
       section 1.7.
    """
    if np.isneginf(inner[1:]).all():
        constant = logsumexp(outer + np.arange(outer.size) * _finite(inner[0]))
        return np.concatenate([[constant], np.full(inner.size - 1, -np.inf)])
    outer_rate = _rate(outer)
    outer_rate = outer_rate if math.isfinite(outer_rate) else 0.0
    log_s = _largest_argument(inner, -outer_rate)
    g, top = _scaled(inner, -log_s)
    g *= math.exp(top + outer_rate)
    f, top = _scaled(outer, outer_rate)
    log_c = _log(_in_blocks(f, g)) + top - log_s * np.arange(inner.size)
    missing = _left_out(outer, inner)
    share = missing - log_c[-2:].max() if missing > -math.inf else -math.inf
    if share > math.log(1e-16):
        raise UnresolvedSeries(
            f"`outer` must have more than {outer.size} terms; got up to "
            f"{math.exp(min(0.0, share)):.1e} of the last coefficients from the others. "
            "Take more terms."
        )
    return log_c


def _left_out(outer: Float[np.ndarray, " m"], inner: Float[np.ndarray, " k"]) -> float:
    x = np.exp(-np.geomspace(1e-4, 4, 60))
    n = np.arange(inner.size)
    log_g = np.minimum(logsumexp(inner + np.multiply.outer(np.log(x), n), axis=1), 0.0)
    # A geometric sum over m, or at g(x) near one as many terms as there were before.
    terms = -np.log(np.maximum(-np.expm1(log_g), 1 / outer.size))
    bounds = outer.size * log_g - (inner.size - 1) * np.log(x) + terms
    return float(outer[-2:].max() + min(bounds.min(), math.log(outer.size)))


def _rate(logs: Float[np.ndarray, " k"]) -> float:
    # Slope of the logarithms at the far end. Two at a time: every other one may vanish.
    pairs = np.maximum(logs[:-1], logs[1:])
    there = np.flatnonzero(np.isfinite(pairs))
    if there.size < 2 or there[-1] < logs.size // 2:
        return -math.inf  # a polynomial
    last = there[-1]
    middle = there[np.searchsorted(there, (there[0] + last) // 2)]
    return float((pairs[last] - pairs[middle]) / max(last - middle, 1))


def _largest_argument(inner: Float[np.ndarray, " k"], log_bound: float) -> float:
    # The logarithm of the largest s within the reach of g with log g(s) at most the bound.
    n = np.arange(inner.size)

    def excess(log_s: float) -> float:
        return float(logsumexp(inner + n * log_s)) - log_bound

    low, high = -1.0, min(-_rate(inner), 1.0)
    while excess(high) <= 0 and high < -_rate(inner):
        high = min(2 * high + 1, -_rate(inner), 300.0)
        if high == 300.0:
            return high
    if excess(high) <= 0:
        return high
    while excess(low) > 0 and low > -64:
        low *= 2
    return float(brentq(excess, low, high)) if excess(low) <= 0 else high


def _scaled(logs: Float[np.ndarray, " k"], rate: float) -> tuple[Float[np.ndarray, " k"], float]:
    stretched = logs - rate * np.arange(logs.size)
    top = float(stretched.max())
    if top == -math.inf:
        return np.zeros_like(logs), 0.0
    return np.exp(stretched - top), top


def _in_blocks(f: Float[np.ndarray, " m"], g: Float[np.ndarray, " k"]) -> Float[np.ndarray, " k"]:
    size = math.isqrt(f.size - 1) + 1
    powers = [np.eye(1, g.size)[0]]
    for _ in range(size):
        powers.append(_truncated(powers[-1], g))
    rows = np.zeros((size, size))
    rows.ravel()[: f.size] = f
    blocks = rows @ np.stack(powers[:size])
    total = blocks[-1]
    for block in blocks[-2::-1]:
        total = _truncated(total, powers[size]) + block
    return total


def _truncated(a: Float[np.ndarray, " k"], b: Float[np.ndarray, " k"]) -> Float[np.ndarray, " k"]:
    return np.convolve(a, b)[: a.size]


def _log(values: Float[np.ndarray, " k"]) -> Float[np.ndarray, " k"]:
    with np.errstate(divide="ignore"):
        return np.log(values)


def _finite(value: float) -> float:
    # 0 times minus infinity is no number; the power 0 of zero is one.
    return value if math.isfinite(value) else -1e300
