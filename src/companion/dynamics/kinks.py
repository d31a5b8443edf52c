"""What kinks leave of the order of a standard method, measured.

A method of order k owes its order to k derivatives of the gradient. Where the gradient jumps, as
at the kinks of a ReLU, one step makes an error of first order in its length times the jump; where
the flow slides along a kink, every step does. The order that survives is measured here, and so is
whether the gradient of a module jumps at all: the code of a module does not tell.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from companion.dynamics.objective import Objective
from companion.numerics.rates import fit_power_law

CELLS, HALVINGS = 32, 24
JUMP = 1e-3  # of the change of the gradient: a smooth one has fallen to about 2**-24 of it
STAGES = ((0.0, 1), (0.5, 2), (0.5, 2), (1.0, 1))  # nodes and weights of the classical method


@dataclass(frozen=True)
class ObservedOrder:
    """Order of convergence that runs with steps of several lengths show.

    ``order`` is the slope of the differences between successive runs against the length of the
    step, on logarithmic scales, and lies in ``[low, high]`` with 95 % confidence; ``error`` is
    the last difference: no more accuracy is there.

    Scale
    -----
    The error is relative to the distance from the start.
    """

    order: float
    low: float
    high: float
    error: float


def observed_order(
    objective: Objective, *, t_end: float | int, num_steps: int, doublings: int = 4
) -> ObservedOrder:
    r"""Order at which the classical Runge-Kutta method converges on a gradient flow.

    .. math::
        |\theta_h - \theta_{h/2}| \approx C\, h^{\text{order}}

    Parameters
    ----------
    objective
        The loss.
    t_end
        Length of the flow.
    num_steps
        Equal steps of the coarsest run; enough for the method to be stable, which takes about
        ``lambda_max * t_end / 2``.
    doublings
        How often the steps are halved, at least 3.

    Returns
    -------
    The order, about 4 where the gradient is smooth and about 1 where the flow passes or follows
    kinks, and what accuracy the finest run has.

    Scale
    -----
    The error is relative to the distance from the start.

    Raises
    ------
    ValueError
        If ``t_end`` or ``num_steps`` is not positive, ``doublings`` is below 3, or two runs agree
        to the last digit, so that there is nothing to measure.

    References
    ----------
    E. Hairer, S. P. Norsett and G. Wanner, "Solving Ordinary Differential Equations I", second
    edition, sections II.1 (the method), II.4 (estimates from two lengths) and II.6
    (discontinuities).
    """
    if not (np.isfinite(t_end) and t_end > 0):
        raise ValueError(f"`t_end` must be positive and finite; got {t_end}.")
    if num_steps < 1:
        raise ValueError(f"`num_steps` must be at least 1; got {num_steps}.")
    if doublings < 3:
        raise ValueError(f"`doublings` must be at least 3, for an interval; got {doublings}.")
    counts = num_steps * 2 ** np.arange(doublings + 1)
    ends = np.array([_runge_kutta_end(objective, float(t_end), int(k)) for k in counts])
    differences = np.linalg.norm(np.diff(ends, axis=0), axis=1)
    if not differences.all():
        raise ValueError(
            "`num_steps` must leave an error to measure; got runs that agree to the last digit. "
            "Take fewer steps or a longer time."
        )
    fit = fit_power_law(t_end / counts[:-1], differences)
    distance = float(np.linalg.norm(ends[-1] - objective.theta_0))
    return ObservedOrder(
        float(fit.exponent), float(fit.low), float(fit.high), float(differences[-1]) / distance
    )


def gradient_jump(
    objective: Objective,
    start: Float[np.ndarray, " p"],
    end: Float[np.ndarray, " p"],
) -> float:
    r"""Size of a jump of the gradient on the segment between two states.

    .. math::
        \frac{|\nabla\ell(\theta + 0\,d) - \nabla\ell(\theta - 0\,d)|}
        {\max |\nabla\ell|}, \qquad d = \text{end} - \text{start}

    Parameters
    ----------
    objective
        The loss.
    start, end
        The states, for example the first and the last of a run.

    Returns
    -------
    The jump at one kink, not necessarily the largest, or 0 if none was found. Kinks far smaller
    than what the gradient changes by in a thirtieth of the segment may be missed.

    Scale
    -----
    Relative to the largest gradient met.

    Notes
    -----
    Of 32 parts of the segment the one whose gradient differs most from the mean of its
    neighbours is halved 24 times, always towards the larger change. The change of a differentiable
    gradient halves with the interval, a jump stays. About 57 gradients.

    References
    ----------
    Derived here.
    """
    gradients: list[np.ndarray] = []
    places = np.linspace(0.0, 1.0, CELLS + 1)

    def gradient(place: float) -> np.ndarray:
        gradients.append(objective.gradient(start + place * (end - start)))
        return gradients[-1]

    grid = np.array([gradient(place) for place in places])
    bends = np.linalg.norm(np.diff(grid, 2, axis=0), axis=1)
    changes = np.linalg.norm(np.diff(grid, axis=0), axis=1)
    middle = int(np.argmax(bends)) + 1
    cell = middle if changes[middle] > changes[middle - 1] else middle - 1
    low, high = places[cell], places[cell + 1]
    at_low, at_high = grid[cell], grid[cell + 1]
    for _ in range(HALVINGS):
        place = (low + high) / 2
        between = gradient(place)
        if np.linalg.norm(between - at_low) > np.linalg.norm(at_high - between):
            high, at_high = place, between
        else:
            low, at_low = place, between
    jump = float(np.linalg.norm(at_high - at_low))
    largest = max(float(np.linalg.norm(one)) for one in gradients)
    return jump / largest if jump > JUMP * changes[cell] else 0.0


def _runge_kutta_end(objective: Objective, t_end: float, num_steps: int) -> np.ndarray:
    theta, h = objective.theta_0, t_end / num_steps
    for _ in range(num_steps):
        total, slope = np.zeros_like(theta), np.zeros_like(theta)
        for node, weight in STAGES:
            slope = -objective.gradient(theta + node * h * slope)
            total += weight * slope
        theta = theta + h / 6 * total
    return theta
