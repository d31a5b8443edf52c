"""Where a flow has come to rest, the remaining time is one step; where it never will, it fails."""

from collections.abc import Iterator
from functools import partial

import numpy as np
import torch
from jaxtyping import Float

from companion.dynamics.accuracy import Accuracy
from companion.dynamics.expansion import Expansion
from companion.dynamics.objective import Objective
from companion.dynamics.step import Step, StepFailure

EARLY = 1e-9  # part of the time in which rest is looked for: later its end is near
LARGEST = 1000  # rows up to which single modes are looked at
PATIENCE = 1000  # steps after which their length is compared
HOPELESS = 1e9  # steps that nobody waits for


def until_rest(
    steps: Iterator[Step], objective: Objective, *, t_end: float, rtol: float
) -> Iterator[Step]:
    r"""Steps of a flow, and one that holds the state once nothing moves but roundings.

    .. math::
        |q_k \cdot S r| \le 100\, \epsilon\, (|y|_\nu + |F(\theta_0)|_\nu)
        \quad \text{for every mode } q_k \text{ of positive rate}

    Parameters
    ----------
    steps
        The steps of an integrator.
    objective
        The loss.
    t_end
        The last step ends here.
    rtol
        Accuracy of a step.

    Returns
    -------
    An iterator over steps.

    Scale
    -----
    Modes are eigenvectors of the weighted Gram matrix; rates below its rounding count as zero.

    Raises
    ------
    StepFailure
        If steps no longer grow and more than 1e9 of them are left.

    Notes
    -----
    Without this a flow to a time far beyond its rest follows roundings: multiplied by ever longer
    steps they are errors that shorten the steps again. A look costs a Gram matrix and its
    eigenvalues; there are none after the first billionth of the time.

    References
    ----------
    Derived here.
    """
    floor = Accuracy(objective, rtol).output_floor
    compared = 0.0
    for count, step in enumerate(steps, 1):
        yield step
        end, theta = step.end, step.theta
        if end < EARLY * t_end and _rests(objective, theta, floor):
            yield Step(end, t_end, theta, partial(_held, theta))
            return
        if count % PATIENCE == 0:
            length, left = end - step.start, t_end - end
            if left > HOPELESS * length and length < 2 * compared:
                raise StepFailure(
                    f"steps of {length:.3g} no longer grow, and {left / length:.2g} of them are "
                    "left. Ask for a shorter `t_end`",
                    end,
                )
            compared = length


def _held(theta: np.ndarray, _: float) -> np.ndarray:
    return theta


def _rests(objective: Objective, theta: Float[np.ndarray, " p"], floor: float) -> bool:
    if objective.norm(objective.residual(theta)) <= floor:
        return True
    if objective.predictor.num_rows > LARGEST:
        return False
    here = Expansion(objective, torch.from_numpy(theta).to(objective.predictor.device))
    rates = here.rates
    moving = rates > objective.precision * len(rates) * rates[-1]
    return bool((np.abs(here.residual_modes[moving]) <= floor).all())
