"""What must hold before a module is differentiated: checked once, at the public entry.

Derived here from what a derivative needs: one function of the parameters, defined for each sample.
"""

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.dropout import _DropoutNd
from torch.nn.parameter import is_lazy

from companion.numerics.finite import require_finite

Call = Callable[[Any, Any], Any]  # (module, X) -> outputs

_FEW = 16  # samples of the second call


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
        If there is none, two differ in type or device, or one has no shape yet.
    TypeError
        If they are complex, or ``module`` is none.
    """
    if not isinstance(module, nn.Module):
        kind = "the class itself" if isinstance(module, type) else type(module).__name__
        raise TypeError(
            f"`module` must be an instance of torch.nn.Module; got {kind}. "
            "Make one whose forward computes the outputs."
        )
    for name, values in [*module.named_parameters(), *module.named_buffers()]:
        if is_lazy(values):
            raise ValueError(
                f"`module` must have parameters with shapes; {name!r} has none yet. "
                "Call the module once on a batch first."
            )
    parameters = {name: p.detach() for name, p in module.named_parameters() if p.requires_grad}
    if not parameters:
        raise ValueError(
            "`module` must have a parameter that requires a gradient; got none. "
            "Call requires_grad_(True) on the parts to be trained."
        )
    kinds = {(p.dtype, p.device) for p in parameters.values()}
    if len(kinds) > 1:
        listed = ", ".join(sorted(f"{dtype} on {device}" for dtype, device in kinds))
        raise ValueError(
            f"`module` must have parameters of one type and device; got {listed}. "
            "Call module.double(), or module.to(device)."
        )
    (dtype, _) = kinds.pop()
    if not dtype.is_floating_point:
        raise TypeError(f"`module` must have real parameters; got {dtype}.")
    if dtype not in (torch.float32, torch.float64):
        raise ValueError(
            f"`module` must have parameters of float32 or float64; got {dtype}, which leaves too "
            "few digits for derivatives. Call module.float() or module.double() first."
        )
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


def repeatable_outputs(
    forward: Callable[[Any], Any], X: Any, name: str = "X", *, whole: bool = False
) -> Float[Tensor, "..."]:
    """Outputs of a module that is a function of its inputs.

    Parameters
    ----------
    forward
        The module on inputs.
    X
        The batch.
    name
        What the caller's argument is called, for messages.
    whole
        The batch cannot be divided into samples, and need not have one row for each.

    Returns
    -------
    The outputs, with their graph where gradients are enabled.

    Scale
    -----
    The module's own.

    Raises
    ------
    ValueError
        If the batch is empty, the module cannot take it, an entry or an output is not finite, the
        outputs have no row per sample, or a second call gives other outputs.
    TypeError
        If the module returns something else than one tensor of real numbers.

    Notes
    -----
    The second call is of a few samples, and of the whole batch only if these differ: where
    samples see each other they may.
    """
    if isinstance(X, Tensor):
        if X.ndim == 0 or len(X) == 0:
            shape = tuple(X.shape)
            raise ValueError(f"`{name}` must hold at least one sample; got shape {shape}.")
        require_finite(X.detach().cpu().numpy(), name)
    outputs = forward(X) if whole else _first_outputs(forward, X, name)
    if not isinstance(outputs, Tensor) or not outputs.is_floating_point():
        kind = outputs.dtype if isinstance(outputs, Tensor) else type(outputs).__name__
        raise TypeError(
            f"`module` must return one tensor of real numbers; got {kind}. "
            "Pass `call`, a function of module and X that picks it."
        )
    if outputs.ndim == 0 or outputs.numel() == 0 or not (whole or len(outputs) == len(X)):
        batch = "its inputs" if whole else f"a batch of {len(X)} samples"
        raise ValueError(
            f"`module` must map {batch} to shape (n,) or (n, q), one row per sample; "
            f"got shape {tuple(outputs.shape)}. Pass a single sample as a batch, {name}[None]."
        )
    require_finite(outputs.detach().cpu().numpy(), f"module({name})")
    # Some devices add in an order of their own; chance moves far more than that.
    tolerance = torch.finfo(outputs.dtype).eps ** 0.5 * outputs.detach().abs().max()

    def differs(batch: Any, expected: Tensor) -> bool:
        with torch.no_grad():
            again = forward(batch)
        if again.shape != expected.shape:
            return True
        return bool((again - expected).abs().max() > tolerance)

    few = None if whole or len(X) <= _FEW else slice(_FEW)
    if few is not None and not differs(X[few], outputs.detach()[few]):
        return outputs
    if differs(X, outputs.detach()):
        raise ValueError(
            "`module` must give the same outputs when called again; got others. "
            "Remove what is random in its forward pass."
        )
    return outputs


def _first_outputs(forward: Callable[[Any], Any], X: Any, name: str) -> Any:
    try:
        return forward(X)
    except (RuntimeError, IndexError) as error:  # what PyTorch says of shapes and types
        said = str(error).splitlines()[0].rstrip(".")
        if not isinstance(X, Tensor):
            raise
        if not X.is_floating_point():
            raise TypeError(
                f"`{name}` must be of a type that the module takes; got {X.dtype}, and the module "
                f"says: {said}. Convert it to the type of the parameters."
            ) from error
        raise ValueError(
            f"`{name}` must be a batch that the module takes; got shape {tuple(X.shape)}, and the "
            f"module says: {said}. Pass samples of the shape that its first layer expects."
        ) from error


def _drops(layer: nn.Module) -> bool:
    if isinstance(layer, _DropoutNd):
        return layer.p > 0
    rate = getattr(layer, "dropout", 0)  # recurrent and attention layers hold a number
    return isinstance(rate, float) and rate > 0
