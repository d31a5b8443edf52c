"""Right-hand sides of the statements that replace Theorem 1 of Li (document `two_layer_flow`).

The document's own right-hand sides are in :mod:`companion.claims.two_layer_flow`. These are ours:
they are derived on the page `what-remains-true`, need one hypothesis more (sigma' Lipschitz), and
speak of the flow of e' = -K_t e in L2(nu), where nu is a probability and K_t = outer + inner part.
"""

import math

from scipy.optimize import brentq

from companion.activations import Activation


def kernel_drift_bound(
    root_loss_path: float, *, width: int, activation: Activation, radius: float
) -> float:
    r"""Largest change of an entry of the Gram matrix along a flow of given length.

    .. math::
        \sup_{x, y} |K_t - K_0| \le 2 s_0 s_1 X \omega + (2 \alpha + \alpha^2) s_1^2 X^2
            + 2 s_1 s_2 X^3 \omega, \qquad
        \alpha = \frac{s_0 \rho}{\sqrt m}, \quad \omega = \frac{(1 + \alpha) s_1 X \rho}{\sqrt m},

    with :math:`s_0, s_1, s_2` the suprema of :math:`|\sigma|, |\sigma'|` and the Lipschitz
    constant of :math:`\sigma'`, and :math:`X = \sup |x|`.

    Parameters
    ----------
    root_loss_path
        The length :math:`\rho = \int_0^t \|e(s)\|_{L^2(\nu)}\, ds`; at most ``t`` times the
        initial norm, because the loss does not increase.
    width
        Number of neurons m.
    activation
        The activation, with its three suprema.
    radius
        The bound X on the norm of the points.

    Returns
    -------
    The bound. Infinite if one of the suprema is.

    Scale
    -----
    Network with factor ``m**-0.5`` and outer weights of size one at the start; nu a probability;
    time of the flow of the loss ``1/2 sum nu_i e_i**2``. :math:`\rho` is :math:`\sqrt 2` times
    Li's b(t).

    Raises
    ------
    ValueError
        If ``root_loss_path`` is negative or not a number, ``width`` is less than 1, or ``radius``
        is not positive and finite.

    References
    ----------
    Derived here from eqs. (2.3)-(2.6) of L. Li, "On the convergence of gradient descent for two
    layer neural networks", 2019; m is his n. It replaces his Lemma 2 by a bound that holds for
    each entry and does not depend on the initial draw.
    """
    if not root_loss_path >= 0:
        raise ValueError(f"`root_loss_path` must be non-negative; got {root_loss_path}.")
    _check_network(width, radius)
    s_0, s_1, s_2 = activation.bound, activation.lipschitz, activation.derivative_lipschitz
    outer = s_0 * root_loss_path / math.sqrt(width)
    inner = (1 + outer) * s_1 * radius * root_loss_path / math.sqrt(width)
    return (
        2 * s_0 * s_1 * radius * inner
        + (2 * outer + outer**2) * s_1**2 * radius**2
        + 2 * s_1 * s_2 * radius**3 * inner
    )


def tracking_bound(
    time: float,
    *,
    residual_norm: float,
    kernel_distance: float,
    width: int,
    activation: Activation,
    radius: float,
) -> float:
    r"""Distance of the residual of a finite network from the flow of the limiting kernel.

    .. math::
        \|e(t) - e^{-t K_\infty} e(0)\|_{L^2(\nu)}
            \le t\, \|e(0)\|\, \bigl(\|K_0 - K_\infty\| + \text{drift}(t \|e(0)\|)\bigr)

    Parameters
    ----------
    time
        The time t.
    residual_norm
        Norm of the initial residual in L2(nu).
    kernel_distance
        Operator norm of the initial difference of the kernels in L2(nu).
    width, activation, radius
        As in :func:`kernel_drift_bound`.

    Returns
    -------
    The bound, for all times up to ``time`` at once.

    Scale
    -----
    As :func:`kernel_drift_bound`. Nothing in it counts the data points.

    Raises
    ------
    ValueError
        If a length is negative or not a number, or as :func:`kernel_drift_bound`.

    References
    ----------
    Derived here; the corrected form of Theorem 1 of L. Li, "On the convergence of gradient descent
    for two layer neural networks", 2019. Lemma 3 there and its twin for sigma' bound
    ``kernel_distance`` by a multiple of ``sqrt(d / m)``.
    """
    for name, value in (
        ("time", time),
        ("residual_norm", residual_norm),
        ("kernel_distance", kernel_distance),
    ):
        if not value >= 0:
            raise ValueError(f"`{name}` must be non-negative; got {value}.")
    drift = kernel_drift_bound(
        time * residual_norm, width=width, activation=activation, radius=radius
    )
    return time * residual_norm * (kernel_distance + drift)


def fixed_sample_width(
    lambda_star: float, *, residual_norm: float, activation: Activation, radius: float
) -> int:
    r"""Width at which the kernel keeps half of its smallest eigenvalue for ever.

    .. math::
        \text{drift}\Bigl(\frac{2 \|e(0)\|}{\lambda_\star}\Bigr) \le \frac{\lambda_\star}{4}

    If in addition :math:`\|K_0 - K_\infty\| \le \lambda_\star / 4`, then
    :math:`\ell(t) \le \ell(0) e^{-\lambda_\star t}` for all t.

    Parameters
    ----------
    lambda_star
        Smallest eigenvalue of the limiting kernel in L2(nu), for a sample of fixed size.
    residual_norm
        Norm of the initial residual in L2(nu).
    activation, radius
        As in :func:`kernel_drift_bound`.

    Returns
    -------
    The smallest sufficient width. It grows like ``lambda_star**-4``.

    Scale
    -----
    As :func:`kernel_drift_bound`; ``lambda_star`` is an eigenvalue of ``diag(nu) K``.

    Raises
    ------
    ValueError
        If ``lambda_star`` or ``residual_norm`` is not positive and finite, the activation or its
        derivative is unbounded, sigma' is not Lipschitz, or as :func:`kernel_drift_bound`.

    References
    ----------
    Derived here; the argument (the kernel cannot move far while the residual decays) is that of
    S. S. Du, X. Zhai, B. Poczos and A. Singh, ICLR 2019, section 3.
    """
    for name, value in (("lambda_star", lambda_star), ("residual_norm", residual_norm)):
        if not 0 < value < math.inf:
            raise ValueError(f"`{name}` must be positive and finite; got {value}.")
    _check_network(1, radius)
    path = 2 * residual_norm / lambda_star

    def excess(log_width: float) -> float:
        # The bound decreases in the width; a fraction of a neuron is harmless inside the search.
        scaled = path / math.sqrt(math.exp(log_width))
        return (
            kernel_drift_bound(scaled, width=1, activation=activation, radius=radius)
            - lambda_star / 4
        )

    if not math.isfinite(excess(0.0)):
        raise ValueError(
            f"`activation` must be bounded with a bounded, Lipschitz derivative; got "
            f"{activation.name}."
        )
    if excess(0.0) <= 0:
        return 1
    upper = 1.0
    while excess(upper) > 0:
        upper *= 2
    return math.ceil(math.exp(brentq(excess, 0.0, upper, xtol=1e-12)))


def _check_network(width: int, radius: float) -> None:
    if width < 1:
        raise ValueError(f"`width` must be at least 1; got {width}.")
    if not 0 < radius < math.inf:
        raise ValueError(f"`radius` must be positive and finite; got {radius}.")
