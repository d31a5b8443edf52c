"""A batch in parts whose Jacobians fit into a given memory.

Derived here: a module that treats samples apart is the same function on a part of the batch. That
it does is tested on all samples, at parameters a little away from its own, where no coupling is
zero by chance. Other modules are recorded whole, and the rows of their Jacobian come in parts.
"""

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks

from companion.tangent.inputs import as_tensor
from companion.tangent.layers import Factored
from companion.tangent.linearization import Linearization
from companion.tangent.preconditions import Call, trainable_parameters
from companion.tangent.predictor import Predictor

_TRIAL = 2  # samples from which the need of memory is measured
_COPIES = 3  # of signals that exist at one time: one by one, together, in order
_AMPLE = 10 * _COPIES  # more than signals ever take, in units of what is saved
_PARTS = 2.5  # parts at one time, with their products
_NUDGE = 1e-2  # relative change of the parameters for the test of coupling


@dataclass(frozen=True)
class Chunks:
    """Linearizations of parts of a batch, made when asked for.

    Scale
    -----
    As :class:`companion.tangent.linearization.Linearization`.
    """

    predictor: Predictor
    rows: list[tuple[int, int]]
    by_sample: bool  # the inputs come in parts, too

    def linearization(self, position: int) -> Linearization:
        """The expansion of one part at the module's own parameters."""
        predictor, rows = self.predictor, self.rows[position]
        if not self.by_sample:
            return Linearization(predictor, predictor.theta_0, rows=rows)
        part = _part(predictor, rows)
        return Linearization(part, part.theta_0)


def chunks(module: nn.Module, X: Any, call: Call | None, name: str, memory: int) -> Chunks:
    """Divide a batch so that the Jacobians of two parts fit into memory.

    Parameters
    ----------
    module, X, call
        As :class:`companion.tangent.predictor.Predictor` takes them.
    name
        What the caller's argument ``X`` is called, for messages.
    memory
        Bytes to work with.

    Returns
    -------
    The parts; one if the whole fits.

    Scale
    -----
    Bytes.

    Raises
    ------
    ValueError
        If not even two samples, or their rows, fit.
    """
    trainable_parameters(module)  # asked first, since what follows relies on it
    if call is None:
        X = as_tensor(X, name)
    copies = _bytes_of_parameters(module)
    per_sample = _bytes_per_sample(module, X) if call is None else None
    if per_sample is not None and copies + per_sample * len(X) > memory:
        predictor = Predictor(module, X, name=name, keep=False)
        step = int((memory - copies) / (_PARTS * per_sample))
        runs = _runs(predictor, max(1, step))
        if _act_alone(predictor, runs):
            if step < 1:
                raise _too_small(memory, copies + _PARTS * per_sample)
            return Chunks(predictor, runs, by_sample=True)
    with _Saved() as saved:
        predictor = Predictor(module, X, call=call, name=name)
    saved_bytes = saved.bytes_beside(predictor.parameters[0])
    runs = [(0, predictor.num_rows)]
    fits = per_sample is not None and copies + per_sample * predictor.num_samples <= memory
    # What is saved tells roughly how large signals are, without another recording.
    if not fits and copies + _AMPLE * saved_bytes * (predictor.num_rows + 1) > memory:
        fixed, per_sample = _bytes_by_row(predictor, copies + 2 * saved_bytes)
        if fixed + per_sample * predictor.num_samples > memory:
            step = int((memory - fixed) / (_PARTS * per_sample)) if per_sample else 0
            if step < 1:
                raise _too_small(memory, fixed + _PARTS * per_sample)
            runs = _runs(predictor, step)
    return Chunks(predictor, runs, by_sample=False)


def _bytes_of_parameters(module: nn.Module) -> int:
    # The copy of the module; of what is trained also its vectors, gradients and products.
    sizes = [(p.numel() * p.element_size(), p.requires_grad) for p in module.parameters()]
    return sum(6 * size if trained else size for size, trained in sizes)


def _bytes_per_sample(module: nn.Module, X: Any) -> int | None:
    if not isinstance(X, Tensor) or X.ndim == 0 or len(X) <= _TRIAL:
        return None
    try:
        with _Saved() as saved:
            few = Predictor(module, X[:_TRIAL])
    except (ValueError, TypeError):  # for the whole batch to explain
        return None
    layers = Linearization(few, few.theta_0).layers
    if any(isinstance(layer, Factored) and layer.num_groups == 1 for layer in layers):
        return None  # coupled: the need grows faster than the number of samples
    saved_bytes = saved.bytes_beside(few.parameters[0])
    return (2 * saved_bytes + _COPIES * sum(layer.num_bytes for layer in layers)) // _TRIAL


def _bytes_by_row(predictor: Predictor, fixed: int) -> tuple[int, int]:
    # What is needed for any rows, and what for each sample's rows, where samples are coupled.
    few = min(_TRIAL, predictor.num_samples)
    rows = (0, few * predictor.output_dim)
    per_row = 0
    for layer in Linearization(predictor, predictor.theta_0, rows=rows).layers:
        if layer.num_groups == 1:
            per_row += _COPIES * layer.num_bytes // few
        else:
            fixed += _COPIES * layer.num_bytes // few * predictor.num_samples
    return fixed, per_row


def _runs(predictor: Predictor, num_samples: int) -> list[tuple[int, int]]:
    step = num_samples * predictor.output_dim
    return [
        (first, min(first + step, predictor.num_rows))
        for first in range(0, predictor.num_rows, step)
    ]


def _too_small(memory: int, needed: float) -> ValueError:
    return ValueError(
        f"`memory` must be at least {math.ceil(needed)} bytes for this module and batch; "
        f"got {memory}. Raise it, or pass fewer samples."
    )


def _part(predictor: Predictor, rows: tuple[int, int]) -> Predictor:
    first, last = (row // predictor.output_dim for row in rows)
    return predictor.on(predictor.X[first:last])


def _act_alone(predictor: Predictor, runs: list[tuple[int, int]]) -> bool:
    generator = torch.Generator().manual_seed(0)
    theta = predictor.theta_0
    change = torch.randn(theta.shape, generator=generator, dtype=theta.dtype).to(theta)
    theta = theta + _NUDGE * theta.norm() / len(theta) ** 0.5 * change
    outputs = predictor.outputs(theta)
    tolerance = torch.finfo(theta.dtype).eps ** 0.5 * outputs.abs().max()
    for rows in runs:
        part = _part(predictor, rows)
        difference = part.outputs(theta).flatten() - outputs.flatten()[slice(*rows)]
        if not difference.abs().max() <= tolerance:
            return False
    return True


class _Saved:
    """What autograd keeps of what is recorded meanwhile."""

    def __init__(self) -> None:
        self._bytes: dict[int, int] = {}  # by place in memory

    def __enter__(self) -> "_Saved":
        self._hooks = saved_tensors_hooks(self._pack, _unchanged)
        self._hooks.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._hooks.__exit__(*error)

    def bytes_beside(self, parameters: Tensor) -> int:
        owned = parameters.untyped_storage().data_ptr()
        return sum(size for place, size in self._bytes.items() if place != owned)

    def _pack(self, tensor: Tensor) -> tuple[Tensor, int]:
        place = tensor.untyped_storage().data_ptr()
        size = tensor.numel() * tensor.element_size()
        self._bytes[place] = max(size, self._bytes.get(place, 0))
        return tensor.detach(), tensor._version  # the tensor itself would hold its own graph


def _unchanged(packed: tuple[Tensor, int]) -> Tensor:
    # With hooks autograd leaves this check to them.
    tensor, version = packed
    if tensor._version != version:
        raise ValueError(
            "`module` must not overwrite numbers that its derivatives need; a tensor of shape "
            f"{tuple(tensor.shape)} was changed in place. Write into a clone of it."
        )
    return tensor
