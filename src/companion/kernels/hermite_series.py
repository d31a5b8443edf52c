r"""Hermite series of an activation at given norms, and their sum over pairs of points.

.. math::
    c_k(r) = \mathbb{E}_{z \sim N(0,1)}\, \sigma(rz)\, h_k(z), \qquad
    \mathbb{E}\,\sigma(u)\sigma(v) = \sum_{k \ge 0} c_k(r)\, c_k(s)\, \rho^k

for Gaussian u and v of standard deviations r and s and correlation :math:`\rho` (Mehler).
"""

import math
from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Int

from companion.activations import Activation
from companion.numerics.quadrature import hermite_coefficients

_DEGREES = (64, 256, 1024, 4096, 16384)  # tried in turn until the series is complete
_MISSING = 1e-14  # the share of E sigma(rz)^2 that the series may leave out
_NEGLIGIBLE = 1e-18  # powers of the correlation below it reach no digit
_PAIRS = 32768  # pairs summed at once, so that the series runs in the cache


class UnresolvedMoment(ArithmeticError):
    r"""The Hermite series of an activation is incomplete at the largest degree tried.

    .. math::
        \mathbb{E}\,\sigma(rz)^2 - \sum_{k \le K} c_k(r)^2 > 10^{-14}\, \mathbb{E}\,\sigma(rz)^2
    """


def hermite_series(
    norms: Float[np.ndarray, " n"], *, activation: Activation, derivative: bool
) -> tuple[Float[np.ndarray, "r l"], Int[np.ndarray, " n"]]:
    r"""Hermite coefficients of :math:`z \mapsto \sigma(rz)` for every norm that occurs.

    .. math::
        c_k(r) = \mathbb{E}_{z \sim N(0,1)}\, \sigma(rz)\, h_k(z), \qquad
        \mathbb{E}\,\sigma(rz)^2 = \sum_{k \ge 0} c_k(r)^2

    Parameters
    ----------
    norms
        The norms r; norms that agree up to rounding count as one.
    activation
        A smooth activation.
    derivative
        Whether :math:`\sigma` is replaced by :math:`\sigma'`.

    Returns
    -------
    One row of coefficients per distinct norm, and the row of each entry of ``norms``.

    Scale
    -----
    Orthonormal Hermite polynomials, as in
    :func:`~companion.numerics.quadrature.hermite_coefficients`.

    Raises
    ------
    UnresolvedMoment
        If more than 1e-14 of the second moment is missing at degree 16384.

    Notes
    -----
    The degree grows until the squares of the coefficients add up to the second moment, which is
    computed on a grid of its own; then coefficients whose tail reaches no digit are dropped.

    References
    ----------
    .. [1] R. O'Donnell, "Analysis of Boolean Functions", Cambridge 2014, section 11.2.
    """
    radii, index = np.unique(rounded_norms(norms), return_inverse=True)
    function = activation.derivative if derivative else activation.value

    def layer(nodes: np.ndarray) -> np.ndarray:
        return np.asarray(function(radii[:, None] * nodes))

    for degree in _DEGREES:
        series = hermite_coefficients(layer, max_degree=degree)
        mass = _second_moment(layer, degree)
        missing = np.abs(mass - (series**2).sum(axis=1))
        if (missing <= _MISSING * mass).all():
            return _shortened(series, mass), index
    share = np.divide(missing, mass, out=np.zeros_like(mass), where=mass > 0)
    worst = int(np.argmax(share))
    raise UnresolvedMoment(
        f"`norms` must be such that the series of {activation.name!r} ends by degree {degree}; "
        f"got norm {radii[worst]:.6g}, where {share[worst]:.1e} of the second "
        "moment is missing. Scale the points down, or state the `breaks` of the activation."
    )


def mehler_sum(
    series: Float[np.ndarray, "r l"],
    index_x: Int[np.ndarray, " n"],
    index_z: Int[np.ndarray, " n2"],
    correlation: Float[np.ndarray, "n n2"],
) -> Float[np.ndarray, "n n2"]:
    r"""Sum of a Hermite series over the degrees, for every pair of points.

    .. math::
        \sum_k c_k(r_i)\, c_k(s_j)\, \rho_{ij}^k

    Parameters
    ----------
    series, index_x, index_z
        Coefficients by distinct norm, and the row of each point, from :func:`hermite_series`.
    correlation
        The correlation of each pair.

    Returns
    -------
    The sum for each pair.

    Scale
    -----
    Plain sum, no normalisation.

    Notes
    -----
    A pair is left alone once the power of its correlation reaches no digit, so that a long
    series costs its full length only where points are nearly parallel.

    References
    ----------
    .. [1] R. O'Donnell, "Analysis of Boolean Functions", Cambridge 2014, section 11.2.
    """
    total = np.empty_like(correlation)
    rows = max(1, _PAIRS // index_z.size)
    for start in range(0, index_x.size, rows):
        part = slice(start, start + rows)
        first, second = np.meshgrid(index_x[part], index_z, indexing="ij")
        total[part] = _sum_pairs(
            series, first.ravel(), second.ravel(), correlation[part].ravel()
        ).reshape(first.shape)
    return total


def rounded_norms(norms: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    r"""Norms up to rounding: points of one sphere have norms that differ by it.

    .. math::
        |r' - r| \le 2^{-49}\, r

    Parameters
    ----------
    norms
        The norms.

    Returns
    -------
    The norms with 49 bits.

    Scale
    -----
    The unit of the norms.

    References
    ----------
    .. [1] R. O'Donnell, "Analysis of Boolean Functions", Cambridge 2014, section 11.2.
    """
    mantissa, exponent = np.frexp(norms)
    return np.ldexp(np.round(np.ldexp(mantissa, 49)), exponent - 49)


def _second_moment(
    layer: Callable[[np.ndarray], np.ndarray], degree: int
) -> Float[np.ndarray, " r"]:
    # On a grid 1.4 times finer than that of the series, and not a multiple of it: a function
    # that the series saw through too coarse a grid has another mass here.
    count = int(43 * math.sqrt(degree)) + 220
    squares = hermite_coefficients(lambda z: layer(z) ** 2, max_degree=0, num_nodes=count)
    return squares[..., 0]


def _shortened(
    series: Float[np.ndarray, "r l"], mass: Float[np.ndarray, " r"]
) -> Float[np.ndarray, "r l2"]:
    # The tail is summed from its far end, so it is exact to far below the rounding of the mass.
    tail = np.cumsum(series[:, ::-1] ** 2, axis=1)[:, ::-1]
    needed = (tail > _NEGLIGIBLE * mass[:, None]).any(axis=0)
    return series[:, : max(1, int(needed.sum()))]


def _sum_pairs(
    series: Float[np.ndarray, "r l"],
    first: Int[np.ndarray, " p"],
    second: Int[np.ndarray, " p"],
    correlation: Float[np.ndarray, " p"],
) -> Float[np.ndarray, " p"]:
    one_norm = len(series) == 1
    total = np.zeros_like(correlation)
    alive = np.arange(correlation.size)  # pairs whose power of the correlation still counts
    power, partial = np.ones_like(correlation), np.zeros_like(correlation)
    for degree, coefficients in enumerate(series.T):
        if one_norm:
            partial += coefficients[0] ** 2 * power
        else:
            partial += coefficients[first] * coefficients[second] * power
        power *= correlation
        if degree % 16 == 15:
            total[alive] = partial
            keep = np.abs(power) > _NEGLIGIBLE
            if not keep.all():
                alive, power, partial = alive[keep], power[keep], partial[keep]
                first, second, correlation = first[keep], second[keep], correlation[keep]
    total[alive] = partial
    return total
