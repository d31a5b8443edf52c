"""How well can 2^(2^s) points cover a ball or a sphere? Two-sided answers by volume.

An admissible sequence has 2^(2^s) points on level s (2, 4, 16, 256, 65 536, ...). Comparing
volumes bounds, for any N points T of the domain,

    from above  the radius at which the best N balls cover the domain,
    from below  the mean distance of a uniform point x of the domain from T:
                P(|x - T| <= r) <= (r / r_N)^k,   so   E |x - T| >= r_N k / (k + 1),

with k = d and r_N = N^(-1/d) for the ball, k = d - 1 and r_N = (2/N)^(1/(d-1)) for the sphere
S^(d-1). The mean, unlike the worst case, can be summed over the levels.
"""

import math

import numpy as np
from jaxtyping import Float

_LOG_2 = math.log(2)
_LEAST_DIMENSION = {"ball": 1, "sphere": 2}


def num_levels(input_dim: int) -> int:
    r"""Number of levels after which a net is exact to rounding.

    .. math::
        2^{2^s / d} > 2^{2200} \quad \text{for every later level } s

    Parameters
    ----------
    input_dim
        The ambient dimension d.

    Returns
    -------
    The number of levels worth summing: on later ones even the square root of a covering radius
    is smaller than the smallest float.

    Scale
    -----
    Level s has ``2**(2**s)`` points, starting with two points on level 0, as in Li's (A.7);
    Talagrand starts with one point, which changes gamma_2 by at most the diameter.

    Raises
    ------
    ValueError
        If ``input_dim`` is less than 1.

    References
    ----------
    .. [1] M. Talagrand, "The generic chaining", 2005, section 1.2.
    """
    _require_dimension(input_dim, "ball")
    return math.ceil(math.log2(2200 * input_dim)) + 1


def covering_radii(input_dim: int, *, domain: str) -> Float[np.ndarray, " s"]:
    r"""Radii at which 2^(2^s) balls are sure to cover the unit ball or sphere.

    .. math::
        e_s \le \min\Big(1, \frac{2}{N^{1/d} - 1}\Big) \text{ (ball)}, \qquad
        e_s \le \min\Big(\sqrt 2, \frac{2}{(N / 2d)^{1/(d-1)} - 1}\Big) \text{ (sphere)},
        \qquad N = 2^{2^s}

    Parameters
    ----------
    input_dim
        The ambient dimension d.
    domain
        "ball" for the unit ball of R^d, "sphere" for the unit sphere S^(d-1) in it.

    Returns
    -------
    One radius per level, ``num_levels(input_dim)`` of them, decreasing.

    Scale
    -----
    Euclidean (chordal) distance, radius 1; a domain of radius r has r times these radii.

    Raises
    ------
    ValueError
        If ``domain`` is unknown or ``input_dim`` is less than 1 (ball) or 2 (sphere).

    Notes
    -----
    A maximal set of points at mutual distance more than e covers at radius e, and the balls of
    radius e/2 around its points are disjoint. In the ball they lie within radius 1 + e/2, so
    their number is at most (1 + 2/e)^d. On the sphere they lie between the radii 1 - e/2 and
    1 + e/2, so it is at most (1 + 2/e)^d - (2/e - 1)^d <= 2 d (1 + 2/e)^(d-1). One point covers
    the ball at radius 1, an antipodal pair the sphere at radius sqrt(2).

    References
    ----------
    .. [1] R. Vershynin, "High-dimensional probability", 2018, corollary 4.2.13.
    """
    _require_dimension(input_dim, domain)
    log_sizes = _LOG_2 * 2.0 ** np.arange(num_levels(input_dim))
    if domain == "ball":
        exponents, ceiling = log_sizes / input_dim, 1.0
    else:
        exponents = (log_sizes - math.log(2 * input_dim)) / (input_dim - 1)
        ceiling = math.sqrt(2)
    # Nothing is gained below exponent log 2, and expm1 is not to be fed what overflows.
    useful = np.clip(exponents, _LOG_2, None)
    with np.errstate(under="ignore"):
        radii = 2 * np.exp(-useful) / -np.expm1(-useful)
    return np.minimum(radii, ceiling)


def mean_distances(input_dim: int, *, domain: str, power: float = 1.0) -> Float[np.ndarray, " s"]:
    r"""Mean distances of a uniform point from 2^(2^s) points, however these are chosen.

    .. math::
        \mathbb{E}\, |x - T|^a \ge \int_0^{r_N} \Big(1 - \frac{r^k}{r_N^k}\Big)\, d(r^a)
        = \frac{k}{k + a}\, r_N^a, \qquad N = 2^{2^s}

    with k = d and :math:`r_N = N^{-1/d}` on the ball, k = d - 1 and
    :math:`r_N = (2/N)^{1/(d-1)}` on the sphere.

    Parameters
    ----------
    input_dim
        The ambient dimension d.
    domain
        "ball" for the unit ball of R^d, "sphere" for the unit sphere S^(d-1) in it.
    power
        The power a of the distance; 1/2 is what the chaining metric needs.

    Returns
    -------
    One lower bound per level, ``num_levels(input_dim)`` of them.

    Scale
    -----
    Euclidean (chordal) distance, radius 1, uniform probability measure on the domain.

    Raises
    ------
    ValueError
        If ``domain`` is unknown or ``input_dim`` is less than 1 (ball) or 2 (sphere).

    Notes
    -----
    On the ball the measure of a ball of radius r is at most r^d. On the sphere a cap of
    angular radius t <= pi/2 has measure at most (sin t)^(d-1) / 2: both vanish at 0 and agree at
    pi/2, and the derivative of their difference changes sign once. A chord is longer than the
    sine of its angle, so the measure is at most r^(d-1) / 2.

    References
    ----------
    .. [1] M. Talagrand, "The generic chaining", 2005, section 2.2 (for the order sqrt(d)).
    """
    _require_dimension(input_dim, domain)
    log_sizes = _LOG_2 * 2.0 ** np.arange(num_levels(input_dim))
    if domain == "ball":
        degree, log_radii = input_dim, -log_sizes / input_dim
    else:
        degree, log_radii = input_dim - 1, (_LOG_2 - log_sizes) / (input_dim - 1)
    with np.errstate(under="ignore"):
        return degree / (degree + power) * np.exp(power * log_radii)


def _require_dimension(input_dim: int, domain: str) -> None:
    if domain not in _LEAST_DIMENSION:
        raise ValueError(f"`domain` must be 'ball' or 'sphere'; got {domain!r}. Choose one.")
    least = _LEAST_DIMENSION[domain]
    if input_dim < least:
        raise ValueError(
            f"`input_dim` must be at least {least} for the {domain}; got {input_dim}. "
            "It is the dimension of the space that the points live in."
        )
