r"""The scalar equation that bounds the negative norm of a residual under a perturbed kernel.

Let :math:`x = \|\kappa\|_{-\alpha}`, :math:`y = \|\kappa\|_\alpha`, :math:`p = \beta/\alpha`,
at least two. A kernel that is coercive of order beta with constant c, perturbed by an operator of
norm epsilon from :math:`H^{-\alpha}` to :math:`H^\alpha`, moves them by

.. math::
    x' \le x \Big[ -c \Big(1 - \tfrac1p\Big) \Big( \frac xy \Big)^p
    + c \Big(1 - \tfrac1p\Big) K \Big], \qquad
    y' \le y \Big[ -c \Big( \frac xy \Big)^p + \varepsilon \frac xy \Big], \qquad
    K = \Big( \frac\varepsilon c \Big)^{p/(p-1)}.

While y does not grow, :math:`u = (x / y_0)^p` stays below the solution of a logistic equation.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.integrate import solve_ivp

from companion.numerics.arguments import positive_number, real_number
from companion.numerics.finite import require_finite
from companion.numerics.phi import phi

_SLACK = 1e-12  # rounding of beta / alpha


@dataclass(frozen=True)
class Comparison:
    r"""The logistic equation :math:`u' = s\, u\, (K - u)` for :math:`u = (x/y_0)^p`.

    Parameters
    ----------
    power
        The exponent p = beta / alpha.
    speed
        The factor s = (p - 1) c.
    level
        The value K at which u stands still.

    Scale
    -----
    Time of the flow of half the squared L2 norm; the norm is measured in units of the initial
    positive norm.
    """

    power: float
    speed: float
    level: float

    @property
    def rate(self) -> float:
        """The rate s K of the exponential with which u approaches its level."""
        return self.speed * self.level

    @property
    def plateau(self) -> float:
        """The value of x / y_0 at which the equation stands still; above it y cannot grow."""
        return float(self.level ** (1 / self.power))


def comparison(
    *, smoothness: float, coercivity_order: float, coercivity: float, perturbation: float
) -> Comparison:
    r"""The equation for given orders.

    .. math::
        p = \frac\beta\alpha, \qquad s = (p - 1)\, c, \qquad
        K = \Big( \frac\varepsilon c \Big)^{p / (p - 1)}, \qquad
        \text{plateau} = \Big( \frac\varepsilon c \Big)^{\alpha / (\beta - \alpha)}

    Parameters
    ----------
    smoothness
        The order alpha of the two norms.
    coercivity_order
        The order beta, at least twice alpha.
    coercivity
        The constant c in :math:`\langle v, H v \rangle_S \ge c \|v\|_{S - \beta}^2`.
    perturbation
        The norm epsilon of the perturbation from :math:`H^{-\alpha}` to :math:`H^\alpha`.

    Returns
    -------
    The equation.

    Scale
    -----
    A share 1/p of the coercivity absorbs the perturbation. With this share the plateau is
    attained, by the kernel that is cut off at one degree; another changes constants and no
    exponent.

    Raises
    ------
    TypeError
        If an argument is not a number.
    ValueError
        If an order or the coercivity is not positive, the order of coercivity is less than twice
        the smoothness, or the perturbation is negative or infinite.

    References
    ----------
    Derived here: interpolation, Young's inequality with exponents p and p / (p - 1), y at most
    its initial value.
    """
    remedy = "Pass a positive number."
    alpha = positive_number("smoothness", smoothness, remedy=remedy)
    beta = positive_number("coercivity_order", coercivity_order, remedy=remedy)
    c = positive_number("coercivity", coercivity, remedy=remedy)
    epsilon = real_number("perturbation", perturbation, remedy="Pass the norm of an operator.")
    if beta < 2 * alpha - _SLACK:
        raise ValueError(
            f"`coercivity_order` must be at least twice the smoothness; got {beta} and {alpha}. "
            "The interpolation between the norms needs it: lower the smoothness."
        )
    if not 0 <= epsilon < np.inf:
        raise ValueError(
            f"`perturbation` must be nonnegative and finite; got {epsilon}. "
            "Pass the norm of an operator."
        )
    p = beta / alpha
    return Comparison(power=p, speed=(p - 1) * c, level=(epsilon / c) ** (p / (p - 1)))


def comparison_norm(
    equation: Comparison, start: float, t: Float[np.ndarray, " t"]
) -> Float[np.ndarray, " t"]:
    r"""The solution x / y_0 of the comparison equation in closed form.

    .. math::
        u(t) = \Big( \frac{e^{-s K t}}{u(0)} + s\, t\, \varphi_1(-s K t) \Big)^{-1},
        \qquad \varphi_1(z) = \frac{e^z - 1}{z}

    Parameters
    ----------
    equation
        The equation.
    start
        The ratio :math:`x(0) / y_0`, in (0, 1].
    t
        Times, nonnegative.

    Returns
    -------
    The ratio :math:`x(t) / y_0`.

    Scale
    -----
    The squared L2 norm of the residual is at most this times :math:`y_0^2`.

    Raises
    ------
    TypeError
        If ``start`` is not a number.
    ValueError
        If ``start`` is not in (0, 1] or a time is negative or not finite.

    Notes
    -----
    The form by phi_1 has no cancellation and includes K = 0, where u falls like 1/t.

    References
    ----------
    Derived here; the equation is Bernoulli's.
    """
    u = _checked_start(equation, start)
    _require_times(t)
    straight = equation.speed * t * phi(-equation.rate * t, highest=1)[1]
    return (np.exp(-equation.rate * t) / u + straight) ** (-1 / equation.power)


def numerical_comparison_norm(
    equation: Comparison, start: float, t: Float[np.ndarray, " t"], *, rtol: float = 1e-10
) -> Float[np.ndarray, " t"]:
    r"""The same solution by an integrator of differential equations.

    .. math::
        \frac{dv}{d\tau} = s\, (K - e^v)\, e^\tau, \qquad v = \log u, \quad \tau = \log(1 + t)

    Parameters
    ----------
    equation, start, t
        As in :func:`comparison_norm`; the times increase.
    rtol
        Relative tolerance of each step.

    Returns
    -------
    The ratio :math:`x(t) / y_0`.

    Scale
    -----
    As in :func:`comparison_norm`.

    Raises
    ------
    TypeError
        If ``start`` is not a number.
    ValueError
        If ``start`` is not in (0, 1], a time is negative or not finite, or they do not increase.

    Notes
    -----
    A multistep method that changes to an implicit one, because near the plateau the equation is
    stiff; in the logarithm of time, because before it the decay is algebraic.

    References
    ----------
    L. Petzold, "Automatic selection of methods for solving stiff and nonstiff systems of ordinary
    differential equations", SIAM J. Sci. Stat. Comput. 4 (1983).
    """
    u = _checked_start(equation, start)
    _require_times(t)
    if (np.diff(t) <= 0).any():
        raise ValueError("`t` must increase; got times that do not. Sort them.")
    path = solve_ivp(
        lambda tau, v: equation.speed * (equation.level - np.exp(v)) * np.exp(tau),
        (0.0, float(np.log1p(t[-1]))),
        [np.log(u)],
        method="LSODA",
        t_eval=np.log1p(t),
        rtol=rtol,
        atol=rtol,
        jac=lambda tau, v: np.array([[-equation.speed * np.exp(v[0] + tau)]]),
    )
    return np.exp(path.y[0] / equation.power)


def sum_bound(
    equation: Comparison, start: float, t: Float[np.ndarray, " t"]
) -> Float[np.ndarray, " t"]:
    r"""Plateau plus exponential: the form in which the reconstructed theorem is stated.

    .. math::
        u(t) \le K + u(0)\, e^{-s K t}

    Parameters
    ----------
    equation, start, t
        As in :func:`comparison_norm`.

    Returns
    -------
    The bound of :math:`x(t) / y_0`.

    Scale
    -----
    As in :func:`comparison_norm`, which it is never below.

    Raises
    ------
    TypeError
        If ``start`` is not a number.
    ValueError
        If ``start`` is not in (0, 1] or a time is negative or not finite.

    References
    ----------
    Derived here: with E = exp(-s K t), the solution is u(0) K / (u(0) (1 - E) + K E), and
    (K + u(0) E) (u(0) (1 - E) + K E) - u(0) K = E (K^2 + u(0)^2 (1 - E) - u(0) K (1 - E)) >= 0.
    """
    u = _checked_start(equation, start)
    _require_times(t)
    decaying = u * np.exp(-equation.rate * t)
    return (equation.level + decaying) ** (1 / equation.power)


def _checked_start(equation: Comparison, start: float) -> float:
    value = real_number("start", start, remedy="Pass the ratio of the two norms at time 0.")
    if not 0 < value <= 1:
        raise ValueError(
            f"`start` must lie in (0, 1]; got {value}. The negative norm is at most the positive."
        )
    return float(value**equation.power)


def _require_times(t: Float[np.ndarray, " t"]) -> None:
    require_finite(t, "t")
    if (t < 0).any():
        raise ValueError(f"`t` must be nonnegative; got {t.min()}. The bound is for later times.")
