"""Nets in a finite set of points, and what they say about its gamma_2.

The greedy net adds, again and again, the point farthest from the net. After N steps its
covering radius r_N is at most twice the best one, and its first N + 1 points are at mutual
distance at least r_N. The first fact bounds gamma_2 of the set from above, the second from below.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from companion.numerics.finite import require_finite
from companion.probability.chaining import Bounds, chaining_metric, chaining_sum


class Net(NamedTuple):
    r"""Centres in the order in which they were chosen, and the covering radius after each.

    .. math::
        r_N = \max_x |x - \{c_1, \dots, c_N\}|

    Parameters
    ----------
    centres
        Rows of the points, in the order of choice.
    radii
        The covering radius of the first N centres, for N = 1, 2, ...

    Scale
    -----
    Euclidean distance.

    References
    ----------
    .. [1] T. F. Gonzalez, "Clustering to minimize the maximum intercluster distance", 1985.
    """

    centres: Int[np.ndarray, " c"]
    radii: Float[np.ndarray, " c"]


def farthest_point_net(
    X: Float[np.ndarray, "n d"], num_centres: int, *, first: int = 0
) -> tuple[Net, Float[np.ndarray, "n levels"]]:
    r"""Greedy net of a finite set, with every point's distance from the nets of 2^(2^s) centres.

    .. math::
        c_{N+1} = \arg\max_x |x - \{c_1, \dots, c_N\}|, \qquad
        r_N = \max_x |x - \{c_1, \dots, c_N\}|

    Parameters
    ----------
    X
        The points as rows.
    num_centres
        How many centres to choose; at most the number of points.
    first
        The row of the first centre.

    Returns
    -------
    The net, and the distances of all points from its first 2, 4, 16, 256, ... centres, one
    column per level that ``num_centres`` reaches.

    Scale
    -----
    Euclidean distance.

    Raises
    ------
    ValueError
        If ``X`` is not finite, or ``num_centres`` or ``first`` is out of range.

    Notes
    -----
    Costs ``num_centres`` passes over the points, without a matrix of distances. Radii do not
    increase, and r_N is the distance at which centre N + 1 was found.

    References
    ----------
    .. [1] T. F. Gonzalez, "Clustering to minimize the maximum intercluster distance", 1985.
    """
    _require_points(X)
    if not 1 <= num_centres <= len(X):
        raise ValueError(
            f"`num_centres` must lie between 1 and the number of points {len(X)}; got "
            f"{num_centres}. Choose fewer centres or pass more points."
        )
    if not 0 <= first < len(X):
        raise ValueError(
            f"`first` must be a row of `X`, 0 to {len(X) - 1}; got {first}. Choose a row."
        )
    squared = np.full(len(X), np.inf)
    centres, radii, columns = np.empty(num_centres, dtype=int), np.empty(num_centres), []
    level_size, centre = 2, first
    for count in range(1, num_centres + 1):
        squared = np.minimum(squared, np.sum((X - X[centre]) ** 2, axis=1))
        centres[count - 1] = centre
        centre = int(np.argmax(squared))
        radii[count - 1] = np.sqrt(squared[centre])
        if count == level_size:
            columns.append(np.sqrt(squared))
            level_size **= 2
    return Net(centres, radii), np.array(columns).reshape(-1, len(X)).T


def sample_gamma_2_bounds(X: Float[np.ndarray, "n d"], *, metric: str) -> Bounds:
    r"""Two-sided bounds on gamma_2 of a finite set of points.

    .. math::
        \max_s 2^{s/2} g(r_{N_s} / 2) \;\le\; \gamma_2 \;\le\;
        \max_x \sum_{s :\, N_s < n} 2^{s/2} g(x, T_s), \qquad N_s = 2^{2^s}

    Parameters
    ----------
    X
        The points as rows, between 3 and 65 536 of them.
    metric
        "euclidean" for the distance, "chaining" for the metric of
        :func:`companion.probability.chaining.chaining_metric`.

    Returns
    -------
    The two bounds.

    Scale
    -----
    Nets start with two points. A level with at least as many points as the set costs nothing,
    so the bound above grows like the root of log(n) at most, not with the dimension.

    Raises
    ------
    ValueError
        If ``metric`` is unknown, the number of points is out of range, or ``X`` is not finite.

    Notes
    -----
    Above: the greedy nets are one admissible choice. Below: of N + 1 points at mutual distance
    r_N two share the nearest of any N centres, so one of them is at distance r_N / 2 from it;
    this holds for centres outside the set as well.

    References
    ----------
    .. [1] M. Talagrand, "The generic chaining", 2005, section 1.2.
    """
    if metric not in ("euclidean", "chaining"):
        raise ValueError(
            f"`metric` must be 'euclidean' or 'chaining'; got {metric!r}. Choose one."
        )
    _require_points(X)
    if not 3 <= len(X) <= 65_536:
        raise ValueError(
            f"`X` must have between 3 and 65 536 points; got {len(X)}. The first net covers two "
            "points for nothing, and a fifth net of 65 536 centres takes too long: draw a subset."
        )
    sizes = [size for size in (2, 4, 16, 256) if size < len(X)]
    net, distances = farthest_point_net(X, sizes[-1])
    halves = net.radii[np.array(sizes) - 1] / 2
    if metric == "chaining":
        distances, halves = chaining_metric(distances), chaining_metric(halves)
    weights = 2.0 ** (np.arange(len(sizes)) / 2)
    return Bounds(
        lower=float(np.max(weights * halves)), upper=float(np.max(chaining_sum(distances)))
    )


def _require_points(X: Float[np.ndarray, "n d"]) -> None:
    if X.ndim != 2 or X.size == 0:
        raise ValueError(
            f"`X` must be a nonempty matrix with points as rows; got shape {X.shape}. "
            "Use x[:, None] for points on a line."
        )
    require_finite(X, "X")
