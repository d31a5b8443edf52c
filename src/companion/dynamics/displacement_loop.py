r"""The comparison equation and the path of the weights together, until the error stops falling.

The perturbation of the kernel is what the weights have moved, and the weights move as long as
there is a residual: the two are one system, with the width as its parameter.
"""

from dataclasses import dataclass

import numpy as np
from scipy.integrate import solve_ivp

from companion.dynamics.comparison import Comparison, comparison, comparison_norm
from companion.numerics.arguments import positive_number, real_number

_FIRST_TIME = 1e-8  # times the shortest time scale of the system, which is of order one
_LAST_LOG_TIME = 200.0
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)


class NoPlateau(ArithmeticError):
    r"""The bound has not come to rest within the times that the integrator reaches.

    .. math::
        x'(t) < 0 \quad \text{up to } t = e^{200}
    """


@dataclass(frozen=True)
class Rest:
    """Where the bound comes to rest.

    Parameters
    ----------
    norm
        The ratio x / y_0 there, the least of the run; times :math:`y_0^2` it bounds the squared
        L2 norm.
    displacement
        The displacement h of the weights up to there.
    time
        The time at which it happens.
    rate
        The rate s K of the exponential in the bound, with the displacement of that time.

    Scale
    -----
    As in :mod:`companion.dynamics.comparison`.
    """

    norm: float
    displacement: float
    time: float
    rate: float


def rest_of_the_loop(
    width: float,
    *,
    smoothness: float,
    coercivity_order: float,
    holder: float,
    start: float = 1.0,
    coercivity: float = 1.0,
    rtol: float = 1e-10,
) -> Rest:
    r"""Where the bound stops falling if the kernel follows the weights.

    .. math::
        h' = m^{-1/2} \Big( \frac x{y_0} \Big)^{1/2}, \qquad
        \Big( \frac{x^p}{y_0^p} \Big)' = (p - 1)\, c\, \frac{x^p}{y_0^p} \Big[ \Big(
        \frac{h^\gamma}c \Big)^{p/(p-1)} - \frac{x^p}{y_0^p} \Big],
        \qquad p = \frac\beta\alpha

    Parameters
    ----------
    width
        The width m; it need not be a whole number.
    smoothness, coercivity_order, coercivity
        As in :func:`companion.dynamics.comparison.comparison`.
    holder
        The exponent gamma in (0, 1]: a displacement h perturbs the kernel by :math:`h^\gamma`.
    start
        The ratio :math:`x(0) / y_0`, in (0, 1].
    rtol
        Relative tolerance of each step of the integrator.

    Returns
    -------
    The state at which the norm has its minimum.

    Scale
    -----
    The constants in front of the path and of :math:`h^\gamma` are one, and so is :math:`y_0`:
    powers of the width mean something, values do not.

    Raises
    ------
    TypeError
        If an argument is not a number.
    ValueError
        If one is out of its range.
    NoPlateau
        If there is no minimum up to the time exp(200).

    Notes
    -----
    Integrated in the logarithm of time, because the decay is algebraic.

    References
    ----------
    Derived here.
    """
    remedy = "Pass a positive number."
    m = positive_number("width", width, remedy=remedy)
    gamma = positive_number("holder", holder, remedy=remedy)
    if gamma > 1:
        raise ValueError(f"`holder` must lie in (0, 1]; got {gamma}. Use 1 for Lipschitz.")
    begin = real_number("start", start, remedy="Pass the ratio of the two norms at time 0.")
    if not 0 < begin <= 1:
        raise ValueError(f"`start` must lie in (0, 1]; got {begin}. Divide by the larger norm.")
    unit = comparison(
        smoothness=smoothness,
        coercivity_order=coercivity_order,
        coercivity=coercivity,
        perturbation=1.0,
    )
    p, feed = unit.power, gamma * unit.power / (unit.power - 1)
    log_unit_level, pull = float(np.log(unit.level)), unit.speed / p

    def balance(_: float, state: np.ndarray) -> float:
        log_x, log_h = state
        return float(p * log_x - log_unit_level - feed * log_h)

    def velocity(log_t: float, state: np.ndarray) -> list[float]:
        log_x, log_h = state
        level = np.exp(log_unit_level + feed * log_h)
        moved = np.exp(log_t + log_x / 2 - log_h) / np.sqrt(m)
        return [float(np.exp(log_t) * pull * (level - np.exp(p * log_x))), float(moved)]

    balance.terminal = True  # type: ignore[attr-defined]
    first = _FIRST_TIME / unit.speed
    log_h = np.log(first) + np.log(begin) / 2 - np.log(m) / 2
    path = solve_ivp(
        velocity,
        (float(np.log(first)), _LAST_LOG_TIME),
        np.array([np.log(begin), log_h]),
        method="LSODA",
        events=balance,
        rtol=rtol,
        atol=rtol,
    )
    if not len(path.t_events[0]):
        raise NoPlateau(
            f"the bound still falls at time exp({path.t[-1]:.0f}) for width {m:g}: {path.message}"
        )
    log_x, log_h = path.y_events[0][0]
    return Rest(
        norm=float(np.exp(log_x)),
        displacement=float(np.exp(log_h)),
        time=float(np.exp(path.t_events[0][0])),
        rate=float(unit.speed * np.exp(log_unit_level + feed * log_h)),
    )


def accumulated_residual(equation: Comparison, start: float, horizon: float) -> float:
    r"""The integral of the bound of the L2 norm under a kernel whose perturbation stands still.

    .. math::
        \int_0^T \Big( \frac{x(s)}{y_0} \Big)^{1/2} ds

    Parameters
    ----------
    equation, start
        As in :func:`companion.dynamics.comparison.comparison_norm`.
    horizon
        The time T.

    Returns
    -------
    The integral, in units of :math:`y_0`.

    Scale
    -----
    Times the inverse root of the width it bounds the displacement, up to a constant.

    Raises
    ------
    TypeError
        If an argument is not a number.
    ValueError
        If ``start`` is not in (0, 1] or the horizon is not positive and finite.

    References
    ----------
    Derived here.
    """
    end = positive_number("horizon", horizon, remedy="Pass a time.")
    # In log(1 + t) the integrand varies on a scale of order one however late the end is, and 16
    # nodes on a half of that resolve it to rounding.
    edges = np.linspace(0.0, np.log1p(end), int(np.ceil(2 * np.log1p(end))) + 1)
    half = np.diff(edges) / 2
    log_t = (edges[:-1] + half)[:, None] + half[:, None] * _NODES
    norms = comparison_norm(equation, start, np.expm1(log_t).ravel()).reshape(log_t.shape)
    return float(half @ (np.sqrt(norms) * np.exp(log_t)) @ _WEIGHTS)
