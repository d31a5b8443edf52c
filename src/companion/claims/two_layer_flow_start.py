r"""The size of the network at the start: (3.11), Lemma 4 of Li, and what replaces it.

The supremum over the sphere lies between two multiples of :math:`\sqrt d`. What the document needs
is smaller: the norm in :math:`L^2(\nu)`, which depends neither on the dimension nor on the data.
"""

import math

from companion.activations import Activation


def mean_supremum_bound(activation: Activation, *, second_moment: float, radius: float) -> float:
    r"""Bound on the mean of the largest value of the initial network.

    .. math::
        \mathbb{E} \sup_{|x| \le X} \pm f_m(x, 0)
        \le \|\sigma'\|_\infty X\, (\mathbb{E}|w|^2)^{1/2}

    Parameters
    ----------
    activation
        The activation.
    second_moment
        The mean of :math:`|w|^2`: d for standard Gaussian weights, one for weights on the unit
        sphere.
    radius
        The bound X on the norm of the points.

    Returns
    -------
    The bound, for either sign. It does not depend on the width.

    Scale
    -----
    Network with factor ``m**-0.5`` and fair signs as outer weights.

    Raises
    ------
    ValueError
        If a size is not positive.

    References
    ----------
    Derived here, by contraction (M. Ledoux and M. Talagrand, "Probability in Banach spaces",
    Springer 1991, section 4.2): the outer weights are the random signs. It is (3.11) of L. Li,
    2019, with a constant.
    """
    _require_positive(second_moment=second_moment, radius=radius)
    return activation.lipschitz * radius * math.sqrt(second_moment)


def supremum_bound(
    activation: Activation, *, second_moment: float, radius: float, delta: float
) -> float:
    r"""The bound (3.11) with its constants.

    .. math::
        \sup_{|x| \le X} |f_m(x, 0)| \le \|\sigma'\|_\infty X\, (\mathbb{E}|w|^2)^{1/2}
        + \|\sigma\|_\infty (2 \log(2/\delta))^{1/2}

    with probability :math:`1 - \delta`.

    Parameters
    ----------
    activation, second_moment, radius
        As in :func:`mean_supremum_bound`.
    delta
        The failure probability.

    Returns
    -------
    The bound.

    Scale
    -----
    As :func:`mean_supremum_bound`.

    Raises
    ------
    ValueError
        If a size is not positive or ``delta`` is not a probability.

    References
    ----------
    Derived here: :func:`mean_supremum_bound` and bounded differences, one neuron at a time.
    """
    mean = mean_supremum_bound(activation, second_moment=second_moment, radius=radius)
    return mean + activation.bound * math.sqrt(2 * _log_inverse(delta / 2))


def norm_bound(activation: Activation, *, delta: float) -> float:
    r"""Bound on the initial network in the norm that the loss sees.

    .. math::
        \|f_m(\cdot, 0)\|_{L^2(\nu)} \le \|\sigma\|_\infty \big( 1 + (2 \log(1/\delta))^{1/2} \big)

    with probability :math:`1 - \delta`, for each fixed probability :math:`\nu`.

    Parameters
    ----------
    activation
        A bounded activation.
    delta
        The failure probability.

    Returns
    -------
    The bound: no dimension, no width, no number of points, no law of the inner weights.

    Scale
    -----
    As :func:`mean_supremum_bound`.

    Raises
    ------
    ValueError
        If ``delta`` is not a probability.

    References
    ----------
    Derived here: the mean square is at most the square of the first term, and one sign moves the
    norm by at most :math:`2 \|\sigma\|_\infty / \sqrt m`. It replaces Lemma 4 of L. Li, 2019.
    """
    return activation.bound * (1 + math.sqrt(2 * _log_inverse(delta)))


def initial_loss_bound(activation: Activation, *, delta: float, target_bound: float) -> float:
    r"""Bound on the loss at the start.

    .. math::
        \ell(0) \le \|f_m(\cdot, 0)\|^2 + \|f\|^2 \le
        \|\sigma\|_\infty^2 \big( 1 + (2 \log(1/\delta))^{1/2} \big)^2 + \|f\|_\infty^2

    Parameters
    ----------
    activation, delta
        As in :func:`norm_bound`.
    target_bound
        The supremum of the target.

    Returns
    -------
    The bound, of order :math:`\log(1/\delta)` as the proof of Theorem 1 has it.

    Scale
    -----
    Loss ``1/2 sum nu_i r_i**2`` with nu a probability.

    Raises
    ------
    ValueError
        If ``delta`` is not a probability or ``target_bound`` is negative.

    References
    ----------
    Derived here; L. Li, 2019, proof of Theorem 1, the event. From (3.12) as printed one would get
    the square of the logarithm.
    """
    if not target_bound >= 0:
        raise ValueError(f"`target_bound` must be non-negative; got {target_bound}.")
    return norm_bound(activation, delta=delta) ** 2 + target_bound**2


def _log_inverse(delta: float) -> float:
    if not 0 < delta < 1:
        raise ValueError(f"`delta` must lie strictly between 0 and 1; got {delta}.")
    return math.log(1 / delta)


def _require_positive(**values: float | int) -> None:
    for name, value in values.items():
        if not 0 < value < math.inf:
            raise ValueError(f"`{name}` must be positive and finite; got {value}.")
