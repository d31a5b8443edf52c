"""Right-hand sides of Lemmas 1 and 2 of Li, as printed and with their constants written out.

The document hides constants in a letter C. Here they are explicit, so that the lemmas can be held
against a run. Where the printed line misses a factor, the two versions stand side by side.
"""

import numpy as np
from jaxtyping import Float

from companion.activations import Activation

Curve = Float[np.ndarray, " t"]


def outer_energy_slope_as_printed(loss: Curve, *, target_bound: float) -> Curve:
    r"""The last member of (3.1), as printed.

    .. math::
        \tfrac12 \tfrac{d}{dt} \sum_i a_i^2 \le \|f\|_\infty \sqrt{\ell}

    Parameters
    ----------
    loss
        The loss, one value for each time.
    target_bound
        The supremum of the target.

    Returns
    -------
    The printed bound. It is violated, for example by one point with target 1 and output 0.9.

    Scale
    -----
    Loss ``1/2 sum nu_i r_i**2`` with nu a probability.

    Raises
    ------
    ValueError
        If ``target_bound`` or a loss is negative.

    References
    ----------
    L. Li, "On the convergence of gradient descent for two layer neural networks", 2019, eq. (3.1).
    """
    _check_non_negative(loss=loss, target_bound=target_bound)
    return target_bound * np.sqrt(loss)


def outer_energy_slope_bound(loss: Curve, *, target_bound: float) -> Curve:
    r"""The last member of (3.1) with the factor that the half in the loss brings.

    .. math::
        \tfrac12 \tfrac{d}{dt} \sum_i a_i^2 \le \|f\|_\infty \int |e|\, d\nu
            \le \|f\|_\infty \sqrt{2 \ell}

    Parameters
    ----------
    loss
        The loss, one value for each time.
    target_bound
        The supremum of the target.

    Returns
    -------
    The bound.

    Scale
    -----
    As :func:`outer_energy_slope_as_printed`.

    Raises
    ------
    ValueError
        If ``target_bound`` or a loss is negative.

    References
    ----------
    L. Li, "On the convergence of gradient descent for two layer neural networks", 2019, eq. (3.1),
    with ``sqrt(2)`` added.
    """
    return np.sqrt(2) * outer_energy_slope_as_printed(loss, target_bound=target_bound)


def inner_speed_constant(*, activation: Activation, radius: float) -> float:
    r"""The constant C of (3.2).

    .. math::
        |\dot w_i| \le C\, \frac{|a_i|}{\sqrt m} \sqrt{\ell}, \qquad
        C = \sqrt2\, \|\sigma'\|_\infty\, \sup |x|

    Parameters
    ----------
    activation
        The activation.
    radius
        The supremum of the norm of the points.

    Returns
    -------
    The constant. It depends on the points through their norm, which the display in the document's
    proof leaves out.

    Scale
    -----
    As :func:`outer_energy_slope_as_printed`; network with factor ``m**-0.5``; m is Li's n.

    Raises
    ------
    ValueError
        If ``radius`` is negative.

    References
    ----------
    L. Li, "On the convergence of gradient descent for two layer neural networks", 2019, eq. (3.2).
    """
    _check_non_negative(radius=radius)
    return float(np.sqrt(2) * activation.lipschitz * radius)


def remainder_constant(*, activation: Activation, radius: float) -> float:
    r"""The constant C of (3.5).

    .. math::
        C = 2 \sqrt2\, \|\sigma\|_\infty \|\sigma'\|_\infty^2 \sup |x|^2

    Parameters
    ----------
    activation
        The activation.
    radius
        The supremum of the norm of the points.

    Returns
    -------
    The constant: twice ``sup|sigma| sup|sigma'| sup|x|`` for the change of a product of two
    neurons, times the constant of (3.2).

    Scale
    -----
    As :func:`inner_speed_constant`.

    Raises
    ------
    ValueError
        If ``radius`` is negative.

    References
    ----------
    L. Li, "On the convergence of gradient descent for two layer neural networks", 2019, eq. (3.5).
    """
    speed = inner_speed_constant(activation=activation, radius=radius)
    return 2 * activation.bound * activation.lipschitz * radius * speed


def mean_displacement_bound(
    root_loss_integral: Curve, *, width: int, outer_energy: float, target_bound: float
) -> Curve:
    r"""The right-hand side of (3.7), with its constant mended.

    .. math::
        \frac1m \sum_i \int_0^t \frac{|a_i|}{\sqrt m} \sqrt\ell\, ds
        \le \frac{1}{m} \Bigl(\sum_i a_i(0)^2\Bigr)^{1/2} b
          + \frac23 \frac{(2 \sqrt2\, \|f\|_\infty)^{1/2}}{m}\, b^{3/2}

    Parameters
    ----------
    root_loss_integral
        The number b(t), the integral of the root of the loss, one value for each time.
    width
        Number of neurons m.
    outer_energy
        The sum of the squares of the outer weights at the start; m under Assumption 2.
    target_bound
        The supremum of the target.

    Returns
    -------
    The bound. The document prints ``2 sqrt(2) / 3 = 0.943`` for ``1.121`` before the last term.

    Scale
    -----
    As :func:`inner_speed_constant`.

    Raises
    ------
    ValueError
        If ``width`` is less than 1 or another argument is negative.

    References
    ----------
    L. Li, "On the convergence of gradient descent for two layer neural networks", 2019, eq. (3.7).
    """
    _check_non_negative(
        root_loss_integral=root_loss_integral, outer_energy=outer_energy, target_bound=target_bound
    )
    if width < 1:
        raise ValueError(f"`width` must be at least 1; got {width}.")
    first = np.sqrt(outer_energy) * root_loss_integral
    second = 2 / 3 * np.sqrt(2 * np.sqrt(2) * target_bound) * root_loss_integral**1.5
    return (first + second) / width


def remainder_bound(
    loss: Curve,
    root_loss_integral: Curve,
    *,
    width: int,
    outer_energy: float,
    target_bound: float,
    activation: Activation,
    radius: float,
) -> Curve:
    r"""The right-hand side of Lemma 2.

    .. math::
        R(t) \le 4 \sqrt2\, \|\sigma\|_\infty \|\sigma'\|_\infty^2 \sup|x|^2
            \Bigl( \frac{1}{\sqrt m} \Bigl(\frac1m \sum_i a_i(0)^2\Bigr)^{1/2} b
            + \frac23 (2 \sqrt2\, \|f\|_\infty)^{1/2} \frac{b^{3/2}}{m} \Bigr)\, \ell

    Parameters
    ----------
    loss, root_loss_integral
        The loss and the integral b of its root, one value for each time.
    width, outer_energy, target_bound
        As in :func:`mean_displacement_bound`.
    activation, radius
        As in :func:`remainder_constant`.

    Returns
    -------
    The bound.

    Scale
    -----
    As :func:`inner_speed_constant`.

    Raises
    ------
    ValueError
        If ``width`` is less than 1 or another argument is negative.

    References
    ----------
    L. Li, "On the convergence of gradient descent for two layer neural networks", 2019, Lemma 2.
    """
    _check_non_negative(loss=loss)
    displacement = mean_displacement_bound(
        root_loss_integral, width=width, outer_energy=outer_energy, target_bound=target_bound
    )
    # (int |e|)^2 <= 2 loss.
    constant = remainder_constant(activation=activation, radius=radius)
    return constant * displacement * 2 * loss


def _check_non_negative(**values: float | Curve) -> None:
    for name, value in values.items():
        if not np.all(np.asarray(value) >= 0):
            raise ValueError(f"`{name}` must be non-negative; got {value}.")
