r"""What is known of an activation function that a module was built with.

Constants are those of :mod:`companion.activations`, or derived here for layers of PyTorch that it
does not have.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from companion.activations import (
    GELU,
    HARD_TANH,
    RELU,
    SIGMOID,
    SILU,
    TANH,
    Activation,
)
from companion.networks.activation_module import ActivationModule

ANALYTIC = math.inf  # as a number of continuous derivatives; the flag `analytic` tells more


@dataclass(frozen=True)
class ActivationFacts:
    r"""Constants and symmetries of one activation.

    Attributes
    ----------
    name
        What the activation is called in reports.
    bound, lipschitz, derivative_lipschitz
        :math:`\sup|\sigma|`, :math:`\sup|\sigma'|`, :math:`\sup|\sigma''|`; infinite where there
        is none. At a kink the last is infinite.
    between_kinks
        :math:`\sup|\sigma''|` away from the kinks, where it is known and not the last.
    nonnegative, positive_at_zero
        Whether :math:`\sigma \ge 0` everywhere, and whether :math:`\sigma(0) > 0`.
    centre
        The number c with :math:`\sigma(z) + \sigma(-z) = 2c` for all z, if any.
    even, homogeneous
        Whether :math:`\sigma(-z) = \sigma(z)`, and :math:`\sigma(cz) = c\sigma(z)` for c > 0.
    piecewise_linear
        Whether :math:`\sigma` is linear between finitely many kinks; ``kinks`` lists them.
    kinks
        Points at which :math:`\sigma'` jumps.
    continuous_derivatives
        How many there are: 0 for ReLU, 1 for ELU, infinite for a smooth function.
    analytic
        Whether :math:`\sigma` is real analytic on the line.
    """

    name: str
    bound: float = math.inf
    lipschitz: float = math.inf
    derivative_lipschitz: float = math.inf
    between_kinks: float = math.inf
    nonnegative: bool = False
    positive_at_zero: bool = False
    centre: float | None = None
    even: bool = False
    homogeneous: bool = False
    piecewise_linear: bool = False
    kinks: tuple[float, ...] = ()
    continuous_derivatives: float | int = 0
    analytic: bool = False

    @property
    def bend(self) -> float:
        """The supremum of the second derivative away from the kinks; infinite if unknown."""
        if self.piecewise_linear:
            return 0.0
        return min(self.derivative_lipschitz, self.between_kinks)

    @property
    def summary(self) -> str:
        """The facts in a few words."""
        if self.analytic:
            smooth = "analytic"
        elif self.kinks:
            smooth = f"kinks at {', '.join(f'{kink:g}' for kink in self.kinks)}"
        else:
            one = self.continuous_derivatives == 1
            smooth = f"{self.continuous_derivatives:g} continuous derivative{'' if one else 's'}"
        words = [
            f"|sigma| <= {self.bound:.4g}" if self.bound < math.inf else "unbounded",
            f"|sigma'| <= {self.lipschitz:.4g}",
            smooth,
        ]
        named = {
            "non-negative": self.nonnegative,
            "homogeneous": self.homogeneous,
            "even": self.even,
            "a constant plus an odd function": self.centre is not None,
        }
        return ", ".join([*words, *(word for word, holds in named.items() if holds)])


_LATE = 20  # the threshold of nn.Softplus by default; an earlier one makes a jump that matters

IDENTITY = ActivationFacts(
    name="identity",
    lipschitz=1.0,
    derivative_lipschitz=0.0,
    centre=0.0,
    homogeneous=True,
    piecewise_linear=True,
    continuous_derivatives=ANALYTIC,
    analytic=True,
)


def _of_companion(activation: Activation) -> ActivationFacts:
    smooth = activation.derivative_lipschitz < math.inf
    return ActivationFacts(
        name=activation.name,
        bound=activation.bound,
        lipschitz=activation.lipschitz,
        derivative_lipschitz=activation.derivative_lipschitz,
        nonnegative=activation.nonnegative,
        positive_at_zero=float(activation(0.0)) > 0,
        centre=activation.centre,
        even=activation.even,
        homogeneous=activation.homogeneous,
        piecewise_linear=activation.homogeneous or activation is HARD_TANH,
        kinks=() if smooth else activation.breaks,
        continuous_derivatives=ANALYTIC if activation.analytic else int(smooth),
        analytic=activation.analytic,
    )


_RELU, _HARD_TANH = _of_companion(RELU), _of_companion(HARD_TANH)
_SIGMOID, _TANH = _of_companion(SIGMOID), _of_companion(TANH)
_GELU, _SILU = _of_companion(GELU), _of_companion(SILU)
_RELU6 = ActivationFacts(
    name="relu6",
    bound=6.0,
    lipschitz=1.0,
    nonnegative=True,
    piecewise_linear=True,
    kinks=(0.0, 6.0),
)
_SOFTSIGN = ActivationFacts(
    name="softsign",
    bound=1.0,
    lipschitz=1.0,
    derivative_lipschitz=2.0,
    centre=0.0,
    continuous_derivatives=1,
)

_FIXED: dict[type[nn.Module], ActivationFacts] = {
    nn.Identity: IDENTITY,
    nn.ReLU: _RELU,
    nn.Sigmoid: _SIGMOID,
    nn.Tanh: _TANH,
    nn.SiLU: _SILU,
    nn.ReLU6: _RELU6,
    nn.Softsign: _SOFTSIGN,
}
_FUNCTIONS: dict[Callable[..., Tensor], ActivationFacts] = {
    torch.relu: _RELU,
    F.relu: _RELU,
    torch.sigmoid: _SIGMOID,
    F.sigmoid: _SIGMOID,
    torch.special.expit: _SIGMOID,
    torch.tanh: _TANH,
    F.tanh: _TANH,
    F.gelu: _GELU,
    F.silu: _SILU,
    F.softsign: _SOFTSIGN,
}


def activation_facts(activation: object) -> ActivationFacts | None:
    """Facts about an activation module, function or companion activation; None if unknown.

    Parameters
    ----------
    activation
        A ``torch.nn`` module, a function on tensors, or an
        :class:`companion.activations.Activation`.

    Returns
    -------
    The facts, or None where the object is not one that is known here.

    Notes
    -----
    Subclasses are unknown: they may compute anything. So are modules that carry parameters or
    hooks or a ``forward`` of their own, because then the function is not the one of the name.
    """
    if isinstance(activation, Activation):
        return _of_companion(activation)
    if isinstance(activation, nn.Module):
        if altered(activation):
            return None
        if type(activation) is ActivationModule:
            return activation_facts(activation.activation)
        return _FIXED.get(type(activation)) or _of_parametrised(activation)
    try:
        return _FUNCTIONS.get(activation)  # type: ignore[call-overload]
    except TypeError:  # not hashable
        return None


def altered(module: nn.Module) -> bool:
    """Whether a module may compute or differentiate something else than its class does.

    Parameters
    ----------
    module
        Any module.

    Returns
    -------
    Whether it carries hooks, parametrisations or a ``forward`` of its own.
    """
    hooks = (
        module._forward_hooks,
        module._forward_pre_hooks,
        module._backward_hooks,
        module._backward_pre_hooks,
    )
    return any(hooks) or "forward" in vars(module) or hasattr(module, "parametrizations")


def _of_parametrised(layer: nn.Module) -> ActivationFacts | None:
    if type(layer) is nn.LeakyReLU:
        slope = float(layer.negative_slope)
        if slope == 1:
            return IDENTITY
        return replace(
            _RELU,
            name=f"leaky_relu({slope:g})",
            lipschitz=max(1.0, abs(slope)),
            nonnegative=slope <= 0,
            even=slope == -1,
        )
    if type(layer) is nn.GELU:
        # The approximation by tanh is another function, with other constants.
        return _GELU if layer.approximate == "none" else None
    if type(layer) is nn.Softplus and layer.beta > 0 and layer.threshold >= _LATE:
        # Above the threshold PyTorch continues by z, which is off by less than 3e-9 / beta.
        return ActivationFacts(
            name="softplus",
            lipschitz=1.0,
            derivative_lipschitz=float(layer.beta) / 4,
            nonnegative=True,
            positive_at_zero=True,
            continuous_derivatives=ANALYTIC,
            analytic=True,
        )
    if type(layer) in (nn.ELU, nn.CELU) and float(layer.alpha) > 0:  # type: ignore[arg-type]
        return _exponential_linear(layer)
    if type(layer) is nn.Hardtanh and (layer.min_val, layer.max_val) == (-1.0, 1.0):
        return _HARD_TANH
    return None


def _exponential_linear(layer: nn.Module) -> ActivationFacts:
    alpha = float(layer.alpha)  # type: ignore[arg-type]
    # ELU is alpha (e^z - 1) for z < 0, CELU alpha (e^(z / alpha) - 1): smooth at 0 only for
    # alpha = 1, and always, respectively.
    celu = type(layer) is nn.CELU
    joined = celu or alpha == 1
    curvature = 1 / alpha if celu else alpha
    return ActivationFacts(
        name=f"{'celu' if celu else 'elu'}({alpha:g})",
        lipschitz=1.0 if celu else max(1.0, alpha),
        derivative_lipschitz=curvature if joined else math.inf,
        between_kinks=curvature,
        kinks=() if joined else (0.0,),
        continuous_derivatives=1 if joined else 0,
    )
