"""Events that end a run of gradient flow, and the moment at which the first of them happens.

The moment is located on the interpolated step: E. Hairer, S. P. Norsett and G. Wanner, "Solving
Ordinary Differential Equations I", second edition (1993), section II.6.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float
from scipy.optimize import brentq

from companion.dynamics.drift import MatrixNorm, relative_change
from companion.dynamics.objective import Objective
from companion.dynamics.step import Step
from companion.numerics.arguments import positive_number

Margin = Callable[[Float[np.ndarray, " p"]], float]
TINY = float(np.finfo(float).tiny)
REMEDY = "Leave the event out if nothing is to end the run."


@runtime_checkable
class Event(Protocol):
    """Something that ends a run when it first happens.

    Scale
    -----
    That of the quantity it speaks of.
    """

    def margin(self, objective: Objective) -> Margin:
        """A function of the parameters that is positive until the event happens."""


@dataclass(frozen=True)
class LossBelow:
    """The loss falls to a value. One application of the module per step.

    Parameters
    ----------
    value
        The loss.

    Scale
    -----
    Half the weighted sum of squares, as everywhere.
    """

    value: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", positive_number("value", self.value, remedy=REMEDY))

    def margin(self, objective: Objective) -> Margin:
        """Logarithm of residual over residual allowed, nearly linear in time."""
        allowed = np.sqrt(2 * self.value)

        def margin(theta: Float[np.ndarray, " p"]) -> float:
            residual = objective.norm(objective.residual(theta))
            return float(np.log(max(residual, TINY) / allowed))

        return margin


@dataclass(frozen=True)
class Escape:
    """The parameters leave a ball about where they began. Costs nothing.

    Parameters
    ----------
    radius
        Radius of the ball.

    Scale
    -----
    Euclidean distance of all trained parameters together.
    """

    radius: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "radius", positive_number("radius", self.radius, remedy=REMEDY))

    def margin(self, objective: Objective) -> Margin:
        """What is left of the radius."""
        return lambda theta: self.radius - float(np.linalg.norm(theta - objective.theta_0))


@dataclass(frozen=True)
class KernelDrift:
    """The weighted Gram matrix moves away from what it was at the start.

    This costs a Gram matrix per step, and with the operator norm its eigenvalues: many times a
    gradient.

    Parameters
    ----------
    change
        Size of the difference over the size at the start.
    norm
        ``"operator"`` or ``"frobenius"``.

    Scale
    -----
    A number without a unit, see :func:`companion.dynamics.drift.relative_change`.
    """

    change: float
    norm: MatrixNorm = "operator"

    def __post_init__(self) -> None:
        object.__setattr__(self, "change", positive_number("change", self.change, remedy=REMEDY))
        if self.norm not in ("operator", "frobenius"):
            raise ValueError(f"`norm` must be 'operator' or 'frobenius'; got {self.norm!r}.")

    def margin(self, objective: Objective) -> Margin:
        """What is left of the change."""
        start = objective.weighted_gram(objective.theta_0)

        def margin(theta: Float[np.ndarray, " p"]) -> float:
            gram = objective.weighted_gram(theta)
            return self.change - relative_change(gram, start, norm=self.norm)

        return margin


class Watch:
    """Events watched along the steps of a run.

    Parameters
    ----------
    events
        The events.
    objective
        The loss.
    rtol
        Accuracy of a step; the moment of an event is located to a hundredth of it, in units of
        the step.

    Scale
    -----
    Time is that of the run.

    Raises
    ------
    TypeError
        If something is no event.

    Notes
    -----
    Events are looked for at the ends of steps: one that has passed by the end of the step in which
    it began is not seen. The loss cannot rise, so that it is never missed.
    """

    def __init__(self, events: Sequence[Event], objective: Objective, rtol: float) -> None:
        for event in events:
            # A class has the methods of its instances.
            if isinstance(event, type) or not isinstance(event, Event):
                raise TypeError(
                    f"`stop` must hold events, such as LossBelow(1e-6); got {event!r}."
                )
        self.rtol = rtol
        self.events = tuple(events)
        self.margins = [event.margin(objective) for event in self.events]
        self.left = [margin(objective.theta_0) for margin in self.margins]

    def at_start(self) -> Event | None:
        """The first of the events that have happened before the run began."""
        return next((e for e, left in zip(self.events, self.left, strict=True) if left <= 0), None)

    def first(self, step: Step) -> tuple[float, Event] | None:
        """The first event in a step and its moment.

        Parameters
        ----------
        step
            The step after that of the last call.

        Returns
        -------
        Time and event, or ``None``. Of two at the same time the one that was named first.
        """
        found = []
        for index, (event, margin) in enumerate(zip(self.events, self.margins, strict=True)):
            left = margin(step.theta)
            if left <= 0:
                found.append((self._moment(step, margin, self.left[index], left), index, event))
            self.left[index] = left
        return None if not found else (min(found)[0], min(found)[2])

    def _moment(self, step: Step, margin: Margin, before: float, after: float) -> float:
        known = {step.start: before, step.end: after}
        moment: float = brentq(
            lambda t: known[t] if t in known else margin(step.at(t)),
            step.start,
            step.end,
            xtol=0.01 * self.rtol * (step.end - step.start),
            rtol=4 * np.finfo(float).eps,
        )
        return moment
