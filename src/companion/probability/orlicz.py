"""Orlicz norms: how heavy a tail is, as one number.

    ||X||_psi_a = inf { c > 0 : E exp((|X| / c)**a) <= 2 }

a = 1 asks for exponential tails, a = 2 for Gaussian ones. Unlike a second moment the norm sees
rare large values: the indicator of an event of probability p has second moment p, but psi_1
norm 1 / log(1 + 1/p), which is far larger than sqrt(p) when p is small.
"""

import math

import numpy as np
from jaxtyping import Float
from scipy.optimize import brentq
from scipy.special import log_ndtr, logsumexp

from companion.numerics.finite import require_finite
from companion.probability.arguments import require_positive


def psi_norm(
    values: Float[np.ndarray, " n"],
    *,
    exponent: float = 1.0,
    weights: Float[np.ndarray, " n"] | None = None,
) -> float:
    r"""Orlicz norm of a discrete law: of a sample, or of the nodes of a quadrature rule.

    .. math::
        \|X\|_{\psi_a} = \inf\Big\{c > 0 : \sum_i p_i\, e^{(|x_i| / c)^a} \le 2\Big\}

    Parameters
    ----------
    values
        The values :math:`x_i`.
    exponent
        The exponent a: 1 for exponential tails, 2 for Gaussian tails.
    weights
        The probabilities :math:`p_i`; without them, all equal.

    Returns
    -------
    The norm; 0 if every value of positive weight is 0.

    Scale
    -----
    The level is 2, so a constant v has norm ``v / log(2)**(1/a)`` and the standard normal has
    norm ``sqrt(8/3)`` for a = 2. The variable is not centred here.

    Raises
    ------
    ValueError
        If ``values`` is not a vector, empty or not finite, ``exponent`` is not positive, or the
        weights are not probabilities of the same number.

    Notes
    -----
    The sum is taken in the log domain, because the exponentials overflow long before the norm
    is small. On a sample the norm is biased downwards when the tail is barely integrable at the
    norm itself; for bounded or Gaussian-tailed variables the error is of the usual order.

    References
    ----------
    .. [1] B. Klartag and S. Mendelson, "Empirical processes and random projections", 2005,
       section 2.
    """
    log_weights = _log_weights(values, weights)
    require_positive(exponent=exponent)
    largest = float(np.max(np.abs(values[log_weights > -math.inf])))
    if largest == 0:
        return 0.0
    powers = (np.abs(values) / largest) ** exponent

    def excess(log_scale: float) -> float:
        return float(logsumexp(log_weights + math.exp(log_scale) * powers)) - math.log(2)

    # The largest value alone keeps the sum below 2 at scale log 2, and its own weight p makes
    # it exceed 2 at scale log(2/p); both ends are safe, so the root lies between them.
    top = log_weights[powers == np.max(powers[log_weights > -math.inf])].max()
    low, high = math.log(math.log(2)) - 1e-9, math.log(math.log(2) - top) + 1e-9
    return largest / math.exp(brentq(excess, low, high, xtol=1e-14) / exponent)


def gaussian_psi_1_norm() -> float:
    r"""The psi_1 norm of a standard normal variable, about 1.3727.

    .. math::
        \mathbb{E}\, e^{s |z|} = 2 e^{s^2 / 2}\, \Phi(s) = 2,
        \qquad \|z\|_{\psi_1} = 1 / s

    Returns
    -------
    The norm.

    Scale
    -----
    Of a variable with variance 1; a Gaussian of standard deviation r has r times this norm.

    References
    ----------
    .. [1] R. Vershynin, "High-dimensional probability", 2018, section 2.7.
    """
    return 1 / brentq(lambda s: s**2 / 2 + log_ndtr(s), 0.1, 2.0, xtol=1e-15)


def indicator_psi_1_norm(log_probability: float) -> float:
    r"""The psi_1 norm of the indicator of an event, from the logarithm of its probability.

    .. math::
        1 - p + p e^{1 / c} = 2 \quad\Longleftrightarrow\quad c = \frac{1}{\log(1 + 1/p)}

    Parameters
    ----------
    log_probability
        The natural logarithm of p; at most 0. Events far rarer than the smallest float are
        allowed, which is why p itself is not asked for.

    Returns
    -------
    The norm; the same for the indicator times an independent sign.

    Scale
    -----
    Of an indicator with values 0 and 1.

    Raises
    ------
    ValueError
        If ``log_probability`` is positive or not a number.

    References
    ----------
    .. [1] R. Vershynin, "High-dimensional probability", 2018, section 2.7.
    """
    if not log_probability <= 0:
        raise ValueError(
            f"`log_probability` must be at most 0; got {log_probability}. "
            "Pass the logarithm of a probability."
        )
    return 1 / float(np.logaddexp(0.0, -log_probability))


def _log_weights(
    values: Float[np.ndarray, " n"], weights: Float[np.ndarray, " n"] | None
) -> Float[np.ndarray, " n"]:
    if values.size == 0:
        raise ValueError("`values` must have an entry; got an empty array. Pass a sample.")
    if values.ndim != 1:
        raise ValueError(
            f"`values` must be a vector, one law; got shape {values.shape}. "
            "Ravel it, or take one column at a time."
        )
    require_finite(values, "values")
    if weights is None:
        return np.full(values.shape, -math.log(values.size))
    require_finite(weights, "weights")
    if weights.shape != values.shape or weights.min() < 0 or abs(weights.sum() - 1) > 1e-9:
        raise ValueError(
            "`weights` must be non-negative, sum to 1 and match `values`; got "
            f"{weights.size} weights of sum {weights.sum():.12g}, smallest {weights.min():.3g}, "
            f"for {values.size} values. Normalise them."
        )
    with np.errstate(divide="ignore"):
        return np.log(weights)
