r"""The first time at which one of many polynomials becomes negative.

In the basis of Bernstein,

.. math::
    p(\tau) = \sum_{i=0}^{l} \beta_i \binom{l}{i} \tau^i (1 - \tau)^{l-i}, \qquad
    \tau \in [0, 1],

a polynomial lies between its smallest and its largest coefficient and has at most as many roots
as its coefficients change their sign, so that the absence of a root can be proved and no root is
overlooked.
"""

from functools import cache
from math import comb

import numpy as np
from jaxtyping import Float
from scipy.optimize import brentq

Plain = np.ndarray  # in private helpers: shapes are checked where they enter

ROUNDINGS = 10 * np.finfo(float).eps  # of the coefficients of a polynomial, in its values
RESOLUTION = 1e-13  # below this length of an interval the question is settled by rounding


def first_negative(polynomials: Float[np.ndarray, "k l"]) -> tuple[float, int] | None:
    r"""Time at which the first of several polynomials becomes negative, and which one it is.

    .. math::
        \min \{\tau \in [0, 1] : p_k(\tau^+) < 0 \text{ for some } k\}, \qquad
        p_k(\tau) = \sum_l c_{kl}\, \tau^l

    Parameters
    ----------
    polynomials
        Coefficients of the powers 0, 1, 2, ... as rows.

    Returns
    -------
    The time and the index of the row, or None if no polynomial becomes negative in ``[0, 1]``.
    Time 0 if one is negative there already.

    Scale
    -----
    Coefficients may have any scale. A polynomial that is negative by less than its rounding, some
    ten roundings of the sum of its coefficients, is not reported.

    Notes
    -----
    Intervals are halved until every polynomial that may become negative in one changes its sign
    there exactly once; such a root is then enclosed.

    References
    ----------
    G. Farin, "Curves and Surfaces for CAGD", fifth edition, 2002, chapters 5 and 6 (convex hull,
    variation diminishing property, subdivision).
    """
    rows = np.flatnonzero(polynomials.min(axis=1) < 0)
    if not len(rows):
        return None
    to_bernstein, *halves = _matrices(polynomials.shape[1])
    # What is negative by rounding only is not: it would be looked for in every part.
    rounding = ROUNDINGS * np.abs(polynomials[rows]).sum(axis=1)
    bernstein = polynomials[rows] @ to_bernstein + rounding[:, None]
    return _search(polynomials, rows, bernstein, halves, 0.0, 1.0)


def _search(
    polynomials: Plain, rows: Plain, bernstein: Plain, halves: list[Plain], low: float, high: float
) -> tuple[float, int] | None:
    negative = bernstein < 0
    if negative[:, 0].any():
        return low, int(rows[np.argmax(negative[:, 0])])
    possible = negative.any(axis=1)
    if not possible.any():
        return None
    rows, bernstein, negative = rows[possible], bernstein[possible], negative[possible]
    changes = (negative[:, 1:] != negative[:, :-1]).sum(axis=1)
    if (changes == 1).all():
        return min((_root(polynomials[row], low, high), int(row)) for row in rows)
    middle = (low + high) / 2
    if high - low < RESOLUTION:
        return high, int(rows[np.argmin(bernstein.min(axis=1))])
    for half, ends in zip(halves, ((low, middle), (middle, high)), strict=True):
        found = _search(polynomials, rows, bernstein @ half, halves, *ends)
        if found:
            return found
    return None


def _root(polynomial: Plain, low: float, high: float) -> float:
    falling = polynomial[::-1].tolist()

    def value(time: float) -> float:
        total = 0.0
        for coefficient in falling:
            total = total * time + coefficient
        return total

    # The two bases round differently, so that a root at an end may lie just outside.
    if value(low) <= 0:
        return low
    if value(high) >= 0:
        return high
    return float(brentq(value, low, high, xtol=1e-300, rtol=4 * np.finfo(float).eps))


@cache
def _matrices(size: int) -> tuple[Plain, Plain, Plain]:
    # Rows are polynomials, so that the matrices act from the right.
    degree = size - 1
    to_bernstein = np.zeros((size, size))
    first_half = np.zeros((size, size))
    for i in range(size):
        for k in range(i + 1):
            to_bernstein[k, i] = comb(i, k) / comb(degree, k)
            first_half[k, i] = comb(i, k) / 2**i  # de Casteljau at one half
    return to_bernstein, first_half, first_half[::-1, ::-1].copy()
