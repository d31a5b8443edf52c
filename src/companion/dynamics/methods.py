"""The integrators of gradient flow by name.

What separates them is stiffness: E. Hairer and G. Wanner, "Solving Ordinary Differential
Equations II", second edition (1996), sections IV.1 and IV.2.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from companion.dynamics.accuracy import Accuracy
from companion.dynamics.explicit import lsoda_steps, runge_kutta_steps
from companion.dynamics.objective import Objective
from companion.dynamics.stabilized import stabilized_steps
from companion.dynamics.step import Step

Vector = Float[np.ndarray, " p"]


@runtime_checkable
class Steps(Protocol):
    """An integrator: steps from the objective's start to ``t_end``, each accurate to ``rtol``.

    Scale
    -----
    Time is that of the flow; ``rtol`` means what :class:`companion.dynamics.accuracy.Accuracy`
    says.
    """

    def __call__(self, objective: Objective, *, t_end: float, rtol: float) -> Iterator[Step]: ...


def _runge_kutta(
    objective: Objective, *, t_end: float, rtol: float, method: str
) -> Iterator[Step]:
    return runge_kutta_steps(
        _slope(objective),
        objective.theta_0,
        t_end=t_end,
        method=method,
        error_size=Accuracy(objective, rtol).error_size,
    )


def _lsoda(objective: Objective, *, t_end: float, rtol: float) -> Iterator[Step]:
    entrywise = _Entrywise(Accuracy(objective, rtol))
    return lsoda_steps(
        _slope(objective),
        objective.theta_0,
        t_end=t_end,
        tolerance=entrywise.tolerance,
        stale=entrywise.stale,
    )


def _slope(objective: Objective) -> Callable[[Vector], Vector]:
    return lambda theta: -objective.gradient(theta)


class _Entrywise:
    # LSODA knows errors entry by entry only: the accuracy of predictions is divided by their
    # largest derivative, which changes, so that it is asked again when the residual has halved.

    def __init__(self, accuracy: Accuracy) -> None:
        self.accuracy = accuracy
        self.objective = accuracy.objective
        self.residual = np.inf

    def tolerance(self, theta: Vector) -> float:
        self.residual = self.objective.norm(self.objective.residual(theta))
        # The residual halves before this is asked again: half of rtol/2 now is rtol/2 then.
        allowed = self.accuracy.rtol / 4 * self.residual + self.accuracy.output_floor
        steepest = max(self.objective.weighted_spectrum(theta)[-1], 0.0) ** 0.5
        return float(allowed / (steepest * len(theta) ** 0.5)) if steepest else self.accuracy.rtol

    def stale(self, theta: Vector) -> bool:
        residual = self.objective.norm(self.objective.residual(theta))
        return self.accuracy.output_floor / self.accuracy.rtol < residual < self.residual / 2


def chosen_method(objective: Objective, *, t_end: float, rtol: float) -> tuple[str, str]:
    """The method for a flow, and why.

    Parameters
    ----------
    objective
        The loss.
    t_end, rtol
        Length of the flow and accuracy of a step.

    Returns
    -------
    A name in :data:`METHODS`, and a sentence.

    Scale
    -----
    Stiffness is the largest eigenvalue of the weighted Gram matrix at the start, times ``t_end``:
    explicit methods need two to four gradients for every unit of it, whatever the accuracy.
    """
    stiffness = float(objective.weighted_spectrum(objective.theta_0)[-1]) * t_end
    return "DOP853", f"lambda_max * t_end = {stiffness:.3g}"


METHODS: dict[str, Steps] = {
    "DOP853": partial(_runge_kutta, method="DOP853"),
    "RK45": partial(_runge_kutta, method="RK45"),
    "LSODA": _lsoda,
    "stabilized": stabilized_steps,
}
