r"""Tangent kernels of smooth networks on the sphere as power series in the inner product.

On the unit sphere every covariance of the recursion is a power series in :math:`t = x \cdot z`
with nonnegative coefficients: Mehler's formula is one, and products and compositions of such
series are such series. Nothing cancels, so every coefficient is known to relative accuracy.
"""

import math

import numpy as np
from jaxtyping import Float
from scipy.special import logsumexp

from companion.activations import Activation
from companion.kernels.hermite_logarithms import log_hermite_coefficients
from companion.numerics.arguments import layer_indices, real_number, whole_number
from companion.numerics.positive_series import (
    UnresolvedSeries,
    log_composition,
    log_product,
)

_FACTORS = (1, 4, 16)  # terms of a Hermite series beside those of the result, tried in turn


def log_network_series(
    *,
    depth: int,
    activation: Activation,
    trained: str | tuple[int, ...] = "all",
    num_terms: int,
    bias_variance: float = 0.0,
) -> Float[np.ndarray, " k"]:
    r"""Logarithms of the coefficients of a tangent kernel in powers of the inner product.

    .. math::
        \Theta(t) = \sum_{l \in \text{trained}} \Sigma^l \prod_{j = l + 1}^{L} \dot\Sigma^j
        = \sum_n b_n t^n, \qquad b_n \ge 0, \qquad \Sigma^0 = t + \beta^2, \quad
        \Sigma^l = \mathbb{E}\,\sigma(u)\sigma(v) + \beta^2

    Parameters
    ----------
    depth, trained
        As for :func:`~companion.kernels.tangent_kernel.tangent_kernel`.
    activation
        An activation with a :func:`~companion.activations.transforms.derivative_transform`.
    num_terms
        How many coefficients.
    bias_variance
        The variance :math:`\beta^2` of Gaussian biases in every hidden layer and at the output;
        biases move with the weights of their layer.

    Returns
    -------
    The logarithms of the coefficients; minus infinity where one vanishes by symmetry.

    Scale
    -----
    Of :func:`~companion.kernels.tangent_kernel.tangent_kernel`, for points of norm one.

    Raises
    ------
    TypeError
        If ``depth`` or ``num_terms`` is not a whole number or ``bias_variance`` no number.
    ValueError
        If there is no transform for the activation, a number is out of its range, or
        ``trained`` names no layer.
    UnresolvedSeries
        If the variance of a layer is so large that more terms are needed.

    References
    ----------
    .. [1] M. Murray, H. Jin, B. Bowman and G. Montufar, "Characterizing the spectrum of the NTK
       via a power series expansion", ICLR 2023, section 3.
    """
    depth = _at_least("depth", depth, 1, "Pass the number of hidden layers.")
    num_terms = _at_least("num_terms", num_terms, 2, "Pass how many coefficients are wanted.")
    bias_variance = real_number("bias_variance", bias_variance, remedy="It is 0 without biases.")
    if not 0 <= bias_variance < math.inf:
        raise ValueError(
            f"`bias_variance` must be nonnegative and finite; got {bias_variance}. "
            "It is 0 without biases."
        )
    moving = layer_indices("trained", trained, depth=depth)
    covariance = np.full(num_terms, -np.inf)
    covariance[1] = 0.0
    covariance = _with_bias(covariance, bias_variance)
    nothing = np.full(num_terms, -np.inf)
    kernel = covariance if 0 in moving else nothing
    for layer in range(1, depth + 1):
        value, slope = _moments(covariance, activation)
        if min(moving) < layer:
            kernel = log_product(kernel, slope)
        covariance = _with_bias(value, bias_variance)
        if layer in moving:
            kernel = np.logaddexp(kernel, covariance)
    return kernel


def _moments(
    covariance: Float[np.ndarray, " k"], activation: Activation
) -> tuple[Float[np.ndarray, " k"], Float[np.ndarray, " k"]]:
    # E sigma(u) sigma(v) and E sigma'(u) sigma'(v) by Mehler's formula.
    log_variance = float(logsumexp(covariance))
    correlation = covariance - log_variance
    if correlation[1] == 0.0 and np.isneginf(np.delete(correlation, 1)).all():
        # The first layer without biases: the correlation is t.
        return _hermite_squares(activation, log_variance, covariance.size)
    for factor in _FACTORS:
        outer = _hermite_squares(activation, log_variance, factor * covariance.size)
        try:
            return log_composition(outer[0], correlation), log_composition(outer[1], correlation)
        except UnresolvedSeries as unresolved:
            problem = unresolved
    raise problem


def _hermite_squares(
    activation: Activation, log_variance: float, size: int
) -> tuple[Float[np.ndarray, " k"], Float[np.ndarray, " k"]]:
    # Those of sigma' follow from those of sigma: c_n(sigma') = sqrt(n + 1) c_{n+1}(sigma) / r.
    logs = log_hermite_coefficients(activation, norm=math.exp(log_variance / 2), max_degree=size)
    slope = 2 * logs[1:] + np.log(np.arange(1, size + 1)) - log_variance
    return 2 * logs[:-1], slope


def _with_bias(
    covariance: Float[np.ndarray, " k"], bias_variance: float
) -> Float[np.ndarray, " k"]:
    if not bias_variance:
        return covariance
    shifted = covariance.copy()
    shifted[0] = np.logaddexp(shifted[0], math.log(bias_variance))
    return shifted


def _at_least(name: str, value: object, least: int, remedy: str) -> int:
    number = whole_number(name, value, remedy=remedy)
    if number < least:
        raise ValueError(f"`{name}` must be at least {least}; got {number}. {remedy}")
    return number
