"""Gradient flow of the weighted square loss for any module, to a prescribed accuracy."""

import warnings
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped
from torch import Tensor, nn

from companion.dynamics.events import Event, Watch
from companion.dynamics.failures import (
    FlowFailure,
    FlowInterrupted,
    FlowNotFinite,
    FlowUnderflow,
    KinkWarning,
)
from companion.dynamics.kinks import gradient_jump
from companion.dynamics.methods import METHODS, Steps, chosen_method
from companion.dynamics.objective import Objective
from companion.dynamics.progress import progress_bar
from companion.dynamics.recording import Recorder
from companion.dynamics.relu_flow import ReluStep
from companion.dynamics.rest import until_rest
from companion.dynamics.step import NotFinite, Step, StepFailure, StepUnderflow
from companion.dynamics.trajectory import Trajectory
from companion.numerics.arguments import (
    entries,
    one_of,
    positive_number,
    real_number,
)
from companion.tangent.preconditions import Call

KINDS = {StepUnderflow: FlowUnderflow, NotFinite: FlowNotFinite}  # of steps and of runs


def gradient_flow(
    module: nn.Module,
    X: Any,
    y: Shaped[Tensor | np.ndarray, "..."],
    *,
    t_end: float | int,
    t_eval: Shaped[np.ndarray, "..."] | Sequence[float | int] | None = None,
    nu: Shaped[Tensor | np.ndarray, "..."] | None = None,
    rtol: float | None = None,
    method: str = "auto",
    stop: Event | Sequence[Event] = (),
    record: Sequence[str] = (),
    keep_path: bool = False,
    progress: bool = False,
    call: Call | None = None,
) -> Trajectory:
    r"""Follow the gradient flow of the weighted square loss.

    .. math::
        \dot\theta = -\nabla \ell(\theta), \qquad
        \ell(\theta) = \frac12 \sum_{i=1}^n \nu_i\, |f(x_i; \theta) - y_i|^2

    Parameters
    ----------
    module
        Any module in evaluation mode; the flow starts at its parameters. It is not changed.
    X, y
        Data and targets; ``y`` has the shape of ``module(X)``. NumPy arrays are welcome, and
        integer ``X`` for modules that take them.
    t_end
        Time at which the flow stops.
    t_eval
        Times to record, increasing, in ``[0, t_end]``; they do not change the steps. By default 0
        and 100 times spread evenly in the logarithm over ``[1e-4 t_end, t_end]``. The flow goes on
        to ``t_end`` in any case, and the parameters that the trajectory carries are those at
        ``t_end``.
    nu
        Weights of the data points; ones by default.
    rtol
        Accuracy of one step, see Notes. By default 1e-6, or a hundred rounding errors of the
        parameters where these are more: 1.2e-5 in single precision.
    method
        A name in :data:`companion.dynamics.methods.METHODS`, or ``"auto"``, see Notes.
    stop
        Events that end the flow earlier, of :mod:`companion.dynamics.events`. The first that
        happens wins; its moment is located to the accuracy of the run and recorded last.
    record
        Further quantities to record: ``"lambda_min"``, ``"lambda_max"``, ``"kernel_drift"``. They
        cost one Gram matrix and its eigenvalues a record.
    keep_path
        Keep all parameters at every recorded time.
    progress
        Show a bar on the standard error if that is a terminal.
    call
        ``call(module, X)`` gives the outputs; ``module(X)`` by default. With it ``X`` may be any
        object, for example a graph.

    Returns
    -------
    The records; :class:`companion.dynamics.trajectory.Trajectory`. It names the method that ran.

    Scale
    -----
    Residual = prediction - target. ``nu`` sets the unit of time: ``nu = 1`` is the flow of half
    the sum of squares; ``nu = 1/n``, of half the mean, is ``n`` times slower.

    Raises
    ------
    ValueError
        If shapes disagree, an entry is not finite, a time or tolerance is out of range, a weight
        is negative, a layer is in training mode, or no parameter requires a gradient.
    TypeError
        If an array is not of a real floating type, or another argument is of the wrong kind.
    FlowFailure
        If the flow cannot be followed to ``t_end``: ``FlowUnderflow`` if no step is short enough
        for ``rtol``, ``FlowNotFinite`` if it becomes infinite or begins with a gradient that is
        not finite. Also if steps no longer grow and ``t_end`` is more than 1e9 of them away. It
        carries the records so far.
    FlowInterrupted
        If the keyboard interrupts; a ``KeyboardInterrupt`` that carries the records so far.

    Warns
    -----
    KinkWarning
        If the gradient jumps between start and end, as that of a deep ReLU network does, and the
        method is none that knows kinks: the run is then less accurate than ``rtol``.

    Notes
    -----
    Every step keeps its estimated error below ``rtol`` in two measures. The parameters: relative
    to the distance from the start. The predictions: the difference between
    those of the two embedded solutions is at most ``rtol / 2`` of the weighted residual, so that
    the loss is hit to the relative accuracy ``rtol`` however small it has become, down to a
    hundred roundings of the predictions. Errors of successive steps add up but, where the flow
    contracts, also decay; a run at a tenth of ``rtol`` tells the error of the whole. Methods of
    SciPy and torchdiffeq other than DOP853 and RK45 keep to the second measure only, through a
    bound on every entry that divides it by the root of the largest eigenvalue of the weighted
    Gram matrix; the bound is renewed whenever the residual has halved.

    Explicit methods need a number of gradients proportional to that eigenvalue times ``t_end``;
    ``"auto"`` takes one where this product is small, see
    :func:`companion.dynamics.methods.chosen_method`.

    References
    ----------
    L. Li, "On the convergence of gradient descent for two layer neural networks", 2019,
    eqs. (2.3) and (2.4), with ``nu`` a probability measure.
    """
    t_end = positive_number("t_end", t_end, remedy="Pass a length of time, such as 10.0.")
    times = _times(t_end, t_eval)
    method = one_of("method", method, ("auto", *METHODS))
    events = _events(stop)
    objective = Objective(module, X, y, nu, call=call)
    rtol = _tolerance(rtol, objective.precision)
    recorder = Recorder(objective, record=record, keep_path=keep_path)
    records = partial(recorder.trajectory, method=method)
    try:
        recorder.check_start()
        if method == "auto":
            method, reason = chosen_method(objective, t_end=t_end, rtol=rtol)
            records = partial(recorder.trajectory, method=method, method_reason=reason)
        run = _Run(recorder, times, Watch(events, objective, rtol))
        stopped_by = run.follow(METHODS[method], objective, t_end, rtol, progress)
    except StepFailure as failure:
        kind = KINDS.get(type(failure), FlowFailure)
        raise kind(str(failure), failure.time, records()) from failure
    except FloatingPointError as failure:
        raise FlowNotFinite(str(failure), recorder.time, records()) from failure
    except KeyboardInterrupt:
        raise FlowInterrupted(recorder.time, records()) from None
    if method != "filippov":
        _warn_of_kinks(objective, recorder.theta)
    return records(stopped_by=stopped_by)


class _Run:
    def __init__(self, recorder: Recorder, times: Float[np.ndarray, " t"], watch: Watch) -> None:
        self.recorder, self.times, self.watch = recorder, times, watch

    def follow(
        self, steps: Steps, objective: Objective, t_end: float, rtol: float, progress: bool
    ) -> str | None:
        stopped_by = self.watch.at_start()
        if self.times[0] == 0 or stopped_by is not None:
            self.recorder.add(0.0, objective.theta_0)
        if stopped_by is not None:
            return str(stopped_by)
        with progress_bar(t_end, shown=progress) as bar:
            taken = steps(objective, t_end=t_end, rtol=rtol)
            for step in until_rest(taken, objective, t_end=t_end, rtol=rtol):
                found = self.watch.first(step)
                self._record(step, step.end if found is None else found[0])
                if found is not None:
                    self._finish(step, found[0])
                    return str(found[1])
                self.recorder.reach(step.end, step.theta)
                bar.update(step.end - bar.n)
        return None

    def _record(self, step: Step, end: float) -> None:
        for t in self.times[(step.start < self.times) & (self.times <= end)].tolist():
            self.recorder.add(t, step.at(t), velocity=_velocity(step, t))

    def _finish(self, step: Step, moment: float) -> None:
        if moment not in self.times:
            self.recorder.add(moment, step.at(moment), velocity=_velocity(step, moment))


def _velocity(step: Step, t: float) -> np.ndarray | None:
    # Along a kink it is not minus the gradient that automatic differentiation finds.
    return step.velocity(t) if isinstance(step, ReluStep) else None


def _warn_of_kinks(objective: Objective, theta: np.ndarray) -> None:
    if not (theta != objective.theta_0).any():
        return
    jump = gradient_jump(objective, objective.theta_0, theta)
    if jump > objective.precision**0.5:
        warnings.warn(
            f"the gradient jumps by {jump:.2g} of its size at a kink between start and end: the "
            "order of the method is one there or less, and the run is less accurate than `rtol`. "
            "See companion.dynamics.kinks.observed_order for what is left.",
            KinkWarning,
            stacklevel=3,
        )


def _events(stop: Event | Sequence[Event]) -> tuple[Event, ...]:
    remedy = "Pass an event, such as LossBelow(1e-6), or several."
    return (stop,) if isinstance(stop, Event) else entries("stop", stop, remedy=remedy)


def _times(
    t_end: float, t_eval: Shaped[np.ndarray, "..."] | Sequence[float | int] | None
) -> Float[np.ndarray, " t"]:
    if t_eval is None:
        spread = np.geomspace(1e-4 * t_end, t_end, 100)
        spread[-1] = t_end  # geomspace rounds its end
        return np.concatenate([[0.0], spread])
    remedy = f"Pass increasing times in [0, t_end] = [0, {t_end}]."
    shape = getattr(t_eval, "shape", (1,))
    if len(shape) != 1:
        raise ValueError(
            f"`t_eval` must be a sequence of times; got shape {tuple(shape)}. {remedy}"
        )
    given = entries("t_eval", t_eval, remedy=remedy)
    times = np.array([real_number("t_eval", time, remedy=remedy) for time in given])
    if len(times) == 0:
        raise ValueError(f"`t_eval` must hold a time; got none. {remedy}")
    outside = ~((times >= 0) & (times <= t_end))
    if outside.any():
        index = int(np.argmax(outside))
        raise ValueError(
            f"`t_eval` must lie in [0, t_end] = [0, {t_end}]; entry {index} is {times[index]}. "
            "Leave out what lies beyond, or let `t_end` be later."
        )
    if (np.diff(times) <= 0).any():
        index = int(np.argmax(np.diff(times) <= 0)) + 1
        raise ValueError(
            f"`t_eval` must increase; entry {index} is {times[index]} after {times[index - 1]}. "
            "Pass numpy.unique of the times."
        )
    return times


def _tolerance(rtol: float | None, precision: float) -> float:
    if rtol is None:
        return max(1e-6, 100 * precision)
    rtol = real_number("rtol", rtol, remedy="The default is 1e-6.")
    if not 0 < rtol < 1:
        raise ValueError(f"`rtol` must lie between 0 and 1; got {rtol}. The default is 1e-6.")
    if rtol < 100 * precision:
        raise ValueError(
            f"`rtol` must be at least {100 * precision:.1e}, a hundred rounding errors of the "
            f"module's parameters; got {rtol}. "
            + ("Module.double() allows smaller ones." if precision > 1e-10 else "Ask for less.")
        )
    return rtol
