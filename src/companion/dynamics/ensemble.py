"""Gradient descent of many networks of one shape at once: one experiment, many seeds."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn

from companion.dynamics.failures import Diverged, FlowNotFinite
from companion.dynamics.gradient_descent import EXPLODED
from companion.dynamics.objective import Objective
from companion.dynamics.recording import Recorder
from companion.dynamics.schedule import number_of_steps, record_marks
from companion.dynamics.stacked_two_layer import StackedTwoLayer
from companion.dynamics.trajectory import Trajectory
from companion.dynamics.vectorised import Evaluation, Stacked, stacked, untrained, vectorised
from companion.numerics.arguments import entries
from companion.tangent.preconditions import Call

# Bytes that a group of networks may keep busy: measured, groups between a half and twice this are
# within a tenth of the fastest, larger ones wait for memory and smaller ones for Python.
CACHE = 2**20

Rows = Float[np.ndarray, "s p"]


def gradient_descent_ensemble(
    modules: Sequence[nn.Module],
    X: Any,
    y: Shaped[Tensor | np.ndarray, "..."],
    *,
    learning_rate: float,
    num_steps: int | None = None,
    t_end: float | int | None = None,
    nu: Shaped[Tensor | np.ndarray, "..."] | None = None,
    record_at: Sequence[int] | None = None,
    call: Call | None = None,
) -> list[Trajectory]:
    r"""Follow gradient descent from many starts on the same data.

    .. math::
        \theta^{(s)}_{k+1} = \theta^{(s)}_k - \eta\, \nabla \ell(\theta^{(s)}_k),
        \qquad s = 1, \dots, S

    Parameters
    ----------
    modules
        Modules in evaluation mode that differ in their parameters and buffers only. They are not
        changed.
    X, y, learning_rate, num_steps, t_end, nu, record_at, call
        As in :func:`companion.dynamics.gradient_descent.gradient_descent`.

    Returns
    -------
    One trajectory for each module, the same as :func:`gradient_descent` gives up to rounding.

    Scale
    -----
    Time is ``learning_rate`` times steps, as for one module.

    Raises
    ------
    ValueError
        As for one module, or if the modules are not of one shape.
    TypeError
        As for one module.
    FlowNotFinite
        If a gradient is not finite at the start.
    Diverged
        If one of them diverges, seen at the next record; it carries the records of that module.

    Notes
    -----
    Small networks cost mostly the way through Python, which a group of them goes once. Two-layer
    networks of a known activation are written by hand, others go through ``torch.vmap``; groups
    are as large as the processor's cache allows. A network that fills the cache alone gains
    nothing and is followed by itself, as is one that ``torch.vmap`` refuses.

    References
    ----------
    L. Li, "On the convergence of gradient descent for two layer neural networks", 2019,
    eq. (2.1).
    """
    count = number_of_steps(learning_rate, num_steps, t_end)
    marks = record_marks(record_at, count)
    learning_rate = float(learning_rate)
    given = entries("modules", modules, remedy="Pass a list of modules.")
    objectives = [Objective(module, X, y, nu, call=call) for module in given]
    _check_alike(objectives)
    evaluation, size = _evaluation(objectives)
    trajectories = []
    for begin in range(0, len(objectives), size):
        group = objectives[begin : begin + size]
        run = _Group(group, begin, learning_rate)
        trajectories += run.follow(evaluation(group), count, marks)
    return trajectories


class _Group:
    def __init__(self, objectives: list[Objective], begin: int, learning_rate: float) -> None:
        self.objectives, self.begin, self.learning_rate = objectives, begin, learning_rate
        self.recorders = [Recorder(objective) for objective in objectives]
        self.scales = [objective.output_scale() for objective in objectives]

    def follow(self, evaluate: Evaluation, count: int, marks: set[int]) -> list[Trajectory]:
        parameters = stacked([o.predictor.split(o.predictor.theta_0) for o in self.objectives])
        for step in range(count + 1):
            residual, gradient = evaluate(parameters)
            if step == 0:
                self._check_residuals(residual)
                self._check_slopes(gradient)
            if step in marks or step == count:
                thetas, t = _flat(parameters), step * self.learning_rate
                self._check_size(t, thetas, residual)
                if step in marks:
                    self._record(t, thetas, residual, gradient)
            if step < count:
                for name, slope in gradient.items():
                    parameters[name].sub_(slope, alpha=self.learning_rate)
        for recorder, theta in zip(self.recorders, thetas, strict=True):
            recorder.reach(t, theta)
        return [recorder.trajectory(method="gradient descent") for recorder in self.recorders]

    def _record(self, t: float, thetas: Rows, residual: Tensor, gradient: Stacked) -> None:
        rows = zip(self.recorders, thetas, _numpy(residual), _flat(gradient), strict=True)
        for recorder, theta, r, slope in rows:
            recorder.add(t, theta, residual=r, velocity=-slope)

    def _check_size(self, t: float, thetas: Rows, residual: Tensor) -> None:
        for index, r in enumerate(_numpy(residual)):
            objective, recorder = self.objectives[index], self.recorders[index]
            with np.errstate(over="ignore", invalid="ignore"):
                size = objective.norm(r)
            if not size <= EXPLODED * self.scales[index]:
                recorder.reach(t, thetas[index])
                raise Diverged(
                    size * size,
                    self.learning_rate,
                    t,
                    recorder.trajectory(method="gradient descent"),
                    subject=f"the residual of module {self.begin + index}",
                )

    def _check_slopes(self, gradient: Stacked) -> None:
        for index, slope in enumerate(_flat(gradient)):
            if not np.isfinite(slope).all():
                reason = f"the gradient of module {self.begin + index} is not finite at the start"
                records = self.recorders[index].trajectory(method="gradient descent")
                raise FlowNotFinite(reason, 0.0, records)

    def _check_residuals(self, residual: Tensor) -> None:
        # What is no parameter and no buffer is taken from the first module for all.
        for index, r in enumerate(_numpy(residual)):
            objective = self.objectives[index]
            error = objective.norm(r - objective.residual(objective.theta_0))
            if error > objective.precision**0.5 * self.scales[index]:
                raise _another(self.begin + index)


def _evaluation(
    objectives: list[Objective],
) -> tuple[Callable[[list[Objective]], Evaluation], int]:
    if StackedTwoLayer.takes(objectives):
        return _two_layer, _fitting(StackedTwoLayer(objectives).bytes_per_seed)
    size = _fitting(_bytes_of_a_pass(objectives[0]))
    if size > 1 and _is_taken_by_vmap(objectives[:2]):
        return vectorised, size
    return _alone, 1


def _fitting(bytes_of_one: int) -> int:
    return max(1, CACHE // max(bytes_of_one, 1))


def _bytes_of_a_pass(objective: Objective) -> int:
    saved: dict[int, int] = {}
    predictor = objective.predictor

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        saved[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        predictor.pull_back(predictor.theta_0.clone(), objective.weighted_residual)
    return sum(saved.values())


def _is_taken_by_vmap(objectives: list[Objective]) -> bool:
    parameters = stacked([o.predictor.split(o.predictor.theta_0) for o in objectives])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a step that vmap knows only as a slow loop
            residual, _ = vectorised(objectives)(parameters)
    except Exception:  # vmap refuses in its own ways and in those of whatever it meets
        return False
    return residual.shape[1:] == objectives[0].y.shape


def _two_layer(objectives: list[Objective]) -> Evaluation:
    networks = StackedTwoLayer(objectives)
    others = stacked([untrained(objective) for objective in objectives])
    return lambda parameters: networks.residuals_and_gradients({**others, **parameters})


def _alone(objectives: list[Objective]) -> Evaluation:
    (objective,) = objectives
    predictor = objective.predictor

    def evaluate(parameters: Stacked) -> tuple[Tensor, Stacked]:
        theta = torch.cat([values.reshape(-1) for values in parameters.values()])
        outputs, gradient = predictor.pull_back(theta, objective.weighted_residual)
        return (outputs - objective.y)[None], stacked([predictor.split(gradient)])

    return evaluate


def _flat(stacked: Stacked) -> Rows:
    return _numpy(torch.cat([v.reshape(len(v), -1) for v in stacked.values()], dim=1))


def _numpy(tensor: Tensor) -> np.ndarray:
    array: np.ndarray = tensor.double().cpu().numpy().copy()
    return array


def _check_alike(objectives: list[Objective]) -> None:
    if not objectives:
        raise ValueError("`modules` must hold at least one module; got none.")
    first = _shapes(objectives[0])
    for index, objective in enumerate(objectives):
        if _shapes(objective) != first:
            raise _another(index)


def _shapes(objective: Objective) -> tuple[object, ...]:
    state = objective.predictor.module.state_dict()
    return objective.predictor.names, {n: (v.shape, v.dtype) for n, v in state.items()}


def _another(index: int) -> ValueError:
    return ValueError(
        "`modules` must differ in their parameters and buffers only; "
        f"module {index} differs from module 0 in something else."
    )
