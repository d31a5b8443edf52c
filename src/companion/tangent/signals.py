"""Signals: derivatives of outputs by what stands inside of a recorded computation.

C. M. Bishop, "Neural Networks for Pattern Recognition" (1995), section 4.8, calls them errors.
"""

import warnings
from collections.abc import Iterable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.graph import GradientEdge, Node

from companion.tangent.layers import Written

_BATCH_BYTES = 2**27  # signals of rows that are propagated together


class Backward:
    r"""Backward passes through one recording.

    Parameters
    ----------
    outputs
        Recorded outputs of shape ``(n, ...)``.
    parameters
        The leaves.

    Scale
    -----
    Plain derivatives.
    """

    def __init__(
        self, outputs: Float[Tensor, "n ..."], parameters: Sequence[Float[Tensor, "..."]]
    ) -> None:
        self._outputs = outputs
        self._parameters = parameters
        generator = torch.Generator().manual_seed(0)
        self.u: Float[Tensor, " rows"] = (
            torch.empty(outputs.numel(), dtype=outputs.dtype)
            .uniform_(-1, 1, generator=generator)
            .to(outputs.device)
        )
        self._gradients = self._pulled(self.u.view(outputs.shape), parameters)

    def gradient(self, index: int) -> Float[Tensor, " columns"]:
        """The transpose of J times the random vector ``u``, for one parameter."""
        return self._gradients[index].flatten()

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
            # Sums hand the same signal on to all their terms.
            key = tuple(part.data_ptr() for part in parts)
            if key not in stacked:
                stacked[key] = torch.stack([part.flatten() for part in parts])
            signals[node] = stacked[key].view(len(parts), *parts[0].shape)
        return signals

    def per_row(
        self, nodes: Sequence[Node], indices: Sequence[int]
    ) -> tuple[dict[Node, Float[Tensor, "rows ..."]], list[Written]]:
        """Signals of every row, and the rows themselves for some parameters."""
        targets: list[Tensor | GradientEdge] = [
            *_edges(nodes),
            *(self._parameters[index] for index in indices),
        ]
        num_rows = self._outputs.numel()
        identity = torch.eye(num_rows).to(self._outputs).view(num_rows, *self._outputs.shape)
        passes = [
            self._batched(part, targets) for part in torch.split(identity, self._batch(nodes))
        ]
        found = [torch.cat(pieces) for pieces in zip(*passes, strict=True)]
        signals = dict(zip(nodes, found, strict=False))
        rows = found[len(nodes) :]
        return signals, [
            Written(index, J.flatten(1)) for index, J in zip(indices, rows, strict=True)
        ]

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


def _edges(nodes: Iterable[Node]) -> list[GradientEdge]:
    return [GradientEdge(node, 0) for node in nodes]
