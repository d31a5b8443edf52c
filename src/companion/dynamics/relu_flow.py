"""Gradient flow of a two-layer ReLU network from one kink to the next, sliding included."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import factorial
from typing import Literal

import numpy as np
from jaxtyping import Float

from companion.dynamics.accuracy import ROUNDINGS, Accuracy
from companion.dynamics.objective import Objective
from companion.dynamics.relu_margins import Margins, event_margins
from companion.dynamics.relu_pattern import Pattern
from companion.dynamics.relu_problem import ReluProblem
from companion.dynamics.relu_series import ReluSeries, relu_series, series_order
from companion.dynamics.step import Step, StepFailure, StepUnderflow
from companion.numerics.bernstein import first_negative

EPS, TINY = float(np.finfo(float).eps), float(np.finfo(float).tiny)
TINY_PART = 1e-10  # a step that an event cuts to less than this part has not moved


@dataclass(frozen=True)
class KinkEvent:
    """A neuron meets or leaves the kink of a sample.

    ``sample`` is the first of the samples that share the kink. ``"cross"``: from one side to the
    other; ``"slide"``: the neuron begins to slide; ``"exit"``: it stops sliding.

    Scale
    -----
    Time of the flow.
    """

    time: float
    sample: int
    neuron: int
    kind: Literal["cross", "slide", "exit"]


@dataclass(frozen=True, eq=False)
class ReluStep(Step):
    """A step between kinks, with the events at its start.

    ``velocity`` is the derivative of the state at any time of the step: minus the shortest element
    of the subdifferential of the loss. Where a neuron slides that is not what automatic
    differentiation returns.

    Scale
    -----
    Parameters per time of the flow.
    """

    events: tuple[KinkEvent, ...]
    velocity: Callable[[float], Float[np.ndarray, " p"]]


def relu_steps(objective: Objective, *, t_end: float | int, rtol: float) -> Iterator[ReluStep]:
    r"""Gradient flow of a two-layer ReLU network, as the solution of Filippov.

    .. math::
        \dot\theta \in -\partial \ell(\theta), \qquad
        \dot w_j = -s\, a_j \sum_i \nu_i r_i\, \alpha_{ij}\, x_i, \qquad
        \alpha_{ij} \begin{cases} = 1 & z_{ij} > 0 \\ \in [0, 1] & z_{ij} = 0 \\
        = 0 & z_{ij} < 0 \end{cases}

    Parameters
    ----------
    objective
        The loss of a :class:`companion.networks.two_layer.TwoLayerNetwork` with ReLU.
    t_end
        Time at which the flow stops, positive.
    rtol
        Accuracy of one step, see :class:`companion.dynamics.accuracy.Accuracy`.

    Returns
    -------
    An iterator over the steps; every one lies between two events, and carries those at its start.

    Scale
    -----
    Time is flow time of half the weighted sum of squares.

    Raises
    ------
    TypeError
        If the module is not a two-layer ReLU network.
    StepFailure
        If events pile up at one time; ``StepUnderflow`` if the step falls below the spacing of
        the numbers.

    Notes
    -----
    Where both sides of a kink push to it, the neuron slides: :math:`\alpha_{ij}` is such that
    :math:`z_{ij}` stays zero. At several kinks the velocity is minus the shortest element of the
    subdifferential, see :func:`companion.dynamics.filippov.least_slope_sides`. This
    flow has :math:`\dot\ell = -|\dot\theta|^2` at almost all times, and keeps
    :math:`a_j^2 - |w_j|^2` (with the bias counted in w_j) where all parts are trained.

    A sliding kink is a valley of the loss as a function of w_j (its slope increases across the
    kink); there the solution is unique forward in time, not backward. A ridge is crossed where
    both sides agree. Where they do not, solutions leave to either side and no uniqueness
    can hold: when the flow starts there, or when a_j changes its sign while neuron j slides.
    Then :math:`\sigma'(0) = 0` is taken, as automatic differentiation does, and the solution
    followed is one of several. A neuron with w_j = 0 stands on all kinks at once; if some are
    ridges, it is treated in the same way.

    Between events the equation is polynomial, and a step is a power series of the order that suits
    ``rtol``. Events are roots of polynomials, none is overlooked, and a sliding neuron is put back
    onto its kinks at every one of its events. A step is at most some five times the inverse of the
    largest eigenvalue long, and costs as many gradients as its order. An exponential integrator
    becomes cheaper in a piece of some three thousand times that inverse (measured with 50 points,
    700 parameters and ``rtol=1e-7``); of the thousand pieces there the longest had 700.

    References
    ----------
    A. F. Filippov, "Differential Equations with Discontinuous Righthand Sides", 1988, sections 4
    and 10; D. Davis, D. Drusvyatskiy, S. Kakade and J. D. Lee, "Stochastic subgradient method
    converges on tame functions", Found. Comput. Math. 20, 2020, section 5 (the loss along the
    flow).
    """
    return _Flow(objective, rtol).steps(float(t_end))


class _Flow:
    def __init__(self, objective: Objective, rtol: float) -> None:
        self.problem = ReluProblem(objective)
        self.pattern = Pattern(self.problem)
        self.accuracy = Accuracy(objective, rtol)
        self.order = series_order(rtol)
        self.W, self.a = self.problem.W.copy(), self.problem.a.copy()
        self.theta_0 = objective.theta_0
        self.output_floor = ROUNDINGS * EPS * objective.output_scale()
        self.t = 0.0
        self.events: list[KinkEvent] = []

    def steps(self, t_end: float) -> Iterator[ReluStep]:
        self._settle_start()
        stalled, most = 0, 10 + self.pattern.side.size
        while self.t < t_end:
            series = relu_series(self.pattern, self.W, self.a, self.order)
            if self._rests(series):
                yield self._step(series, t_end, rests=True)
                return
            remaining = t_end - self.t
            full = self._length(series, remaining)
            margins = event_margins(self.pattern, series, full)
            found = first_negative(margins.polynomials)
            part, row = found or (1.0, -1)
            end = t_end if part * full == remaining else self.t + part * full
            if end > self.t:
                step = self._step(series, end)
                yield step
                self.t, self.events = end, []
            elif found is None:
                raise StepUnderflow("the step fell below the spacing of the numbers", self.t)
            stalled = stalled + 1 if part < TINY_PART else 0
            if stalled > most:
                raise StepFailure("events at kinks pile up at one time", self.t)
            powers = (part * full) ** np.arange(self.order + 1)
            self.W, self.a = np.tensordot(powers, series.W, 1), powers @ series.a
            if found:
                self._settle(margins, row, powers @ series.pull)

    def _rests(self, series: ReluSeries) -> bool:
        # Where residual or slope are rounding, so is the choice of sliding or not.
        problem = self.problem
        residual = self._norm(series.outputs[0] - problem.y)
        speed = float(np.linalg.norm(problem.flat(series.W, series.a)[1]))
        steepest = problem.scale * problem.lengths.max(initial=0.0) * problem.nu.sum() ** 0.5
        weights = np.sqrt((series.a[0] ** 2).sum() + (series.W[0] ** 2).sum())
        # The gradient is a sum of terms at most this large, and cannot be known better.
        rounding = ROUNDINGS * EPS * steepest * float(weights) * residual
        return bool(residual <= self.output_floor or speed <= rounding)

    def _settle_start(self) -> None:
        outputs = relu_series(self.pattern, self.W, self.a, 0).outputs[0]
        self.pattern.settle_start(self.W, self.a, self.problem.nu * (outputs - self.problem.y))
        for neuron, side in enumerate(self.pattern.side):
            self._note(neuron, np.where(side == 0, 1, side))

    def _settle(self, margins: Margins, row: int, pull: np.ndarray) -> None:
        neuron, kink = int(margins.neuron[row]), int(margins.kink[row])
        before = self.pattern.side[neuron].copy()
        self.pattern.settle(
            neuron,
            self.W,
            self.a,
            pull,
            kink=kink if kink >= 0 else None,
            leaves_to=int(margins.leaves_to[row]),
        )
        self._note(neuron, before)

    def _note(self, neuron: int, before: np.ndarray) -> None:
        after = self.pattern.side[neuron]
        for kink in np.flatnonzero(before != after):
            kind: Literal["cross", "slide", "exit"] = "cross"
            if after[kink] == 0:
                kind = "slide"
            elif before[kink] == 0:
                kind = "exit"
            self.events.append(KinkEvent(self.t, int(self.problem.sample[kink]), neuron, kind))

    def _step(self, series: ReluSeries, end: float, *, rests: bool = False) -> ReluStep:
        start, orders = self.t, np.arange(self.order + 1)
        theta = self.problem.flat(series.W, series.a)
        if rests:
            theta[1:] = 0.0

        def at(time: float) -> np.ndarray:
            state: np.ndarray = (time - start) ** orders @ theta
            return state

        def velocity(time: float) -> np.ndarray:
            slope: np.ndarray = (orders[1:] * (time - start) ** orders[:-1]) @ theta[1:]
            return slope

        return ReluStep(start, end, at(end), at, tuple(self.events), velocity)

    def _length(self, series: ReluSeries, remaining: float) -> float:
        # The last two orders stand for what is cut off: one of them alone may vanish.
        last = np.array([self.order - 1, self.order])
        theta = self.problem.flat(series.W, series.a)
        sizes = np.linalg.norm(theta[last], axis=1) + TINY
        output_sizes = np.sqrt(series.outputs[last] ** 2 @ self.problem.nu) + TINY
        distance = float(np.linalg.norm(theta[0] - self.theta_0))
        rtol, speed = self.accuracy.rtol, float(np.linalg.norm(theta[1]))
        allowed = rtol * distance + self.accuracy.theta_floor
        # On a first step the distance is that of the step itself.
        lengths = np.maximum(
            (allowed / sizes) ** (1 / last), (rtol * speed / sizes) ** (1 / (last - 1))
        )
        # Where the terms of the fastest mode begin to grow, the series amplifies rounding errors.
        growth = factorial(self.order) ** (1 / self.order) / self.order
        length = min(*lengths, growth * sizes[0] / sizes[1], remaining)
        while True:
            end = length ** np.arange(self.order + 1) @ series.outputs - self.problem.y
            size = self.accuracy.size(
                error=0.0,
                distance=distance,
                output_error=float((output_sizes * length**last).max()),
                residual=self._norm(end),
            )
            if size <= 1:
                return float(length)
            length *= min(0.9, size ** (-1 / self.order))

    def _norm(self, residual: np.ndarray) -> float:
        return float(np.sqrt(self.problem.nu @ residual**2))
