"""What replaces Theorem 3.1 of Jakhmola (document `general_architectures`) for smooth networks.

The document asks for at least as many parameters as outputs on the data and concludes that the
loss decays at a rate that may depend on the length T of the run. The statement here asks that
the initial residual be small against the smallest eigenvalue and the curvature of the network; its
rate holds for ever.
"""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Basin:
    r"""Neighbourhood of the start in which gradient flow must converge.

    .. math::
        \kappa = \frac{2 \beta |s_0|}{\lambda}, \qquad
        d = \frac{2 |s_0|}{\sqrt\lambda\, (1 + \sqrt{1 - \kappa})}, \qquad
        \rho = (1 - \kappa)\, \lambda

    Attributes
    ----------
    ratio
        The number kappa; the statement holds if it is below one.
    radius
        Bound d of the length of the path; infinite if ``ratio`` is one or more.
    rate
        Rate rho of the residual; zero if ``ratio`` is one or more.

    Scale
    -----
    ``|s(t)| <= exp(-rate t) |s(0)|``; the loss decays twice as fast.

    References
    ----------
    Derived here; see :func:`basin`.
    """

    ratio: float
    radius: float
    rate: float


def basin(residual_norm: float, *, lambda_min: float, curvature: float) -> Basin:
    r"""Convergence for ever from a small residual, a positive eigenvalue and small curvature.

    .. math::
        |s_0| < \frac{\lambda}{2 \beta}
        \quad\Longrightarrow\quad
        |s(t)| \le e^{-(\lambda - 2 \beta |s_0|)\, t}\, |s_0| \quad \text{for all } t \ge 0

    Parameters
    ----------
    residual_norm
        :math:`|s_0|`, the norm of the initial residual, weighted by nu.
    lambda_min
        A lower bound of the smallest eigenvalue :math:`\lambda` of the weighted Gram matrix
        :math:`A A^\top` at the start, with :math:`A = \operatorname{diag}(\nu)^{1/2} J`.
    curvature
        A number beta with :math:`\|A(\theta) - A(\theta_0)\| \le \beta |\theta - \theta_0|` on
        the ball about the start whose radius is the returned one.

    Returns
    -------
    Whether the statement holds, on which ball and at which rate.

    Scale
    -----
    Time of the flow of ``1/2 sum nu_i |r_i|**2``; the residual is s = diag(nu)**0.5 r, and the
    loss is half its square.

    Raises
    ------
    ValueError
        If an argument is negative or not a number.

    Notes
    -----
    *Proof.* Let :math:`s = \operatorname{diag}(\nu)^{1/2} r`, so that
    :math:`\dot\theta = -A^\top s` and :math:`\dot s = -A A^\top s`, and let
    :math:`p(t) = \int_0^t |A^\top s|` be the length of the path, which is at least the distance
    from the start. With :math:`\alpha = \sqrt\lambda`, on the ball and for
    :math:`\beta p \le \alpha` the smallest singular value of A is at least
    :math:`\alpha - \beta p`, by Weyl's inequality. Since
    :math:`|A^\top s| \ge (\alpha - \beta p) |s|`,

    .. math::
        \frac{d |s|}{dt} = -\frac{|A^\top s|^2}{|s|} \le -(\alpha - \beta p)\, |A^\top s|
            = -(\alpha - \beta p)\, \dot p,

    so :math:`|s| + \alpha p - \beta p^2 / 2` does not increase, and
    :math:`\alpha p - \beta p^2 / 2 \le |s_0| - |s|`. The left side reaches :math:`|s_0|` first at
    :math:`d = (\alpha - \sqrt{\alpha^2 - 2 \beta |s_0|}) / \beta < \alpha / \beta`, the formula of
    :class:`Basin`. As p is continuous and :math:`|s| > 0` at every finite time, p never reaches d:
    the flow stays in the ball of radius d, where the smallest singular value is above
    :math:`\alpha - \beta d = \sqrt{\alpha^2 - 2 \beta |s_0|}`. Hence
    :math:`d|s|/dt \le -(\alpha^2 - 2 \beta |s_0|) |s|`.

    The better known condition :math:`|s_0| \le \lambda / (4 \beta)` is ``ratio <= 1/2``; it
    gives half of lambda as a rate (a quarter, if the smallest singular value is only tracked
    down to half of its start).

    References
    ----------
    Derived here. The condition with 4 in place of 2 is that of L. Chizat, E. Oyallon and F. Bach,
    "On lazy training in differentiable programming", NeurIPS 2019, theorem 2.4 and its proof.
    """
    for name, value in (
        ("residual_norm", residual_norm),
        ("lambda_min", lambda_min),
        ("curvature", curvature),
    ):
        if not value >= 0:
            raise ValueError(f"`{name}` must be nonnegative; got {value}.")
    if lambda_min == 0:
        return Basin(math.inf, math.inf, 0.0)
    bent = 0.0 if residual_norm == 0 else 2 * curvature * residual_norm
    ratio = bent / lambda_min
    if not ratio < 1:
        return Basin(ratio, math.inf, 0.0)
    radius = 2 * residual_norm / (math.sqrt(lambda_min) * (1 + math.sqrt(1 - ratio)))
    return Basin(ratio, radius, (1 - ratio) * lambda_min)
