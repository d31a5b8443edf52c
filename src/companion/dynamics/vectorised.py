"""Residuals and gradients of many modules of one shape at once, through torch.vmap."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from companion.dynamics.objective import Objective
from companion.tangent.preconditions import Call

Stacked = dict[str, Tensor]  # by name, the first axis is the network
Evaluation = Callable[[Stacked], tuple[Tensor, Stacked]]  # parameters -> residuals, gradients


class _Applied(nn.Module):
    # Through `forward`, so that a call of the user's finds the module with replaced parameters.
    def __init__(self, module: nn.Module, call: Call | None) -> None:
        super().__init__()
        self.module, self.call_ = module, call

    def forward(self, X: Any) -> Any:
        return self.module(X) if self.call_ is None else self.call_(self.module, X)


def vectorised(objectives: list[Objective]) -> Evaluation:
    r"""Evaluation of modules of one shape by ``torch.vmap``.

    .. math::
        (\theta^{(s)})_s \mapsto \big(F(\theta^{(s)}) - y,\; \nabla\ell(\theta^{(s)})\big)_s

    Parameters
    ----------
    objectives
        One for each module, on the same data.

    Returns
    -------
    A function from stacked trained parameters to residuals and gradients.

    Scale
    -----
    That of the losses.

    References
    ----------
    Derived here.
    """
    first = objectives[0]
    applied = _Applied(first.predictor.module, first.predictor.call)
    others = stacked([untrained(objective) for objective in objectives])
    places = _places(applied)

    def residual(parameters: Stacked, others: Stacked) -> Tensor:
        values = {f"module.{name}": value for name, value in {**others, **parameters}.items()}
        state = {place: values[name] for place, name in places.items()}
        outputs: Tensor = torch.func.functional_call(
            applied, state, (first.predictor.X,), tie_weights=False
        )
        return outputs - first.y

    def loss(parameters: Stacked, others: Stacked) -> tuple[Tensor, Tensor]:
        r = residual(parameters, others)
        return (first.weighted_residual(r + first.y) * r).sum() / 2, r

    slopes = torch.vmap(torch.func.grad(loss, has_aux=True))

    def evaluate(parameters: Stacked) -> tuple[Tensor, Stacked]:
        gradient, r = slopes(parameters, others)
        return r, gradient

    return evaluate


def _places(module: nn.Module) -> dict[str, str]:
    # Every place of a tensor and the name it goes by. A layer used twice counts once: PyTorch's
    # own tying of weights fills its places twice and then restores them from the second filling.
    names: dict[int, str] = {}
    places = {}
    for prefix, layer in module.named_modules():
        for kind in (layer.named_parameters, layer.named_buffers):
            for place, tensor in kind(prefix, recurse=False, remove_duplicate=False):
                places[place] = names.setdefault(id(tensor), place)
    return places


def untrained(objective: Objective) -> Stacked:
    """Frozen parameters and buffers of a module, by name.

    Parameters
    ----------
    objective
        The loss of the module.

    Returns
    -------
    Detached tensors.

    Scale
    -----
    The numbers are the module's own.

    References
    ----------
    Derived here.
    """
    module = objective.predictor.module
    trained = set(objective.predictor.names)
    frozen = {n: p.detach() for n, p in module.named_parameters() if n not in trained}
    return {**frozen, **dict(module.named_buffers())}


def stacked(each: list[Stacked]) -> Stacked:
    """Tensors of many modules, those of one name along a new first axis.

    Parameters
    ----------
    each
        The tensors of each module by name.

    Returns
    -------
    The stacked tensors.

    Scale
    -----
    The numbers are not changed.

    References
    ----------
    Derived here.
    """
    return {name: torch.stack([one[name] for one in each]) for name in each[0]}
