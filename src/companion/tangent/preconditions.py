"""What must hold before a module is differentiated: checked once, at the public entry."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.dropout import _DropoutNd

from companion.numerics.finite import require_finite

Call = Callable[[Any, Any], Any]  # (module, X) -> outputs


def trainable_parameters(module: nn.Module) -> dict[str, Float[Tensor, "..."]]:
    """Parameters that require a gradient, by name, each once.

    Parameters
    ----------
    module
        Any module.

    Returns
    -------
    Detached tensors that share memory with the module's.

    Scale
    -----
    The order is that of ``module.named_parameters()``; it fixes the order of ``theta`` and of the
    columns of the Jacobian everywhere.

    Raises
    ------
    ValueError
        If there is none, or two differ in type or device.
    TypeError
        If they are complex.
    """
    parameters = {name: p.detach() for name, p in module.named_parameters() if p.requires_grad}
    if not parameters:
        raise ValueError(
            "`module` must have a parameter that requires a gradient; got none. "
            "Call requires_grad_(True) on the parts to be trained."
        )
    kinds = {(p.dtype, p.device) for p in parameters.values()}
    if len(kinds) > 1:
        listed = ", ".join(sorted(f"{dtype} on {device}" for dtype, device in kinds))
        raise ValueError(f"`module` must have parameters of one type and device; got {listed}.")
    (dtype, _) = kinds.pop()
    if not dtype.is_floating_point:
        raise TypeError(f"`module` must have real parameters; got {dtype}.")
    return parameters


def check_evaluation_mode(module: nn.Module) -> None:
    """Refuse a module whose outputs are random or depend on the rest of the batch.

    Parameters
    ----------
    module
        Any module.

    Raises
    ------
    ValueError
        If a layer with dropout, or one of batch or instance normalisation, is in training mode;
        the error names the layer.
    """
    for name, layer in module.named_modules():
        if layer.training and (_drops(layer) or isinstance(layer, _NormBase)):
            raise ValueError(
                f"`module` must be in evaluation mode; layer {name or 'itself'!r} "
                f"({type(layer).__name__}) is in training mode. Call module.eval() first."
            )


def beside(like: Tensor, X: Shaped[Tensor | np.ndarray, "..."]) -> Shaped[Tensor, "..."]:
    """A batch where the parameters are: on their device and, if it is of real numbers, their type.

    Parameters
    ----------
    like
        A parameter.
    X
        The batch; integers (tokens, say) stay integers.

    Returns
    -------
    The batch as a tensor.

    Raises
    ------
    TypeError
        If the numbers are complex.
    """
    tensor = torch.as_tensor(X)
    if tensor.is_complex():
        raise TypeError(f"`X` must be real; got {tensor.dtype}. Pass real and imaginary parts.")
    return tensor.to(like) if tensor.is_floating_point() else tensor.to(like.device)


def repeatable_outputs(
    module: nn.Module, X: Any, *, call: Call | None = None
) -> Float[Tensor, "..."]:
    """Outputs of a module that is a function of its inputs.

    Parameters
    ----------
    module
        Any module.
    X
        The batch.
    call
        ``call(module, X)`` gives the outputs; ``module(X)`` by default.

    Returns
    -------
    The outputs, without a graph.

    Scale
    -----
    The module's own.

    Raises
    ------
    ValueError
        If the batch is empty, an entry or an output is not finite, or a second call gives other
        outputs.
    TypeError
        If the module returns something else than one tensor of real numbers, or cannot take
        integers.
    """
    if isinstance(X, Tensor):
        if X.ndim == 0 or len(X) == 0:
            raise ValueError(f"`X` must hold at least one sample; got shape {tuple(X.shape)}.")
        require_finite(X.detach().cpu().numpy(), "X")
    with torch.no_grad():
        outputs, again = _applied(module, X, call), _applied(module, X, call)
    if not isinstance(outputs, Tensor) or not outputs.is_floating_point():
        kind = outputs.dtype if isinstance(outputs, Tensor) else type(outputs).__name__
        raise TypeError(f"`module` must return one tensor of real numbers; got {kind}.")
    require_finite(outputs.cpu().numpy(), "module(X)")
    # Some devices add in an order of their own; chance moves far more than that.
    tolerance = torch.finfo(outputs.dtype).eps ** 0.5 * outputs.abs().max()
    if (outputs - again).abs().max() > tolerance:
        raise ValueError(
            "`module` must give the same outputs when called again; got others. "
            "Remove what is random in its forward pass."
        )
    return outputs


def _applied(module: nn.Module, X: Any, call: Call | None) -> Any:
    try:
        return module(X) if call is None else call(module, X)
    except RuntimeError as error:
        if isinstance(X, Tensor) and not X.is_floating_point():
            raise TypeError(
                f"`X` must be of a type that the module takes; got {X.dtype}, and the module "
                f"says: {str(error).splitlines()[0]}. Convert it to the type of the parameters."
            ) from error
        raise


def _drops(layer: nn.Module) -> bool:
    if isinstance(layer, _DropoutNd):
        return layer.p > 0
    rate = getattr(layer, "dropout", 0)  # recurrent and attention layers hold a number
    return isinstance(rate, float) and rate > 0
