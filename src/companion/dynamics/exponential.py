"""Gradient flow by an exponential method of fourth order in function space."""

from collections.abc import Iterator, Sequence
from functools import partial
from math import factorial

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from companion.dynamics.accuracy import Accuracy
from companion.dynamics.expansion import Expansion, Remainder
from companion.dynamics.objective import Objective
from companion.dynamics.step import NotFinite, Step, StepUnderflow

SAFETY, SHRINK = 0.9, 0.2
GROW = 3.0  # more would extrapolate roundings from places that are close together
MEMORY = 2  # steps that are looked back
CAUTION = 0.1  # part of the difference to third order that counts as error

Node = tuple[float, Remainder]  # place in the step, of which 0 is the start and 1 the end


def exponential_steps(objective: Objective, *, t_end: float, rtol: float) -> Iterator[Step]:
    r"""Steps along gradient flow, of a length that its stiffness does not limit.

    About the state u at the start of a step the flow is
    :math:`\dot\theta = F(u) + A(\theta - u) + D(\theta)` with the Gauss-Newton matrix
    :math:`A = -J^\top \mathrm{diag}(\nu) J`, so that

    .. math::
        \theta(h) = u + h\, \varphi_1(hA) F(u) + \int_0^h e^{(h-s)A} D(\theta(s))\, ds .

    D is replaced by polynomials through its value 0 at the start, its values at the starts of the
    two steps before, and its values at the stages:

    1. the middle, from the values at and before the start;
    2. the middle again, with the value found there;
    3. the end, with the second value of the middle;
    4. the result, with the values of middle and end.

    Parameters
    ----------
    objective
        The loss; the flow starts at its ``theta_0``.
    t_end
        The last step ends exactly here.
    rtol
        Accuracy of one step, as :class:`companion.dynamics.accuracy.Accuracy` has it.

    Returns
    -------
    An iterator over steps. The state inside of a step costs one product with the transposed
    Jacobian and no gradient, and the steps do not depend on where it is asked for.

    Scale
    -----
    Time is that of ``theta' = -grad loss``.

    Raises
    ------
    StepUnderflow
        If the step falls below the spacing of floating-point numbers.
    NotFinite
        If no step is short enough to stay finite, or the tangent kernel is not finite.

    Notes
    -----
    With two steps before it every stage errs by a fifth power of h and the result by a sixth, with
    constants that contain derivatives of D along the flow but no norm of A: the order holds in
    the stiff sense, which that of the classical four-stage methods does not. The first step has
    nothing before it and errs by a fourth power, so that halving all steps divides the error of
    the whole by 16: order four. A step costs three gradients, a linearization and the eigenvalues
    of one Gram matrix, besides products.

    The error is estimated by what the result would change if D at the end were evaluated at the
    result itself, plus a tenth of what the oldest value changes. Where the module has
    kinks, D is not smooth: the order drops, and the estimate shortens the steps.

    References
    ----------
    A. Ostermann, M. Thalhammer and W. M. Wright, "A class of explicit exponential general linear
    methods", BIT 46, 2006 (such methods for a fixed A).
    """
    accuracy = Accuracy(objective, rtol)
    origin = torch.from_numpy(objective.theta_0).to(objective.predictor.device)
    here = Expansion(objective, origin)
    before: list[tuple[float, Expansion]] = []  # when a step started, and there
    t, step = 0.0, np.inf
    while t < t_end:
        try:
            fastest = here.rates[-1]
        except FloatingPointError as error:
            raise NotFinite(str(error), t) from error
        if not before and fastest > 0:
            step = rtol ** (1 / 3) / fastest
        past = [
            (begun - t, here.remainder(there.slope, here.modes(there.theta - here.theta)))
            for begun, there in before
        ]
        size = np.inf
        while not size <= 1:
            h = min(step, t_end - t)
            with np.errstate(over="ignore", invalid="ignore"):  # a failed attempt is shortened
                attempt = _Attempt(here, [(place / h, value) for place, value in past], h)
                size = attempt.error_size(accuracy, origin)
            factor = SAFETY * size**-0.25 if 0 < size < np.inf else (GROW if size == 0 else SHRINK)
            step = h * min(max(factor, SHRINK), GROW)
            if not size <= 1 and step < 10 * np.spacing(t):
                if np.isfinite(size):
                    raise StepUnderflow("the step fell below the spacing of the numbers", t)
                raise NotFinite("no step is short enough to stay finite", t)
        end = t_end if h == t_end - t else t + h
        yield Step(t, end, _numpy(attempt.end.theta), partial(attempt.at, t))
        before = [*before, (t, here)][-MEMORY:]
        t, here = end, attempt.end


class _Attempt:
    def __init__(self, start: Expansion, past: list[Node], h: float) -> None:
        self.start, self.past, self.h = start, past, h
        middle = (0.5, self._stage(0.5, past))
        self.middle = (0.5, self._stage(0.5, [*past, middle]))
        self.provisional = (1.0, self._stage(1.0, [*past, self.middle]))
        way, modes = self._way(1.0, [*past, self.middle, self.provisional])
        self.end = Expansion(start.objective, start.theta + way)
        self.closing = (1.0, start.remainder(self.end.slope, modes))

    def error_size(self, accuracy: Accuracy, origin: Tensor) -> float:
        nodes = [*self.past, self.middle, self.provisional]
        weights = _weights(nodes, 1.0)
        error = np.column_stack([np.zeros_like(weights), -weights[:, -1]])
        error[:, -2] = weights[:, -1]
        if self.past:
            error[:, :-1] += CAUTION * weights
            error[:-1, 1:-1] -= CAUTION * _weights(nodes[1:], 1.0)  # without the oldest value
        values = [value for _, value in [*nodes, self.closing]]
        direction, modes = self.start.way(self.h, values, error, from_slope=False)
        return accuracy.size(
            error=float(torch.linalg.norm(direction)),
            distance=float(torch.linalg.norm(self.end.theta - origin)),
            output_error=float(np.linalg.norm(modes)),
            residual=float(np.linalg.norm(self.end.residual)),
        )

    def at(self, start: float, t: float) -> Float[np.ndarray, " p"]:
        c = (t - start) / self.h
        if c >= 1:
            return _numpy(self.end.theta)
        way, _ = self._way(c, [*self.past, self.middle, self.closing])
        return _numpy(self.start.theta + way)

    def _stage(self, c: float, nodes: Sequence[Node]) -> Remainder:
        way, modes = self._way(c, nodes)
        objective = self.start.objective
        _, gradient = objective.predictor.pull_back(
            self.start.theta + way, objective.weighted_residual
        )
        return self.start.remainder(-gradient.double(), modes)

    def _way(
        self, c: float, nodes: Sequence[Node]
    ) -> tuple[Float[Tensor, " p"], Float[np.ndarray, " k"]]:
        return self.start.way(c * self.h, [value for _, value in nodes], _weights(nodes, c))


def _weights(nodes: Sequence[Node], c: float) -> Float[np.ndarray, "l s"]:
    # The integral of exp((c - s) z) s^l over [0, c] is l! c^(l+1) phi_(l+1)(c z); the value at a
    # node multiplies s / node times Lagrange's polynomial of the other nodes.
    weights = np.empty((len(nodes), len(nodes)))
    for column, (place, _) in enumerate(nodes):
        powers = [1 / place]
        for other, _ in (*nodes[:column], *nodes[column + 1 :]):
            shifted, scaled = [0.0, *powers], [*(other * power for power in powers), 0.0]
            powers = [(a - b) / (place - other) for a, b in zip(shifted, scaled, strict=True)]
        weights[:, column] = [factorial(d) * c**d * power for d, power in enumerate(powers, 1)]
    return weights


def _numpy(tensor: Tensor) -> np.ndarray:
    array: np.ndarray = tensor.cpu().numpy()
    return array
