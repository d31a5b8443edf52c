"""Integrators of an ordinary differential equation that stop exactly at given times.

Runge-Kutta steps use the tableaux of SciPy with a step control of their own: the caller says how
large an error is, so that it can be measured where it matters and not entry by entry.
"""

from collections.abc import Callable, Iterator

import numpy as np
from jaxtyping import Float
from scipy.integrate import DOP853, LSODA, RK45

Vector = Float[np.ndarray, " p"]
Plain = np.ndarray  # in private helpers: shapes are checked where they enter
Field = Callable[[Vector], Vector]

SAFETY, SHRINK, GROW = 0.9, 0.2, 10.0  # the classical limits of step control


class StepFailure(RuntimeError):
    """The integrator could not go on; ``time`` says where it stood."""

    def __init__(self, reason: str, time: float) -> None:
        super().__init__(reason)
        self.time = time


def runge_kutta(
    field: Field,
    start: Vector,
    times: Float[np.ndarray, " t"],
    *,
    method: str,
    error_size: Callable[[Vector, Vector], float],
) -> Iterator[tuple[float, Vector]]:
    r"""States of an autonomous equation at given times, by an embedded Runge-Kutta pair.

    .. math::
        \dot\theta = F(\theta), \qquad \theta(0) = \text{start}

    Parameters
    ----------
    field
        The right-hand side F.
    start
        The state at time 0.
    times
        Nonnegative and increasing.
    method
        ``"DOP853"`` (order 8) or ``"RK45"`` (order 5).
    error_size
        ``error_size(state, error)`` is the size of an estimated error of a step that ends in
        ``state``, in units of what is allowed: the step is accepted when it is at most 1.

    Returns
    -------
    An iterator over pairs of a time and the state there, one per step. Every entry of ``times``
    is among them.

    Scale
    -----
    Time is the time of the equation.

    Raises
    ------
    StepFailure
        If the step falls below the spacing of floating-point numbers, which is also how a state
        that becomes infinite shows.

    Notes
    -----
    Steps end exactly at ``times``; a step cut short for that does not shorten the next one.

    References
    ----------
    E. Hairer, S. P. Norsett and G. Wanner, "Solving Ordinary Differential Equations I", second
    edition, sections II.4 and II.5.
    """
    scheme = {"DOP853": DOP853, "RK45": RK45}[method]
    exponent = -1 / (scheme.error_estimator_order + 1)
    t, state, slope = 0.0, start, field(start)
    step = _first_step(field, start, slope, float(times[-1]))
    if times[0] == 0:
        yield t, state
    for target in times[times > 0].tolist():
        while t < target:
            h = min(step, target - t)
            if h < 10 * np.spacing(t):
                raise StepFailure("the step fell below the spacing of the numbers", t)
            with np.errstate(over="ignore", invalid="ignore"):  # a failed attempt is shortened
                new, new_slope, error = _attempt(scheme, field, state, slope, h)
                size = error_size(new, error) if np.isfinite(error).all() else np.inf
            if not size <= 1:
                step = h * max(SHRINK, SAFETY * size**exponent if np.isfinite(size) else 0.0)
                continue
            grown = h * (min(GROW, SAFETY * size**exponent) if size > 0 else GROW)
            # A step cut short by its target says nothing against a longer one.
            step = max(step, grown) if h < step else grown
            t = target if h == target - t else t + h
            state, slope = new, new_slope
            yield t, state


def lsoda(
    field: Field,
    start: Vector,
    times: Float[np.ndarray, " t"],
    *,
    tolerance: Callable[[Vector], float],
    stale: Callable[[Vector], bool],
) -> Iterator[tuple[float, Vector]]:
    r"""States of an autonomous equation at given times, by LSODA.

    LSODA switches to implicit steps where the equation is stiff; it forms the full matrix of
    derivatives of ``field``, so that it is for at most about a thousand unknowns.

    Parameters
    ----------
    field, start, times
        As in :func:`runge_kutta`.
    tolerance
        ``tolerance(state)``: the error allowed per step in each entry, asked at the start and
        whenever it has become stale.
    stale
        ``stale(state)`` tells that the tolerance must be asked again; the method then restarts.

    Returns
    -------
    An iterator over pairs of a time and the state there, one per step and one per entry of
    ``times``.

    Scale
    -----
    Time is the time of the equation.

    Raises
    ------
    StepFailure
        If LSODA gives up or a state is not finite.

    References
    ----------
    L. Petzold, "Automatic selection of methods for solving stiff and nonstiff systems of ordinary
    differential equations", SIAM J. Sci. Stat. Comput. 4, 1983.
    """
    end = float(times[-1])
    relative = 100 * np.finfo(float).eps  # the least that LSODA accepts
    t, state = 0.0, start
    waiting = times[times > 0].tolist()
    if times[0] == 0:
        yield t, state
    while waiting:
        # The unknown is the way from here, so that the relative part counts the way and not the
        # state, which may be far larger than what is left to go.
        solver = _shifted_lsoda(field, t, state, end, relative, tolerance(state))
        here = state
        while waiting:
            message = solver.step()
            if solver.status == "failed" or not np.isfinite(solver.y).all():
                raise StepFailure(message or "the state is not finite", t)
            t, state = float(solver.t), here + solver.y
            interpolant = solver.dense_output()
            while waiting and waiting[0] <= t:
                target = waiting.pop(0)
                yield target, here + interpolant(target)
            yield t, state
            if stale(state):
                break


def _shifted_lsoda(
    field: Field, t: float, origin: Plain, end: float, relative: float, absolute: float
) -> LSODA:
    return LSODA(
        lambda _, way: field(origin + way),
        t,
        np.zeros_like(origin),
        end,
        rtol=relative,
        atol=absolute,
    )


def _first_step(field: Field, start: Plain, slope: Plain, end: float) -> float:
    # One tenth of the time in which the slope changes by its own size along itself.
    length = float(np.linalg.norm(slope))
    if length == 0:
        return end
    probe = 1e-6 * (1 + float(np.linalg.norm(start))) / length
    change = float(np.linalg.norm(field(start + probe * slope) - slope))
    if not np.isfinite(change):
        return probe
    return min(end, 0.1 * probe * length / change) if change else end


def _attempt(
    scheme: type[DOP853] | type[RK45], field: Field, state: Plain, slope: Plain, h: float
) -> tuple[Plain, Plain, Plain]:
    stages = np.empty((scheme.n_stages + 1, len(state)))
    stages[0] = slope
    for index in range(1, scheme.n_stages):
        stages[index] = field(state + h * (scheme.A[index, :index] @ stages[:index]))
    new = state + h * (scheme.B @ stages[:-1])
    stages[-1] = field(new)
    if scheme is RK45:
        return new, stages[-1], h * (scheme.E @ stages)
    # Order 5 damped by order 3, so that the size is that of Hairer's DOP853.
    fifth, third = h * (scheme.E5 @ stages), h * (scheme.E3 @ stages)
    sizes = float(fifth @ fifth), float(third @ third)
    if sizes[0] == 0:
        return new, stages[-1], fifth
    return new, stages[-1], fifth * np.sqrt(sizes[0] / (sizes[0] + 0.01 * sizes[1]))
