r"""Activation functions with the facts that theorems ask of them.

An :class:`Activation` carries :math:`\sigma`, :math:`\sigma'` and the constants and symmetries
on which bounds and obstructions rest: :math:`\sup|\sigma|`, :math:`\sup|\sigma'|`,
:math:`\sup|\sigma''|`, the sign, and the parity about a centre.
The same object serves closed forms on NumPy arrays and networks on torch tensors.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Activation:
    r"""An activation :math:`\sigma` with its derivative and the facts known about it.

    .. math::
        \sigma : \mathbb{R} \to \mathbb{R}, \qquad \text{applied to every entry.}

    Parameters
    ----------
    name
        The name under which :func:`activation` finds it.
    value, derivative
        The functions :math:`\sigma` and :math:`\sigma'`. Each takes a NumPy array or a torch
        tensor and returns the same kind; at a kink the derivative is the left one.
    bound
        :math:`\sup_z |\sigma(z)|`, infinite where there is none.
    lipschitz
        :math:`\sup_z |\sigma'(z)|`.
    derivative_lipschitz
        :math:`\sup_z |\sigma''(z)|`, infinite where :math:`\sigma'` is not Lipschitz.
    nonnegative
        Whether :math:`\sigma \ge 0` everywhere.
    centre
        The number :math:`c` with :math:`\sigma(z) + \sigma(-z) = 2c` for all :math:`z`, if any.
    even
        Whether :math:`\sigma(-z) = \sigma(z)`.
    homogeneous
        Whether :math:`\sigma(cz) = c\,\sigma(z)` for all :math:`c > 0`.
    analytic
        Whether :math:`\sigma` is real analytic on the whole line.

    Scale
    -----
    An activation is called like a function. No normalisation: ``TANH(z)`` is
    :math:`\tanh z`, whatever the variance of ``z``.

    Raises
    ------
    TypeError
        If the argument is neither a number, a NumPy array nor a torch tensor.

    References
    ----------
    .. [1] L. Li, "On the convergence of gradient descent for two layer neural networks",
       arXiv:1909.13671, Assumption 3 (``bound`` and ``lipschitz`` finite, ``nonnegative``,
       and a positive value at zero).
    """

    name: str
    value: Callable[[Any], Any]
    derivative: Callable[[Any], Any]
    bound: float
    lipschitz: float
    derivative_lipschitz: float
    nonnegative: bool
    centre: float | None
    even: bool
    homogeneous: bool
    analytic: bool

    def __call__(self, z: Any) -> Any:
        return self.value(z)


def activation(name: str) -> Activation:
    r"""The activation of a given name.

    .. math::
        \text{name} \mapsto \sigma

    Parameters
    ----------
    name
        One of ``sigmoid``, ``shifted_sigmoid``, ``normal_cdf``, ``gaussian_bump``, ``tanh``,
        ``relu``.

    Returns
    -------
    The module constant of that name.

    Scale
    -----
    As for :class:`Activation`: no normalisation.

    Raises
    ------
    ValueError
        If no activation has this name; the message lists the nearest names.

    References
    ----------
    .. [1] L. Li, arXiv:1909.13671, Assumption 3 ("the sigmoid functions").
    """
    if name in _BY_NAME:
        return _BY_NAME[name]
    nearest = difflib.get_close_matches(str(name).lower(), _BY_NAME, n=3, cutoff=0.4)
    suggestion = f"Did you mean {' or '.join(map(repr, nearest))}? " if nearest else ""
    raise ValueError(
        f"`name` must be the name of an activation; got {name!r}. "
        f"{suggestion}Known names: {', '.join(_BY_NAME)}."
    )


def _namespace(z: Any) -> Any:
    # The module that made the array, so that torch is imported only by those who already use it.
    if isinstance(z, np.ndarray | np.generic | int | float):
        return np
    if any(base.__module__ == "torch" for base in type(z).__mro__):
        return import_module("torch")
    raise TypeError(
        f"`z` must be a number, a NumPy array or a torch tensor; got {type(z).__name__}. "
        "Convert it with numpy.asarray."
    )


def _special(z: Any) -> Any:
    return import_module("scipy.special" if _namespace(z) is np else "torch.special")


def _sigmoid(z: Any) -> Any:
    return _special(z).expit(z)


def _sigmoid_derivative(z: Any) -> Any:
    # s' = s(z) s(-z) keeps its relative accuracy in both tails, s (1 - s) only in one.
    return _sigmoid(z) * _sigmoid(-z)


def _shifted_sigmoid(z: Any) -> Any:
    return _sigmoid(z + 1)


def _shifted_sigmoid_derivative(z: Any) -> Any:
    return _sigmoid_derivative(z + 1)


def _normal_cdf(z: Any) -> Any:
    # Not torch's ndtr, which adds one to erf and loses the left tail.
    return _special(z).erfc(-z / math.sqrt(2)) / 2


def _normal_density(z: Any) -> Any:
    return _gaussian_bump(z) / math.sqrt(2 * math.pi)


def _gaussian_bump(z: Any) -> Any:
    return _namespace(z).exp(-z * z / 2)


def _gaussian_bump_derivative(z: Any) -> Any:
    return -z * _gaussian_bump(z)


def _tanh(z: Any) -> Any:
    return _namespace(z).tanh(z)


def _tanh_derivative(z: Any) -> Any:
    # tanh z = 2 s(2z) - 1 for the logistic s, and 1/cosh(z)**2 would overflow for large z.
    return 4 * _sigmoid_derivative(2 * z)


def _relu(z: Any) -> Any:
    # The test is z <= 0 and not z > 0 so that a NaN stays a NaN.
    return _namespace(z).where(z <= 0, 0.0, z)


def _relu_derivative(z: Any) -> Any:
    return _namespace(z).where(z <= 0, 0.0, _namespace(z).ones_like(z))


#: 1 / (1 + exp(-z)), the activation of document 001.
SIGMOID = Activation(
    name="sigmoid",
    value=_sigmoid,
    derivative=_sigmoid_derivative,
    bound=1.0,
    lipschitz=1 / 4,
    derivative_lipschitz=1 / (6 * math.sqrt(3)),
    nonnegative=True,
    centre=1 / 2,
    even=False,
    homogeneous=False,
    analytic=True,
)

#: The sigmoid of z + 1, which is not a constant plus an odd function.
SHIFTED_SIGMOID = Activation(
    name="shifted_sigmoid",
    value=_shifted_sigmoid,
    derivative=_shifted_sigmoid_derivative,
    bound=1.0,
    lipschitz=1 / 4,
    derivative_lipschitz=1 / (6 * math.sqrt(3)),
    nonnegative=True,
    centre=None,
    even=False,
    homogeneous=False,
    analytic=True,
)

#: The distribution function of the standard normal law.
NORMAL_CDF = Activation(
    name="normal_cdf",
    value=_normal_cdf,
    derivative=_normal_density,
    bound=1.0,
    lipschitz=1 / math.sqrt(2 * math.pi),
    derivative_lipschitz=1 / math.sqrt(2 * math.pi * math.e),
    nonnegative=True,
    centre=1 / 2,
    even=False,
    homogeneous=False,
    analytic=True,
)

#: exp(-z**2 / 2), an even function.
GAUSSIAN_BUMP = Activation(
    name="gaussian_bump",
    value=_gaussian_bump,
    derivative=_gaussian_bump_derivative,
    bound=1.0,
    lipschitz=1 / math.sqrt(math.e),
    derivative_lipschitz=1.0,
    nonnegative=True,
    centre=None,
    even=True,
    homogeneous=False,
    analytic=True,
)

#: The hyperbolic tangent, an odd function.
TANH = Activation(
    name="tanh",
    value=_tanh,
    derivative=_tanh_derivative,
    bound=1.0,
    lipschitz=1.0,
    derivative_lipschitz=4 / (3 * math.sqrt(3)),
    nonnegative=False,
    centre=0.0,
    even=False,
    homogeneous=False,
    analytic=True,
)

#: max(0, z); its derivative at 0 is taken as 0.
RELU = Activation(
    name="relu",
    value=_relu,
    derivative=_relu_derivative,
    bound=math.inf,
    lipschitz=1.0,
    derivative_lipschitz=math.inf,
    nonnegative=True,
    centre=None,
    even=False,
    homogeneous=True,
    analytic=False,
)

_BY_NAME = {
    entry.name: entry
    for entry in (SIGMOID, SHIFTED_SIGMOID, NORMAL_CDF, GAUSSIAN_BUMP, TANH, RELU)
}
