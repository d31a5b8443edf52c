r"""Decay of the eigenvalues for smooth activations (document `sphere_approximation`), our law.

The digest of the document lists the decay for smooth activations as something to verify. The laws
below are derived here. A tangent kernel on the sphere is a power series in :math:`t = x \cdot y`
with coefficients :math:`b_n \ge 0`, and the tail of the series decides:

.. math::
    b_n \sim n^a z^{-n} \;\Rightarrow\; \mu_k \sim k^{a + 1 - d/2}\, (z + \sqrt{z^2 - 1})^{-k},
    \qquad
    b_n \sim n^a e^{-2 \tau \sqrt n} \;\Rightarrow\;
    \mu_k \sim k^{(4a + 5 - 2d)/3}\, e^{-\frac32 (2 \tau k)^{2/3}} .
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from scipy.optimize import brentq


@dataclass(frozen=True)
class DecayLaw:
    r"""How the eigenvalues of a kernel on the sphere fall with the degree.

    .. math::
        \mu_k \sim C\, k^{q}\, e^{-a k^{p}}

    Parameters
    ----------
    rate
        The rate a.
    power
        The power p: 1 or 2/3.
    algebraic
        The exponent q.

    Scale
    -----
    Eigenvalues on spherical harmonics of degree k, over degrees of one parity.

    References
    ----------
    Derived here.
    """

    rate: float
    power: float
    algebraic: float


@dataclass(frozen=True)
class _Gaussian:
    # Activations made of Gaussian densities and their integrals: the covariance of a layer with
    # input covariance c and variance q is analytic in c up to the given multiple of 1 + s q.
    steepness: float  # s: the covariance is singular at s c = 1 + s q
    slope_tail: float  # a of the series of E sigma'(u) sigma'(v)
    covariance: Callable[[float, float], float]


def _erf_covariance(c: float, q: float) -> float:
    return 2 / math.pi * math.asin(2 * c / (1 + 2 * q))


def _normal_cdf_covariance(c: float, q: float) -> float:
    return 1 / 4 + math.asin(c / (1 + q)) / (2 * math.pi)


def _bump_covariance(c: float, q: float) -> float:
    return ((1 + q) ** 2 - c**2) ** -0.5


def _gelu_covariance(c: float, q: float) -> float:
    density = _bump_covariance(c, q) / (2 * math.pi)
    product = c * _normal_cdf_covariance(c, q)
    return product + density * (q * (q - c**2 / (1 + q)) + c**2 / (1 + q))


_GAUSSIAN = {
    "erf": _Gaussian(2.0, -1 / 2, _erf_covariance),
    "normal_cdf": _Gaussian(1.0, -1 / 2, _normal_cdf_covariance),
    "gaussian_bump": _Gaussian(1.0, 1 / 2, _bump_covariance),
    "gelu": _Gaussian(1.0, 1 / 2, _gelu_covariance),
}

# Distance of the poles of sigma' from the real line, and their order.
_POLES = {
    "tanh": (math.pi / 2, 2),
    "sigmoid": (math.pi, 2),
    "silu": (math.pi, 2),
    "softplus": (math.pi, 1),
}


def decay_law(
    name: str, *, input_dim: int, depth: int = 1, bias_variance: float = 0.0
) -> DecayLaw:
    r"""Law of the tangent kernel of the last hidden weight matrix.

    .. math::
        \Theta = \Sigma^{L-1} \dot\Sigma^L

    Parameters
    ----------
    name
        erf, normal_cdf, gaussian_bump, gelu, tanh, sigmoid, silu or softplus.
    input_dim
        The d of the sphere :math:`S^{d-1}` in :math:`\mathbb{R}^d`.
    depth
        The number L of hidden layers.
    bias_variance
        The variance of Gaussian biases. They fill in the parity that is missing and leave the law
        of one layer, and that of activations with poles, as it is.

    Returns
    -------
    The law.

    Scale
    -----
    As :class:`DecayLaw`.

    Raises
    ------
    ValueError
        If there is no law for the activation, or a number is out of range.

    Notes
    -----
    *Poles at distance* :math:`\tau`: the first layer has the tail
    :math:`e^{-2 \tau \sqrt n}`; the tail of a later one is that of
    :math:`\tau / \sqrt{\mathbb{E} \sigma'^2 \cdots}`, which is further out since
    :math:`|\sigma'|` is on average below one. In depth the first layer appears as
    :math:`\Sigma^1`, with one power of n less than in :math:`\dot\Sigma^1`.

    References
    ----------
    Derived here, by the method of Laplace; the first case is classical (Darboux).
    """
    if input_dim < 2 or depth < 1:
        raise ValueError(
            f"`input_dim` must be at least 2 and `depth` at least 1; got {input_dim} and {depth}."
        )
    if name in _GAUSSIAN:
        z = first_singularity(name, depth=depth, bias_variance=bias_variance)
        tail = _GAUSSIAN[name].slope_tail
        if depth > 1 and z == first_singularity(name, depth=1):
            tail -= 1
        return DecayLaw(math.acosh(z), 1.0, tail + 1 - input_dim / 2)
    distance, order = _POLES[_known(name, _POLES)]
    tail = order - 3 / 2 - (depth > 1)
    return DecayLaw(3 / 2 * (2 * distance) ** (2 / 3), 2 / 3, (4 * tail + 5 - 2 * input_dim) / 3)


def first_singularity(name: str, *, depth: int, bias_variance: float = 0.0) -> float:
    r"""Where the tangent kernel, as a function of the inner product, stops being analytic.

    .. math::
        z = \min_{l < L} \{ t > 1 : s\, \Sigma^l(t) = 1 + s\, \Sigma^l(1) \}, \qquad
        \Sigma^0(t) = t + v,

    with v the variance of the biases, s = 2 for erf and s = 1 for the normal distribution
    function, the Gaussian bump and GELU.

    Parameters
    ----------
    name
        erf, normal_cdf, gaussian_bump or gelu.
    depth
        The number L of hidden layers.
    bias_variance
        The variance v of Gaussian biases; it is part of every :math:`\Sigma^l`.

    Returns
    -------
    The singularity z > 1 nearest to the interval [-1, 1].

    Scale
    -----
    Points of norm one.

    Raises
    ------
    ValueError
        If the activation is another one or ``depth`` is not positive.

    References
    ----------
    Derived here, from the closed forms of the covariances; see C. K. I. Williams, "Computing
    with infinite networks", NeurIPS 1997, for erf.
    """
    kind = _GAUSSIAN[_known(name, _GAUSSIAN)]
    if depth < 1:
        raise ValueError(f"`depth` must be at least 1; got {depth}. Count the hidden layers.")
    variances = [1.0 + bias_variance]
    for _ in range(depth - 1):
        variances.append(kind.covariance(variances[-1], variances[-1]) + bias_variance)

    def room(t: float) -> float:
        # How far the first layer that leaves its domain is inside or outside of it.
        covariance = t + bias_variance
        for layer, q in enumerate(variances):
            left = 1 + kind.steepness * (q - covariance)
            if left <= 0 or layer == depth - 1:
                return left
            covariance = kind.covariance(covariance, q) + bias_variance
        raise AssertionError("the last layer returns")

    end = 1 + 1 / kind.steepness
    just_inside = end - 1e-12  # far enough for the room of the first layer to keep its sign
    return end if room(just_inside) > 0 else float(brentq(room, 1.0, just_inside, xtol=1e-14))


def _known(name: str, known: dict) -> str:
    if name not in known:
        raise ValueError(
            f"`name` must be one of {', '.join(known)}; got {name!r}. Its law is not known here."
        )
    return name
