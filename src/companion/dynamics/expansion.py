"""Gradient flow about one state: what a constant tangent kernel explains, and the rest."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import factorial

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from companion.dynamics.objective import Objective
from companion.numerics.phi import phi
from companion.tangent.linearization import Linearization

DEGREE = 4  # of the polynomials that may stand for the remainder


@dataclass(frozen=True, eq=False)
class Remainder:
    r"""A value of the remainder D of an expansion.

    .. math::
        D = F(\theta) + (SJ)^\top Q\, y

    Parameters
    ----------
    slope
        F at the state.
    slope_modes
        Its modes.
    y
        Modes of the residual at u plus those of the way from u to the state.

    Scale
    -----
    Letters and modes as in :class:`Expansion`.
    """

    slope: Float[Tensor, " p"]
    slope_modes: Float[np.ndarray, " k"]
    y: Float[np.ndarray, " k"]


class Expansion:
    r"""Gradient flow about a state u, split into its Gauss-Newton part and a remainder D.

    .. math::
        \dot\theta = F(\theta) = F(u) + A\,(\theta - u) + D(\theta), \qquad
        A = -(SJ)^\top SJ, \quad F(u) = -(SJ)^\top S r

    J and r are Jacobian and residual at u, S is the square root of ``diag(nu)``. Functions of A
    need the weighted tangent kernel only, :math:`S J J^\top S = Q \Lambda Q^\top`:

    .. math::
        \varphi_k(hA)\, w = \frac{w}{k!}
        - h\, (SJ)^\top Q\, \varphi_{k+1}(-h\Lambda)\, Q^\top SJ\, w,
        \qquad
        \varphi_k(hA)\, (SJ)^\top = (SJ)^\top Q\, \varphi_k(-h\Lambda)\, Q^\top .

    Parameters
    ----------
    objective
        The loss.
    theta
        The state u, in float64 on the device of the module.

    Scale
    -----
    The modes of a direction w are :math:`Q^\top SJ\, w`, those of the residual
    :math:`Q^\top S r`. With fewer parameters than outputs Q has a column for every parameter:
    what is orthogonal to its range has rate zero and is reached by no direction.

    Raises
    ------
    FloatingPointError
        From the first use of modes, if the tangent kernel is not finite.

    References
    ----------
    M. Hochbruck and A. Ostermann, "Exponential integrators", Acta Numerica 19, 2010, section 2.
    """

    def __init__(self, objective: Objective, theta: Float[Tensor, " p"]) -> None:
        self.objective = objective
        self.theta = theta
        predictor = objective.predictor
        self.linearization = Linearization(predictor, theta)
        self._root = np.repeat(np.sqrt(objective.nu), predictor.output_dim)
        residual = _numpy(self.linearization.outputs - objective.y).reshape(-1)
        self.residual: Float[np.ndarray, " nq"] = self._root * residual
        self._known_phi: dict[float, np.ndarray] = {}

    @cached_property
    def slope(self) -> Float[Tensor, " p"]:
        """F(u)."""
        return self._pulled_back(-self.residual)

    @property
    def rates(self) -> Float[np.ndarray, " k"]:
        """Eigenvalues of the weighted tangent kernel, increasing; at most one per parameter."""
        return self._spectrum[0]

    def modes(self, direction: Float[Tensor, " p"]) -> Float[np.ndarray, " k"]:
        """Modes of a direction."""
        moved = self.linearization.apply(direction.to(self.objective.predictor.dtype))
        return (self._root * _numpy(moved)) @ self._spectrum[1]

    def remainder(
        self, slope: Float[Tensor, " p"], way_modes: Float[np.ndarray, " k"]
    ) -> Remainder:
        """D at a state of given slope, the way to which has given modes."""
        return Remainder(slope, self.modes(slope), self.residual_modes + way_modes)

    def way(
        self,
        h: float,
        values: Sequence[Remainder],
        weights: Float[np.ndarray, "l s"],
        *,
        from_slope: bool = True,
    ) -> tuple[Float[Tensor, " p"], Float[np.ndarray, " k"]]:
        r"""A way from u, and its modes.

        .. math::
            h\, \varphi_1(hA) F(u) + h \sum_{l, s} \text{weights}_{ls}\, \varphi_{l+1}(hA)\, D_s,
            \qquad l = 1, 2, \dots

        Without ``from_slope`` the first term is left out.
        """
        degree, scaled = len(weights), self._phi(h)
        pulled, modes = np.zeros_like(self.rates), np.zeros_like(self.rates)
        if from_slope:
            pulled -= h * scaled[1] * self.residual_modes
            modes += self.rates * pulled
        if values:
            y = weights @ np.array([value.y for value in values])
            slopes = weights @ np.array([value.slope_modes for value in values])
            levels, next_levels = scaled[2 : degree + 2], scaled[3 : degree + 3]
            pulled += h * (levels * y - h * next_levels * slopes).sum(axis=0)
            modes += h * (levels * (slopes + self.rates * y)).sum(axis=0)
        direction = self._pulled_back(self._spectrum[1] @ pulled)
        factors = [1 / factorial(k + 2) for k in range(degree)] @ weights
        for value, factor in zip(values, factors.tolist(), strict=True):
            direction.add_(value.slope, alpha=h * factor)
        return direction, modes

    def _phi(self, h: float) -> np.ndarray:
        if h not in self._known_phi:
            self._known_phi[h] = phi(-h * self.rates, highest=DEGREE + 2)
        return self._known_phi[h]

    @cached_property
    def _spectrum(self) -> tuple[np.ndarray, np.ndarray]:
        if self.objective.predictor.num_params < len(self._root):
            return self._spectrum_of_range()
        gram = _require_finite(_numpy(self.linearization.gram()))
        weighted = torch.from_numpy(self._root[:, None] * gram * self._root)
        rates, modes = torch.linalg.eigh(weighted)  # several times faster than NumPy's
        return rates.clamp(min=0).numpy(), modes.numpy()  # below zero by rounding only

    def _spectrum_of_range(self) -> tuple[np.ndarray, np.ndarray]:
        # With fewer parameters than outputs: the kernel between orthonormal columns that span
        # its range. A matrix of products of parameters would lose half of the digits of modes.
        self.objective.predictor.num_grams += 1
        jacobian = _require_finite(_numpy(self.linearization.jacobian()))
        columns, corner = torch.linalg.qr(torch.from_numpy(self._root[:, None] * jacobian))
        rates, modes = torch.linalg.eigh(corner @ corner.T)
        return rates.clamp(min=0).numpy(), (columns @ modes).numpy()

    @cached_property
    def residual_modes(self) -> Float[np.ndarray, " k"]:
        """Modes of the residual."""
        return self.residual @ self._spectrum[1]

    def _pulled_back(self, outputs: np.ndarray) -> Tensor:
        cotangent = torch.from_numpy(self._root * outputs).to(self.objective.predictor.theta_0)
        return self.linearization.apply_transpose(cotangent).double()


def _require_finite(matrix: np.ndarray) -> np.ndarray:
    if not np.isfinite(matrix).all():
        raise FloatingPointError("the tangent kernel is not finite")
    return matrix


def _numpy(tensor: Tensor) -> np.ndarray:
    array: np.ndarray = tensor.detach().double().cpu().numpy()
    return array
