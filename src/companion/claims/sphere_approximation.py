"""Exponents of the theorem of Welper (document `sphere_approximation`), as reconstructed here.

The document at hand is a digest. The theorem below is put together from its wording and the
argument it names; exponents follow from that argument, constants do not.
"""

from companion.numerics.arguments import real_number

_SLACK = 1e-12  # rounding of 1 - alpha and of 2 alpha


def coercivity_order(input_dim: int, *, continuous_derivatives: int) -> float:
    r"""Order of coercivity of the tangent kernel on the sphere.

    .. math::
        \mu_k \sim k^{-2 \beta}, \qquad \beta = \frac d2 + r

    Parameters
    ----------
    input_dim
        The d of the sphere :math:`S^{d-1}` in :math:`\mathbb{R}^d`.
    continuous_derivatives
        The number r of continuous derivatives of the activation before one jumps: 0 for ReLU, 1
        for ELU. For a smooth activation there is no such order.

    Returns
    -------
    The order beta.

    Scale
    -----
    Eigenvalues on spherical harmonics of degree k, uniform probability measure; two hidden layers
    or more, so that both parities are there.

    Raises
    ------
    ValueError
        If ``input_dim`` is less than 2 or ``continuous_derivatives`` is negative.

    References
    ----------
    G. Welper, arXiv:2309.04860, known through a digest; for ReLU, A. Bietti and F. Bach, "Deep
    equals shallow for ReLU networks in kernel regimes", ICLR 2021.
    """
    if input_dim < 2 or continuous_derivatives < 0:
        raise ValueError(
            "`input_dim` must be at least 2 and `continuous_derivatives` nonnegative; "
            f"got {input_dim} and {continuous_derivatives}."
        )
    return input_dim / 2 + continuous_derivatives


def checked_orders(
    smoothness: float, *, coercivity_order: float, holder: float
) -> tuple[float, float, float]:
    r"""The three orders of the reconstructed theorem, or an error that names the one out of range.

    .. math::
        0 < \alpha \le \tfrac12, \qquad \beta \ge 2 \alpha, \qquad 0 < \gamma \le 1 - \alpha

    Parameters
    ----------
    smoothness
        The alpha of the norms :math:`H^{-\alpha}` and :math:`H^\alpha` of the residual.
    coercivity_order
        The order beta with :math:`\mu_k \gtrsim k^{-2 \beta}`.
    holder
        The exponent gamma with which the kernel depends on the displacement of the weights.

    Returns
    -------
    The three as plain numbers, in the order alpha, beta, gamma.

    Scale
    -----
    The ends of the ranges are allowed where the reconstruction has strict inequalities: there
    its exponents are limits. The interpolation step of the argument needs :math:`2\alpha \le
    \beta`; the ranges of alpha and gamma are the part of the reconstruction to trust least.

    Raises
    ------
    TypeError
        If one of them is not a number.
    ValueError
        If one of them is out of its range; the message says which.

    References
    ----------
    G. Welper, arXiv:2309.04860, known through a digest; derived here from its argument.
    """
    remedy = "See the ranges of the reconstructed theorem."
    alpha = real_number("smoothness", smoothness, remedy=remedy)
    beta = real_number("coercivity_order", coercivity_order, remedy=remedy)
    gamma = real_number("holder", holder, remedy=remedy)
    if not 0 < alpha <= 0.5:
        raise ValueError(
            f"`smoothness` must lie in (0, 1/2]; got alpha = {alpha}. "
            "A smoother target lies in the smaller space of alpha = 1/2 too."
        )
    if not 2 * alpha - _SLACK <= beta < float("inf"):
        raise ValueError(
            "`coercivity_order` must be finite and at least twice the smoothness; got "
            f"beta = {beta} with alpha = {alpha}. Lower the smoothness."
        )
    if not 0 < gamma <= 1 - alpha + _SLACK:
        raise ValueError(
            f"`holder` must lie in (0, 1 - smoothness]; got gamma = {gamma} with "
            f"alpha = {alpha}. A kernel that is more regular allows every smaller gamma."
        )
    return alpha, beta, gamma


def plateau_exponent(smoothness: float, *, coercivity_order: float, holder: float) -> float:
    r"""Power of the displacement to which the squared error falls in the reconstructed theorem.

    .. math::
        \|\kappa\|_{L^2}^2 \lesssim h^{\alpha \gamma / (\beta - \alpha)}

    Parameters
    ----------
    smoothness, coercivity_order, holder
        As in :func:`checked_orders`.

    Returns
    -------
    The exponent.

    Scale
    -----
    Of the *squared* L2 norm; the displacement h is relative to the size of the weights.

    Raises
    ------
    ValueError
        If an order is out of the range of the theorem.

    References
    ----------
    G. Welper, arXiv:2309.04860, known through a digest; derived here from its argument.
    """
    alpha, beta, gamma = checked_orders(
        smoothness, coercivity_order=coercivity_order, holder=holder
    )
    return alpha * gamma / (beta - alpha)


def displacement_exponent(smoothness: float, *, coercivity_order: float, holder: float) -> float:
    r"""Power of the width at which the displacement of the weights falls.

    .. math::
        h \lesssim m^{-\delta}, \qquad
        \delta = \frac{\beta - \alpha}{2 (\beta (1 + \gamma) - \alpha)}

    Parameters
    ----------
    smoothness, coercivity_order, holder
        As in :func:`checked_orders`.

    Returns
    -------
    The exponent delta, below 1/2.

    Scale
    -----
    The displacement is relative to the size of the weights.

    Raises
    ------
    ValueError
        If an order is out of the range of the theorem.

    References
    ----------
    G. Welper, arXiv:2309.04860, known through a digest; derived here from its argument.
    """
    alpha, beta, gamma = checked_orders(
        smoothness, coercivity_order=coercivity_order, holder=holder
    )
    return (beta - alpha) / (2 * (beta * (1 + gamma) - alpha))


def rate_exponent(smoothness: float, *, coercivity_order: float, holder: float) -> float:
    r"""Power of the width at which the rate of the exponential in the theorem falls.

    .. math::
        e^{-c \eta t}, \qquad \eta = h^{\beta \gamma / (\beta - \alpha)} \sim m^{-\delta \beta
        \gamma / (\beta - \alpha)}
        = m^{-\beta \gamma / (2 (\beta (1 + \gamma) - \alpha))}

    Parameters
    ----------
    smoothness, coercivity_order, holder
        As in :func:`checked_orders`.

    Returns
    -------
    The exponent, positive: the rate tends to zero as the width grows.

    Scale
    -----
    Of a rate, one over time; the loss is half the squared L2 norm.

    Raises
    ------
    ValueError
        If an order is out of the range of the theorem.

    References
    ----------
    G. Welper, arXiv:2309.04860, known through a digest; derived here from its argument.
    """
    alpha, beta, gamma = checked_orders(
        smoothness, coercivity_order=coercivity_order, holder=holder
    )
    return beta * gamma / (2 * (beta * (1 + gamma) - alpha))


def width_exponent(smoothness: float, *, coercivity_order: float, holder: float) -> float:
    r"""Power of the width at which the error falls in the reconstructed theorem.

    .. math::
        \|\kappa\|_{L^2} \sim m^{-\rho}, \qquad
        \rho = \frac{\alpha \gamma}{4 (\beta (1 + \gamma) - \alpha)}

    Parameters
    ----------
    smoothness, coercivity_order, holder
        As in :func:`checked_orders`.

    Returns
    -------
    The exponent rho.

    Scale
    -----
    Of the L2 norm on the sphere, at the plateau that the error reaches.

    Raises
    ------
    ValueError
        If an order is out of the range of the theorem.

    References
    ----------
    G. Welper, arXiv:2309.04860, known through a digest; derived here from its argument.
    """
    alpha, beta, gamma = checked_orders(
        smoothness, coercivity_order=coercivity_order, holder=holder
    )
    return alpha * gamma / (4 * (beta * (1 + gamma) - alpha))
