"""Gradient descent of the weighted square loss, full batch or stochastic; time is steps * rate."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn

from companion.dynamics.failures import Diverged, FlowInterrupted, FlowNotFinite
from companion.dynamics.objective import Objective
from companion.dynamics.progress import progress_bar
from companion.dynamics.recording import Recorder
from companion.dynamics.schedule import number_of_steps, record_marks
from companion.dynamics.trajectory import Trajectory
from companion.numerics.arguments import whole_number
from companion.tangent.inputs import beside
from companion.tangent.preconditions import Call

EXPLODED = 1e6  # residuals that many times the targets and first outputs do not come back

Draw = Callable[[], tuple[Any, Any]]
Gradient = Callable[[Tensor], tuple[float, Tensor]]  # estimated squared residual and gradient


def gradient_descent(
    module: nn.Module,
    X: Any,
    y: Shaped[Tensor | np.ndarray, "..."],
    *,
    learning_rate: float,
    num_steps: int | None = None,
    t_end: float | int | None = None,
    nu: Shaped[Tensor | np.ndarray, "..."] | None = None,
    batch: int | Draw | None = None,
    rng: np.random.Generator | None = None,
    record_at: Sequence[int] | None = None,
    record: Sequence[str] = (),
    keep_path: bool = False,
    progress: bool = False,
    call: Call | None = None,
) -> Trajectory:
    r"""Follow gradient descent on the weighted square loss.

    .. math::
        \theta_{k+1} = \theta_k - \eta\, g_k, \qquad
        \mathbb{E}\, g_k = \nabla \ell(\theta_k), \qquad
        \ell(\theta) = \frac12 \sum_{i=1}^n \nu_i\, |f(x_i; \theta) - y_i|^2

    Parameters
    ----------
    module
        Any module in evaluation mode; descent starts at its parameters. It is not changed.
    X, y
        Data and targets; ``y`` has the shape of ``module(X)``. Records are of these.
    learning_rate
        The length eta of a step in time.
    num_steps, t_end
        Number of steps, or the time at which to stop, rounded to a step: one of the two.
    nu
        Weights of the data points; ones by default.
    batch
        The whole sum by default. A number draws so many of the points for each step, without
        repetition; their gradient times ``n / batch`` estimates that of the sum. A function
        ``batch() -> (X, y)`` brings fresh data for each step; half their mean square is weighted
        by the total of ``nu``.
    rng
        Draws the points of a batch.
    record_at
        Numbers of steps after which to record, increasing. By default 0 and about 100 spread
        evenly in the logarithm.
    record
        Further quantities to record, as in :func:`companion.dynamics.gradient_flow.gradient_flow`.
    keep_path
        Keep all parameters of every record.
    progress
        Show a bar on the standard error if that is a terminal.
    call
        ``call(module, X)`` gives the outputs; ``module(X)`` by default.

    Returns
    -------
    The records; :class:`companion.dynamics.trajectory.Trajectory`, with ``t = learning_rate *
    step``.

    Scale
    -----
    Time is that of ``theta' = -grad loss``, of which this is Euler's method. It follows the flow
    only with ``learning_rate`` below ``2 / lambda_max``, where ``lambda_max`` is the largest
    eigenvalue of the weighted Gram matrix; its error is of first order in ``learning_rate``.

    Raises
    ------
    ValueError
        If shapes disagree, an entry is not finite, a number is out of range, a weight is
        negative, a layer is in training mode, or no parameter requires a gradient.
    TypeError
        If an array is not of a real floating type, or points of something that is no tensor are
        to be drawn.
    Diverged
        If the residual is no longer finite or a million times the size of the targets and first
        outputs; it carries the records so far.
    FlowNotFinite
        If the gradient is not finite at the start.
    FlowInterrupted
        If the keyboard interrupts; a ``KeyboardInterrupt`` that carries the records so far.

    Notes
    -----
    Steps are made in the type of the module's parameters, as a training loop makes them.

    References
    ----------
    L. Li, "On the convergence of gradient descent for two layer neural networks", 2019,
    eq. (2.1), whose limit of small steps is the flow.
    """
    count = number_of_steps(learning_rate, num_steps, t_end)
    marks = record_marks(record_at, count)
    learning_rate = float(learning_rate)
    objective = Objective(module, X, y, nu, call=call)
    gradient = _gradient(objective, batch, rng)
    recorder = Recorder(objective, record=record, keep_path=keep_path)
    records = partial(recorder.trajectory, method="gradient descent")
    limit = EXPLODED * objective.output_scale()
    theta = objective.predictor.theta_0.clone()
    try:
        with progress_bar(count * learning_rate, shown=progress) as bar:
            for step in range(count + 1):
                time = step * learning_rate
                if step in marks:
                    recorder.add(time, _numpy(theta))
                    bar.update(time - bar.n)
                if step == count:
                    with np.errstate(over="ignore", invalid="ignore"):
                        size = objective.norm(objective.residual(_numpy(theta)))
                    if not size <= limit:
                        recorder.reach(time, _numpy(theta))
                        raise Diverged(size * size, learning_rate, time, records())
                    break
                squares, slope = gradient(theta)
                if step == 0 and not torch.isfinite(slope).all():
                    reason = "the gradient is not finite at the start"
                    raise FlowNotFinite(reason, time, records())
                if not squares**0.5 <= limit:
                    recorder.reach(time, _numpy(theta))
                    raise Diverged(squares, learning_rate, time, records())
                theta -= learning_rate * slope
    except KeyboardInterrupt:
        recorder.reach(time, _numpy(theta))
        raise FlowInterrupted(time, records()) from None
    recorder.reach(time, _numpy(theta))
    return records()


def _gradient(
    objective: Objective, batch: int | Draw | None, rng: np.random.Generator | None
) -> Gradient:
    if batch is None:
        return partial(_whole, objective)
    if callable(batch):
        return partial(_fresh, objective, batch)
    predictor = objective.predictor
    num_samples = predictor.num_samples
    remedy = f"Pass a whole number from 1 to {num_samples}, or a function that brings (X, y)."
    batch = whole_number("batch", batch, remedy=remedy)
    if not 1 <= batch <= num_samples:
        raise ValueError(
            f"`batch` must lie between 1 and n = {num_samples}; got {batch}. {remedy}"
        )
    if not isinstance(rng, np.random.Generator):
        got = "None" if rng is None else f"an object of type {type(rng).__name__}"
        kind = ValueError if rng is None else TypeError
        raise kind(f"`rng` must draw the batches; got {got}. Pass numpy.random.default_rng(0).")
    if not isinstance(predictor.X, Tensor):
        raise TypeError(
            f"`X` must be a tensor if points are drawn from it; got {type(predictor.X).__name__}. "
            "Pass a function as `batch` that brings the data of a step."
        )
    return partial(_drawn, objective, batch, rng)


def _whole(objective: Objective, theta: Tensor) -> tuple[float, Tensor]:
    outputs, slope = objective.predictor.pull_back(theta, objective.weighted_residual)
    squares = objective.weighted_residual(outputs) * (outputs - objective.y)
    return squares.double().sum().item(), slope


def _drawn(
    objective: Objective, batch: int, rng: np.random.Generator, theta: Tensor
) -> tuple[float, Tensor]:
    num_samples = objective.predictor.num_samples
    rows = torch.from_numpy(rng.choice(num_samples, batch, replace=False)).to(theta.device)
    weights = objective.weights[rows] * (num_samples / batch)
    return _on(objective, theta, objective.predictor.X[rows], objective.y[rows], weights)


def _fresh(objective: Objective, draw: Draw, theta: Tensor) -> tuple[float, Tensor]:
    X, y = draw()
    y = beside(theta, y, "y")
    weights = (objective.weights.sum() / len(y)).expand(len(y))
    return _on(objective, theta, X if objective.predictor.call else beside(theta, X), y, weights)


def _on(
    objective: Objective, theta: Tensor, X: Any, y: Tensor, weights: Float[Tensor, " n"]
) -> tuple[float, Tensor]:
    outputs, slope = objective.predictor.pull_back(
        theta, lambda outputs: _weigh(weights, outputs, y), X
    )
    return (_weigh(weights, outputs, y) * (outputs - y)).sum().item(), slope


def _weigh(weights: Tensor, outputs: Tensor, y: Tensor) -> Tensor:
    if outputs.shape != y.shape:
        raise ValueError(
            f"`batch` must bring targets of the shape of module(X), {tuple(outputs.shape)}; "
            f"got {tuple(y.shape)}."
        )
    return weights.view(-1, *(1,) * (y.ndim - 1)) * (outputs - y)


def _numpy(theta: Tensor) -> np.ndarray:
    array: np.ndarray = theta.detach().double().cpu().numpy().copy()
    return array
