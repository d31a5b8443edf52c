"""Proposition 1 and Appendix A of Li: the printed right-hand sides, and the constants of ours.

The printed ones carry unspecified constants, which are arguments here. The corrected proposition
replaces "second moments of increments" by "psi_1 norms of increments"; the two processes to which
the document applies it satisfy that, with the constants below. Both are derived on the page
`chaining`; w is N(0, I_d) and |w.u| has the psi_1 norm of a Gaussian of deviation |u|.
"""

import math

from companion.activations import Activation
from companion.probability.orlicz import gaussian_psi_1_norm


def uniform_deviation(gamma_2: float, width: int, delta: float, *, constant: float) -> float:
    r"""The bound on the supremum of |Z| that Proposition 1 claims.

    .. math::
        \sup_{x \in T} |Z_x| \le C \log(1 / \delta)\, \frac{\gamma_2}{\sqrt n}

    Parameters
    ----------
    gamma_2
        The chaining functional of the domain.
    width
        The number n of independent copies; neurons, in both uses.
    delta
        The failure probability.
    constant
        The constant C.

    Returns
    -------
    The right-hand side of (3.8).

    Scale
    -----
    Z is a mean, not a sum; the process has values of order one.

    Raises
    ------
    ValueError
        If ``gamma_2``, ``width`` or ``constant`` is not positive or ``delta`` is not a
        probability.

    References
    ----------
    .. [1] L. Li, arXiv:1909.13671, Proposition 1, eq. (3.8).
    """
    _require_positive(gamma_2=gamma_2, width=width, constant=constant)
    return constant * _log_inverse(delta) * gamma_2 / math.sqrt(width)


def sufficient_width(gamma_2: float, delta: float, *, constant: float) -> float:
    r"""The width from which on Proposition 1 claims its bound.

    .. math::
        n \ge C \gamma_2^2 \log(1 / \delta)^2

    Parameters
    ----------
    gamma_2
        The chaining functional of the domain.
    delta
        The failure probability.
    constant
        The constant C.

    Returns
    -------
    The smallest n, not rounded.

    Scale
    -----
    At this n, with the same C, the right-hand side of (3.8) is the root of C.

    Raises
    ------
    ValueError
        If ``gamma_2`` or ``constant`` is not positive or ``delta`` is not a probability.

    References
    ----------
    .. [1] L. Li, arXiv:1909.13671, Proposition 1.
    """
    _require_positive(gamma_2=gamma_2, constant=constant)
    return constant * (gamma_2 * _log_inverse(delta)) ** 2


def log_increment_tail(t: float, width: int, *, constant: float) -> float:
    r"""Logarithm of the tail that (A.3) claims for an increment of Z.

    .. math::
        \mathbb{P}(|Z_x - Z_y| \ge t |x - y|) \le 2 \exp(-C_1 n \min(t^2, t))

    Parameters
    ----------
    t
        The deviation in units of the distance.
    width
        The number n of independent copies.
    constant
        The constant :math:`C_1`.

    Returns
    -------
    The natural logarithm of the right-hand side, which is often below the smallest float.

    Scale
    -----
    Two-sided. With psi_1 norms of increments at most the distance, :math:`C_1 = 1/6` is true.

    Raises
    ------
    ValueError
        If an argument is not positive.

    References
    ----------
    .. [1] L. Li, arXiv:1909.13671, eq. (A.3).
    """
    _require_positive(t=t, width=width, constant=constant)
    return math.log(2) - constant * width * min(t**2, t)


def failure_sum(beta: float, width: int, *, constant: float) -> float:
    r"""The failure probabilities of the coarse levels, summed as printed in (A.9).

    .. math::
        \sum_{s=0}^{s_0} 2^{2^s}\, 2^{2^{s+1}} \cdot
        2 \exp\big(-C_1 \min(\beta^2 2^s, \sqrt n\, \beta\, 2^{s/2})\big),
        \qquad n < 2^{s_0} \le 2 n

    Parameters
    ----------
    beta
        The multiple of ``2**(s/2) g / sqrt(n)`` that a step on level s may reach.
    width
        The number n of independent copies.
    constant
        The constant :math:`C_1` of (A.3).

    Returns
    -------
    The sum; infinite where the terms grow beyond what a float can hold.

    Scale
    -----
    To be at most half of the failure probability delta. The index is s throughout (printed: i),
    and the last term is kept although the chain has no step on level :math:`s_0`.

    Raises
    ------
    ValueError
        If an argument is not positive.

    References
    ----------
    .. [1] L. Li, arXiv:1909.13671, eq. (A.9).
    """
    _require_positive(beta=beta, width=width, constant=constant)
    total = 0.0
    for level in range(width.bit_length() + 1):  # 2**bit_length is the power in (n, 2n]
        least = min(beta**2 * 2**level, math.sqrt(width) * beta * 2 ** (level / 2))
        exponent = math.log(2) + 3 * 2**level * math.log(2) - constant * least
        if exponent > 700:  # exp overflows
            return math.inf
        total += math.exp(exponent)
    return total


def neuron_increment_psi_1(activation: Activation) -> float:
    r"""A psi_1 Lipschitz constant of the initial network's summand.

    .. math::
        \|a \sigma(w \cdot x) - a \sigma(w \cdot y)\|_{\psi_1}
        \le \|\sigma'\|_\infty \|z\|_{\psi_1}\, |x - y|, \qquad z \sim N(0, 1)

    Parameters
    ----------
    activation
        The activation, with the supremum of its derivative.

    Returns
    -------
    The constant; it is attained in the limit of two points at the origin if the derivative is
    largest at 0.

    Scale
    -----
    Outer weights a of size one. Euclidean distance.

    References
    ----------
    Derived here. It replaces hypothesis (2) of Proposition 1 in L. Li, arXiv:1909.13671, for
    the use in eq. (3.11).
    """
    return activation.lipschitz * gaussian_psi_1_norm()


def kernel_increment_psi_1(activation: Activation) -> float:
    r"""A psi_1 Lipschitz constant of the empirical kernel's summand.

    .. math::
        Y_{x,y} = \sigma(w \cdot x)\, \sigma(w \cdot y) - D(x, y): \qquad
        \|Y_{x,y} - Y_{x',y'}\|_{\psi_1} \le 2 \sqrt2\, \|\sigma\|_\infty \|\sigma'\|_\infty
        \|z\|_{\psi_1} \sqrt{|x - x'|^2 + |y - y'|^2}

    Parameters
    ----------
    activation
        The activation, with the suprema of its value and its derivative.

    Returns
    -------
    The constant.

    Scale
    -----
    Euclidean distance of pairs. The factor 2 pays for centring, :math:`\sqrt2` for two points.

    References
    ----------
    Derived here. It replaces hypothesis (2) of Proposition 1 in L. Li, arXiv:1909.13671, for
    the use in Lemma 3, eq. (3.9).
    """
    return 2 * math.sqrt(2) * activation.bound * neuron_increment_psi_1(activation)


def point_psi_1(bound: float) -> float:
    r"""The psi_1 norm that a bounded variable has at most.

    .. math::
        |Y| \le b \quad\Longrightarrow\quad \|Y\|_{\psi_1} \le b / \log 2

    Parameters
    ----------
    bound
        The bound b: :math:`\|\sigma\|_\infty` for the network's summand; for the kernel's
        :math:`\|\sigma\|_\infty^2` where the activation is not negative, else twice that.

    Returns
    -------
    The norm of the constant b.

    Scale
    -----
    Level 2 in the definition of the norm.

    Raises
    ------
    ValueError
        If ``bound`` is not positive.

    References
    ----------
    Derived here; hypothesis (1) of Proposition 1 in L. Li, arXiv:1909.13671.
    """
    _require_positive(bound=bound)
    return bound / math.log(2)


def _log_inverse(delta: float) -> float:
    if not 0 < delta < 1:
        raise ValueError(f"`delta` must lie strictly between 0 and 1; got {delta}.")
    return math.log(1 / delta)


def _require_positive(**values: float | int) -> None:
    for name, value in values.items():
        if not 0 < value < math.inf:
            raise ValueError(f"`{name}` must be positive and finite; got {value}.")
