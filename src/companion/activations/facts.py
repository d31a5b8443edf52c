r"""What an activation function is, with the facts that theorems ask of it.

An :class:`Activation` carries :math:`\sigma`, :math:`\sigma'` and the constants and symmetries
on which bounds and obstructions rest: :math:`\sup|\sigma|`, :math:`\sup|\sigma'|`,
:math:`\sup|\sigma''|`, the sign, the parity about a centre, and where it is analytic.
The same object serves closed forms on NumPy arrays and networks on torch tensors.
"""

from __future__ import annotations

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
    breaks
        Where it is not: the points between which :math:`\sigma` is real analytic. Quadrature is
        cut there. Empty for an analytic function, and where they are not known.
    continuous_derivatives
        The number r of continuous derivatives, if the next one exists between the breaks and
        jumps at them: 0 for a kink. Nothing for an analytic function, and where it is not known.
    jumps
        By how much the derivative of order r + 1 jumps at each break, from left to right.

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
    breaks: tuple[float, ...] = ()
    continuous_derivatives: int | None = None
    jumps: tuple[float, ...] = ()

    def __call__(self, z: Any) -> Any:
        return self.value(z)


def array_module(z: Any) -> Any:
    r"""The module that made an array, so that torch is imported only where it is in use.

    Parameters
    ----------
    z
        A number, a NumPy array or a torch tensor.

    Returns
    -------
    ``numpy`` or ``torch``.

    Scale
    -----
    None.

    Raises
    ------
    TypeError
        If ``z`` is something else.

    References
    ----------
    .. [1] Python array API standard (2022), the namespace of an array.
    """
    if isinstance(z, np.ndarray | np.generic | int | float):
        return np
    if any(base.__module__ == "torch" for base in type(z).__mro__):
        return import_module("torch")
    raise TypeError(
        f"`z` must be a number, a NumPy array or a torch tensor; got {type(z).__name__}. "
        "Convert it with numpy.asarray."
    )


def special_functions(z: Any) -> Any:
    r"""The module of special functions that belongs to an array.

    Parameters
    ----------
    z
        A number, a NumPy array or a torch tensor.

    Returns
    -------
    ``scipy.special`` or ``torch.special``.

    Scale
    -----
    None.

    Raises
    ------
    TypeError
        If ``z`` is something else.

    References
    ----------
    .. [1] Python array API standard (2022), the namespace of an array.
    """
    return import_module("scipy.special" if array_module(z) is np else "torch.special")
