"""Activations as parts of a module, one for each place where they stand."""

import copy
from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn


class ActivationModule(nn.Module):
    r"""A function on tensors, applied to every entry, as a module.

    .. math::
        z \mapsto \sigma(z)

    Parameters
    ----------
    activation
        The function, for example :data:`companion.activations.smooth.TANH` or
        :func:`companion.activations.leaky_relu` of a slope.

    Scale
    -----
    None: the function as it is.

    Raises
    ------
    TypeError
        If ``activation`` cannot be called.

    References
    ----------
    Derived here.
    """

    def __init__(self, activation: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        _require_callable(activation)
        self.activation = activation

    def forward(self, z: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        """The function of every entry."""
        return self.activation(z)

    def extra_repr(self) -> str:
        """The name of the function, for printing."""
        unnamed = getattr(self.activation, "__name__", type(self.activation).__name__)
        return str(getattr(self.activation, "name", unnamed))


def activation_part(activation: Callable[[Any], Any], *, dtype: torch.dtype) -> nn.Module:
    r"""An activation for one place of a network.

    Parameters
    ----------
    activation
        A function on tensors, or a module such as :class:`torch.nn.LeakyReLU` or, for a
        parametric ReLU, :class:`torch.nn.PReLU`. A module is copied, so that each place has
        parameters of its own.
    dtype
        The type of these parameters.

    Returns
    -------
    A module.

    Scale
    -----
    None: the function as it is.

    Raises
    ------
    TypeError
        If ``activation`` cannot be called or is a class in place of a module.

    References
    ----------
    Parametric ReLU, with one trained slope for each layer: K. He, X. Zhang, S. Ren and J. Sun,
    "Delving deep into rectifiers", ICCV 2015, section 2.1.
    """
    if isinstance(activation, nn.Module):
        return copy.deepcopy(activation).to(dtype)
    return ActivationModule(activation)


def _require_callable(activation: object) -> None:
    if callable(activation) and not isinstance(activation, type):
        return
    kind = "a class" if isinstance(activation, type) else type(activation).__name__
    raise TypeError(
        f"`activation` must be a function on tensors or a module; got {kind}. "
        "Pass companion.activations.TANH, leaky_relu(0.01) or torch.nn.PReLU()."
    )
