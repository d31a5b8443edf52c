r"""How far weights and kernel move (document `sphere_approximation`): bounds with constants.

The document says that the weights stay close and that then the kernel does. The bounds here are
derived for the network as reconstructed, trained in its second-to-last layer; :math:`h` is the
operator norm of the change of that matrix over the root of its number of rows.
"""

import math

from scipy.optimize import brentq
from scipy.special import erf

from companion.activations import Activation
from companion.numerics.arguments import positive_number, real_number


def displacement_bound(residual_integral: float, *, largest_rate: float, width: int) -> float:
    r"""How far gradient flow can move a matrix of weights.

    .. math::
        h(t) \le \frac{\|W(t) - W(0)\|_F}{\sqrt m}
        \le \sqrt{\frac{\lambda}{m}} \int_0^t \|\kappa(s)\|_{L^2}\, ds, \qquad
        \lambda = \sup_{s \le t} \lambda_{\max}(H_s)

    Parameters
    ----------
    residual_integral
        The integral of the :math:`L^2` norm of the residual.
    largest_rate
        The :math:`\lambda` of the formula: the largest eigenvalue along the flow of the tangent
        kernel of that matrix, as an operator on :math:`L^2`.
    width
        The number m of rows of the matrix.

    Returns
    -------
    The bound.

    Scale
    -----
    Time is that of the flow of half the mean square.

    Raises
    ------
    ValueError
        If an argument is negative or not finite, or ``width`` is not positive.

    References
    ----------
    G. Welper, arXiv:2309.04860, known through a digest; derived here. The velocity of the matrix
    is :math:`-J^* \kappa`, and the norm of :math:`J^*` is the root of that of :math:`H = J J^*`.
    """
    for name, value in (("residual_integral", residual_integral), ("largest_rate", largest_rate)):
        if not 0 <= value < math.inf:
            raise ValueError(f"`{name}` must be nonnegative and finite; got {value}.")
    width = int(positive_number("width", width, remedy="Pass the number of neurons."))
    return math.sqrt(largest_rate / width) * residual_integral


def lipschitz_kernel_change(
    displacement: float, activation: Activation, *, value_norm: float
) -> float:
    r"""Largest change of the kernel for a Lipschitz derivative of the activation.

    .. math::
        \sup_{x, y} |\Gamma_{\theta'}(x, y) - \Gamma_\theta(x, y)|
        \le 2\, \|\sigma'\|_\infty \|\sigma''\|_\infty\, v^3\, h, \qquad
        v = \sup_x \Big( \frac1{m_{L-1}} \sum_j \sigma(f^{L-1}_j(x))^2 \Big)^{1/2}

    Parameters
    ----------
    displacement
        The relative displacement :math:`h` of the second-to-last matrix.
    activation
        The activation.
    value_norm
        The v of the formula.

    Returns
    -------
    The bound; infinite if the derivative is not Lipschitz.

    Scale
    -----
    Of the kernel, for every width.

    Raises
    ------
    ValueError
        If ``displacement`` is negative or ``value_norm`` not positive, or one is not finite.

    References
    ----------
    G. Welper, arXiv:2309.04860, known through a digest; derived here. One change of the matrix
    moves the last hidden layer by :math:`h v` in the root mean square over its neurons.
    """
    h = _displacement(displacement)
    v = positive_number("value_norm", value_norm, remedy="Pass a root mean square.")
    if h == 0:
        return 0.0
    return 2 * activation.lipschitz * activation.derivative_lipschitz * v**3 * h


def relu_diagonal_change(displacement: float) -> float:
    r"""Largest relative change of the diagonal of the ReLU kernel at infinite width.

    .. math::
        \sup_{\theta'} \frac{\Gamma_\theta(x, x) - \Gamma_{\theta'}(x, x)}{v(x)^2}
        = \Phi(q) - \tfrac12,
        \qquad \int_0^q z^2 \varphi(z)\, dz = h^2

    For small displacements this is :math:`(3 / 2\pi)^{1/3}\, h^{2/3}`.

    Parameters
    ----------
    displacement
        The relative displacement :math:`h` of the second-to-last matrix.

    Returns
    -------
    The largest share of neurons that can be switched off at one point; one half, all that are
    active, from :math:`h = 2^{-1/2}` on.

    Scale
    -----
    :math:`v(x)^2` is the mean of the squared values one layer below, so that the diagonal is half
    of it. The worst change is the same for switching on, by symmetry.

    Raises
    ------
    ValueError
        If ``displacement`` is negative or not finite.

    Notes
    -----
    To switch off a neuron whose argument is f costs :math:`f^2` of the budget
    :math:`m h^2 v^2`, so the cheapest are those nearest zero; their arguments are Gaussian of
    variance :math:`v^2` for random weights.

    References
    ----------
    Derived here.
    """
    h = _displacement(displacement)
    if h * h >= 0.5:
        return 0.5
    if h < 1e-5:  # the difference below cancels; the next term is of relative order h^(2/3)
        return (1.5 / math.pi) ** (1 / 3) * h ** (2 / 3)

    def spent(q: float) -> float:
        return _half_normal(q) - q * math.exp(-q * q / 2) / math.sqrt(2 * math.pi)

    q = float(brentq(lambda q: spent(q) - h * h, 0.0, 40.0, xtol=1e-15, rtol=1e-14))
    return _half_normal(q)


def kernel_motion_exponent(smoothness: float, *, activation: Activation) -> float:
    r"""Power of the displacement with which the kernel of a fixed network changes.

    .. math::
        \|\Gamma_{\theta'} - \Gamma_\theta\|_{\alpha \leftarrow -\alpha} \sim h^{\gamma}, \qquad
        \gamma = \max\big(0, \min(1, r + \tfrac12 - \alpha)\big)

    with r the number of derivatives of the activation that are continuous before one jumps: 0 for
    ReLU, 1 for ELU; for an analytic activation the power is one.

    Parameters
    ----------
    smoothness
        The alpha of the norms, at least zero.
    activation
        The activation.

    Returns
    -------
    The power gamma. Zero says that the change does not tend to zero with the displacement: the
    kernel is then no bounded operator between these spaces.

    Scale
    -----
    On the circle, for a fixed network and small displacements in a direction that moves every
    kink. Constants depend on the network; for ReLU in a random direction they fall with the
    width, and in a wide network the change at one point is of order :math:`h^{2/3}` at worst, see
    :func:`relu_diagonal_change`.

    Raises
    ------
    ValueError
        If ``smoothness`` is negative or not finite, or it is not known which derivative of the
        activation jumps.

    References
    ----------
    Derived here. A function with a jump in its r-th derivative lies in :math:`H^s` for
    :math:`s < r + 1/2` only, and its difference from itself moved by h is of order
    :math:`h^{r + 1/2 - \alpha}` in :math:`H^\alpha` where this power is below one.
    """
    order = real_number("smoothness", smoothness, remedy="Pass the order of the norms.")
    if not 0 <= order < math.inf:
        raise ValueError(f"`smoothness` must be nonnegative and finite; got {order}.")
    if activation.analytic:
        return 1.0
    if activation.continuous_derivatives is None:
        raise ValueError(
            "`activation` must be analytic or have a known number of continuous derivatives; "
            f"got {activation.name}. State them in its facts."
        )
    return max(0.0, min(1.0, activation.continuous_derivatives + 0.5 - order))


def _half_normal(q: float) -> float:
    return float(erf(q / math.sqrt(2))) / 2


def _displacement(value: float) -> float:
    h = real_number("displacement", value, remedy="Pass a relative distance.")
    if not 0 <= h < math.inf:
        raise ValueError(f"`displacement` must be nonnegative and finite; got {h}.")
    return h
