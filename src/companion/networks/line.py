r"""Shallow ReLU networks on the line whose kinks move, many of them at once.

On a uniform grid the kinks need no sorting: each is counted into the cell that it lies in, and
running sums over the cells give all outputs and all gradients with a cost of n + m instead of
n m.
"""

from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn

from companion.numerics.finite import require_finite


class LineNetworks(nn.Module):
    r"""Several networks of one width, side by side.

    .. math::
        f_s(x) = m^{-1/2} \sum_{r=1}^m a_{sr} \max(0,\; x + b_{sr}), \qquad s = 1, \dots, S

    Parameters
    ----------
    bias
        The numbers b as rows, one row for each network; becomes the parameter ``bias``. The kinks
        lie at -b.
    a
        Outer weights, of the same shape; becomes the parameter ``a``.
    trained_outer
        Whether the outer weights are trained as well; they are frozen otherwise.

    Scale
    -----
    The factor ``m**-0.5`` is part of the network. A slope is a multiple of it when the outer
    weights are signs.

    Raises
    ------
    ValueError
        If the shapes differ, are not those of a matrix, or an entry is not finite.
    TypeError
        If an array is not of a real floating type.

    Notes
    -----
    Arrays are copied. Networks do not see each other: an optimiser that treats entries one by
    one, as Adam does, trains the stack as it would train each network alone.

    References
    ----------
    R. Gentile and G. Welper, arXiv:2209.08399, equation of the network; theta there is -b.
    """

    def __init__(
        self,
        bias: Shaped[Tensor | np.ndarray, "..."],
        a: Shaped[Tensor | np.ndarray, "..."],
        *,
        trained_outer: bool = False,
    ) -> None:
        super().__init__()
        self.bias = _parameter("bias", bias)
        self.a = _parameter("a", a)
        self.a.requires_grad_(trained_outer)
        if self.bias.ndim != 2 or 0 in self.bias.shape:
            raise ValueError(
                "`bias` must have shape (s, m), one row for each network; "
                f"got {tuple(self.bias.shape)}."
            )
        if self.a.shape != self.bias.shape:
            raise ValueError(
                f"`a` must have the shape {tuple(self.bias.shape)} of `bias`; "
                f"got {tuple(self.a.shape)}."
            )

    @property
    def width(self) -> int:
        """Number of neurons of each network."""
        return self.bias.shape[1]

    def forward(self, x: Float[Tensor, " n"]) -> Float[Tensor, "s n"]:
        """Outputs of every network at any points of the line.

        Parameters
        ----------
        x
            Points.

        Returns
        -------
        A row for each network.
        """
        neurons = torch.relu(x + self.bias[:, :, None])
        outputs: Tensor = torch.einsum("sm,smn->sn", self.a, neurons)
        return outputs * self.width**-0.5

    @torch.no_grad()
    def on_grid(self, num_points: int) -> Float[Tensor, "s n"]:
        """Outputs of every network on a uniform grid of [-1, 1], by running sums.

        Parameters
        ----------
        num_points
            The number of points, both ends among them; at least two.

        Returns
        -------
        A row for each network, without a graph.
        """
        first, grid = self._first_active(num_points)
        return self._running_sums(first, grid)

    @torch.no_grad()
    def residual_and_gradients(
        self, y: Float[Tensor, " n"]
    ) -> tuple[Float[Tensor, "s n"], dict[str, Float[Tensor, "s m"]]]:
        r"""Residuals on a uniform grid, and the gradients of the mean of their squares.

        .. math::
            \ell_s = \frac1n \sum_i \big( f_s(x_i) - y_i \big)^2

        Parameters
        ----------
        y
            Target values on the uniform grid of [-1, 1] with as many points.

        Returns
        -------
        A row of residuals for each network, and the gradients of its own loss by the names of the
        trained parameters.
        """
        num_points = len(y)
        first, grid = self._first_active(num_points)
        residual = self._running_sums(first, grid).sub_(y)
        # A neuron feels the residuals to the right of its kink: all of them less those before it.
        before = residual.new_zeros(len(residual), num_points + 1)
        torch.cumsum(residual, 1, out=before[:, 1:])
        pushed = before[:, -1:] - before.gather(1, first)
        factor = 2 / num_points * self.width**-0.5
        gradients = {"bias": pushed * self.a * factor}
        if self.a.requires_grad:
            torch.cumsum(residual * grid, 1, out=before[:, 1:])
            moment = before[:, -1:] - before.gather(1, first)
            gradients["a"] = moment.addcmul_(pushed, self.bias).mul_(factor)
        return residual, gradients

    def extra_repr(self) -> str:
        """Sizes, for printing."""
        return f"networks={len(self.bias)}, width={self.width}"

    def _first_active(self, num_points: int) -> tuple[Tensor, Tensor]:
        # The first point of the grid to the right of each kink; num_points if there is none.
        if num_points < 2:
            raise ValueError(
                f"`num_points` must be at least 2, for the two ends; got {num_points}."
            )
        cell = (1 - self.bias).mul_((num_points - 1) / 2).floor_().add_(1)
        grid = torch.linspace(-1, 1, num_points, dtype=cell.dtype, device=cell.device)
        return cell.clamp_(0, num_points).long(), grid

    def _running_sums(self, first: Tensor, grid: Tensor) -> Tensor:
        # To the right of its kinks the network is x times the sum of a plus the sum of a b.
        sums = self.bias.new_zeros(2, len(self.bias), len(grid) + 1)
        sums[0].scatter_add_(1, first, self.a)
        sums[1].scatter_add_(1, first, self.a * self.bias)
        slope, offset = sums[:, :, :-1].cumsum(2)
        return offset.addcmul_(slope, grid).mul_(self.width**-0.5)


def uniform_kinks(
    num_networks: int, width: int, rng: np.random.Generator
) -> tuple[Float[np.ndarray, "s m"], Float[np.ndarray, "s m"]]:
    r"""Uniform biases and fair signs.

    .. math::
        b_{sr} \sim U(-1, 1), \qquad \mathbb{P}(a_{sr} = 1) = \mathbb{P}(a_{sr} = -1) = \tfrac12

    Parameters
    ----------
    num_networks
        Number of networks.
    width
        Number of neurons of each.
    rng
        Source of randomness.

    Returns
    -------
    The pair ``(bias, a)``, a row for each network.

    Scale
    -----
    No factor of the width: the networks carry it.

    Raises
    ------
    ValueError
        If a number is not positive.

    References
    ----------
    R. Gentile and G. Welper, arXiv:2209.08399, the law of the initial weights.
    """
    for name, value in (("num_networks", num_networks), ("width", width)):
        if value < 1:
            raise ValueError(f"`{name}` must be at least 1; got {value}.")
    bias = rng.uniform(-1, 1, (num_networks, width))
    return bias, 2.0 * rng.integers(0, 2, (num_networks, width)) - 1.0


def _parameter(name: str, values: Any) -> nn.Parameter:
    tensor = torch.as_tensor(values)
    if not tensor.is_floating_point():
        raise TypeError(f"`{name}` must be of a real floating type; got {tensor.dtype}.")
    require_finite(tensor.detach().cpu().numpy(), name)
    return nn.Parameter(tensor.detach().clone())
