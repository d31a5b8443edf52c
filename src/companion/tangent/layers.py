"""Rows of the Jacobian by layers, kept as factors or written out.

Rows come in g groups of r: where samples act alone, group i holds the r outputs of sample i and
has s positions of its own; otherwise all rows are one group. Derived here: between row c of group
i and row e of group j the share of a layer in the tangent kernel is

    sum_{s, t} (A_i[s] . A_j[t]) (D_ic[s] . D_je[t]),

products of inputs times products of signals; with one position per sample no derivative by a
weight is ever written down.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True)
class Weight:
    """A parameter of a layer: its inputs, and the order of its entries.

    Scale
    -----
    As :class:`companion.tangent.operations.LocalMap`.
    """

    index: int  # of the parameter
    A: Float[Tensor, "b g s in"]
    transposed: bool  # stored as (b, in, out) instead of (b, out, in)


@dataclass(frozen=True)
class Factored:
    """Rows of the Jacobian of parameters that act at the same positions.

    Scale
    -----
    Plain derivatives of the outputs.
    """

    D: Float[Tensor, "b g r s out"]  # derivatives of the outputs by Y
    weights: tuple[Weight, ...]

    @property
    def indices(self) -> tuple[int, ...]:
        """The parameters."""
        return tuple(weight.index for weight in self.weights)

    @property
    def num_rows(self) -> int:
        """How many rows there are."""
        return self.D.shape[1] * self.D.shape[2]

    @property
    def num_groups(self) -> int:
        """Groups of rows with positions of their own; one where samples are coupled."""
        return self.D.shape[1]

    @property
    def num_bytes(self) -> int:
        """Memory of the signals and of the inputs."""
        held = self.D.numel() * self.D.element_size()
        for weight in self.weights:
            size = weight.A.numel() * weight.A.element_size()
            held += min(size, weight.A.untyped_storage().nbytes())  # repeated: stored once
        return held

    def weight(self, index: int) -> Weight:
        """One of the parameters."""
        return next(weight for weight in self.weights if weight.index == index)

    def only(self, indices: frozenset[int]) -> "Factored":
        """The layer with some of its parameters."""
        return replace(self, weights=tuple(w for w in self.weights if w.index in indices))

    def size(self, index: int) -> Float[Tensor, ""]:
        """What rounding of the rows of one parameter is relative to."""
        return self.D.norm() * self.weight(index).A.norm()

    def rows(self, first: int, last: int) -> "Factored":
        """Rows from the first to before the last; whole groups if there are several."""
        _, groups, outputs, _, _ = self.D.shape
        if groups == 1:
            return replace(self, D=self.D[:, :, first:last])
        chosen = slice(first // outputs, last // outputs)
        weights = tuple(replace(w, A=w.A[:, chosen]) for w in self.weights)
        return Factored(self.D[:, chosen], weights)

    def apply(self, pieces: Sequence[Float[Tensor, " ..."]]) -> Float[Tensor, " rows"]:
        """Its part of J v, for v by parameter."""
        blocks, groups, outputs, _, out = self.D.shape
        matrices = [self._matrix(weight, pieces[weight.index]) for weight in self.weights]
        if outputs * self._inside <= out:
            inputs = torch.cat([weight.A for weight in self.weights], dim=3)
            turned = self.D.flatten(1, 3) @ torch.cat(matrices, dim=2)
            products = turned.view(*self.D.shape[:4], -1) * inputs[:, :, None]
            return products.sum((0, 3, 4)).flatten()
        moved: Tensor | None = None
        for weight, matrix in zip(self.weights, matrices, strict=True):
            A, V = weight.A.flatten(1, 2), matrix.transpose(1, 2)
            moved = A @ V if moved is None else moved.baddbmm_(A, V)
        assert moved is not None
        if outputs == 1:
            return (self.D.flatten(2) * moved.view(blocks, groups, -1)).sum((0, 2))
        return (self.D.flatten(3) @ moved.view(blocks, groups, -1, 1)).sum(0).flatten()

    def apply_transpose(self, u: Float[Tensor, " rows"]) -> dict[int, Float[Tensor, "..."]]:
        """Its part of the transpose of J times u, by parameter."""
        blocks, groups, outputs, _, out = self.D.shape
        if outputs == 1 and self._inside <= out:
            D = self.D.flatten(1, 3)
            inputs = {weight.index: weight.A * u.view(-1, 1, 1) for weight in self.weights}
        else:
            D = (
                u.view(groups, 1, outputs) @ self.D.flatten(3)
                if outputs > 1
                else (self.D.flatten(2) * u[:, None])
            )
            D = D.view(blocks, -1, out)
            inputs = {weight.index: weight.A for weight in self.weights}
        parts: dict[int, Tensor] = {}
        for weight in self.weights:
            A = inputs[weight.index].flatten(1, 2)
            left, right = (A, D) if weight.transposed else (D, A)
            parts[weight.index] = (left.transpose(1, 2) @ right).flatten()
        return parts

    @property
    def _inside(self) -> int:
        return sum(weight.A.shape[3] for weight in self.weights)

    def _matrix(self, weight: Weight, piece: Tensor) -> Tensor:  # (b, out, in)
        blocks, out, inside = self.D.shape[0], self.D.shape[4], weight.A.shape[3]
        if weight.transposed:
            return piece.reshape(blocks, inside, out).transpose(1, 2)
        return piece.reshape(blocks, out, inside)

    def written(self, index: int) -> Float[Tensor, "rows columns"]:
        """The rows of one parameter, columns in the order of its entries."""
        weight = self.weight(index)
        block = self._block(weight, slice(None), slice(None))  # (g, r, b, out, in)
        return (block.transpose(3, 4) if weight.transposed else block).flatten(0, 1).flatten(1)

    def slabs(self, weight: Weight, width: int) -> list[tuple[slice, slice]]:
        """Runs of blocks and outputs whose columns are about ``width`` many."""
        blocks, _, _, _, out = self.D.shape
        inside = weight.A.shape[-1]
        step = max(1, width // inside)
        if step >= out:
            many = max(1, step // out)
            return [(slice(b, b + many), slice(None)) for b in range(0, blocks, many)]
        return [
            (slice(b, b + 1), slice(o, o + step))
            for b in range(blocks)
            for o in range(0, out, step)
        ]

    def slab(self, weight: Weight, blocks: slice, outputs: slice) -> Float[Tensor, "rows columns"]:
        """The rows by some entries of one parameter, in an order of their own."""
        return self._block(weight, blocks, outputs).flatten(0, 1).flatten(1)

    def _block(self, weight: Weight, blocks: slice, outputs: slice) -> Tensor:
        D, A = self.D[blocks, ..., outputs], weight.A[blocks]
        b, g, r, s, out = D.shape
        if s == 1:
            block = D[:, :, :, 0, :, None] * A[:, :, None, 0, None, :]
        elif A.shape[-1] == 1:
            block = (D * A[:, :, None]).sum(3)[..., None]
        else:
            turned = D.transpose(3, 4).reshape(b, g, r * out, s)
            block = (turned @ A).view(b, g, r, out, -1)
        return block.permute(1, 2, 0, 3, 4)


@dataclass(frozen=True)
class Written:
    """Rows of the Jacobian of one parameter, written out.

    Scale
    -----
    Plain derivatives of the outputs.
    """

    index: int
    J: Float[Tensor, "rows columns"]

    @property
    def indices(self) -> tuple[int, ...]:
        """The parameter."""
        return (self.index,)

    @property
    def num_groups(self) -> int:
        """One for all rows."""
        return 1

    @property
    def num_bytes(self) -> int:
        """Memory of the rows."""
        return self.J.numel() * self.J.element_size()

    def only(self, indices: frozenset[int]) -> "Written":
        """The layer if it holds one of the parameters, no rows by it otherwise."""
        return self if self.index in indices else replace(self, J=self.J[:, :0])

    def size(self, index: int) -> Float[Tensor, ""]:
        """What rounding of the rows of the parameter is relative to."""
        return self.J.norm()

    def rows(self, first: int, last: int) -> "Written":
        """Rows from the first to before the last."""
        return replace(self, J=self.J[first:last])

    def written(self, index: int) -> Float[Tensor, "rows columns"]:
        """The rows."""
        return self.J

    def apply(self, pieces: Sequence[Float[Tensor, " ..."]]) -> Float[Tensor, " rows"]:
        """Its part of J v, for v by parameter."""
        return self.J @ pieces[self.index].flatten()

    def apply_transpose(self, u: Float[Tensor, " rows"]) -> dict[int, Float[Tensor, "..."]]:
        """Its part of the transpose of J times u."""
        return {self.index: self.J.T @ u}


Layer = Factored | Written
