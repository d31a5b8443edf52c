"""Activations that are real analytic on the whole line."""

import math
from typing import Any

import numpy as np

from companion.activations.facts import Activation, array_module, special_functions


def _sigmoid(z: Any) -> Any:
    return special_functions(z).expit(z)


def _sigmoid_derivative(z: Any) -> Any:
    # s' = s(z) s(-z) keeps its relative accuracy in both tails, s (1 - s) only in one.
    return _sigmoid(z) * _sigmoid(-z)


def _shifted_sigmoid(z: Any) -> Any:
    return _sigmoid(z + 1)


def _shifted_sigmoid_derivative(z: Any) -> Any:
    return _sigmoid_derivative(z + 1)


def _normal_cdf(z: Any) -> Any:
    # Not torch's ndtr, which adds one to erf and loses the left tail.
    return special_functions(z).erfc(-z / math.sqrt(2)) / 2


def _normal_density(z: Any) -> Any:
    return _gaussian_bump(z) / math.sqrt(2 * math.pi)


def _gaussian_bump(z: Any) -> Any:
    return array_module(z).exp(-z * z / 2)


def _gaussian_bump_derivative(z: Any) -> Any:
    return -z * _gaussian_bump(z)


def _tanh(z: Any) -> Any:
    return array_module(z).tanh(z)


def _tanh_derivative(z: Any) -> Any:
    # tanh z = 2 s(2z) - 1 for the logistic s, and 1/cosh(z)**2 would overflow for large z.
    return 4 * _sigmoid_derivative(2 * z)


def _erf(z: Any) -> Any:
    return special_functions(z).erf(z)


def _erf_derivative(z: Any) -> Any:
    return 2 / math.sqrt(math.pi) * array_module(z).exp(-z * z)


def _softplus(z: Any) -> Any:
    # Not torch's softplus, which is the identity above a threshold. A NaN stays one in silence.
    module = array_module(z)
    with np.errstate(invalid="ignore"):
        return module.logaddexp(z, module.zeros_like(z))


def _gelu(z: Any) -> Any:
    return z * _normal_cdf(z)


def _gelu_derivative(z: Any) -> Any:
    return _normal_cdf(z) + z * _normal_density(z)


def _silu(z: Any) -> Any:
    return z * _sigmoid(z)


def _silu_derivative(z: Any) -> Any:
    return _sigmoid(z) + z * _sigmoid_derivative(z)


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

#: The error function, an odd function.
ERF = Activation(
    name="erf",
    value=_erf,
    derivative=_erf_derivative,
    bound=1.0,
    lipschitz=2 / math.sqrt(math.pi),
    derivative_lipschitz=math.sqrt(8 / (math.pi * math.e)),
    nonnegative=False,
    centre=0.0,
    even=False,
    homogeneous=False,
    analytic=True,
)

#: log(1 + exp(z)), whose derivative is the sigmoid.
SOFTPLUS = Activation(
    name="softplus",
    value=_softplus,
    derivative=_sigmoid,
    bound=math.inf,
    lipschitz=1.0,
    derivative_lipschitz=1 / 4,
    nonnegative=True,
    centre=None,
    even=False,
    homogeneous=False,
    analytic=True,
)

#: z times the distribution function of the standard normal law.
GELU = Activation(
    name="gelu",
    value=_gelu,
    derivative=_gelu_derivative,
    bound=math.inf,
    lipschitz=(1 + math.erf(1)) / 2 + math.exp(-1) / math.sqrt(math.pi),  # at z = sqrt(2)
    derivative_lipschitz=math.sqrt(2 / math.pi),
    nonnegative=False,
    centre=None,
    even=False,
    homogeneous=False,
    analytic=True,
)

# Where z tanh(z / 2) = 2 the derivative of SiLU is largest, and equal to 1/2 + z / 4.
_SILU_STEEPEST = 2.3993572805154675

#: z times the sigmoid of z, also called swish.
SILU = Activation(
    name="silu",
    value=_silu,
    derivative=_silu_derivative,
    bound=math.inf,
    lipschitz=1 / 2 + _SILU_STEEPEST / 4,
    derivative_lipschitz=1 / 2,
    nonnegative=False,
    centre=None,
    even=False,
    homogeneous=False,
    analytic=True,
)
