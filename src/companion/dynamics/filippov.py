"""Which of several kinks a gradient flow leaves, and to which side, and along which it slides."""

import numpy as np
from jaxtyping import Float, Int

ROUNDINGS = 1e-14  # of the slopes: a kink pushed by less stays where it is


def least_slope_sides(
    normals: Float[np.ndarray, "k d"],
    slope: Float[np.ndarray, " d"],
    lower: Float[np.ndarray, " k"],
    upper: Float[np.ndarray, " k"],
) -> Int[np.ndarray, " k"]:
    r"""Sides of convex kinks to which the steepest descent leads.

    On kinks :math:`u_i \cdot w = 0`, where the slope jumps from :math:`l_i u_i` on the negative
    side to :math:`h_i u_i` on the positive one, :math:`l_i < h_i`, the gradient flow moves against
    the shortest element of the subdifferential,

    .. math::
        \dot w = -\Big(g + \sum_i \beta_i u_i\Big), \qquad
        \beta = \arg\min_{l \le \beta \le h} \Big| g + \sum_i \beta_i u_i \Big|^2 .

    Parameters
    ----------
    normals
        Normals of the kinks as rows, not zero.
    slope
        The part g that does not jump.
    lower, upper
        The bounds l and h.

    Returns
    -------
    Per kink -1 or 1 if the flow moves to that side (or, at a tie, rests there), and 0 if it
    slides. Kinks along which it slides are independent: of dependent ones so many are set at a
    bound, without a change of the motion, as are needed.

    Scale
    -----
    Multiplying slope and bounds by the same positive number, or a normal by one and its bounds by
    the inverse, changes nothing.

    Notes
    -----
    The conditions of optimality are those of a sliding motion: a kink at a bound has a velocity
    away from the other side, one between its bounds has velocity zero. Kinks are set free one at
    a time; one that is pushed while those already free are at rest is independent of them.

    References
    ----------
    H. Brezis, "Operateurs maximaux monotones", 1973, theorem 3.1 (the solution moves against the
    shortest element); P. B. Stark and R. L. Parker, "Bounded-variable least-squares: an algorithm
    and applications", Comput. Statist. 10, 1995; A. F. Filippov, "Differential Equations with
    Discontinuous Righthand Sides", 1988, section 10.
    """
    lengths = np.linalg.norm(normals, axis=1)
    directions, low, high = normals / lengths[:, None], lower * lengths, upper * lengths
    side = np.full(len(normals), -1)
    weight = low.copy()
    rounding = ROUNDINGS * (np.linalg.norm(slope) + np.abs([low, high]).sum())
    blocked = np.zeros(len(normals), dtype=bool)
    while True:
        # A kink at a bound that is pushed inside, the hardest first, is set free.
        push = -directions @ (slope + weight @ directions)
        inwards = np.where((side != 0) & ~blocked, -side * push, 0.0)
        chosen = int(np.argmax(inwards))
        if inwards[chosen] <= rounding:
            return side
        rounding *= 1.1  # so that rounding errors cannot lead in circles
        bound, side[chosen] = side[chosen], 0
        before = weight.copy()
        while (free := np.flatnonzero(side == 0)).size:
            target = _least_squares(directions, slope, weight, free)
            outside = (target <= low[free]) | (target >= high[free])
            if not outside.any():
                weight[free] = target
                break
            # On the way there the first bound is met, and held.
            way = target - weight[free]
            room = np.where(way > 0, high[free], low[free]) - weight[free]
            part = np.divide(room, way, out=np.zeros_like(room), where=way != 0)
            part[~outside] = np.inf
            first = int(np.argmin(part))
            weight[free] += part[first] * way
            met = free[first]
            side[met] = 1 if way[first] > 0 else -1
            weight[met] = high[met] if way[first] > 0 else low[met]
        # A kink that rounding sent back at once is not set free again before something moves.
        blocked = blocked & (weight == before).all()
        blocked[chosen] = side[chosen] == bound


def _least_squares(
    directions: np.ndarray, slope: np.ndarray, weight: np.ndarray, free: np.ndarray
) -> np.ndarray:
    held = np.delete(np.arange(len(weight)), free)
    rest = slope + weight[held] @ directions[held]
    solution: np.ndarray = np.linalg.lstsq(directions[free].T, -rest, rcond=None)[0]
    return solution
