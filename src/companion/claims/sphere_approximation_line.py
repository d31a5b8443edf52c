r"""Right-hand sides for the one-dimensional companion of Welper, arXiv:2209.08399.

Its network is :math:`f(x) = m^{-1/2} \sum_r a_r \max(0, x + b_r)` on [-1, 1] with signs
:math:`a_r` that stay as they are. The exponents are those that the authors state. The floors are
ours: what no choice of the biases can fall below, however it is found.
"""

import math

import numpy as np
from jaxtyping import Float

# The L2 error falls at least like that power of 1/width, without and with the assumption that the
# residual stays bounded in H^1.
PROVEN_EXPONENT = 1 / 24
CONDITIONAL_EXPONENT = 1 / 4
# The power of 1/width at which the largest displacement of a bias is predicted to fall.
DISPLACEMENT_EXPONENT = 1 / 3


def curvature_budgets(
    a: Float[np.ndarray, "s m"],
) -> tuple[Float[np.ndarray, " s"], Float[np.ndarray, " s"]]:
    r"""How much a network can bend upwards and downwards, over all choices of its biases.

    .. math::
        P = m^{-1/2} \sum_{a_r > 0} a_r \ge \int (f'')_+, \qquad
        Q = m^{-1/2} \sum_{a_r < 0} |a_r| \ge \int (f'')_-

    Parameters
    ----------
    a
        Outer weights, a row for each network.

    Returns
    -------
    The pair (P, Q), an entry for each network.

    Scale
    -----
    The network carries the factor ``m**-0.5``; with fair signs P and Q are about half the root
    of m. The network is zero far to the left, so its slope lies between -Q and P.

    References
    ----------
    Derived here for the network of R. Gentile and G. Welper, arXiv:2209.08399.
    """
    rise: np.ndarray = np.maximum(a, 0).sum(axis=1) / np.sqrt(a.shape[1])
    bend: np.ndarray = np.maximum(-a, 0).sum(axis=1) / np.sqrt(a.shape[1])
    return rise, bend


def step_floor(rise: float) -> float:
    r"""L2 distance of the unit step from all functions that rise no faster than a slope.

    .. math::
        \min_{f' \le P} \|f - 1_{x > 0}\|_{L^2(-1, 1)} = \frac{1}{\sqrt{12 P}}

    Parameters
    ----------
    rise
        The bound P, at least 1/2.

    Returns
    -------
    The distance.

    Scale
    -----
    Lebesgue measure on [-1, 1]. As :math:`P \le m^{1/2}` it is at least
    :math:`0.288\, m^{-1/4}`.

    Raises
    ------
    ValueError
        If ``rise`` is less than 1/2: then the ends of the interval matter.

    References
    ----------
    Derived here; the nearest function is :math:`1/2 + P x`, cut off at 0 and 1.
    """
    if not rise >= 1 / 2:
        raise ValueError(f"`rise` must be at least 1/2; got {rise}.")
    return 1 / math.sqrt(12 * rise)


def cusp_floor(bend: float) -> float:
    r"""L2 distance of the cusp from all functions with a bound on how much they bend down.

    .. math::
        \min_{\int (f'')_- \le Q} \bigl\|f - (1 - \sqrt{|x|})\bigr\|_{L^2(-1, 1)}
        = \frac{16}{\sqrt{10935}\; Q^2}

    Parameters
    ----------
    bend
        The bound Q, at least 4/3.

    Returns
    -------
    The distance.

    Scale
    -----
    Lebesgue measure on [-1, 1]. As :math:`Q \le m^{1/2}` it is at least :math:`0.153\, m^{-1}`.

    Raises
    ------
    ValueError
        If ``bend`` is less than 4/3: then the ends of the interval matter.

    References
    ----------
    Derived here; the nearest function is a tent with the slopes Q/2 and -Q/2 on
    :math:`|x| \le 16 / (9 Q^2)` and the cusp itself outside.
    """
    if not bend >= 4 / 3:
        raise ValueError(f"`bend` must be at least 4/3; got {bend}.")
    return 16 / (math.sqrt(10935) * bend**2)


def bump_floor(
    values: Float[np.ndarray, " n"], bend: Float[np.ndarray, " s"]
) -> Float[np.ndarray, " s"]:
    r"""L2 distance of a bump from all functions with a bound on how much they bend down.

    .. math::
        \|f - g\|_{L^2(-1, 1)} \ge \max_{0 < w \le 1} w^{-1/2} \Bigl(
        \int_{-w}^w \cos\frac{\pi x}{w}\, g(x)\, dx - \frac{2 w^2}{\pi^2}\, Q \Bigr)

    Parameters
    ----------
    values
        Values of g on a fine uniform grid of [-1, 1] with an odd number of points.
    bend
        Bounds Q on the integral of the negative part of the second derivative of f.

    Returns
    -------
    A lower bound of the distance for each Q, zero where the formula gives nothing.

    Scale
    -----
    Lebesgue measure on [-1, 1].

    Raises
    ------
    ValueError
        If the grid has an even number of points, so that the origin is not among them.

    References
    ----------
    Derived here: integrate f - g against the second derivative of
    :math:`1 + \cos(\pi x / w)` by parts, and apply the inequality of Cauchy and Schwarz.
    """
    if len(values) % 2 == 0 or len(values) < 3:
        raise ValueError(
            f"`values` must be on an odd number of points, at least 3; got {len(values)}."
        )
    centre = len(values) // 2
    x = np.linspace(-1, 1, len(values))
    floors = np.zeros_like(bend)
    for points in np.unique(np.linspace(centre / 100, centre, 100).astype(int).clip(1)):
        inside = slice(centre - points, centre + points + 1)
        w = points / centre
        part = np.trapezoid(np.cos(np.pi * x[inside] / w) * values[inside], x[inside])
        floors = np.maximum(floors, (part - 2 * w**2 / np.pi**2 * bend) / np.sqrt(w))
    return floors


def kink_floor(target_slope: Float[np.ndarray, " n"], *, width: int) -> float:
    r"""L2 error that is left because every slope of the network is a multiple of m^(-1/2).

    .. math::
        \|f - g\|_{L^2}^2 \ge \frac{\tau^2\, |A_\tau|^3}{12\, m\, (m + N_\tau)^2}, \qquad
        A_\tau = \bigl\{ x : \operatorname{dist}(m^{1/2} g'(x), \mathbb{Z}) > \tau \bigr\}

    Parameters
    ----------
    target_slope
        Values of g' on a fine uniform grid of [-1, 1], from which the length of the set and the
        number N of its intervals are read.
    width
        The number m of neurons, with outer weights 1 or -1.

    Returns
    -------
    The largest of these bounds over some thresholds tau.

    Scale
    -----
    Lebesgue measure on [-1, 1]. For large m it is at least a multiple of :math:`m^{-3/2}`,
    unless g is piecewise linear.

    Raises
    ------
    ValueError
        If ``width`` is less than 1.

    References
    ----------
    Derived here: between two kinks inside of an interval of A the error f - g is monotone with a
    slope of at least :math:`\tau m^{-1/2}`, and there are at most m + N such pieces.
    """
    if width < 1:
        raise ValueError(f"`width` must be at least 1; got {width}.")
    levels = np.sqrt(width) * target_slope
    distance = np.abs(levels - np.rint(levels))
    squares = [0.0]
    for threshold in np.linspace(0.05, 0.45, 17):
        inside = distance > threshold
        length = 2 * inside.mean()
        # An interval of the set begins where the indicator rises.
        count = np.count_nonzero(np.diff(inside.astype(int)) == 1) + int(inside[0])
        squares.append(threshold**2 * length**3 / (12 * width * (width + count) ** 2))
    return float(np.sqrt(max(squares)))
