"""Gradient flow of the weighted square loss for any module, to a prescribed accuracy."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Shaped
from torch import Tensor, nn
from tqdm import tqdm

from companion.dynamics.methods import METHODS
from companion.dynamics.objective import Objective
from companion.dynamics.step import StepFailure
from companion.dynamics.trajectory import FlowFailure, Trajectory

RECORDABLE = ("lambda_min",)


def gradient_flow(
    module: nn.Module,
    X: Shaped[Tensor | np.ndarray, "..."],
    y: Shaped[Tensor | np.ndarray, "..."],
    *,
    t_end: float | int,
    t_eval: Shaped[np.ndarray, "..."] | Sequence[float | int] | None = None,
    nu: Shaped[Tensor | np.ndarray, "..."] | None = None,
    rtol: float = 1e-6,
    method: str = "DOP853",
    keep_path: bool = False,
    record: Sequence[str] = (),
    progress: bool = False,
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
        Data and targets; ``y`` has the shape of ``module(X)``. NumPy arrays are welcome.
    t_end
        Time at which the flow stops.
    t_eval
        Times to record, increasing, in ``[0, t_end]``. By default 0 and 100 times spread
        evenly in the logarithm over ``[1e-4 t_end, t_end]``. The flow goes on to ``t_end`` in
        any case, and the parameters that the trajectory carries are those at ``t_end``.
    nu
        Weights of the data points; ones by default.
    rtol
        Accuracy of one step, see Notes.
    method
        ``"DOP853"``, ``"RK45"``, or ``"LSODA"`` for stiff flows of up to a thousand parameters.
    keep_path
        Keep all parameters at every recorded time.
    record
        Further quantities to record: ``"lambda_min"``.
    progress
        Show a bar on the standard error if that is a terminal.

    Returns
    -------
    The records; :class:`companion.dynamics.trajectory.Trajectory`.

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
        If an array is not of a real floating type.
    FlowFailure
        If the flow cannot be followed to ``t_end``; it carries the records so far.

    Notes
    -----
    Every step keeps its estimated error below ``rtol`` in two measures. The parameters: relative
    to the distance from the start. The predictions: the difference between
    those of the two embedded solutions is at most ``rtol / 2`` of the weighted residual, so that
    the loss is hit to the relative accuracy ``rtol`` however small it has become, down to a
    hundred roundings of the predictions. Errors of successive steps add up but, where the flow
    contracts, also decay; a run at a tenth of ``rtol`` tells the error of the whole. LSODA
    keeps to the second measure only, through a bound on every entry that divides it by the
    largest eigenvalue of the weighted Gram matrix; the bound is renewed whenever the residual has
    halved.

    Explicit methods need a number of gradients proportional to that eigenvalue times ``t_end``.

    References
    ----------
    L. Li, "On the convergence of gradient descent for two layer neural networks", 2019,
    eqs. (2.3) and (2.4), with ``nu`` a probability measure.
    """
    objective = Objective(module, X, y, nu)
    times = _times(float(t_end), t_eval)
    _check_choices(rtol, objective.precision, method, record)
    log = _Log(objective, keep_path=keep_path, spectrum="lambda_min" in record)
    bar = tqdm(
        total=float(t_end),
        desc="time",
        bar_format="{l_bar}{bar}| {elapsed} < {remaining}",
        disable=None if progress else True,
        leave=False,
    )
    try:
        if times[0] == 0:
            log.add(0.0, objective.theta_0)
        for step in METHODS[method](objective, t_end=float(t_end), rtol=rtol):
            for t in times[(step.start < times) & (times <= step.end)].tolist():
                log.add(t, step.at(t))
            log.theta = step.theta
            bar.update(step.end - bar.n)
    except StepFailure as failure:
        raise FlowFailure(str(failure), failure.time, log.trajectory()) from failure
    finally:
        bar.close()
    return log.trajectory()


class _Log:
    def __init__(self, objective: Objective, *, keep_path: bool, spectrum: bool) -> None:
        self.objective = objective
        self.keep_path, self.spectrum = keep_path, spectrum
        self.theta = objective.theta_0
        self.t: list[float] = []
        self.residual: list[np.ndarray] = []
        self.slope: list[float] = []
        self.distance: list[float] = []
        self.lambda_min: list[float] = []
        self.path: list[np.ndarray] = []

    def add(self, t: float, theta: np.ndarray) -> None:
        self.t.append(t)
        self.residual.append(self.objective.residual(theta))
        self.slope.append(_length(self.objective.gradient(theta)))
        self.distance.append(_length(theta - self.objective.theta_0))
        if self.spectrum:
            self.lambda_min.append(float(self.objective.weighted_spectrum(theta)[0]))
        if self.keep_path:
            self.path.append(theta)

    def trajectory(self) -> Trajectory:
        size = np.array([self.objective.norm(r) for r in self.residual])
        with np.errstate(invalid="ignore", divide="ignore"):
            rate = np.where(size > 0, (np.array(self.slope) / size) ** 2, np.nan)
        return Trajectory(
            t=np.array(self.t),
            loss=size**2 / 2,
            residual=np.array(self.residual),
            dissipation_rate=rate,
            distance=np.array(self.distance),
            nu=self.objective.nu,
            parameters=self.objective.named(self.theta),
            lambda_min=np.array(self.lambda_min) if self.spectrum else None,
            path=np.array(self.path) if self.keep_path else None,
        )


def _times(
    t_end: float, t_eval: Shaped[np.ndarray, "..."] | Sequence[float | int] | None
) -> Float[np.ndarray, " t"]:
    if not (np.isfinite(t_end) and t_end > 0):
        raise ValueError(f"`t_end` must be positive and finite; got {t_end}.")
    if t_eval is None:
        spread = np.geomspace(1e-4 * t_end, t_end, 100)
        spread[-1] = t_end  # geomspace rounds its end
        return np.concatenate([[0.0], spread])
    times = np.asarray(t_eval, dtype=float)
    if times.ndim != 1 or len(times) == 0:
        raise ValueError(f"`t_eval` must be a sequence of times; got shape {times.shape}.")
    outside = ~((times >= 0) & (times <= t_end))
    if outside.any():
        index = int(np.argmax(outside))
        raise ValueError(
            f"`t_eval` must lie in [0, t_end] = [0, {t_end}]; entry {index} is {times[index]}."
        )
    if (np.diff(times) <= 0).any():
        index = int(np.argmax(np.diff(times) <= 0)) + 1
        raise ValueError(
            f"`t_eval` must increase; entry {index} is {times[index]} after {times[index - 1]}."
        )
    return times


def _check_choices(rtol: float, precision: float, method: str, record: Sequence[str]) -> None:
    if method not in METHODS:
        raise ValueError(f"`method` must be one of {', '.join(METHODS)}; got {method!r}.")
    if not 100 * precision <= rtol < 1:
        raise ValueError(
            f"`rtol` must lie in [{100 * precision:.1e}, 1) for parameters with rounding error "
            f"{precision:.1e}; got {rtol}. Module.double() allows smaller ones."
        )
    for name in record:
        if name not in RECORDABLE:
            raise ValueError(f"`record` must name some of {', '.join(RECORDABLE)}; got {name!r}.")


def _length(vector: np.ndarray) -> float:
    return float(np.linalg.norm(vector))
