r"""Modules that are a chain of affine layers and activations, taken apart.

A chain is what closed-form bounds can be written down for:

.. math::
    z_l = c_l (W_l h_{l-1} + b_l), \qquad h_l = \sigma_l(z_l), \qquad f = z_L, \qquad h_0 = x.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from companion.certificates.activation_facts import ActivationFacts, activation_facts, altered
from companion.networks.two_layer import TwoLayerNetwork
from companion.tangent.predictor import Predictor


@dataclass(frozen=True, eq=False)
class Layer:
    r"""One affine map of a chain and what follows it.

    Attributes
    ----------
    weight, bias
        The matrix W, of shape ``(outputs, inputs)``, and the vector b or None; in float64.
    scale
        The factor c in front.
    weight_trained, bias_trained
        Whether they move.
    activation, value
        Facts about :math:`\sigma`, and the function itself; None after the last affine map.
    """

    weight: Float[Tensor, "m_out m_in"]
    bias: Float[Tensor, " m_out"] | None
    scale: float
    weight_trained: bool
    bias_trained: bool
    activation: ActivationFacts | None = None
    value: Callable[[Tensor], Tensor] | None = None

    @property
    def trained(self) -> bool:
        """Whether any of its parameters moves."""
        return self.weight_trained or self.bias_trained

    @property
    def num_trained(self) -> int:
        """Number of its parameters that move."""
        bias = 0 if self.bias is None else self.bias.numel() * self.bias_trained
        return self.weight.numel() * self.weight_trained + bias

    def affine(self, h: Float[Tensor, "n m_in"]) -> Float[Tensor, "n m_out"]:
        """The affine map at the rows of h."""
        z = h @ self.weight.T if self.bias is None else h @ self.weight.T + self.bias
        return self.scale * z


@dataclass(frozen=True, eq=False)
class Chain:
    """A module as a chain of layers, on its inputs.

    Attributes
    ----------
    layers
        Affine layers, the first one first; the last has no activation.
    X
        The inputs as rows, in float64.
    """

    layers: tuple[Layer, ...]
    X: Float[Tensor, "n d"]

    @property
    def widths(self) -> tuple[int, ...]:
        """Input dimension, widths of the hidden layers, output dimension."""
        return (self.layers[0].weight.shape[1], *(len(layer.weight) for layer in self.layers))

    @property
    def activations(self) -> tuple[ActivationFacts, ...]:
        """Facts about the activations of the hidden layers."""
        return tuple(layer.activation for layer in self.layers if layer.activation is not None)

    def values(self) -> Iterator[tuple[Layer, Float[Tensor, "n m_in"], Float[Tensor, "n m_out"]]]:
        """Each layer with what enters it and its pre-activation."""
        h = self.X
        for layer in self.layers:
            z = layer.affine(h)
            yield layer, h, z
            h = z if layer.value is None else layer.value(z.clone())  # it may work in place


def chain_of(predictor: Predictor) -> Chain | None:
    """Take a module apart if it is a chain; None where it is not one that is known here.

    Parameters
    ----------
    predictor
        The module on its inputs.

    Returns
    -------
    The chain, or None: other layers than linear ones, activations of unknown constants, shared
    parameters, hooks, parametrisations, inputs that are not one row per sample.

    Notes
    -----
    What was taken apart is put together again and compared with the module's own outputs.
    """
    module, X = predictor.module, predictor.X
    if predictor.call is not None or not isinstance(X, Tensor) or not X.is_floating_point():
        return None
    layers = _two_layer(module) if type(module) is TwoLayerNetwork else _sequential(module)
    if layers is None or X.ndim < 2:
        return None
    rows = X.detach().double().cpu().reshape(len(X), -1)  # as a flattening layer has them
    if rows.shape[1] != layers[0].weight.shape[1]:
        return None
    if sum(layer.num_trained for layer in layers) != predictor.num_params:
        return None  # a parameter is used twice, or not in a layer
    chain = Chain(layers, rows)
    *_, (_, _, outputs) = chain.values()
    theirs = predictor.outputs(predictor.theta_0).double().cpu()
    if outputs.numel() != theirs.numel():
        return None
    size = torch.finfo(predictor.dtype).eps ** 0.5 * theirs.abs().max()
    agree = (outputs.reshape(-1) - theirs.reshape(-1)).abs().max() <= size
    return chain if bool(agree) else None


def _two_layer(module: TwoLayerNetwork) -> tuple[Layer, ...] | None:
    facts = activation_facts(module.activation)
    if facts is None or altered(module):
        return None
    hidden = _layer(module.W, module.bias, 1.0)
    outer = _layer(module.a[None, :], None, module.width**-module.exponent, module.a)
    return _activated(hidden, facts, module.activation), outer


def _sequential(module: nn.Module) -> tuple[Layer, ...] | None:
    parts = _flattened(module)
    if parts is None:
        return None
    seen: set[int] = set()
    layers: list[Layer] = []
    for part in parts:
        if type(part) is nn.Linear:
            own = {id(p) for p in part.parameters()}
            if altered(part) or seen & own:
                return None
            seen |= own
            if layers and layers[-1].activation is None:
                layers[-1] = _activated(layers[-1], *_IDENTITY)
            layers.append(_layer(part.weight, part.bias, 1.0))
            continue
        facts = activation_facts(part)
        if facts is None or any(True for _ in part.parameters()):
            return None
        if type(part) is nn.Identity:
            continue
        if not layers or layers[-1].activation is not None:
            return None  # an activation of the inputs, or two in a row
        layers[-1] = _activated(layers[-1], facts, part)
    if not layers or layers[-1].activation is not None:
        return None
    return tuple(layers)


_IDENTITY = (activation_facts(nn.Identity()), nn.Identity())


def _flattened(module: nn.Module) -> list[nn.Module] | None:
    if type(module) is nn.Linear or activation_facts(module) is not None:
        return [module]
    if altered(module):
        return None
    # Inputs are rows, so flattening leaves the order of the outputs as it is; a layer that drops
    # or normalises is either refused or, dropping nothing while evaluating, the identity.
    if type(module) is nn.Flatten or (type(module) is nn.Dropout and not module.training):
        return []
    if type(module) is not nn.Sequential:
        return None
    parts: list[nn.Module] = []
    for child in module:
        inner = _flattened(child)
        if inner is None:
            return None
        parts += inner
    return parts


def _layer(
    weight: Tensor, bias: Tensor | None, scale: float, owner: Tensor | None = None
) -> Layer:
    owner = weight if owner is None else owner
    return Layer(
        weight=weight.detach().double().cpu(),
        bias=None if bias is None else bias.detach().double().cpu(),
        scale=scale,
        weight_trained=owner.requires_grad,
        bias_trained=bias is not None and bias.requires_grad,
    )


def _activated(layer: Layer, facts: Any, value: Callable[[Tensor], Tensor]) -> Layer:
    return Layer(
        layer.weight,
        layer.bias,
        layer.scale,
        layer.weight_trained,
        layer.bias_trained,
        facts,
        value,
    )
