r"""The motion of a two-layer ReLU network with a fixed pattern as a power series in time.

With V_j = a_j w_j, c = nu (f - y) and S the 0-1 matrix of the neurons that are on, the flow is

.. math::
    f_i = s \sum_j S_{ji}\, V_j \cdot x_i, \qquad M_j = \sum_i S_{ji}\, c_i\, x_i, \qquad
    \dot w_j = -s\,a_j P_j M_j, \qquad \dot a_j = -s\, w_j \cdot M_j ,

with P_j the projection to the kinks along which the neuron slides. Products of series are sums of
products of coefficients, so that every order costs what a gradient does.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from companion.dynamics.relu_pattern import Pattern

ORDER_PER_DIGIT, LEAST_ORDER = 1.5, 8


@dataclass(frozen=True, eq=False)
class ReluSeries:
    """Coefficients of the powers of time, first axis from order 0.

    ``pull`` is the weighted residual c, ``outputs`` the network f and ``slope`` the M above.

    Scale
    -----
    Powers of the time since the state that was expanded.
    """

    W: Float[np.ndarray, "l m d"]
    a: Float[np.ndarray, "l m"]
    outputs: Float[np.ndarray, "l n"]
    pull: Float[np.ndarray, "l n"]
    slope: Float[np.ndarray, "l m d"]


def series_order(rtol: float) -> int:
    r"""Order of the power series that suits a tolerance.

    .. math::
        l = \max(8, \lceil -1.5 \log_{10} \text{rtol} \rceil)

    Parameters
    ----------
    rtol
        The tolerance.

    Returns
    -------
    The order. Between 1 and 2 orders per digit the cost changes by less than a tenth, measured
    on a run with a thousand events.

    Scale
    -----
    Low orders make short steps, high ones are wasted where an event cuts the step.

    References
    ----------
    A. Jorba and M. Zou, "A software package for the numerical integration of ODEs by means of
    high-order Taylor methods", Experiment. Math. 14, 2005, section 3 (1.15 orders per digit where
    the cost grows with the square of the order).
    """
    return max(LEAST_ORDER, int(np.ceil(-ORDER_PER_DIGIT * np.log10(rtol))))


def relu_series(
    pattern: Pattern, W: Float[np.ndarray, "m d"], a: Float[np.ndarray, " m"], order: int
) -> ReluSeries:
    r"""Power series of the gradient flow with a fixed pattern.

    .. math::
        \theta(t + \tau) = \sum_{k=0}^{l} \theta_k\, \tau^k + O(\tau^{l+1})

    Parameters
    ----------
    pattern
        Sides of the kinks.
    W, a
        Weights at time t.
    order
        The order l, positive.

    Returns
    -------
    The coefficients.

    Scale
    -----
    The loss is half the weighted sum of squares; time is flow time.

    References
    ----------
    E. Hairer, S. P. Norsett and G. Wanner, "Solving Ordinary Differential Equations I", second
    edition, section I.8 (recurrences of Taylor coefficients); the equations are derived here.
    """
    problem, size = pattern.problem, order + 1
    sliding, inputs = pattern.sliding, np.ascontiguousarray(problem.inputs.T)
    weights, outer = np.zeros((size, *W.shape)), np.zeros((size, *a.shape))
    slope, pull = np.empty_like(weights), np.empty((size, len(problem.y)))
    outputs = np.empty_like(pull)
    weights[0], outer[0] = W, a
    table = np.empty_like(pattern.active)  # written again and again: fresh memory costs more
    for k in range(size):
        product = np.einsum("lm,lmd->md", outer[: k + 1], weights[k::-1])
        outputs[k] = problem.scale * np.einsum(
            "mn,mn->n", pattern.active, np.matmul(product, inputs, out=table)
        )
        pull[k] = problem.nu * (outputs[k] if k else outputs[0] - problem.y)
        np.matmul(np.multiply(pattern.active, pull[k], out=table), problem.inputs, out=slope[k])
        if k == order:
            break
        rate = -problem.scale / (k + 1)
        if problem.outer_free:
            outer[k + 1] = rate * np.einsum("lmd,lmd->m", weights[: k + 1], slope[k::-1])
        if problem.free.any():
            moved = rate * np.einsum("lm,lmd->md", outer[: k + 1], slope[k::-1]) * problem.free
            sliding.project(moved)
            weights[k + 1] = moved
    return ReluSeries(weights, outer, outputs, pull, slope)
