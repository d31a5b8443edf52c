"""How large an error of a step is, in units of what is allowed."""

import numpy as np
from jaxtyping import Float

from companion.dynamics.objective import Objective

ROUNDINGS = 100  # roundings that predictions may collect before the control stops asking for less
TINY = float(np.finfo(float).tiny)


class Accuracy:
    r"""The accuracy asked of one step of gradient flow.

    An error e of a step from the residual r that ends at distance D from the start may have

    .. math::
        |e| \le \text{rtol}\; D \;(+\, \text{rounding}), \qquad
        |F(\theta) - F(\theta - e)|_\nu \le \tfrac12 \text{rtol}\; |r|_\nu
        \;(+\, \text{rounding}).

    The loss is half the square of the residual, so that the second keeps its relative error below
    ``rtol`` however small it has become. Rounding is a hundred times that of the parameters and
    of the outputs.

    Parameters
    ----------
    objective
        The loss.
    rtol
        Accuracy of one step.

    Scale
    -----
    Sizes are 1 where they reach what is allowed. Norms of outputs are weighted by ``nu``.

    References
    ----------
    E. Hairer, S. P. Norsett and G. Wanner, "Solving Ordinary Differential Equations I", second
    edition, section II.4, with norms that suit a loss instead of entries.
    """

    def __init__(self, objective: Objective, rtol: float) -> None:
        self.objective = objective
        self.rtol = rtol
        rounding = ROUNDINGS * objective.precision
        # Nothing at all is allowed only where everything is exactly zero, and nothing is asked.
        self.output_floor = rounding * objective.output_scale() + TINY
        self.theta_floor = rounding * float(np.linalg.norm(objective.theta_0)) + TINY

    def size(
        self, *, error: float, distance: float, output_error: float, residual: float
    ) -> float:
        """Size of an error whose norms are known.

        Parameters
        ----------
        error
            Its Euclidean norm in the parameters.
        distance
            Distance of the parameters from the start.
        output_error
            Its weighted norm in the outputs.
        residual
            Weighted norm of the residual.

        Scale
        -----
        At most 1 if the step may be accepted.
        """
        in_theta = error / (self.rtol * distance + self.theta_floor)
        in_outputs = output_error / (self.rtol / 2 * residual + self.output_floor)
        return max(in_theta, in_outputs)

    def error_size(self, theta: Float[np.ndarray, " p"], error: Float[np.ndarray, " p"]) -> float:
        """Size of an error of a step that ends in ``theta``; applies the module twice."""
        residual = self.objective.residual(theta)
        moved = residual - self.objective.residual(theta - error)
        return self.size(
            error=float(np.linalg.norm(error)),
            distance=float(np.linalg.norm(theta - self.objective.theta_0)),
            output_error=self.objective.norm(moved),
            residual=self.objective.norm(residual),
        )
