r"""The Jacobian of a module as an operator, never formed.

For a recorded pass from parameters to outputs, :math:`J^\top u` is one backward pass. It is linear
in u, so its own derivative, contracted with v, is :math:`J v`: two backward passes and no forward
differentiation, which fewer operations support.
"""

from collections.abc import Iterator
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from companion.numerics.finite import require_finite
from companion.tangent.inputs import as_tensor, beside
from companion.tangent.preconditions import Call
from companion.tangent.predictor import Predictor

MEMORY = 2**30  # bytes of recorded numbers
_PASSES = 4  # the pass forward, the pass back, what differentiating it keeps, and its result
_FEW = 2


class JacobianOperator:
    r"""The Jacobian of a module's outputs as an operator.

    .. math::
        v \mapsto J v, \qquad u \mapsto J^\top u, \qquad u \mapsto J J^\top u, \qquad
        J = \partial F / \partial \theta

    Parameters
    ----------
    module
        Any module in evaluation mode.
    X
        The inputs.
    call
        As in :class:`companion.tangent.predictor.Predictor`.
    memory
        Bytes that recorded passes may take. Where the whole batch would take more, samples are
        recorded some at a time, which asks that they act alone; where it takes less, the
        recording is kept, and a product calls the module no more.

    Scale
    -----
    Plain derivatives: no weight of the data. Rows are sample-major: row ``i * q + c`` belongs to
    output ``c`` of sample ``i``. Columns are in the order of ``module.named_parameters()``.

    Raises
    ------
    ValueError
        As :class:`companion.tangent.predictor.Predictor`, or if the budget is too small for one
        sample, or for the whole batch where samples do not act alone.
    TypeError
        As :class:`companion.tangent.predictor.Predictor`.

    Notes
    -----
    The cost of a product is that of two to five passes through the module, for every column. A
    few products with a network of recognised layers are therefore cheaper than its kernel; many
    are not.

    References
    ----------
    B. A. Pearlmutter, "Fast exact multiplication by the Hessian", Neural Computation 6 (1994);
    the product :math:`J v` by two backward passes is derived here.
    """

    def __init__(
        self, module: nn.Module, X: Any, *, call: Call | None = None, memory: int = MEMORY
    ) -> None:
        X = as_tensor(X, "X") if call is None else X
        few = X[:_FEW] if call is None and X.ndim else X
        self._predictor = Predictor(module, few, call=call)
        self._inputs = [self._predictor.X]
        self.num_rows = self._predictor.num_rows
        self._kept: _Recording | None = None
        needed = _PASSES * _recorded_bytes(self._predictor)
        if call is None and len(X) > _FEW:
            each = -(-needed // _FEW)
            self._take(X, per_chunk=max(memory // each, 1) if each * len(X) > memory else len(X))
            needed = each if len(self._inputs) > 1 else each * len(X)
        if needed > memory:
            part = "one sample" if call is None else "the inputs"
            raise ValueError(
                f"`memory` must hold the recorded passes over {part}, {needed} bytes; "
                f"got {memory}."
            )
        if len(self._inputs) == 1:
            self._kept = self._recorded(self._inputs[0])

    @property
    def num_params(self) -> int:
        """Number of trainable parameters: columns of J."""
        return self._predictor.num_params

    @property
    def dtype(self) -> torch.dtype:
        """Type of the parameters."""
        return self._predictor.dtype

    @property
    def device(self) -> torch.device:
        """Where the parameters are."""
        return self._predictor.device

    def apply(self, v: Float[Tensor, "p ..."]) -> Float[Tensor, "nq ..."]:
        """J times a vector or the columns of a matrix."""
        return torch.cat([recording.apply(v) for recording in self._recordings()])

    def apply_transpose(self, u: Float[Tensor, "nq ..."]) -> Float[Tensor, "p ..."]:
        """The transpose of J times a vector or the columns of a matrix."""
        product, begin = u.new_zeros(self.num_params, *u.shape[1:]), 0
        for recording in self._recordings():
            end = begin + recording.outputs.numel()
            product += recording.apply_transpose(u[begin:end])
            begin = end
        return product

    def gram(self, u: Float[Tensor, "nq ..."]) -> Float[Tensor, "nq ..."]:
        """The tangent kernel times a vector or the columns of a matrix."""
        return self.apply(self.apply_transpose(u))

    def _recordings(self) -> Iterator["_Recording"]:
        if self._kept is not None:
            yield self._kept
            return
        for X in self._inputs:
            yield self._recorded(X)

    def _recorded(self, X: Any) -> "_Recording":
        predictor = self._predictor
        predictor.X = X
        predictor.set(predictor.theta_0.clone())  # forgets what was recorded of other inputs
        return _Recording(predictor)

    def _take(self, X: Any, per_chunk: int) -> None:
        X = beside(self._predictor.theta_0, X)
        require_finite(X.detach().cpu().numpy(), "X")
        self._inputs = list(torch.split(X, per_chunk))
        self.num_rows = len(X) * self._predictor.output_dim
        if len(self._inputs) == 1:
            return
        theta = self._predictor.theta_0.clone()
        self._predictor.X = X
        whole, begin = self._predictor.outputs(theta), 0
        tolerance = torch.finfo(whole.dtype).eps ** 0.5 * whole.abs().max()
        for chunk in self._inputs:
            self._predictor.X = chunk
            part = self._predictor.outputs(theta)
            if (part - whole[begin : begin + len(chunk)]).abs().max() > tolerance:
                raise ValueError(
                    "`memory` must hold the recorded passes over all samples, since the outputs "
                    f"of {len(chunk)} samples differ from those in the batch of {len(X)}. "
                    "Raise it."
                )
            begin += len(chunk)


class _Recording:
    def __init__(self, predictor: Predictor) -> None:
        self._parameters = predictor.parameters
        self.outputs = _recorded_outputs(predictor)
        self._cotangent = torch.zeros_like(self.outputs, requires_grad=True)
        self._pulled: Tensor | None = None

    def apply_transpose(self, u: Tensor) -> Tensor:
        if u.ndim == 2:
            columns = u.reshape(len(u), -1).unbind(1)
            return torch.stack([self.apply_transpose(column) for column in columns], dim=1)
        return self._pull_back(u.reshape(self.outputs.shape))

    def apply(self, v: Tensor) -> Tensor:
        if v.ndim == 2:
            return torch.stack([self.apply(column) for column in v.unbind(1)], dim=1)
        if self._pulled is None:
            self._pulled = self._pull_back_twice()
        if not self._pulled.requires_grad:  # no parameter has any influence
            return v.new_zeros(self.outputs.numel())
        (product,) = torch.autograd.grad(
            self._pulled, self._cotangent, v, retain_graph=True, materialize_grads=True
        )
        return product.reshape(-1)

    def _pull_back_twice(self) -> Tensor:
        try:
            pulled = self._pull_back(self._cotangent, create_graph=True)
            if pulled.requires_grad:
                torch.autograd.grad(pulled.sum(), self._cotangent, retain_graph=True)
        except NotImplementedError as error:
            raise ValueError(
                "`module` must be twice differentiable for products with its Jacobian; "
                f"{str(error).splitlines()[0].rstrip('.')}. Form the kernel instead: ntk, or "
                "method='dense'."
            ) from error
        return pulled

    def _pull_back(self, cotangent: Tensor, create_graph: bool = False) -> Tensor:
        if not self.outputs.requires_grad:
            return torch.cat([torch.zeros_like(p).reshape(-1) for p in self._parameters])
        parts = torch.autograd.grad(
            self.outputs,
            self._parameters,
            cotangent,
            retain_graph=True,
            create_graph=create_graph,
            materialize_grads=True,
        )
        return torch.cat([part.reshape(-1) for part in parts])


def _recorded_bytes(predictor: Predictor) -> int:
    owned = {parameter.untyped_storage().data_ptr() for parameter in predictor.parameters}
    sizes: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in owned:
            sizes[storage.data_ptr()] = storage.nbytes()
        return tensor

    predictor.set(predictor.theta_0.clone())
    with torch.autograd.graph.saved_tensors_hooks(note, lambda saved: saved):
        outputs = _recorded_outputs(predictor)
    return sum(sizes.values()) + outputs.untyped_storage().nbytes()


def _recorded_outputs(predictor: Predictor) -> Tensor:
    # Of the kernels for attention only the plain one can be differentiated twice.
    with torch.enable_grad(), sdpa_kernel(SDPBackend.MATH):
        return predictor.recorded_outputs()
