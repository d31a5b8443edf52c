r"""Lower bounds of the limit kernel: Lemma 5 of Li, with the constant of its proof and another."""

import math
from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.special import erf

from companion.activations import Activation

_FAR = 1e3  # an activation that keeps half of its value up to here keeps it


def half_value_width(activation: Activation) -> float:
    r"""Largest symmetric interval on which an activation keeps half of its value at zero.

    .. math::
        \varsigma = \sup \{ r : \sigma(u) \ge \tfrac12 \sigma(0) \text{ for } |u| \le r \}

    Parameters
    ----------
    activation
        The activation, positive at zero.

    Returns
    -------
    The half width; :math:`\log 3` for the logistic sigmoid, infinite if it exceeds 1000.

    Scale
    -----
    The interval :math:`I` of the document's proof, made symmetric.

    Raises
    ------
    ValueError
        If the activation is not positive at zero.

    Notes
    -----
    The first crossing is bracketed on a grid of step 1/100: a dip narrower than that is missed.

    References
    ----------
    L. Li, "On the convergence of gradient descent for two layer neural networks", 2019,
    proof of Lemma 5.
    """
    at_zero = float(activation(0.0))
    if not at_zero > 0:
        raise ValueError(
            f"`activation` must be positive at zero; got {at_zero} for {activation.name!r}. "
            "Lemma 5 asks for it."
        )

    def excess(u: Any) -> Any:
        return np.minimum(activation(u), activation(-u)) - at_zero / 2

    grid = np.arange(0.0, _FAR, 0.01)
    below = np.flatnonzero(excess(grid) < 0)
    if below.size == 0:
        return math.inf
    return float(brentq(excess, grid[below[0] - 1], grid[below[0]], xtol=1e-14))


def kernel_bound_of_proof(activation: Activation, *, radius: float) -> float:
    r"""The lower bound of the limit kernel that the proof of Lemma 5 constructs.

    .. math::
        \lambda = \tfrac14 \sigma(0)^2 p_*, \qquad
        p_* = \mathbb{P}(|\zeta| \le \varrho)^2, \qquad
        \varrho = \frac{\varsigma}{\sqrt2\, \sup|x|}

    Parameters
    ----------
    activation
        The activation, not negative and positive at zero.
    radius
        The supremum of the norm of the points.

    Returns
    -------
    The constant; 0.0198 for the logistic sigmoid on the unit sphere.

    Scale
    -----
    Lower bound of :math:`\mathbb{E}\,\sigma(w \cdot x)\sigma(w \cdot y)` for standard Gaussian w.

    Raises
    ------
    ValueError
        If the activation is negative somewhere or not positive at zero, or ``radius`` is not
        positive.

    References
    ----------
    L. Li, "On the convergence of gradient descent for two layer neural networks", 2019,
    Lemma 5, eq. (3.13) and its proof.
    """
    _require_positive(radius=radius)
    if not activation.nonnegative:
        raise ValueError(
            f"`activation` must not be negative; got {activation.name!r}. Lemma 5 asks for it."
        )
    reach = half_value_width(activation) / (math.sqrt(2) * radius)
    return float(activation(0.0)) ** 2 / 4 * float(erf(reach / math.sqrt(2))) ** 2


def kernel_bound_of_second_moments(variance: float) -> float:
    r"""A lower bound of the sigmoid's limit kernel for every law of the inner weights.

    .. math::
        \mathbb{E}\, s(w \cdot x)\, s(w \cdot y) \ge \tfrac14 e^{-v / 4}, \qquad
        \mathbb{E}\, w = 0, \quad \mathbb{E} (w \cdot x)^2, \mathbb{E} (w \cdot y)^2 \le v

    Parameters
    ----------
    variance
        The number v; one for standard Gaussian weights and points of norm one.

    Returns
    -------
    The bound; 0.195 for v = 1, where the Gaussian law has 0.207.

    Scale
    -----
    The logistic sigmoid s alone.

    Raises
    ------
    ValueError
        If ``variance`` is not positive.

    References
    ----------
    Derived here: Jensen's inequality for the logarithm, and
    :math:`-\log s(u) \le \log 2 - u/2 + u^2/8`. It extends Lemma 5 of L. Li, 2019, to the laws
    that he mentions after Assumption 2.
    """
    _require_positive(variance=variance)
    return math.exp(-variance / 4) / 4


def _require_positive(**values: float | int) -> None:
    for name, value in values.items():
        if not 0 < value < math.inf:
            raise ValueError(f"`{name}` must be positive and finite; got {value}.")
