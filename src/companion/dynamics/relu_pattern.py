"""On which side of its kinks every ReLU neuron is, and along which of them it slides.

With the pattern fixed the network is linear in the products a_j w_j of the neurons that are on. A
sliding neuron moves in the intersection of its kinks: its velocity is projected there.
"""

from collections.abc import Mapping
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int

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
    ``active`` (m, n) is 1 where a neuron is on at a sample and 0 where it is off or slides.

    References
    ----------
    A. F. Filippov, "Differential Equations with Discontinuous Righthand Sides", 1988, sections 4
    and 10.
    """

    def __init__(self, problem: ReluProblem) -> None:
        self.problem = problem
        size = np.linalg.norm(problem.W, axis=1).max() or 1.0
        self.tolerance = OVERSHOOT * size * np.linalg.norm(problem.normals, axis=1)
        z = problem.W @ problem.normals.T
        self.side = np.where(z > self.tolerance * problem.movable, 1, -1)
        self.active = np.where(self.side[:, problem.kink] * problem.sign > 0, 1.0, 0.0)
        self._inverses: dict[int, np.ndarray] = {}

    @cached_property
    def sliding(self) -> "Sliding":
        """The kinks along which neurons slide now."""
        return Sliding(self.problem, self.side, self._inverses)

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
            slope = sign * ((pull * self._on(neuron)) @ problem.inputs) * problem.free
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

    def _on(self, neuron: int) -> np.ndarray:
        on: np.ndarray = self.side[neuron][self.problem.kink] * self.problem.sign > 0
        return on

    def _set_motion(self, neuron: int) -> None:
        self.active[neuron] = self._on(neuron)
        self.__dict__.pop("sliding", None)
        at = self.side[neuron] == 0
        if at.any():
            normals = self.problem.normals[at] * self.problem.free
            self._inverses[neuron] = np.linalg.pinv(normals, rcond=DEPENDENT).T


class Sliding:
    r"""All pairs of a neuron and a kink along which it slides.

    .. math::
        P_j\, v = v - \sum_g (u_g \cdot v)\, u_g^+

    Parameters
    ----------
    problem
        The network on its data.
    side
        Sides of the kinks, as in :class:`Pattern`.
    inverses
        For every sliding neuron the rows :math:`u_g^+` of the pseudoinverse of its normals.

    Scale
    -----
    Normals count in the directions of the trainable parameters only.

    References
    ----------
    Derived here.
    """

    def __init__(
        self,
        problem: ReluProblem,
        side: Int[np.ndarray, "m k"],
        inverses: Mapping[int, Float[np.ndarray, "_ d"]],
    ) -> None:
        self.neuron, self.kink = np.nonzero(side == 0)
        self.neurons, self._starts = np.unique(self.neuron, return_index=True)
        self.normals = problem.normals[self.kink] * problem.free
        none = np.zeros((0, len(problem.free)))
        self.inverses = np.concatenate([none, *(inverses[j] for j in self.neurons.tolist())])

    def project(self, velocities: Float[np.ndarray, "m d"]) -> None:
        """Bring velocities of all neurons into the kinks along which they slide, in place.

        Parameters
        ----------
        velocities
            Of the inner weights.
        """
        if len(self.neurons):
            across = np.einsum("kd,kd->k", self.normals, velocities[self.neuron])
            parts = np.add.reduceat(across[:, None] * self.inverses, self._starts)
            velocities[self.neurons] -= parts
