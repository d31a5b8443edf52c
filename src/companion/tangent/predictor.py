"""A module on fixed inputs as a function of one flat vector of its trainable parameters."""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from companion.tangent.inputs import beside
from companion.tangent.preconditions import (
    Call,
    check_evaluation_mode,
    repeatable_outputs,
    trainable_parameters,
)
from companion.tangent.reach import check_reach


class Predictor:
    r"""Outputs of a module on fixed inputs, as a function of its trainable parameters.

    .. math::
        \theta \mapsto F(\theta) = (f(x_1; \theta), \dots, f(x_n; \theta)) \in \mathbb{R}^{nq}

    Parameters
    ----------
    module
        Any module in evaluation mode. It is copied: the caller's own is never touched.
    X
        The inputs. A tensor or an array is brought to the type and device of the parameters;
        with ``call`` it may be any object, for example a graph.
    call
        ``call(module, X)`` gives the outputs; ``module(X)`` by default.
    name
        What the caller's argument ``X`` is called, for messages.
    keep
        Keep the graph of the first outputs until the parameters are set.

    Scale
    -----
    ``theta`` lists the trainable parameters in the order of ``module.named_parameters()``, each
    row-major; a parameter used in several places stands there once. Rows of derivatives are
    sample-major: row ``i * q + c`` belongs to output ``c`` of sample ``i``.

    Raises
    ------
    ValueError
        If no parameter requires a gradient, parameters differ in type or device, the batch is
        empty, an entry or an output is not finite, outputs are random, have no sample axis or
        hide the parameters from autograd, or a layer that drops or mixes samples is in training
        mode.
    TypeError
        If the parameters or inputs are complex, ``module`` is no module, or it returns something
        else than one tensor of real numbers.
    RuntimeError
        Inside of ``torch.inference_mode()``, where nothing can be differentiated.

    Notes
    -----
    The parameters of the copy are views of one vector, so that setting them is one copy and no
    functional call stands between the caller and the module's own code.

    References
    ----------
    A. Jacot, F. Gabriel and C. Hongler, "Neural tangent kernel", NeurIPS 2018, section 3 (the
    realisation function of a network).
    """

    def __init__(
        self,
        module: nn.Module,
        X: Any,
        *,
        call: Call | None = None,
        name: str = "X",
        keep: bool = True,
    ) -> None:
        trainable_parameters(module)
        check_evaluation_mode(module)
        if call is not None and not callable(call):
            raise TypeError(f"`call` must be a function of module and X; got {call!r}.")
        if torch.is_inference_mode_enabled():
            raise RuntimeError(
                "`module` must be differentiable; got torch.inference_mode(), where no graph is "
                "recorded. Leave its block, or take torch.no_grad() instead."
            )
        self.module = _copied(module)
        self.call = call
        self.num_gradients = self.num_grams = 0  # what has been evaluated since
        self.proved_structures: set[tuple[str, ...]] = set()  # by the layers of a recording
        owned = {n: p for n, p in self.module.named_parameters() if p.requires_grad}
        self.names = tuple(owned)
        self.shapes = tuple(p.shape for p in owned.values())
        self.parameters = tuple(owned.values())
        self._flat = torch.cat([p.detach().reshape(-1) for p in self.parameters])
        for parameter, piece in zip(self.parameters, self._pieces(self._flat), strict=True):
            parameter.data = piece.view(parameter.shape)
        self.theta_0 = self._flat.clone()
        self._buffers = _Buffers(self.module)
        self.X = beside(self._flat, X, name) if call is None else _own(X)
        self._writes_into_X = False
        # The first recording is kept for whoever asks for derivatives at theta_0 first.
        devices = [self.device] if self.device.type == "cuda" else []
        # What a random module draws is not missed by the caller.
        with torch.set_grad_enabled(keep), torch.random.fork_rng(devices):
            outputs = repeatable_outputs(self._guarded, self.X, name, whole=call is not None)
        self._kept: Tensor | None = outputs if keep else None
        self.output_shape = outputs.shape
        if keep:
            originals = [p for p in module.parameters() if p.requires_grad]
            check_reach(outputs, self.parameters, originals, self._moves, by_call=call is not None)

    @property
    def num_params(self) -> int:
        """Number of trainable parameters."""
        return len(self._flat)

    @property
    def num_samples(self) -> int:
        """Number of samples: the length of the first axis of the outputs."""
        return self.output_shape[0]

    @property
    def output_dim(self) -> int:
        """Outputs per sample; 1 if the module returns shape ``(n,)``."""
        return self.num_rows // self.num_samples

    @property
    def num_rows(self) -> int:
        """Number of outputs of all samples together."""
        return self.output_shape.numel()

    @property
    def dtype(self) -> torch.dtype:
        """Type of the parameters."""
        return self._flat.dtype

    @property
    def device(self) -> torch.device:
        """Where the parameters are."""
        return self._flat.device

    def outputs(self, theta: Float[Tensor, " p"]) -> Float[Tensor, "n ..."]:
        """Outputs at given parameters, without a graph."""
        self.set(theta)
        with torch.no_grad():
            return self.own(self._forward(self.X))

    def pull_back(
        self,
        theta: Float[Tensor, " p"],
        weigh: Callable[[Float[Tensor, "n ..."]], Float[Tensor, "n ..."]],
        X: Any = None,
    ) -> tuple[Float[Tensor, "n ..."], Float[Tensor, " p"]]:
        r"""Outputs F and :math:`J^\top` times a vector that may depend on them.

        One forward and one backward pass. With ``weigh`` the derivative of a loss by the outputs,
        the second result is the gradient of that loss. Other inputs may stand in for the own ones.
        """
        self.num_gradients += 1
        self.set(theta)
        with torch.enable_grad():
            outputs: Tensor = self.recorded_outputs() if X is None else self._forward(X)
        cotangent = weigh(outputs.detach())
        if not outputs.requires_grad:  # no parameter has any influence
            return self.own(outputs), torch.zeros_like(self._flat)
        pieces = torch.autograd.grad(
            outputs, self.parameters, grad_outputs=cotangent, materialize_grads=True
        )
        return self.own(outputs), torch.cat([piece.reshape(-1) for piece in pieces])

    def split(self, theta: Float[Tensor, " p"]) -> dict[str, Float[Tensor, "..."]]:
        """A flat vector by the names and shapes of the parameters."""
        pieces = self._pieces(theta)
        return {
            name: piece.view(shape)
            for name, shape, piece in zip(self.names, self.shapes, pieces, strict=True)
        }

    def set(self, theta: Float[Tensor, " p"]) -> None:
        """Write parameters into the copy of the module."""
        if theta is not self.theta_0:
            self._kept = None
        if self._kept is None:
            self._flat.copy_(theta)

    def recorded_outputs(self) -> Float[Tensor, "n ..."]:
        """Outputs at the parameters last set, with a graph where gradients are enabled."""
        if self._kept is not None and torch.is_grad_enabled():
            kept, self._kept = self._kept, None
            return kept
        outputs: Tensor = self._forward(self.X)
        return outputs

    def inputs(self) -> Any:
        """The inputs, in memory of their own if the module writes into it."""
        return self.X.clone() if self._writes_into_X else self.X

    def _forward(self, X: Any) -> Any:
        self._buffers.restore()
        if self._writes_into_X:
            X = X.clone()
        outputs = self.module(X) if self.call is None else self.call(self.module, X)
        if not isinstance(outputs, Tensor) or not outputs.is_floating_point():
            return outputs
        if torch.finfo(outputs.dtype).eps > torch.finfo(self.dtype).eps:
            raise TypeError(
                f"`module` must return numbers as precise as its parameters, {self.dtype}; got "
                f"{outputs.dtype}. Leave out the conversion, or convert the module as a whole."
            )
        return outputs.to(self.dtype)

    def _guarded(self, X: Any) -> Any:
        if self._writes_into_X or not isinstance(X, Tensor):
            return self._forward(X)
        before, version = X.clone(), X._version
        outputs = self._forward(X)
        if X._version == version:
            return outputs
        self._writes_into_X = True
        X.copy_(before)
        return self._forward(X)

    def _moves(self) -> bool:
        generator = torch.Generator().manual_seed(0)
        change = torch.randn(self.num_params, generator=generator, dtype=self.dtype)
        before = self.outputs(self.theta_0.clone())
        after = self.outputs(self.theta_0 + change.to(self._flat))
        self.set(self.theta_0)
        return not torch.equal(before, after)

    def on(self, X: Float[Tensor, "n2 ..."]) -> "Predictor":
        """The same module and parameters on other samples, which are not checked again."""
        other = copy.copy(self)
        other.X, other._kept = X, None
        other.output_shape = torch.Size([len(X), *self.output_shape[1:]])
        return other

    def own(self, outputs: Float[Tensor, "n ..."]) -> Float[Tensor, "n ..."]:
        """Outputs without their graph, in memory that setting parameters does not touch."""
        outputs = outputs.detach()
        memory = self._flat.untyped_storage().data_ptr()
        return outputs.clone() if outputs.untyped_storage().data_ptr() == memory else outputs

    def _pieces(self, theta: Float[Tensor, " p"]) -> tuple[Tensor, ...]:
        return torch.split(theta, [shape.numel() for shape in self.shapes])


class _Buffers:
    """Buffers as the caller left them: a forward pass that updates them is still a function."""

    def __init__(self, module: nn.Module) -> None:
        self._slots = [
            (owner._buffers, name, buffer.clone())
            for owner in module.modules()
            for name, buffer in owner._buffers.items()
            if buffer is not None
        ]
        self._seen = [(value, -1) for _, _, value in self._slots]

    def restore(self) -> None:
        for position, (owner, name, value) in enumerate(self._slots):
            tensor, version = self._seen[position]
            if owner[name] is not tensor or tensor._version != version:
                # Anew instead of in place: an earlier recording may need the old numbers.
                owner[name] = fresh = value.clone()
                self._seen[position] = fresh, fresh._version


def _copied(module: nn.Module) -> nn.Module:
    try:
        with torch.no_grad():  # or the copies of a compiled module would be functions of it
            twin = copy.deepcopy(module)
    except RuntimeError as error:  # tensors that carry a graph, as the old weight_norm leaves them
        raise ValueError(
            "`module` must be copyable with copy.deepcopy; it refused: "
            f"{str(error).splitlines()[0]} Replace torch.nn.utils.weight_norm by "
            "torch.nn.utils.parametrizations.weight_norm, or detach what is stored on the module."
        ) from error
    copies, originals = (dict(one.named_parameters()) for one in (twin, module))
    if list(copies) != list(originals):
        raise ValueError(
            "`module` must be copyable with copy.deepcopy; its copy has other parameters, as "
            "where a compiled part shares one with the rest. Compile the whole, or nothing."
        )
    for name, parameter in originals.items():
        copies[name].requires_grad_(parameter.requires_grad)
    return twin


def _own(X: Any) -> Any:
    if isinstance(X, Tensor):
        return X.detach().clone()
    return X.copy() if isinstance(X, np.ndarray) else X
