"""Products of the rows of two Jacobians, layer by layer.

R. Novak, J. Sohl-Dickstein and S. S. Schoenholz, "Fast finite width neural tangent kernel", ICML
(2022), sections 3.1 and 3.4, count the two ways whose cheaper one is taken for each layer.
"""

from collections.abc import Iterator, Sequence
from itertools import chain

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from companion.tangent.layers import Factored, Layer

_Pair = tuple[Tensor, Tensor]  # the same columns of both Jacobians

_STRIP = 256  # rows at a time: enough for the full speed of a matrix product, small in a cache
_SLAB_BYTES = 2**24  # of written columns at a time


def add_products(
    K: Float[Tensor, "rows rows2"],
    left: Sequence[Layer],
    right: Sequence[Layer],
    *,
    slab_bytes: int = _SLAB_BYTES,
    fresh: bool = False,
) -> None:
    r"""Add the products of rows of two Jacobians to a matrix, in place.

    .. math::
        K \leftarrow K + \sum_{\text{layers}} J_l J_l'^\top

    Parameters
    ----------
    K
        The matrix. If ``left`` is ``right``, only what is on and above its diagonal blocks.
    left, right
        Layers of the same module; a parameter missing on one side adds nothing.
    slab_bytes
        Memory for columns that are written out, at most 16 MiB.
    fresh
        What the matrix holds counts as zero; large new memory is then written only once.

    Scale
    -----
    Plain inner products.
    """
    same = left is right
    partners = {layer.indices: layer for layer in right}
    columns: list[Iterator[_Pair]] = []
    for layer in left:
        partner = partners.get(layer.indices)
        if isinstance(layer, Factored) and isinstance(partner, Factored):
            if _factors_are_cheaper(layer, partner):
                _add_factored(K, layer, partner, same=same, fresh=fresh)
                fresh = False
                continue
        for index in layer.indices:
            other = _of(right, index)
            if other is not None:
                columns.append(_slabs(layer, other, index, _width(K, slab_bytes), same=same))
    for J, J2 in _joined(chain.from_iterable(columns), _width(K, slab_bytes), same=same):
        _add_written(K, J, J2, same=same, fresh=fresh)
        fresh = False
    if fresh:
        K.zero_()


def unwritten(
    rows: int, columns: int, like: Float[Tensor, "..."]
) -> Float[Tensor, "rows columns"]:
    """Memory for a matrix, whatever it holds.

    Parameters
    ----------
    rows, columns
        Its shape.
    like
        A tensor of the type and on the device that are wanted.

    Returns
    -------
    The matrix.

    Scale
    -----
    No numbers yet.

    Notes
    -----
    NumPy asks the system for pages of 2 MiB where an array is large, PyTorch does not. A new
    matrix of 200 MB is then written in half of the time.
    """
    if like.device.type != "cpu":
        return like.new_empty(rows, columns)
    held = np.empty(rows * columns * like.element_size(), dtype=np.uint8)
    return torch.from_numpy(held).view(like.dtype).view(rows, columns)


def mirror(K: Float[Tensor, "rows rows"]) -> Float[Tensor, "rows rows"]:
    """Copy what is above the diagonal below it, in place.

    Parameters
    ----------
    K
        A square matrix.

    Returns
    -------
    The same matrix, symmetric to the last bit.

    Scale
    -----
    Entries on and above the diagonal stay.
    """
    for first in range(0, len(K), _STRIP):
        last = first + _STRIP
        diagonal = K[first:last, first:last]
        diagonal.copy_(diagonal.triu() + diagonal.triu(1).T)
        K[last:, first:last] = K[first:last, last:].T
    return K


def strips(num_rows: int, multiple: int) -> list[tuple[int, int]]:
    """Runs of rows that do not cut groups of ``multiple`` rows.

    Parameters
    ----------
    num_rows
        How many rows there are.
    multiple
        The size of a group; one that holds all rows may be cut.

    Returns
    -------
    First row and the row after the last, for each run.

    Scale
    -----
    About 256 rows each.
    """
    step = _STRIP if multiple == num_rows else max(1, _STRIP // multiple) * multiple
    return [(first, min(first + step, num_rows)) for first in range(0, num_rows, step)]


def _factors_are_cheaper(left: Factored, right: Factored) -> bool:
    # Multiplications for a pair of groups, of which those by derivatives alone are shared.
    _, groups, outputs, positions, out = left.D.shape
    if groups == 1 or right.D.shape[1] == 1:
        return False
    pairs = positions * right.D.shape[3]
    inside = [weight.A.shape[-1] for weight in left.weights]
    factored = pairs * (sum(inside) + outputs**2 * (out + 1))
    written = outputs**2 * out * sum(inside)
    return factored < written


def _add_factored(K: Tensor, left: Factored, right: Factored, *, same: bool, fresh: bool) -> None:
    r, r2 = left.D.shape[2], right.D.shape[2]
    own = list(_positions(left))
    others = own if same else list(_positions(right))
    pairs = [(one, other) for one in own for other in others if one[0] == other[0]]
    memory = unwritten(2, strips(len(K), r)[0][1] * K.shape[1], K)  # once, for all strips
    for first, last in strips(len(K), r):
        start = first if same else 0
        strip = K[first:last, start:].view((last - first) // r, r, -1, r2)
        (groups, groups2), size = (strip.shape[0], strip.shape[2]), strip.numel()
        signals = memory[0, :size].view(last - first, -1)
        inputs = memory[1, : groups * groups2].view(groups, groups2)
        for number, ((_, D, A), (_, D2, A2)) in enumerate(pairs):
            torch.mm(D[first:last], D2[start:].T, out=signals)
            torch.mm(A[first // r : last // r], A2[start // r2 :].T, out=inputs)
            factors = signals.view(strip.shape), inputs[:, None, :, None]
            if fresh and number == 0:
                torch.mul(*factors, out=strip)
            else:
                strip.addcmul_(*factors)


def _positions(layer: Factored) -> Iterator[tuple[int, Tensor, Tensor]]:
    # Signals by row and inputs by group, at one position of each group.
    blocks, _, _, positions, _ = layer.D.shape
    for b in range(blocks):
        for s in range(positions):
            inputs = torch.cat([weight.A[b, :, s] for weight in layer.weights], dim=1)
            yield b, layer.D[b, :, :, s].flatten(0, 1), inputs


def _add_written(K: Tensor, left: Tensor, right: Tensor, *, same: bool, fresh: bool) -> None:
    for first, last in strips(len(K), 1):
        start = first if same else 0
        # With beta = 0 what is there is not read.
        K[first:last, start:].addmm_(left[first:last], right[start:].T, beta=0 if fresh else 1)


def _width(K: Tensor, slab_bytes: int) -> int:
    return max(1, min(slab_bytes, _SLAB_BYTES) // (K.element_size() * max(K.shape)))


def _slabs(left: Layer, right: Layer, index: int, width: int, *, same: bool) -> Iterator[_Pair]:
    if isinstance(left, Factored) and isinstance(right, Factored):
        weight, other = left.weight(index), right.weight(index)
        if weight.transposed == other.transposed:
            for blocks, outputs in left.slabs(weight, width):
                J = left.slab(weight, blocks, outputs)
                yield J, J if same else right.slab(other, blocks, outputs)
            return
    J = left.written(index)
    yield J, J if same else right.written(index)


def _joined(pairs: Iterator[_Pair], width: int, *, same: bool) -> Iterator[_Pair]:
    # Narrow ones together: every product passes over all of K.
    held: list[_Pair] = []
    for pair in chain(pairs, [None]):
        if pair is not None:
            held.append(pair)
        if held and (pair is None or sum(J.shape[1] for J, _ in held) >= width):
            J = torch.cat([one for one, _ in held], dim=1)
            yield J, J if same else torch.cat([one for _, one in held], dim=1)
            held = []


def _of(layers: Sequence[Layer], index: int) -> Layer | None:
    return next((layer for layer in layers if index in layer.indices), None)
