r"""How far a two-layer ReLU network is from its next event, as polynomials in time.

A margin is positive while the pattern is right and negative beyond an event:

.. math::
    \text{side}_{jg}\, u_g \cdot w_j \ (\text{off the kink}), \qquad
    \alpha_{jg}\, |C_g|, \quad (1 - \alpha_{jg})\, |C_g|, \quad |a_j| \ (\text{sliding}),

where :math:`\alpha \in [0, 1]` takes the place of :math:`\sigma'(0)` such that the neuron stays on
the kink, and :math:`C_g` is the jump of the slope there. Where :math:`a_j` changes its sign, the
kink is no longer a valley of the loss but a ridge.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from companion.dynamics.relu_pattern import OVERSHOOT, Pattern
from companion.dynamics.relu_series import ReluSeries


@dataclass(frozen=True, eq=False)
class Margins:
    """Polynomials as rows, and the neuron, kink and side to which a negative one leads.

    ``leaves_to`` is the side at the end of sliding, and 0 at any other event; ``kink`` is -1
    where the event belongs to all kinks of the neuron.

    Scale
    -----
    Time in units of the step.
    """

    polynomials: Float[np.ndarray, "k l"]
    neuron: Int[np.ndarray, " k"]
    kink: Int[np.ndarray, " k"]
    leaves_to: Int[np.ndarray, " k"]


def event_margins(pattern: Pattern, series: ReluSeries, length: float) -> Margins:
    r"""Margins that may become negative within a step.

    .. math::
        p(\tau), \qquad \tau = (t - t_0) / \text{length} \in [0, 1]

    Parameters
    ----------
    pattern
        Sides of the kinks.
    series
        The motion from :math:`t_0` on.
    length
        Length of the step.

    Returns
    -------
    The margins. Those that cannot change their sign in the step are left out.

    Scale
    -----
    Time in units of ``length``. Every margin is raised by its rounding, so that an event counts
    only when it has surely happened, and none repeats itself.

    References
    ----------
    A. F. Filippov, "Differential Equations with Discontinuous Righthand Sides", 1988, section 10.
    """
    powers = length ** np.arange(len(series.a))
    parts = [_off_kinks(pattern, series, powers), *_sliding(pattern, series)]
    rows = np.concatenate([part.polynomials for part in parts]) * powers
    kept = rows[:, 0] < np.abs(rows[:, 1:]).sum(axis=1)
    return Margins(
        rows[kept],
        np.concatenate([part.neuron for part in parts])[kept],
        np.concatenate([part.kink for part in parts])[kept],
        np.concatenate([part.leaves_to for part in parts])[kept],
    )


def _off_kinks(pattern: Pattern, series: ReluSeries, powers: np.ndarray) -> Margins:
    problem, side = pattern.problem, pattern.side
    distance = side * (series.W[0] @ problem.normals.T) + pattern.tolerance
    moves = np.sqrt(np.einsum("kmd,kmd->km", series.W[1:], series.W[1:]))
    reach = powers[1:] @ moves
    possible = distance < reach[:, None] * problem.lengths
    neuron, kink = np.nonzero(possible & (side != 0) & problem.movable)
    rows = np.einsum("kcd,cd->ck", series.W[:, neuron], problem.normals[kink])
    rows *= side[neuron, kink][:, None]
    rows[:, 0] += pattern.tolerance[kink]
    return Margins(rows, neuron, kink, np.zeros_like(kink))


def _sliding(pattern: Pattern, series: ReluSeries) -> list[Margins]:
    problem = pattern.problem
    sliding = pattern.sliding
    neuron, kink = sliding.neuron, sliding.kink
    if not len(neuron):
        return []
    sign = np.sign(series.a[0, neuron])[:, None]
    held = -np.einsum("qd,kqd->qk", sliding.inverses, series.slope[:, neuron])
    above_low = sign * (held + (series.pull @ problem.behind)[:, kink].T)
    below_high = sign * ((series.pull @ problem.ahead)[:, kink].T - held)
    for rows in (above_low, below_high):
        rows[:, 0] += OVERSHOOT * np.abs(series.pull[0]).max()
    outer = sign * series.a[:, neuron].T
    outer[:, 0] += OVERSHOOT * np.abs(series.a[0]).max()
    one = np.ones_like(kink)
    return [
        Margins(above_low, neuron, kink, -one),
        Margins(below_high, neuron, kink, one),
        Margins(outer, neuron, -one, 0 * one),
    ]
