r"""Iterated differences: what a sum of few ridge functions cannot have.

A ridge function :math:`x \mapsto g(w \cdot x)` is constant along every direction orthogonal to
``w``, so one difference step kills it, whatever ``g`` is. As difference steps commute, one step
for each neuron kills a whole two-layer network, and every function that is not killed keeps a
distance from all networks with these inner weights.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from companion.numerics.finite import require_finite

_MOST_STEPS = 20  # 2**20 points; one step more doubles time and memory


def difference_points(
    x: Float[np.ndarray, " d"], steps: Float[np.ndarray, "k _"]
) -> tuple[Float[np.ndarray, "n d"], Float[np.ndarray, " n"]]:
    r"""Points and signs of an iterated difference.

    .. math::
        \Delta_{v_1} \cdots \Delta_{v_k} g(x) = \sum_{S \subseteq \{1, \dots, k\}}
            (-1)^{k - |S|}\, g\Bigl(x + \sum_{i \in S} v_i\Bigr),
        \qquad \Delta_v g(x) = g(x + v) - g(x).

    Parameters
    ----------
    x
        Where the difference is taken.
    steps
        The steps :math:`v_1, \dots, v_k` as rows.

    Returns
    -------
    The ``n = 2**k`` points ``x + sum_S v_i`` as rows, and their signs.

    Scale
    -----
    Signs are 1 and -1; nothing is divided by the length of a step.

    Raises
    ------
    ValueError
        If an entry is not finite, the dimensions disagree, or there are more than 20 steps.

    References
    ----------
    .. [1] A. Pinkus, "Ridge Functions", Cambridge University Press 2015.
    """
    require_finite(x, "x")
    require_finite(steps, "steps")
    if steps.shape[1] != len(x):
        raise ValueError(
            f"`steps` must have {len(x)} columns, as many as `x` has entries; "
            f"got {steps.shape[1]}."
        )
    if len(steps) > _MOST_STEPS:
        raise ValueError(
            f"`steps` must have at most {_MOST_STEPS} rows; got {len(steps)}. "
            "The number of points is 2 to the number of steps."
        )
    points, signs = x[None, :], np.ones(1)
    for step in steps:
        points = np.concatenate([points, points + step])
        signs = np.concatenate([-signs, signs])
    return points, signs


def iterated_difference(
    function: Callable[[Float[np.ndarray, "n d"]], Float[np.ndarray, " n"]],
    x: Float[np.ndarray, " d"],
    steps: Float[np.ndarray, "k _"],
) -> float:
    r"""Iterated difference of a function at a point.

    .. math::
        \Delta_{v_1} \cdots \Delta_{v_k} g(x)

    Zero for :math:`g(x) = \sum_{i \le k} g_i(w_i \cdot x)` with :math:`v_i \cdot w_i = 0`, for
    arbitrary functions :math:`g_i`.

    Parameters
    ----------
    function
        The function g, on points as rows.
    x
        Where the difference is taken.
    steps
        The steps :math:`v_1, \dots, v_k` as rows.

    Returns
    -------
    The difference.

    Scale
    -----
    Not divided by the lengths of the steps: it tends to zero like their product. If g and h
    differ by at most c at all points, their differences differ by at most ``2**k * c``.

    Raises
    ------
    ValueError
        If a value of the function is not finite, or as :func:`difference_points`.

    References
    ----------
    .. [1] A. Pinkus, "Ridge Functions", Cambridge University Press 2015.
    """
    points, signs = difference_points(x, steps)
    values = np.asarray(function(points))
    require_finite(values, "function(points)")
    return float(signs @ values)
