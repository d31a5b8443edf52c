"""What every integrator yields: one step, and the state anywhere inside of it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True, eq=False)
class Step:
    """One accepted step of an integrator.

    Parameters
    ----------
    start, end
        The times between which it leads.
    theta
        The state at ``end``.
    at
        The state at any time in ``[start, end]``, to the accuracy of the method. Valid until the
        next step is asked for.

    Scale
    -----
    Time is the time of the equation.
    """

    start: float
    end: float
    theta: Float[np.ndarray, " p"]
    at: Callable[[float], Float[np.ndarray, " p"]]


class StepFailure(RuntimeError):
    """The integrator could not go on; ``time`` says where it stood."""

    def __init__(self, reason: str, time: float) -> None:
        super().__init__(reason)
        self.time = time


class StepUnderflow(StepFailure):
    """No step that moves the time is short enough for the accuracy asked for."""


class NotFinite(StepFailure):
    """The state became infinite or not a number."""
