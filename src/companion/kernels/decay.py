r"""How fast the eigenvalues of a zonal kernel fall, and how coercive that makes it.

Where a kernel is smooth but for :math:`a_+ (1 - t)^\nu + a_- (1 + t)^\nu`, with :math:`\nu` not
whole, those two terms decide the eigenvalues of high degree. They have closed forms, which are
ratios of two gamma functions of :math:`\ell = k + (d - 2)/2` and so go in powers of
:math:`\ell^{-2}`.
"""

import numpy as np
from jaxtyping import Float, Int
from scipy.special import gamma

from companion.numerics.arguments import real_number
from companion.numerics.finite import require_finite
from companion.numerics.rates import Rate, fit_power_law
from companion.spaces.harmonics import checked_sizes
from companion.spaces.sobolev import sobolev_weights


def fit_degree_decay(
    degrees: Int[np.ndarray, " n"] | Float[np.ndarray, " n"],
    eigenvalues: Float[np.ndarray, " n"],
    *,
    input_dim: int,
    confidence: float = 0.95,
) -> Rate:
    r"""Fit a power of the degree to eigenvalues of one parity.

    .. math::
        \log \mu_k \approx \log C + p \log \ell + a\, \ell^{-2}, \qquad
        \ell = k + \tfrac{d - 2}{2}

    Parameters
    ----------
    degrees
        Degrees k, all even or all odd, or all where the parities do not differ.
    eigenvalues
        The eigenvalues :math:`\mu_k` of these degrees.
    input_dim
        The ambient dimension :math:`d` of the sphere :math:`S^{d-1}`, at least two.
    confidence
        Coverage of the intervals, as far as the remainder behaves like noise.

    Returns
    -------
    The exponent p, negative where the eigenvalues fall. Its interval is the hull of those with
    and without the correction :math:`a\, \ell^{-2}`.

    Scale
    -----
    The shifted degree :math:`\ell`: in high dimension a fit in the degree itself is bent.

    Raises
    ------
    ValueError
        If the shapes differ, there are fewer than four degrees, a shifted degree or an eigenvalue
        is not positive and finite, or ``confidence`` is no probability.

    Notes
    -----
    The remainder is deterministic, so no interval of a regression covers it by itself. What the
    fit changes by if the first correction is left out is an honest scale for what the next
    corrections do.

    References
    ----------
    .. [1] A. Bietti and F. Bach, "Deep equals shallow for ReLU networks in kernel regimes",
       ICLR 2021, theorem 1 (the exponents).
    """
    input_dim, _ = checked_sizes(input_dim, 0)
    shifted = np.asarray(degrees, dtype=np.float64) + (input_dim - 2) / 2
    require_finite(shifted, "degrees")
    if shifted.size and shifted.min() <= 0:
        raise ValueError(
            f"`degrees` must be positive after the shift by (d - 2) / 2; got {shifted.min()}. "
            "Leave degree 0 out."
        )
    plain = fit_power_law(shifted, eigenvalues, confidence=confidence)
    # The logarithm of the second column is the correction, of size one at the smallest degree.
    columns = np.stack([shifted, np.exp((shifted.min() / shifted) ** 2)], axis=1)
    bent = fit_power_law(columns, eigenvalues, confidence=confidence)
    assert isinstance(bent.exponent, np.ndarray)
    low, high = (np.atleast_1d(end)[0] for end in (bent.low, bent.high))
    return Rate(
        exponent=float(bent.exponent[0]),
        low=float(min(low, plain.low)),
        high=float(max(high, plain.high)),
        prefactor=bent.prefactor,
        confidence=confidence,
    )


def chord_power_spectrum(
    power: float, *, input_dim: int, max_degree: int
) -> Float[np.ndarray, " l"]:
    r"""Eigenvalues of the power :math:`(1 - t)^\nu`, that is :math:`(|x - y|^2 / 2)^\nu`.

    .. math::
        \mu_k = \frac{2^{\nu + d - 2}\, \Gamma(\frac d2)\, \Gamma(\nu + \frac{d - 1}2)}
        {\sqrt\pi\; \Gamma(-\nu)}\; \frac{\Gamma(k - \nu)}{\Gamma(k + \nu + d - 1)}

    Parameters
    ----------
    power
        The power :math:`\nu`, positive and not whole.
    input_dim
        The ambient dimension :math:`d` of the sphere :math:`S^{d-1}`, at least two.
    max_degree
        The largest degree.

    Returns
    -------
    The eigenvalues by degree, to relative accuracy. From degree :math:`\nu` on they have one
    sign, that of :math:`\Gamma(-\nu)`, and fall like :math:`\ell^{-2\nu - d + 1}`. Those of
    :math:`(1 + t)^\nu` are :math:`(-1)^k` times as large.

    Scale
    -----
    Uniform probability measure on the sphere, as for
    :func:`~companion.kernels.spectrum.funk_hecke`.

    Raises
    ------
    TypeError
        If an argument is not of its type.
    ValueError
        If the power is not positive or is whole, where the kernel is a polynomial,
        ``input_dim`` is less than 2, or ``max_degree`` is negative.

    Notes
    -----
    By Rodrigues' formula the integral of :math:`(1 - t)^\nu P_k(t)` is a beta integral. The
    quotient is taken degree by degree, :math:`\mu_{k+1} / \mu_k = (k - \nu) / (k + \nu + d - 1)`.

    References
    ----------
    .. [1] F. Dai and Y. Xu, "Approximation Theory and Harmonic Analysis on Spheres and Balls",
       Springer 2013, appendix B.1 (Rodrigues' formula).
    """
    remedy = "Pass for example 0.5, the distance of two points."
    power = real_number("power", power, remedy=remedy)
    input_dim, max_degree = checked_sizes(input_dim, max_degree)
    if not (np.isfinite(power) and power > 0) or power == round(power):
        raise ValueError(f"`power` must be positive and not whole; got {power}. {remedy}")
    half = input_dim / 2
    mean = 2 ** (power + input_dim - 2) * gamma(half) * gamma(power + half - 1 / 2)
    mean /= np.sqrt(np.pi) * gamma(power + input_dim - 1)
    k = np.arange(max_degree)
    quotients = (k - power) / (k + power + input_dim - 1)
    return mean * np.concatenate([[1.0], np.cumprod(quotients)])


def coercivity_constant(
    eigenvalues: Float[np.ndarray, " l"], *, input_dim: int, order: float
) -> float:
    r"""The largest constant with which a zonal kernel is coercive, on the degrees given.

    .. math::
        c = \min_k\, \mu_k\, \Big(1 + \sqrt{k (k + d - 2)}\Big)^{2\beta}, \qquad
        \langle v, H v\rangle_S \ge c\, \|v\|_{S - \beta}^2

    Parameters
    ----------
    eigenvalues
        The eigenvalues by degree, from degree 0.
    input_dim
        The ambient dimension :math:`d` of the sphere :math:`S^{d-1}`, at least two.
    order
        The order :math:`\beta`.

    Returns
    -------
    The constant, the same for every Sobolev order S; zero or negative where the kernel is not
    coercive.

    Scale
    -----
    Norms as in :func:`~companion.spaces.sobolev.sobolev_norm`. It is attained by the harmonics of
    the degree of the minimum.

    Raises
    ------
    TypeError
        If an argument is not of its type.
    ValueError
        If there is no eigenvalue, one is not finite, ``input_dim`` is less than 2, or ``order``
        is not finite.

    Notes
    -----
    A constant for finitely many degrees says nothing about the others; it is one for all of them
    if the product has settled where the degrees end.

    References
    ----------
    .. [1] G. Welper, "Approximation Results for Gradient Descent trained Neural Networks",
       arXiv:2309.04860, known through a digest (the assumption of coercivity).
    """
    if eigenvalues.ndim != 1 or eigenvalues.size == 0:
        raise ValueError(
            "`eigenvalues` must be a vector with an entry for each degree; got shape "
            f"{eigenvalues.shape}. Take those of funk_hecke."
        )
    require_finite(eigenvalues, "eigenvalues")
    degrees = np.arange(eigenvalues.size)
    weights = sobolev_weights(degrees, input_dim=input_dim, smoothness=order)
    return float((eigenvalues * weights).min())
