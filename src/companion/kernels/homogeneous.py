r"""Second moments of a layer whose activation is positively homogeneous.

Such an activation is :math:`\sigma(z) = \alpha z_+ - \beta z_-` with the slopes
:math:`\alpha = \sigma(1)` and :math:`\beta = -\sigma(-1)`: ReLU has (1, 0), the identity (1, 1),
the absolute value (1, -1). Everything follows from two integrals over the angle
:math:`\theta` between the points,

.. math::
    \kappa_0(\theta) = \frac{\pi - \theta}{2\pi}, \qquad
    \kappa_1(\theta) = \frac{\sin\theta + (\pi - \theta)\cos\theta}{2\pi}.
"""

import numpy as np
from jaxtyping import Float

from companion.activations import Activation


def homogeneous_moment(
    angle: Float[np.ndarray, "n n2"], *, activation: Activation, derivative: bool
) -> Float[np.ndarray, "n n2"]:
    r"""Second moment of a homogeneous activation, or of its derivative, at unit norms.

    .. math::
        \mathbb{E}\,\sigma(u)\sigma(v) &= (\alpha^2 + \beta^2)\,\kappa_1(\theta)
            - 2\alpha\beta\,\kappa_1(\pi - \theta), \\
        \mathbb{E}\,\sigma'(u)\sigma'(v) &= (\alpha^2 + \beta^2)\,\kappa_0(\theta)
            + 2\alpha\beta\,\kappa_0(\pi - \theta)

    Parameters
    ----------
    angle
        The angle :math:`\theta` of each pair of points.
    activation
        A homogeneous activation.
    derivative
        Whether the moment is that of the derivative.

    Returns
    -------
    The moment of each pair.

    Scale
    -----
    Plain expectation over standard normal u and v of correlation :math:`\cos\theta`. Norms
    multiply the first moment and leave the second.

    References
    ----------
    .. [1] Y. Cho and L. K. Saul, "Kernel methods for deep learning", NeurIPS 2009, section 2
       (with a factor 2).
    """
    rise, fall = _slopes(activation)
    kappa = _kappa_0 if derivative else _kappa_1
    sign = 1 if derivative else -1
    return (rise**2 + fall**2) * kappa(angle) + sign * 2 * rise * fall * kappa(np.pi - angle)


def homogeneous_angle(
    angle: Float[np.ndarray, "n n2"], *, activation: Activation
) -> Float[np.ndarray, "n n2"]:
    r"""Angle between two points after a layer of infinite width.

    .. math::
        \cos\theta' = \frac{\mathbb{E}\,\sigma(u)\sigma(v)}{\mathbb{E}\,\sigma(u)^2}

    Parameters
    ----------
    angle
        The angle :math:`\theta` before the layer.
    activation
        A homogeneous activation.

    Returns
    -------
    The angle :math:`\theta'` of each pair.

    Scale
    -----
    Radians; independent of the norms.

    Notes
    -----
    With :math:`g = \sin\theta - \theta\cos\theta` and
    :math:`q = (\alpha - \beta)^2 / (\pi (\alpha^2 + \beta^2))` the two distances from
    :math:`\pm 1` are :math:`1 - \cos\theta' = 2\sin^2(\theta/2) - q g` and
    :math:`1 + \cos\theta' = 2\cos^2(\theta/2) + q g`. Neither subtracts numbers of order one
    near its zero, so small angles keep their digits from layer to layer, which the arc cosine
    of the moment would lose.

    References
    ----------
    .. [1] Y. Cho and L. K. Saul, "Kernel methods for deep learning", NeurIPS 2009, section 2.
    """
    rise, fall = _slopes(activation)
    bend = (np.sin(angle) - angle * np.cos(angle)) * (rise - fall) ** 2
    bend /= np.pi * (rise**2 + fall**2)
    minus = np.maximum(2 * np.sin(angle / 2) ** 2 - bend, 0.0)
    plus = 2 * np.cos(angle / 2) ** 2 + bend
    return 2 * np.arctan2(np.sqrt(minus), np.sqrt(plus))


def _slopes(activation: Activation) -> tuple[float, float]:
    right, left = activation(np.array([1.0, -1.0]))
    return float(right), -float(left)


def _kappa_0(angle: Float[np.ndarray, "n n2"]) -> Float[np.ndarray, "n n2"]:
    return (np.pi - angle) / (2 * np.pi)


def _kappa_1(angle: Float[np.ndarray, "n n2"]) -> Float[np.ndarray, "n n2"]:
    return (np.sin(angle) + (np.pi - angle) * np.cos(angle)) / (2 * np.pi)
