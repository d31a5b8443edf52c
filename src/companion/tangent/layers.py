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

    def weight(self, index: int) -> Weight:
        """One of the parameters."""
        return next(weight for weight in self.weights if weight.index == index)

    def only(self, indices: frozenset[int]) -> "Factored":
        """The layer with some of its parameters."""
        return replace(self, weights=tuple(w for w in self.weights if w.index in indices))

    def sizes(self) -> dict[int, Float[Tensor, ""]]:
        """Bounds of the products with vectors of entries up to one, by parameter."""
        size = self.D.norm()
        return {weight.index: size * weight.A.norm() for weight in self.weights}

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
        moved: Tensor | None = None
        for weight in self.weights:
            inside = weight.A.shape[-1]
            V = pieces[weight.index].reshape(
                (blocks, inside, out) if weight.transposed else (blocks, out, inside)
            )
            V = V if weight.transposed else V.transpose(1, 2)
            change = (weight.A.flatten(1, 2) @ V).view(blocks, groups, -1)
            moved = change if moved is None else moved + change
        assert moved is not None
        if outputs == 1:
            return (self.D.flatten(2) * moved).sum((0, 2))
        product = self.D.flatten(3) @ moved[..., None]
        return product.sum(0).flatten()

    def apply_transpose(self, u: Float[Tensor, " rows"]) -> dict[int, Float[Tensor, "..."]]:
        """Its part of the transpose of J times u, by parameter."""
        blocks, groups, outputs, positions, out = self.D.shape
        if outputs == 1:
            signal = self.D[:, :, 0] * u.view(-1, 1, 1)
        else:
            signal = (u.view(groups, 1, outputs) @ self.D.flatten(3)).view(
                blocks, groups, positions, out
            )
        signal = signal.flatten(1, 2)
        parts: dict[int, Tensor] = {}
        for weight in self.weights:
            A = weight.A.flatten(1, 2)
            left, right = (A, signal) if weight.transposed else (signal, A)
            parts[weight.index] = (left.transpose(1, 2) @ right).flatten()
        return parts

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

    def only(self, indices: frozenset[int]) -> "Written":
        """The layer if it holds one of the parameters, no rows by it otherwise."""
        return self if self.index in indices else replace(self, J=self.J[:, :0])

    def sizes(self) -> dict[int, Float[Tensor, ""]]:
        """Bounds of the products with vectors of entries up to one, by parameter."""
        return {self.index: self.J.norm()}

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
