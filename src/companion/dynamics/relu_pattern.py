r"""On which side of its kinks every ReLU neuron is, and along which of them it slides.

With the pattern fixed the network is bilinear: :math:`f = s\,B\,\mathrm{vec}(a_j w_j)` with
features B that are the inputs where a neuron is on and zero where it is off or slides. A sliding
neuron moves in the intersection of its kinks: its velocity is projected there.
"""

import numpy as np
from jaxtyping import Float

from companion.dynamics.filippov import least_slope_sides
from companion.dynamics.relu_problem import ReluProblem

OVERSHOOT = 1e-13  # a kink is crossed this far, in units of |x| max |w|, before it counts
DEPENDENT = 1e-12  # singular values below this fraction of the largest belong to dependent kinks


class Pattern:
    r"""Sides of all kinks of all neurons, with what the motion inside needs.

    .. math::
        \text{side}_{jg} = \operatorname{sign}(u_g \cdot w_j), \quad 0 \text{ where neuron } j
        \text{ slides along kink } g

    Parameters
    ----------
    problem
        The network on its data.

    Scale
    -----
    As :class:`companion.dynamics.relu_problem.ReluProblem`.

    Notes
    -----
    ``features`` (n, m, d) are the inputs where a neuron is on; ``projections`` (m, d, d) lead to
    the kinks along which a neuron slides; ``inverses`` (m, g, d) times minus the slope of the
    loss are the weights with which sliding kinks hold it there.

    References
    ----------
    A. F. Filippov, "Differential Equations with Discontinuous Righthand Sides", 1988, sections 4
    and 10.
    """

    def __init__(self, problem: ReluProblem) -> None:
        self.problem = problem
        width, (num_samples, dim) = problem.width, problem.inputs.shape
        size = np.linalg.norm(problem.W, axis=1).max() or 1.0
        self.tolerance = OVERSHOOT * size * np.linalg.norm(problem.normals, axis=1)
        z = problem.W @ problem.normals.T
        self.side = np.where(z > self.tolerance * problem.movable, 1, -1)
        self.features = np.empty((num_samples, width, dim))
        self.projections = np.empty((width, dim, dim))
        self.inverses = np.zeros((width, len(problem.normals), dim))
        for neuron in range(width):
            self._set_motion(neuron)

    def settle(
        self,
        neuron: int,
        W: Float[np.ndarray, "m d"],
        a: Float[np.ndarray, " m"],
        pull: Float[np.ndarray, " n"],
        *,
        kink: int | None = None,
        leaves_to: int = 0,
    ) -> None:
        r"""Choose sides for the kinks at which a neuron stands, and put it back onto those along
        which it slides.

        Parameters
        ----------
        neuron
            The neuron.
        W, a
            Weights; the row of the neuron is corrected in place.
        pull
            Weight of each point times its residual.
        kink
            The kink that has been reached or left, if any.
        leaves_to
            The side to which a sliding neuron leaves ``kink``.
        """
        problem, side = self.problem, self.side[neuron]
        before, sign = side.copy(), np.sign(a[neuron])
        z = problem.normals @ W[neuron]
        near = ((np.abs(z) <= 2 * self.tolerance) | (side == 0)) & problem.movable
        low, high = -sign * (pull @ problem.behind), sign * (pull @ problem.ahead)
        convex = near & (low < high)
        if leaves_to:
            side[kink], convex[kink] = leaves_to, False
        elif kink is not None and not convex[kink]:
            side[kink] *= -1
        # The flow leaves a concave kink to either side; sigma'(0) = 0 chooses the negative one.
        side[(side == 0) & ~convex] = -1
        at = np.flatnonzero(convex)
        if len(at):
            side[at] = 0
            slope = sign * ((pull * self._active(neuron)) @ problem.inputs) * problem.free
            normals = problem.normals[at] * problem.free
            side[at] = least_slope_sides(normals, slope, low[at], high[at])
        held = (before == 0) | (side == 0)
        if kink is not None:
            held[kink] |= side[kink] == before[kink]
        if held.any():
            normals = problem.normals[held] * problem.free
            W[neuron] -= np.linalg.pinv(normals, rcond=DEPENDENT) @ z[held]
        self._set_motion(neuron)

    def settle_start(
        self,
        W: Float[np.ndarray, "m d"],
        a: Float[np.ndarray, " m"],
        pull: Float[np.ndarray, " n"],
    ) -> None:
        """Settle the neurons that stand on kinks; the arguments are those of :meth:`settle`."""
        z = W @ self.problem.normals.T
        on_kink = ((np.abs(z) <= 2 * self.tolerance) & self.problem.movable).any(axis=1)
        for neuron in np.flatnonzero(on_kink).tolist():
            self.settle(neuron, W, a, pull)

    def _active(self, neuron: int) -> np.ndarray:
        active: np.ndarray = self.side[neuron][self.problem.kink] * self.problem.sign > 0
        return active

    def _set_motion(self, neuron: int) -> None:
        free = self.problem.free
        self.features[:, neuron] = self._active(neuron)[:, None] * self.problem.inputs
        at = self.side[neuron] == 0
        self.projections[neuron] = np.diag(free)
        if at.any():
            normals = self.problem.normals[at] * free
            inverse = np.linalg.pinv(normals, rcond=DEPENDENT)
            self.projections[neuron] -= inverse @ normals
            self.inverses[neuron, at] = inverse.T
