"""Signals: derivatives of outputs by what stands inside of a recorded computation.

C. M. Bishop, "Neural Networks for Pattern Recognition" (1995), section 4.8, calls them errors.
"""

import warnings
from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.graph import GradientEdge, Node

from companion.tangent.layers import Written

_BATCH_BYTES = 2**24  # signals of rows that are propagated together


class Backward:
    r"""Backward passes through one recording.

    Parameters
    ----------
    outputs
        Recorded outputs of shape ``(n, ...)``.
    parameters
        The leaves.
    rows
        First row and the row after the last, of those that are wanted.

    Scale
    -----
    Plain derivatives.
    """

    def __init__(
        self,
        outputs: Float[Tensor, "n ..."],
        parameters: Sequence[Float[Tensor, "..."]],
        rows: tuple[int, int],
    ) -> None:
        self._outputs = outputs
        self._parameters = parameters
        self._rows = rows
        self.u = _random_vector(outputs.numel(), rows, outputs.dtype, outputs.device)

    @cached_property
    def gradients(self) -> list[Float[Tensor, " columns"]]:
        """The transpose of J times the random vector ``u``, by parameter."""
        found = self._pulled(self.u.view(self._outputs.shape), self._parameters)
        return [gradient.flatten() for gradient in found]

    def per_output(self, nodes: Sequence[Node]) -> dict[Node, Float[Tensor, "q ..."]]:
        """Sums over samples of the signals of each output.

        Where samples act alone, a place inside belongs to one sample and the sum has one term.
        """
        edges = _edges(nodes)
        passes = []
        for output in range(self._outputs[0].numel()):
            cotangent = torch.zeros_like(self._outputs)  # anew: the last signals share its memory
            cotangent.view(len(cotangent), -1)[:, output] = 1
            passes.append(self._pulled(cotangent, edges))
        if len(passes) == 1:
            return {node: signal[None] for node, signal in zip(nodes, passes[0], strict=True)}
        stacked: dict[tuple, Tensor] = {}
        signals = {}
        for node, parts in zip(nodes, zip(*passes, strict=True), strict=True):
            # Sums hand the same signal on to all their terms. Stored sample by sample, as needed.
            rows = len(self._outputs) if parts[0].shape[:1] == self._outputs.shape[:1] else 1
            key = (rows, *(_memory(part) for part in parts))
            if key not in stacked:
                stacked[key] = torch.stack([part.reshape(rows, -1) for part in parts], dim=1)
            signals[node] = stacked[key].transpose(0, 1).view(len(parts), *parts[0].shape)
        return signals

    def per_row(
        self, nodes: Sequence[Node], indices: Sequence[int]
    ) -> tuple[dict[Node, Float[Tensor, "rows ..."]], list[Written]]:
        """Signals of the wanted rows, and the rows themselves for some parameters."""
        targets: list[Tensor | GradientEdge] = [
            *_edges(nodes),
            *(self._parameters[index] for index in indices),
        ]
        step = self._batch(nodes)
        passes = [
            self._batched(self._unit_rows(first, min(first + step, self._rows[1])), targets)
            for first in range(*self._rows, step)
        ]
        found = [torch.cat(pieces) for pieces in zip(*passes, strict=True)]
        signals = dict(zip(nodes, found, strict=False))
        rows = found[len(nodes) :]
        return signals, [
            Written(index, J.flatten(1)) for index, J in zip(indices, rows, strict=True)
        ]

    def _unit_rows(self, first: int, last: int) -> Tensor:
        units = self._outputs.new_zeros(last - first, self._outputs.numel())
        units[:, first:last].fill_diagonal_(1)
        return units.view(-1, *self._outputs.shape)

    def _batch(self, nodes: Sequence[Node]) -> int:
        sizes = [torch.Size(node._input_metadata[0].shape).numel() for node in nodes]
        sizes += [parameter.numel() for parameter in self._parameters]
        return max(1, _BATCH_BYTES // (8 * sum(sizes)))

    def _batched(
        self, cotangents: Tensor, targets: Sequence[Tensor | GradientEdge]
    ) -> tuple[Tensor, ...]:
        if len(cotangents) > 1:
            try:
                with warnings.catch_warnings():
                    warnings.filterwarnings("error", message="There is a performance drop")
                    return self._pulled(cotangents, targets, batched=True)
            except (RuntimeError, UserWarning):  # an operation that cannot be vectorised
                pass
        rows = [self._pulled(cotangent, targets) for cotangent in cotangents]
        return tuple(torch.stack(parts) for parts in zip(*rows, strict=True))

    def _pulled(
        self,
        cotangent: Tensor,
        targets: Sequence[Tensor | GradientEdge],
        *,
        batched: bool = False,
    ) -> tuple[Tensor, ...]:
        if not targets:
            return ()
        return torch.autograd.grad(
            self._outputs,
            targets,  # type: ignore[arg-type]
            cotangent,
            retain_graph=True,
            materialize_grads=True,
            is_grads_batched=batched,
        )


def _memory(part: Tensor) -> tuple:
    layout = (part.numel(),) if part.is_contiguous() else (part.shape, part.stride())
    return (part.data_ptr(), *layout)


@lru_cache(maxsize=8)
def _random_vector(
    size: int, rows: tuple[int, int], dtype: torch.dtype, device: torch.device
) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    u = torch.zeros(size, dtype=dtype)
    u[slice(*rows)].uniform_(-1, 1, generator=generator)
    return u.to(device)


def _edges(nodes: Iterable[Node]) -> list[GradientEdge]:
    return [GradientEdge(node, 0) for node in nodes]
