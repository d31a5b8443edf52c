r"""Where a recorded computation uses its parameters: the graph of autograd, read.

Whatever a module is made of, autograd records a few kinds of operations. Where a parameter acts
linearly, Y[s, b, :] = W[b] A[s, b, :] at positions s, the derivative of every output F_r is a sum
of outer products with the same inputs,

    dF_r / dW[b] = sum_s D_r[s, b, :] A[s, b, :]^T,    D_r = dF_r / dY.

R. Novak, J. Sohl-Dickstein and S. S. Schoenholz, "Fast finite width neural tangent kernel", ICML
(2022), section 3.4, use the same structure in the graph of another library.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from jaxtyping import Float
from torch import Tensor
from torch.autograd.graph import Node

from companion.tangent.operations import Arrange, local_map, output_shape, signed
from companion.tangent.reach import Operation, nodes
from companion.tangent.rowwise import keeps_rows


class Use(NamedTuple):
    """One place where a parameter acts linearly.

    Scale
    -----
    Constant factors between parameter and operation are part of ``A``.
    """

    node: Node  # its output is Y, in another arrangement
    arrange: Arrange  # from derivatives by that output, one per row, to (r, b, s, out)
    A: Float[Tensor, "b s in"]
    transposed: bool  # the parameter is stored as (b, in, out) instead of (b, out, in)


@dataclass(frozen=True)
class _Operand:
    index: int  # of the parameter
    view: Tensor  # as an operation sees it, in the memory of the parameter
    factor: float


@dataclass(frozen=True)
class Reading:
    """What the graph says of each parameter.

    Scale
    -----
    As :class:`Use`.
    """

    uses: list[list[Use] | None]  # empty without influence, None behind an unknown operation
    structure: tuple[str, ...]  # names of the operations, outputs first
    rowwise: bool  # samples are rows, and provably act alone


def read_graph(
    outputs: Float[Tensor, "n ..."], parameters: Sequence[Float[Tensor, "..."]]
) -> Reading:
    r"""All uses of each parameter between it and the outputs.

    Parameters
    ----------
    outputs
        Recorded outputs.
    parameters
        The leaves to look for.

    Returns
    -------
    The uses, with what the operations around them say of samples.

    Scale
    -----
    As :class:`Use`.
    """
    uses: list[list[Use] | None] = [[] for _ in parameters]
    structure: list[str] = []
    rowwise = True
    reader = _Reader(parameters)
    root = outputs.grad_fn
    if root is not None and (whole := reader.operand(root)) is not None:
        uses[whole.index] = None  # the outputs are a view of a parameter
        root = None
    for node in nodes(root):
        if reader.operand(node) is not None:
            continue
        structure.append(node.name())
        flowing: list[tuple[int, Operation]] = []
        for position, (source, _) in enumerate(node.next_functions):
            if source is None:
                continue
            operand = reader.operand(source)
            if operand is None:
                flowing.append((position, source))
            elif (found := uses[operand.index]) is not None:
                use = _use(node, position, operand, parameters)
                uses[operand.index] = None if use is None else [*found, use]
        rowwise = rowwise and keeps_rows(node, flowing, len(outputs))
    return Reading(uses, tuple(structure), rowwise)


def _use(
    node: Operation, position: int, operand: _Operand, parameters: Sequence[Tensor]
) -> Use | None:
    found = local_map(node, position, operand.view)
    if found is None or found.W.numel() != parameters[operand.index].numel():
        return None
    if {found.A.dtype, node._input_metadata[0].dtype} != {operand.view.dtype}:
        return None  # complex numbers on the way, or two precisions
    if not found.W.is_contiguous() and not found.W.transpose(1, 2).is_contiguous():
        return None
    A = found.A.detach()  # or it would keep the graph alive
    if operand.factor != 1:
        A = operand.factor * A
    elif A.untyped_storage().data_ptr() == operand.view.untyped_storage().data_ptr():
        A = A.clone()  # parameters act on parameters, and these will be set again
    return Use(node, found.arrange, A, transposed=not found.W.is_contiguous())


class _Reader:
    """Sees through views and constant multiples of parameters."""

    def __init__(self, parameters: Sequence[Tensor]) -> None:
        self._index = {id(parameter): index for index, parameter in enumerate(parameters)}
        self._known: dict[Operation, _Operand | None] = {}

    def operand(self, node: Operation) -> _Operand | None:
        if node not in self._known:
            self._known[node] = self._read(node)
        return self._known[node]

    def _read(self, node: Operation) -> _Operand | None:
        leaf = getattr(node, "variable", None)
        if leaf is not None:
            index = self._index.get(id(leaf))
            return None if index is None else _Operand(index, leaf.detach(), 1.0)
        transparent = _TRANSPARENT.get(node.name())
        if transparent is None:
            return None
        sources = [source for source, _ in node.next_functions]
        used = [position for position, source in enumerate(sources) if source is not None]
        inner = self.operand(sources[used[0]]) if len(used) == 1 else None
        return None if inner is None else transparent(node, used[0], inner)


def _viewed(view: Callable[[Any, Tensor], Tensor]) -> Callable[[Any, int, _Operand], _Operand]:
    return lambda node, _, inner: replace(inner, view=view(node, inner.view))


def _product(node: Any, position: int, inner: _Operand) -> _Operand | None:
    other = node._saved_other if position == 0 else node._saved_self
    return _multiple(node, inner, float(other)) if other.numel() == 1 else None


def _quotient(node: Any, position: int, inner: _Operand) -> _Operand | None:
    other = node._saved_other
    return _multiple(node, inner, 1 / float(other)) if other.numel() == 1 else None


def _multiple(node: Any, inner: _Operand, factor: float) -> _Operand | None:
    if tuple(inner.view.shape) != output_shape(node):
        return None
    return replace(inner, factor=inner.factor * factor)


_TRANSPARENT: dict[str, Callable[[Any, int, _Operand], _Operand | None]] = {
    "TBackward0": _viewed(lambda node, W: W.t()),
    "TransposeBackward0": _viewed(
        lambda node, W: W.transpose(signed(node._saved_dim0), signed(node._saved_dim1))
    ),
    "PermuteBackward0": _viewed(lambda node, W: W.permute([signed(a) for a in node._saved_dims])),
    "UnsqueezeBackward0": _viewed(lambda node, W: W.unsqueeze(signed(node._saved_dim))),
    "ViewBackward0": _viewed(lambda node, W: W.view(output_shape(node))),
    "ReshapeAliasBackward0": _viewed(lambda node, W: W.view(output_shape(node))),
    "ExpandBackward0": _viewed(lambda node, W: W.expand(output_shape(node))),
    "MulBackward0": _product,
    "DivBackward0": _quotient,
    "NegBackward0": lambda node, position, inner: _multiple(node, inner, -1.0),
}
