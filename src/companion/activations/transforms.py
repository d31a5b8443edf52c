r"""Fourier transforms of derivatives of activations, where they have one sign.

If the transform of :math:`\sigma^{(j)}` is nonnegative, Gaussian averages of all higher
derivatives of :math:`\sigma` are integrals of one sign. Nothing cancels in them, so they keep
their relative accuracy however small they are.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from companion.activations.facts import Activation
from companion.activations.splines import mollified_relu


@dataclass(frozen=True)
class DerivativeTransform:
    r"""The transform of the first derivative of an activation that is integrable.

    .. math::
        S(\omega) = \int \sigma^{(j)}(z)\, e^{-i \omega z}\, dz = S(-\omega) \ge 0

    Parameters
    ----------
    order
        The number j of derivatives.
    logarithm
        From positive frequencies to :math:`\log S`.

    Scale
    -----
    No factor :math:`2\pi`: :math:`S(0)` is the integral of :math:`\sigma^{(j)}`.

    References
    ----------
    .. [1] I. S. Gradshteyn and I. M. Ryzhik, "Table of Integrals, Series, and Products",
       Academic Press 2007, section 17.23.
    """

    order: int
    logarithm: Callable[[Float[np.ndarray, " k"]], Float[np.ndarray, " k"]]


def derivative_transform(activation: Activation) -> DerivativeTransform:
    r"""The transform of a derivative of an activation, if it is known here and of one sign.

    .. math::
        S(\omega) = \int \sigma^{(j)}(z)\, e^{-i \omega z}\, dz \ge 0

    Parameters
    ----------
    activation
        Sigmoid, normal distribution function, Gaussian bump, tanh, erf, softplus, GELU, SiLU, or
        a mollified ReLU of even order.

    Returns
    -------
    The transform; j is the number of derivatives that are taken.

    Scale
    -----
    As :class:`DerivativeTransform`. For the sigmoid
    :math:`S = \pi \omega / \sinh(\pi \omega)`, whose poles are :math:`\pm i`.

    Raises
    ------
    ValueError
        If there is none for this activation.

    References
    ----------
    .. [1] I. S. Gradshteyn and I. M. Ryzhik, "Table of Integrals, Series, and Products",
       Academic Press 2007, section 17.23.
    """
    known = {**_KNOWN, **{mollified_relu(r).name: _spline(r) for r in (2, 4, 6)}}
    if activation.name not in known:
        raise ValueError(
            "`activation` must have a derivative whose Fourier transform is known and of one "
            f"sign; got {activation.name!r}. There is one for {', '.join(known)}."
        )
    return known[activation.name]


def _sigmoid_slope(omega: Float[np.ndarray, " k"]) -> Float[np.ndarray, " k"]:
    # x / sinh(x) without overflow.
    x = np.pi * omega
    return np.log(2 * x) - x - np.log(-np.expm1(-2 * x))


def _tanh_slope(omega: Float[np.ndarray, " k"]) -> Float[np.ndarray, " k"]:
    return math.log(2) + _sigmoid_slope(omega / 2)


def _silu_curvature(omega: Float[np.ndarray, " k"]) -> Float[np.ndarray, " k"]:
    # x^2 cosh(x) / sinh(x)^2, and cosh(x) e^-x = (1 + e^-2x) / 2.
    x = np.pi * omega
    return 2 * _sigmoid_slope(omega) + x + np.log1p(np.exp(-2 * x)) - math.log(2)


def _gelu_curvature(omega: Float[np.ndarray, " k"]) -> Float[np.ndarray, " k"]:
    return np.log1p(omega**2) - omega**2 / 2


def _gaussian(variance: float, mass: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda omega: math.log(mass) - variance * omega**2 / 2


def _spline(order: int) -> DerivativeTransform:
    def logarithm(omega: Float[np.ndarray, " k"]) -> Float[np.ndarray, " k"]:
        # numpy's sinc has a factor pi. Its zeros are zeros of the transform.
        with np.errstate(divide="ignore"):
            return np.asarray(order * np.log(np.abs(np.sinc(omega / (np.pi * order)))))

    return DerivativeTransform(2, logarithm)


_KNOWN = {
    "sigmoid": DerivativeTransform(1, _sigmoid_slope),
    "normal_cdf": DerivativeTransform(1, _gaussian(1.0, 1.0)),
    "gaussian_bump": DerivativeTransform(0, _gaussian(1.0, math.sqrt(2 * math.pi))),
    "tanh": DerivativeTransform(1, _tanh_slope),
    "erf": DerivativeTransform(1, _gaussian(1 / 2, 2.0)),
    "softplus": DerivativeTransform(2, _sigmoid_slope),
    "gelu": DerivativeTransform(2, _gelu_curvature),
    "silu": DerivativeTransform(2, _silu_curvature),
}
