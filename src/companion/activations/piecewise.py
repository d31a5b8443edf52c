"""Activations that are analytic but for a few kinks."""

import math
from typing import Any

from companion.activations.facts import Activation, array_module


def _relu(z: Any) -> Any:
    # The test is z <= 0 and not z > 0 so that a NaN stays a NaN.
    return array_module(z).where(z <= 0, 0.0, z)


def _relu_derivative(z: Any) -> Any:
    return array_module(z).where(z <= 0, 0.0, array_module(z).ones_like(z))


def _elu(z: Any) -> Any:
    module = array_module(z)
    # The branch that is not taken must not overflow either.
    return module.where(z <= 0, module.expm1(module.where(z <= 0, z, 0.0)), z)


def _elu_derivative(z: Any) -> Any:
    module = array_module(z)
    return module.exp(module.where(z <= 0, z, 0.0))


def _hard_tanh(z: Any) -> Any:
    module = array_module(z)
    return module.where(z <= -1, -1.0, module.where(z > 1, 1.0, z))


def _hard_tanh_derivative(z: Any) -> Any:
    module = array_module(z)
    return module.where((z <= -1) | (z > 1), 0.0, module.ones_like(z))


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
    breaks=(0.0,),
    continuous_derivatives=0,
    jumps=(1.0,),
)

#: z for z > 0 and exp(z) - 1 below: once continuously differentiable.
ELU = Activation(
    name="elu",
    value=_elu,
    derivative=_elu_derivative,
    bound=math.inf,
    lipschitz=1.0,
    derivative_lipschitz=1.0,
    nonnegative=False,
    centre=None,
    even=False,
    homogeneous=False,
    analytic=False,
    breaks=(0.0,),
    continuous_derivatives=1,
    jumps=(-1.0,),
)

#: z cut off at -1 and 1, an odd function; its derivative there is the left one.
HARD_TANH = Activation(
    name="hard_tanh",
    value=_hard_tanh,
    derivative=_hard_tanh_derivative,
    bound=1.0,
    lipschitz=1.0,
    derivative_lipschitz=math.inf,
    nonnegative=False,
    centre=0.0,
    even=False,
    homogeneous=False,
    analytic=False,
    breaks=(-1.0, 1.0),
    continuous_derivatives=0,
    jumps=(1.0, -1.0),
)


def leaky_relu(slope: float) -> Activation:
    r"""The activation that is the identity for positive and a multiple of it for negative z.

    .. math::
        \sigma(z) = \max(z, 0) + \text{slope} \cdot \min(z, 0)

    Parameters
    ----------
    slope
        The slope for negative z: 0 makes a ReLU, 1 the identity, -1 the absolute value.

    Returns
    -------
    The activation; its derivative at 0 is the left one, the slope.

    Scale
    -----
    Slope one for positive z.

    Raises
    ------
    ValueError
        If the slope is not finite.

    References
    ----------
    .. [1] A. L. Maas, A. Y. Hannun and A. Y. Ng, "Rectifier nonlinearities improve neural
       network acoustic models", ICML 2013, eq. (2).
    """
    if not math.isfinite(slope):
        raise ValueError(f"`slope` must be finite; got {slope}. Take a number such as 0.01.")

    def value(z: Any) -> Any:
        return array_module(z).where(z <= 0, slope * z, z)

    def derivative(z: Any) -> Any:
        ones = array_module(z).ones_like(z)
        return array_module(z).where(z <= 0, slope * ones, ones)

    return Activation(
        name=f"leaky_relu({slope:g})",
        value=value,
        derivative=derivative,
        bound=math.inf,
        lipschitz=max(1.0, abs(slope)),
        derivative_lipschitz=0.0 if slope == 1 else math.inf,
        nonnegative=slope <= 0,
        centre=0.0 if slope == 1 else None,
        even=slope == -1,
        homogeneous=True,
        analytic=slope == 1,
        breaks=() if slope == 1 else (0.0,),
        continuous_derivatives=None if slope == 1 else 0,
        jumps=() if slope == 1 else (1 - slope,),
    )
