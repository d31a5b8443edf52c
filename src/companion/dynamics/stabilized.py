"""Gradient flow by stabilised explicit steps: no matrix, memory of a few parameter vectors."""

from collections.abc import Callable, Iterator

import numpy as np
from jaxtyping import Float

from companion.dynamics.accuracy import Accuracy
from companion.dynamics.objective import Objective
from companion.dynamics.step import NotFinite, Step, StepUnderflow
from companion.numerics.stabilized_runge_kutta import StabilizedScheme, scheme_for

Vector = Float[np.ndarray, " p"]
Plain = np.ndarray  # in private helpers: shapes are checked where they enter
Field = Callable[[Vector], Vector]

SAFETY, SHRINK, GROW = 0.85, 0.2, 2.0  # errors of steps add up: less is asked than allowed
EXPONENT = -1 / 5  # errors are proportional to the fifth power of the step
NO_ROUNDING = 20.0  # products of step and rate up to which roundings are not looked at
RENEWAL = 20  # accepted steps after which the largest rate is measured again
RATE_SAFETY, RATE_TOLERANCE, RATE_ITERATIONS = 1.05, 0.01, 100


def stabilized_steps(objective: Objective, *, t_end: float, rtol: float) -> Iterator[Step]:
    r"""Steps of a stabilised explicit method of order four along gradient flow.

    .. math::
        \dot\theta = -\nabla \ell(\theta)

    Parameters
    ----------
    objective
        The loss.
    t_end
        The last step ends exactly here.
    rtol
        Accuracy of one step, as in :class:`companion.dynamics.accuracy.Accuracy`.

    Returns
    -------
    An iterator over steps.

    Scale
    -----
    Time is that of the flow.

    Raises
    ------
    StepUnderflow
        If the step falls below the spacing of floating-point numbers.
    NotFinite
        If it does so because the gradient is not finite a step further on.

    Notes
    -----
    The derivative of a gradient is symmetric, so that its spectrum is real and a method that is
    stable along the real axis is all that is needed. The number of stages follows the largest
    rate, which is found by the power method on differences of gradients: products with the
    derivative, of which nothing is stored.

    A run costs about ``10 rtol**-0.2`` gradients for every unit of the square root of largest
    eigenvalue times ``t_end`` (a fit to two-layer networks) as long as that product is below some
    1e5. Beyond, roundings, which the last stages
    magnify by the fourth power of step times rate, limit the step.

    Inside a step the state is that of a shorter step from the same start, which needs fewer
    stages.

    References
    ----------
    A. Abdulle, "Fourth order Chebyshev methods with recurrence relation", SIAM J. Sci. Comput.
    23, 2002; B. P. Sommeijer, L. F. Shampine and J. G. Verwer, "RKC: an explicit solver for
    parabolic PDEs", J. Comput. Appl. Math. 88, 1998, section 2.2 (the largest rate).
    """
    accuracy = Accuracy(objective, rtol)

    def field(theta: Vector) -> Vector:
        return -objective.gradient(theta)

    t, theta = 0.0, objective.theta_0
    slope = field(theta)
    largest = _LargestRate(field, objective.precision)
    rate = largest.near(theta, slope)
    step = 0.1 / rate if rate > 0 else t_end
    since_renewal, sizes = 0, _Sizes()
    while t < t_end:
        h = min(step, t_end - t)
        scheme = scheme_for(h * rate)
        longest = min(scheme.stability_interval, _clean(objective, accuracy, theta, rate, scheme))
        if h * rate > longest:
            h = longest / rate
            scheme = scheme_for(h * rate)
        with np.errstate(over="ignore", invalid="ignore"):  # a failed attempt is shortened
            new, error = scheme.advance(field, theta, slope, h)
            finite = bool(np.isfinite(error).all() and np.isfinite(new).all())
            size = accuracy.error_size(new, error) if finite else np.inf
        if not size <= 1:
            step = h * sizes.refused(size)
            if step < 10 * np.spacing(t):
                if np.isfinite(size):
                    raise StepUnderflow("the step fell below the spacing of the numbers", t)
                raise NotFinite("no step is short enough to stay finite", t)
            if since_renewal > 0:
                rate, since_renewal = largest.near(theta, slope), 0
            continue
        end = t_end if h == t_end - t else t + h
        yield Step(t, end, new, _shorter(field, rate, (t, theta, slope), (end, new)))
        grown = h * sizes.accepted(size, h)
        # A step cut short by the end says nothing against a longer one.
        step = max(step, grown) if h < step else grown
        t, theta, slope = end, new, field(new)
        since_renewal += 1
        if since_renewal >= RENEWAL and t < t_end:
            rate, since_renewal = largest.near(theta, slope), 0


class _Sizes:
    # Factors of the next step from the sizes of errors, predicted from two of them: on a flow
    # whose rates fall steadily the growth goes on, and where they rise the step is not refused.

    def __init__(self) -> None:
        self.last: tuple[float, float] | None = None

    def accepted(self, size: float, h: float) -> float:
        if size == 0:
            self.last = None
            return GROW
        factor = SAFETY * size**EXPONENT
        if self.last is not None:
            factor = min(factor, factor * (size / self.last[0]) ** EXPONENT * h / self.last[1])
        self.last = size, h
        return float(min(max(factor, SHRINK), GROW))

    def refused(self, size: float) -> float:
        self.last = None
        return max(SAFETY * size**EXPONENT, SHRINK) if np.isfinite(size) else SHRINK


class _LargestRate:
    # The power method on differences of slopes. It starts where it ended before, and noise makes
    # sure that no direction is missed because of a symmetry.

    def __init__(self, field: Field, precision: float) -> None:
        self.field = field
        self.nudge = precision**0.5
        self.rng = np.random.default_rng(0)
        self.direction: Plain | None = None

    def near(self, theta: Plain, slope: Plain) -> float:
        noise = self.rng.standard_normal(len(theta))
        start = slope if self.direction is None else self.direction
        direction = noise / _length(noise) + (2 * start / _length(start) if start.any() else 0)
        distance = self.nudge * (1 + _length(theta))
        rate = 0.0
        for _ in range(RATE_ITERATIONS):
            direction *= distance / _length(direction)
            change = self.field(theta + direction) - slope
            measured = _length(change) / distance
            if not (np.isfinite(measured) and measured > 0):
                break
            settled = abs(measured - rate) <= RATE_TOLERANCE * measured
            rate, direction = measured, change
            if settled:
                break
        self.direction = direction
        return RATE_SAFETY * rate


def _clean(
    objective: Objective, accuracy: Accuracy, theta: Plain, rate: float, scheme: StabilizedScheme
) -> float:
    # The last four stages multiply roundings of the state before them by w(-h rate), which is
    # large where P is small. In the outputs they may make up a tenth of what is allowed.
    if scheme.stability_interval < NO_ROUNDING:
        return np.inf
    residual = objective.norm(objective.residual(theta))
    allowed = accuracy.rtol / 2 * residual + accuracy.output_floor
    rounding = float(np.finfo(float).eps) * (1 + _length(theta)) * rate**0.5
    largest_weight = 0.1 * allowed / rounding
    return float(max((largest_weight / scheme.polynomial.weight[4]) ** 0.25, NO_ROUNDING))


def _shorter(
    field: Field, rate: float, start: tuple[float, Plain, Plain], end: tuple[float, Plain]
) -> Callable[[float], Plain]:
    t_start, theta, slope = start

    def at(t: float) -> Plain:
        if t in (t_start, end[0]):
            return theta if t == t_start else end[1]
        h = t - t_start
        return scheme_for(h * rate).advance(field, theta, slope, h)[0]

    return at


def _length(vector: Plain) -> float:
    return float(np.linalg.norm(vector))
