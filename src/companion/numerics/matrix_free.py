"""Extreme eigenvalues of an operator that is known by its products alone."""

import math
from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from scipy.optimize import brentq

from companion.numerics.eigenpair import Eigenpair
from companion.numerics.lanczos import KrylovSpace

_EVERY = 10  # products between two looks at the intervals


def extreme_eigenpairs(
    product: Callable[[Float[np.ndarray, " n"]], Float[np.ndarray, " n"]],
    size: int,
    *,
    seed: int,
    max_products: int,
    until: Callable[[Eigenpair, Eigenpair], bool],
    failure_probability: float = 1e-9,
) -> tuple[Eigenpair, Eigenpair]:
    r"""Smallest and largest eigenvalue of a symmetric operator, each with an interval.

    .. math::
        t_- \le \lambda_{\min} \le \theta_1, \quad \theta_k \le \lambda_{\max} \le t_+, \qquad
        |p_k(t_\pm)| = \frac1\delta, \quad p_k(A)\, b = q_{k+1},

    where :math:`\theta_1, \dots, \theta_k` are the Ritz values of a random start b and
    :math:`p_k` is the Lanczos polynomial, that which makes the next basis vector.

    Parameters
    ----------
    product
        The operator: a vector to a vector.
    size
        Length of the vectors.
    seed
        Seed of the start vector.
    max_products
        How many products may be taken.
    until
        Stops when it is true of the smallest and the largest pair.
    failure_probability
        Of each outer end, over the choice of the start vector.

    Returns
    -------
    The two pairs. The inner end of each interval, which is its value, always holds; the outer end
    holds but for the probability given. Rounding of the products is not part of the intervals.

    Scale
    -----
    In units of the operator.

    Raises
    ------
    ValueError
        If ``size`` or ``max_products`` is not positive, or the probability is not between 0 and 1.

    Notes
    -----
    Why the outer ends hold: :math:`q_{k+1}` has norm 1, so its component along the eigenvector
    of :math:`\lambda_{\max}`, which is :math:`p_k(\lambda_{\max})` times that of b, is at most 1.
    A uniformly random unit vector has a component below :math:`\delta` with probability at most
    :math:`\delta \sqrt{2 n / \pi}`, and beyond its zeros, the Ritz values, the polynomial is
    monotone. No number of products gives an outer end for certain: b may be orthogonal to the
    eigenvector. For the smallest eigenvalue of an ill-conditioned operator the outer end stays
    far below, often below zero, for as many products as the root of the condition number.

    References
    ----------
    J. van Dorsselaer, M. Hochstenbach and H. van der Vorst, "Computing probabilistic bounds for
    extreme eigenvalues of symmetric matrices with the Lanczos method", SIAM J. Matrix Anal.
    Appl. 22 (2001), section 3.
    """
    for name, count in (("size", size), ("max_products", max_products)):
        if count < 1:
            raise ValueError(f"`{name}` must be positive; got {count}.")
    if not 0 < failure_probability < 1:
        raise ValueError(
            f"`failure_probability` must lie between 0 and 1; got {failure_probability}."
        )
    start = np.random.default_rng(seed).standard_normal(size)
    space = KrylovSpace(product, start, max_dim=max_products)
    log_growth = math.log(math.sqrt(2 * size / math.pi) / failure_probability)
    while True:
        space.extend()
        if space.exhausted or space.dim % _EVERY == 0:
            pairs = _pairs(space, log_growth)
            if space.exhausted or until(*pairs):
                return pairs


def _pairs(space: KrylovSpace, log_growth: float) -> tuple[Eigenpair, Eigenpair]:
    values, _ = space.ritz_values()
    low, high = float(values[0]), float(values[-1])
    outer_low, outer_high = low, high
    if not space.invariant:  # an invariant space of a random vector holds every eigenvalue
        turned = [-middle for middle in space.alpha]
        outer_low = -_growth_point(turned, space.beta, -low, log_growth)
        outer_high = _growth_point(space.alpha, space.beta, high, log_growth)
    return (
        Eigenpair(low, min(outer_low, low), low, space.ritz_vector(0)),
        Eigenpair(high, high, max(outer_high, high), space.ritz_vector(-1)),
    )


def _growth_point(
    alpha: list[float], beta: list[float], largest: float, log_growth: float
) -> float:
    # Where the Lanczos polynomial reaches exp(log_growth), beyond its largest zero.
    def excess(t: float) -> float:
        logarithm, below = 0.0, 0.0
        for middle, beside in zip(alpha, beta, strict=True):
            ratio = (t - middle - below) / beside
            if ratio <= 0:  # at a zero, to rounding
                return -log_growth
            logarithm += math.log(ratio)
            below = beside / ratio
        return max(logarithm - log_growth, -log_growth)

    if excess(largest) >= 0:
        return largest
    step = max(map(abs, alpha)) + max(beta)
    while excess(largest + step) < 0:
        step *= 2
    return float(brentq(excess, largest, largest + step, xtol=1e-12 * step))
