"""The integrators of gradient flow by name.

What separates them is stiffness: E. Hairer and G. Wanner, "Solving Ordinary Differential
Equations II", second edition (1996), sections IV.1 and IV.2.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float

from companion.dynamics.accuracy import Accuracy
from companion.dynamics.adapters import SCIPY, TORCHDIFFEQ, adapted_steps
from companion.dynamics.explicit import runge_kutta_steps
from companion.dynamics.exponential import exponential_steps
from companion.dynamics.objective import Objective
from companion.dynamics.relu_flow import relu_steps
from companion.dynamics.relu_problem import is_two_layer_relu
from companion.dynamics.stabilized import stabilized_steps
from companion.dynamics.step import Step
from companion.dynamics.stiffness import expected_gradients, stiffness
from companion.tangent.linearization import Linearization

Vector = Float[np.ndarray, " p"]


@runtime_checkable
class Steps(Protocol):
    """An integrator: steps from the objective's start to ``t_end``, each accurate to ``rtol``.

    Scale
    -----
    Time is that of the flow; ``rtol`` means what :class:`companion.dynamics.accuracy.Accuracy`
    says.
    """

    def __call__(self, objective: Objective, *, t_end: float, rtol: float) -> Iterator[Step]: ...


def _runge_kutta(
    objective: Objective, *, t_end: float, rtol: float, method: str
) -> Iterator[Step]:
    return runge_kutta_steps(
        _slope(objective),
        objective.theta_0,
        t_end=t_end,
        method=method,
        error_size=Accuracy(objective, rtol).error_size,
    )


def _adapted(objective: Objective, *, t_end: float, rtol: float, method: str) -> Iterator[Step]:
    entrywise = _Entrywise(Accuracy(objective, rtol))
    return adapted_steps(
        _slope(objective),
        objective.theta_0,
        t_end=t_end,
        method=method,
        tolerance=entrywise.tolerance,
        stale=entrywise.stale,
        derivative=_gauss_newton(objective),
    )


def _gauss_newton(objective: Objective) -> Callable[[Vector], Float[np.ndarray, "p p"]]:
    # Of the derivative of the slope, the part that makes flows stiff.
    def derivative(theta: Vector) -> Float[np.ndarray, "p p"]:
        linearization = Linearization(objective.predictor, torch.from_numpy(theta))
        num_rows = objective.predictor.num_rows
        rows = linearization.apply_transpose(torch.eye(num_rows).to(objective.y))
        transposed = rows.detach().double().cpu().numpy()
        weights = np.repeat(objective.nu, num_rows // len(objective.nu))
        return -(transposed * weights) @ transposed.T

    return derivative


def _slope(objective: Objective) -> Callable[[Vector], Vector]:
    return lambda theta: -objective.gradient(theta)


class _Entrywise:
    # Adapted methods know errors entry by entry only: the accuracy of predictions is divided by
    # their largest derivative, which changes, so that it is asked again when the residual has
    # halved.

    def __init__(self, accuracy: Accuracy) -> None:
        self.accuracy = accuracy
        self.objective = accuracy.objective
        self.residual = np.inf

    def tolerance(self, theta: Vector) -> float:
        self.residual = self.objective.norm(self.objective.residual(theta))
        # The residual halves before this is asked again: half of rtol/2 now is rtol/2 then.
        allowed = self.accuracy.rtol / 4 * self.residual + self.accuracy.output_floor
        steepest = max(self.objective.weighted_spectrum(theta)[-1], 0.0) ** 0.5
        return float(allowed / (steepest * len(theta) ** 0.5)) if steepest else self.accuracy.rtol

    def stale(self, theta: Vector) -> bool:
        residual = self.objective.norm(self.objective.residual(theta))
        return self.accuracy.output_floor / self.accuracy.rtol < residual < self.residual / 2


def chosen_method(objective: Objective, *, t_end: float, rtol: float) -> tuple[str, str]:
    """The method for a flow, and why.

    Parameters
    ----------
    objective
        The loss.
    t_end, rtol
        Length of the flow and accuracy of a step.

    Returns
    -------
    A name in :data:`METHODS`, and the reason: ``"filippov"`` for two-layer ReLU networks, because
    their flow slides along kinks; otherwise what
    :func:`companion.dynamics.stiffness.expected_gradients` expects to cost least.

    Scale
    -----
    The stiffness in the reason is the largest eigenvalue of the weighted Gram matrix at the start,
    times ``t_end``.
    """
    if is_two_layer_relu(objective.predictor.module) and objective.predictor.call is None:
        return "filippov", "a two-layer ReLU network, whose flow slides along kinks"
    s = stiffness(objective, t_end=t_end)
    expected = expected_gradients(objective, stiffness=s, rtol=rtol)
    name = min(expected, key=lambda one: expected[one])
    others = ", ".join(f"{cost:.2g} by {one}" for one, cost in expected.items())
    return name, f"lambda_max * t_end = {s:.3g}; expected cost in gradients: {others}"


#: The integrators by name; their own documentation says what each is for.
METHODS: dict[str, Steps] = {
    "DOP853": partial(_runge_kutta, method="DOP853"),
    "RK45": partial(_runge_kutta, method="RK45"),
    "exponential": exponential_steps,
    "stabilized": stabilized_steps,
    "filippov": relu_steps,
    **{name: partial(_adapted, method=name) for name in (*SCIPY, *TORCHDIFFEQ)},
}
