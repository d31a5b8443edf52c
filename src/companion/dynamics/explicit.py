"""Integrators of an ordinary differential equation, one step at a time.

Runge-Kutta steps use the tableaux of SciPy with a step control of their own: the caller says how
large an error is, so that it can be measured where it matters and not entry by entry.
"""

from collections.abc import Callable, Iterator

import numpy as np
from jaxtyping import Float
from scipy.integrate import DOP853, RK45

from companion.dynamics.step import NotFinite, Step, StepUnderflow

Vector = Float[np.ndarray, " p"]
Plain = np.ndarray  # in private helpers: shapes are checked where they enter
Field = Callable[[Vector], Vector]

SAFETY, SHRINK, GROW = 0.9, 0.2, 10.0  # the classical limits of step control


def runge_kutta_steps(
    field: Field,
    start: Vector,
    *,
    t_end: float,
    method: str,
    error_size: Callable[[Vector, Vector], float],
) -> Iterator[Step]:
    r"""Steps of an embedded Runge-Kutta pair along an autonomous equation.

    .. math::
        \dot\theta = F(\theta), \qquad \theta(0) = \text{start}

    Parameters
    ----------
    field
        The right-hand side F.
    start
        The state at time 0.
    t_end
        The last step ends exactly here.
    method
        ``"DOP853"`` (order 8) or ``"RK45"`` (order 5).
    error_size
        ``error_size(state, error)`` is the size of an estimated error of a step that ends in
        ``state``, in units of what is allowed: the step is accepted when it is at most 1.

    Returns
    -------
    An iterator over steps.

    Scale
    -----
    Time is the time of the equation.

    Raises
    ------
    StepUnderflow
        If the step falls below the spacing of floating-point numbers.
    NotFinite
        If it does so because the field is not finite a step further on.

    Notes
    -----
    Inside a step the state is that of a shorter step from the same start: its error is below
    that of the step itself, in whatever way errors are measured, and steps do not depend on where
    the state is asked for. It costs 11 evaluations of ``field`` (``"DOP853"``) or 5.

    References
    ----------
    E. Hairer, S. P. Norsett and G. Wanner, "Solving Ordinary Differential Equations I", second
    edition, sections II.4 and II.5.
    """
    scheme = {"DOP853": DOP853, "RK45": RK45}[method]
    exponent = -1 / (scheme.error_estimator_order + 1)
    t, state, slope = 0.0, start, field(start)
    step = _first_step(field, start, slope, t_end)
    while t < t_end:
        h = min(step, t_end - t)
        with np.errstate(over="ignore", invalid="ignore"):  # a failed attempt is shortened
            stages = _stages(scheme, field, state, slope, h)
            new = state + h * (scheme.B @ stages[:-1])
            stages[-1] = field(new)
            error = _error(scheme, stages, h)
            size = error_size(new, error) if np.isfinite(error).all() else np.inf
        if not size <= 1:
            step = h * max(SHRINK, SAFETY * size**exponent if np.isfinite(size) else 0.0)
            if step < 10 * np.spacing(t):
                if np.isfinite(size):
                    raise StepUnderflow("the step fell below the spacing of the numbers", t)
                raise NotFinite("no step is short enough to stay finite", t)
            continue
        grown = h * (min(GROW, SAFETY * size**exponent) if size > 0 else GROW)
        # A step cut short by the end says nothing against a longer one.
        step = max(step, grown) if h < step else grown
        end = t_end if h == t_end - t else t + h
        yield Step(t, end, new, _shorter(scheme, field, (t, state, slope), (end, new)))
        t, state, slope = end, new, stages[-1]


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


def _stages(
    scheme: type[DOP853] | type[RK45], field: Field, state: Plain, slope: Plain, h: float
) -> Plain:
    # One row more than there are stages: room for the slope at the end, which errors need.
    stages = np.empty((scheme.n_stages + 1, len(state)))
    stages[0] = slope
    for index in range(1, scheme.n_stages):
        stages[index] = field(state + h * (scheme.A[index, :index] @ stages[:index]))
    return stages


def _error(scheme: type[DOP853] | type[RK45], stages: Plain, h: float) -> Plain:
    if scheme is RK45:
        return h * (scheme.E @ stages)
    # Order 5 damped by order 3, so that the size is that of Hairer's DOP853.
    fifth, third = h * (scheme.E5 @ stages), h * (scheme.E3 @ stages)
    sizes = float(fifth @ fifth), float(third @ third)
    return fifth if sizes[0] == 0 else fifth * np.sqrt(sizes[0] / (sizes[0] + 0.01 * sizes[1]))


def _shorter(
    scheme: type[DOP853] | type[RK45],
    field: Field,
    start: tuple[float, Plain, Plain],
    end: tuple[float, Plain],
) -> Callable[[float], Plain]:
    t_start, state, slope = start

    def at(t: float) -> Plain:
        if t in (t_start, end[0]):
            return state if t == t_start else end[1]
        h = t - t_start
        return state + h * (scheme.B @ _stages(scheme, field, state, slope, h)[:-1])

    return at
