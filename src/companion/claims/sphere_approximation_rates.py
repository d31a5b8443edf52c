"""Rates beside those of the reconstructed theorem: infinite width, a sharper loop, the classics.

These are ours (document `sphere_approximation`): what the argument gives if one of its steps is
done without loss, and what the digest compares with.
"""

from companion.claims.sphere_approximation import checked_orders
from companion.numerics.arguments import positive_number


def decay_exponent(smoothness: float, *, coercivity_order: float) -> float:
    r"""Power of time at which the error of an infinitely wide network falls.

    .. math::
        \|\kappa(t)\|_{L^2} \lesssim t^{-\alpha / (2 \beta)}\, \|\kappa(0)\|_\alpha

    Parameters
    ----------
    smoothness
        The alpha of the initial residual, any positive number.
    coercivity_order
        The order beta with :math:`\mu_k \sim k^{-2 \beta}`.

    Returns
    -------
    The exponent.

    Scale
    -----
    Of the L2 norm, over the ball of :math:`H^\alpha`.

    Raises
    ------
    TypeError
        If an argument is not a number.
    ValueError
        If an argument is not positive and finite.

    References
    ----------
    Derived here.
    """
    remedy = "Pass the order of a Sobolev space."
    alpha = positive_number("smoothness", smoothness, remedy=remedy)
    beta = positive_number("coercivity_order", coercivity_order, remedy=remedy)
    return alpha / (2 * beta)


def sharper_width_exponent(smoothness: float, *, coercivity_order: float, holder: float) -> float:
    r"""Power of the width if the path of the weights is integrated without loss.

    .. math::
        \|\kappa\|_{L^2} \sim m^{-\rho'}, \qquad
        \rho' = \frac{\alpha \gamma}{4 (\beta - \alpha + \gamma (\beta - \alpha / 2))}

    Parameters
    ----------
    smoothness, coercivity_order, holder
        As in :func:`~companion.claims.sphere_approximation.checked_orders`.

    Returns
    -------
    The exponent, a little above that of the reconstructed theorem.

    Scale
    -----
    Of the L2 norm on the sphere, at the plateau that the error reaches.

    Raises
    ------
    ValueError
        If an order is out of the range of the theorem.

    Notes
    -----
    Before the plateau the comparison solution falls like :math:`t^{-\alpha / (2 \beta)}`, so that
    the integral of the residual up to a time of order :math:`1/\eta` is
    :math:`\eta^{-(1 - \alpha / (2 \beta))}` and not :math:`\eta^{-1}`.

    References
    ----------
    Derived here.
    """
    alpha, beta, gamma = checked_orders(
        smoothness, coercivity_order=coercivity_order, holder=holder
    )
    return alpha * gamma / (4 * (beta - alpha + gamma * (beta - alpha / 2)))


def classical_width_exponent(smoothness: float, *, input_dim: int) -> float:
    r"""Power of the width at which classical methods with as many weights fall.

    .. math::
        N^{-\alpha / (d - 1)} = m^{-2 \alpha / (d - 1)}, \qquad N = m^2

    Parameters
    ----------
    smoothness
        The alpha of the target, any positive number below the order of the method.
    input_dim
        The d of the sphere :math:`S^{d-1}`, whose dimension is d - 1.

    Returns
    -------
    The exponent.

    Scale
    -----
    Of the L2 norm, over the ball of :math:`H^\alpha`; a network with a trained square matrix has
    :math:`N = m^2` weights.

    Raises
    ------
    TypeError
        If ``smoothness`` is not a number.
    ValueError
        If ``smoothness`` is not positive and finite or ``input_dim`` is less than 2.

    References
    ----------
    Derived here: the projection on harmonics up to degree K has of the order of
    :math:`K^{d-1}` coefficients and an error of at most :math:`K^{-\alpha}`. For splines see R. A.
    DeVore, "Nonlinear approximation", Acta Numerica 7 (1998).
    """
    alpha = positive_number("smoothness", smoothness, remedy="Pass the order of a Sobolev space.")
    if input_dim < 2:
        raise ValueError(f"`input_dim` must be at least 2; got {input_dim}. The circle has 2.")
    return 2 * alpha / (input_dim - 1)


def samples_for_under_parametrisation(width: int) -> int:
    r"""Number of equispaced or random samples from which a width counts as under-parametrised.

    .. math::
        N \ge 4 m^2

    Parameters
    ----------
    width
        The width m of the trained square matrix, with :math:`m^2` weights.

    Returns
    -------
    The number of samples needed.

    Scale
    -----
    Four samples for every weight: a rule of this book, so that the continuous norm is meant and
    not an interpolation of the samples.

    Raises
    ------
    ValueError
        If ``width`` is less than 1.

    References
    ----------
    Derived here.
    """
    if width < 1:
        raise ValueError(f"`width` must be at least 1; got {width}. Pass the number of neurons.")
    return 4 * width**2


def require_under_parametrised(num_samples: int, *, width: int) -> None:
    r"""Raise an error unless the samples outnumber the weights by far.

    .. math::
        N \ge 4 m^2

    Parameters
    ----------
    num_samples
        The number N of samples.
    width
        The width m of the trained square matrix.

    Raises
    ------
    ValueError
        If there are too few samples; the message says how many are needed.
    """
    needed = samples_for_under_parametrisation(width)
    if num_samples < needed:
        raise ValueError(
            f"`num_samples` must be at least {needed} for width {width} to be called "
            f"under-parametrised; got {num_samples}. Raise it, or lower the width."
        )
