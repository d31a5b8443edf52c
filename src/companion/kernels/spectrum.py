r"""Eigenvalues of zonal kernels on the sphere, one for every degree of spherical harmonics."""

import math
from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from companion.activations import Activation
from companion.kernels.tangent_kernel import tangent_kernel
from companion.spaces.harmonics import checked_sizes, gegenbauer_by_degree

_ACCURACY = 1e-13  # change under doubling of the nodes, relative to the mean of |kernel|
_PER_DEGREE = 1e-16  # and for every degree: rounding of the angles, which no halving removes
_DOUBLINGS = 8
_BLOCK = 4096  # nodes at once, so that the recurrence stays in the cache
_PANEL_NODES, _PANEL_WEIGHTS = np.polynomial.legendre.leggauss(64)


class UnresolvedSpectrum(ArithmeticError):
    r"""The eigenvalues still change when the panels of the quadrature are halved.

    .. math::
        \max_k |\mu_k^{(2N)} - \mu_k^{(N)}|
        > (10^{-13} + 10^{-16} K)\, \mathbb{E} |\kappa(x \cdot y)|
    """


def funk_hecke(
    kernel: Callable[[np.ndarray], np.ndarray], *, input_dim: int, max_degree: int
) -> Float[np.ndarray, " l"]:
    r"""Eigenvalues of the integral operator of a zonal kernel.

    .. math::
        \mu_k = \frac{\Gamma(d/2)}{\sqrt{\pi}\,\Gamma((d-1)/2)} \int_0^\pi
        \kappa(\cos\theta)\, P_k(\cos\theta)\, \sin^{d-2}\theta\, d\theta,
        \qquad k = 0, \dots, K,

    so that :math:`\int \kappa(x \cdot y)\, Y(y)\, dy = \mu_k Y(x)` for every spherical harmonic
    :math:`Y` of degree :math:`k`.

    Parameters
    ----------
    kernel
        Takes an array of inner products t in [-1, 1] and returns the values of the kernel.
    input_dim
        The ambient dimension :math:`d` of the sphere :math:`S^{d-1}`, at least two.
    max_degree
        The largest degree :math:`K`.

    Returns
    -------
    The eigenvalues by degree. Each belongs to the whole space of harmonics of its degree.

    Scale
    -----
    Uniform probability measure on the sphere; :math:`P_k` is the Gegenbauer polynomial with
    :math:`P_k(1) = 1` (Chebyshev for d = 2, Legendre for d = 3). The constant kernel 1 has
    :math:`\mu_0 = 1`, the kernel t has :math:`\mu_1 = 1/d`.

    Raises
    ------
    TypeError
        If ``input_dim`` or ``max_degree`` is not a whole number, ``kernel`` is no function, or
        what it returns is not real.
    ValueError
        If ``input_dim`` is less than 2, ``max_degree`` is negative, or the kernel returns a
        value that is not finite or an array of another shape.
    UnresolvedSpectrum
        If the eigenvalues have not settled after eight halvings, as for a kernel with a jump.

    Notes
    -----
    Panels of a 64-node Gauss-Legendre rule in the angle, halved until the eigenvalues change by
    less than 1e-13 of the mean of :math:`|\kappa|`, or 1e-16 for every degree asked for. Kernels
    of ReLU networks are analytic in the angle although not in t, and the rule converges
    geometrically for them. The accuracy is absolute: see :func:`rounding_floor`.

    References
    ----------
    .. [1] F. Dai and Y. Xu, "Approximation Theory and Harmonic Analysis on Spheres and Balls",
       Springer 2013, theorem 1.2.9.
    """
    input_dim, max_degree = checked_sizes(input_dim, max_degree)
    if not callable(kernel):
        raise TypeError(
            f"`kernel` must be a function of inner products; got {type(kernel).__name__}. "
            "Pass for example numpy.exp."
        )

    def of_angle(angle: np.ndarray) -> np.ndarray:
        t = np.cos(angle)
        return _values(kernel(t), t)

    return angle_spectrum(of_angle, input_dim=input_dim, max_degree=max_degree)


def network_spectrum(
    *,
    depth: int,
    activation: Activation,
    trained: str | tuple[int, ...] = "all",
    input_dim: int,
    max_degree: int,
) -> Float[np.ndarray, " l"]:
    r"""Eigenvalues of the tangent kernel of an infinitely wide network on the unit sphere.

    .. math::
        \int \Theta(x, y)\, Y(y)\, dy = \mu_k Y(x), \qquad \deg Y = k = 0, \dots, K

    Parameters
    ----------
    depth, activation, trained
        The network, as for :func:`~companion.kernels.tangent_kernel.tangent_kernel`;
        ``trained=(depth,)`` gives the covariance of its outputs.
    input_dim
        The ambient dimension :math:`d` of the sphere :math:`S^{d-1}`, at least two.
    max_degree
        The largest degree :math:`K`.

    Returns
    -------
    The eigenvalues by degree.

    Scale
    -----
    Uniform probability measure on the unit sphere; the kernel in the scale of
    :func:`~companion.kernels.tangent_kernel.tangent_kernel`.

    Raises
    ------
    ValueError
        If an argument is out of range.
    UnresolvedSpectrum, UnresolvedMoment, UnresolvedMean
        If the eigenvalues or the moments of a layer are not resolved.

    Notes
    -----
    The kernel is evaluated at angles, not at inner products, so nearly parallel points keep
    their digits. The accuracy is absolute, as for :func:`funk_hecke`; one hidden ReLU layer has
    eigenvalues of relative accuracy in :mod:`companion.kernels.series_spectrum`.

    References
    ----------
    .. [1] A. Bietti and J. Mairal, "On the inductive bias of neural tangent kernels", NeurIPS
       2019, proposition 5.
    """
    input_dim, max_degree = checked_sizes(input_dim, max_degree)
    pole = np.array([[1.0, 0.0]])

    def of_angle(angle: np.ndarray) -> np.ndarray:
        Z = np.stack([np.cos(angle), np.sin(angle)], axis=1)
        return tangent_kernel(pole, Z, depth=depth, activation=activation, trained=trained)[0]

    return angle_spectrum(of_angle, input_dim=input_dim, max_degree=max_degree)


def angle_spectrum(
    kernel: Callable[[np.ndarray], np.ndarray], *, input_dim: int, max_degree: int
) -> Float[np.ndarray, " l"]:
    r"""Eigenvalues of a zonal kernel that is given as a function of the angle.

    .. math::
        \mu_k = \frac{\Gamma(d/2)}{\sqrt{\pi}\,\Gamma((d-1)/2)} \int_0^\pi
        g(\theta)\, P_k(\cos\theta)\, \sin^{d-2}\theta\, d\theta

    Parameters
    ----------
    kernel
        Takes an array of angles in [0, pi] and returns the values of the kernel, finite and of
        the same shape.
    input_dim
        The ambient dimension :math:`d` of the sphere :math:`S^{d-1}`, at least two.
    max_degree
        The largest degree :math:`K`.

    Returns
    -------
    The eigenvalues by degree.

    Scale
    -----
    As for :func:`funk_hecke`, which is this for :math:`g(\theta) = \kappa(\cos\theta)`. A kernel
    that depends on small angles keeps its digits here and loses half of them there.

    Raises
    ------
    TypeError
        If ``input_dim`` or ``max_degree`` is not a whole number.
    ValueError
        If ``input_dim`` is less than 2 or ``max_degree`` is negative.
    UnresolvedSpectrum
        If the eigenvalues have not settled after eight halvings.

    References
    ----------
    .. [1] F. Dai and Y. Xu, "Approximation Theory and Harmonic Analysis on Spheres and Balls",
       Springer 2013, theorem 1.2.9.
    """
    input_dim, max_degree = checked_sizes(input_dim, max_degree)
    # A panel holds at most a few periods of P_K, and several share the peak of the density.
    num_panels = 1 + (max_degree + math.isqrt(input_dim)) // 16
    previous, _ = _eigenvalues(kernel, input_dim, max_degree, num_panels)
    for _ in range(_DOUBLINGS):
        num_panels *= 2
        values, size = _eigenvalues(kernel, input_dim, max_degree, num_panels)
        change = float(np.abs(values - previous).max())
        if change <= (_ACCURACY + _PER_DEGREE * max_degree) * size:
            return values
        previous = values
    raise UnresolvedSpectrum(
        "`kernel` must be smooth enough in the angle for Gauss-Legendre quadrature; got a change "
        f"of {change:.1e} at {num_panels} panels. Split off the part that is not smooth."
    )


def rounding_floor(scale: float, *, input_dim: int, max_degree: int) -> Float[np.ndarray, " l"]:
    r"""What rounding may leave of an eigenvalue that is computed by quadrature.

    .. math::
        10^{-17}\, (k + 10)\, (1 + k)^{-\min(d/2 - 1,\; 2)}\, \kappa(1)

    Parameters
    ----------
    scale
        The value of the kernel at equal points.
    input_dim
        The ambient dimension :math:`d` of the sphere :math:`S^{d-1}`, at least two.
    max_degree
        The largest degree.

    Returns
    -------
    By degree, a size that the error of :func:`angle_spectrum` rarely exceeds. An eigenvalue has
    digits where it is far above it.

    Scale
    -----
    That of the kernel.

    Raises
    ------
    TypeError
        If a size is not a whole number.
    ValueError
        If ``input_dim`` is less than 2 or ``max_degree`` is negative.

    Notes
    -----
    The envelope of :math:`P_k` away from the ends times k roundings of the angle, with a constant
    that is measured on kernels whose eigenvalues vanish for one parity, in dimensions 2 to 10.

    References
    ----------
    Derived here.
    """
    input_dim, max_degree = checked_sizes(input_dim, max_degree)
    k = np.arange(max_degree + 1)
    return 1e-17 * (k + 10) * (1.0 + k) ** -min(input_dim / 2 - 1, 2) * scale


def _eigenvalues(
    kernel: Callable[[np.ndarray], np.ndarray], input_dim: int, max_degree: int, num_panels: int
) -> tuple[Float[np.ndarray, " l"], float]:
    width = np.pi / num_panels
    angle = (width * (np.arange(num_panels)[:, None] + (_PANEL_NODES + 1) / 2)).ravel()
    t = np.cos(angle)
    weights = np.tile(_PANEL_WEIGHTS, num_panels) * np.sin(angle) ** (input_dim - 2)
    weights = weights / weights.sum()
    values = kernel(angle)
    weighted = weights * values
    eigenvalues = np.zeros(max_degree + 1)
    for start in range(0, t.size, _BLOCK):
        block = slice(start, start + _BLOCK)
        polynomials = gegenbauer_by_degree(t[block], input_dim=input_dim, max_degree=max_degree)
        for degree, polynomial in enumerate(polynomials):
            eigenvalues[degree] += weighted[block] @ polynomial
    return eigenvalues, float(weights @ np.abs(values))


def _values(returned: object, t: Float[np.ndarray, " k"]) -> Float[np.ndarray, " k"]:
    given = np.asarray(returned)
    if given.dtype.kind not in "fiub":
        raise TypeError(
            f"`kernel` must return real numbers; got an array of {given.dtype}. Pass real parts."
        )
    values = given.astype(np.float64)
    if values.shape != t.shape:
        raise ValueError(
            f"`kernel` must keep the shape {t.shape} of its argument; got {values.shape}."
        )
    if not np.isfinite(values).all():
        first = int(np.argmin(np.isfinite(values)))
        raise ValueError(
            f"`kernel` must be finite on [-1, 1]; got {values[first]} at t = {t[first]:.17g}. "
            "Clip its argument where it takes a root or an arc cosine."
        )
    return values
