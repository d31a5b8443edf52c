r"""Lemma 3 of Li with constants: how near the empirical kernels are to their limits.

The document hides constants in a letter C and takes the bound from generic chaining. The bounds
here are ours: symmetrisation and contraction give the same law in width and dimension, with
explicit constants, from second moments of the inner weights alone.
"""

import math

from companion.activations import Activation


def mean_outer_deviation(
    activation: Activation, *, width: int, second_moment: float, radius: float
) -> float:
    r"""Bound on the mean of the largest one-sided distance of the outer kernel from its limit.

    .. math::
        \mathbb{E} \sup_{|x|, |y| \le X} \pm (D_n - D)(x, y) \le
        6\, \|\sigma\|_\infty \|\sigma'\|_\infty X\, \Big( \frac{\mathbb{E}|w|^2}{n} \Big)^{1/2},

    with 8 in place of 6 if :math:`\sigma` takes both signs.

    Parameters
    ----------
    activation
        The activation with its two suprema.
    width
        Number of neurons n.
    second_moment
        The mean of :math:`|w|^2`; d for standard Gaussian weights. Nothing else is asked of
        their law.
    radius
        The bound X on the norm of the points.

    Returns
    -------
    The bound, for either sign.

    Scale
    -----
    :math:`D_n` is a mean over neurons.

    Raises
    ------
    ValueError
        If a size is not positive.

    References
    ----------
    Derived here, by symmetrisation and contraction (M. Ledoux and M. Talagrand, "Probability in
    Banach spaces", Springer 1991, section 4.2). It proves Lemma 3 of L. Li, 2019, with a constant.
    """
    _require_positive(width=width, second_moment=second_moment, radius=radius)
    factor = 6 if activation.nonnegative else 8
    slope = activation.bound * activation.lipschitz
    return factor * slope * radius * math.sqrt(second_moment / width)


def outer_deviation_bound(
    activation: Activation, *, width: int, second_moment: float, radius: float, delta: float
) -> float:
    r"""Lemma 3 with its constants.

    .. math::
        \sup_{|x|, |y| \le X} |D_n - D| \le
        6\, \|\sigma\|_\infty \|\sigma'\|_\infty X \Big( \frac{\mathbb{E}|w|^2}{n} \Big)^{1/2}
        + \|\sigma\|_\infty^2 \Big( \frac{\log(2/\delta)}{2 n} \Big)^{1/2}

    with probability :math:`1 - \delta`; 8 for 6 and twice the last term if :math:`\sigma` takes
    both signs.

    Parameters
    ----------
    activation, width, second_moment, radius
        As in :func:`mean_outer_deviation`.
    delta
        The failure probability.

    Returns
    -------
    The bound.

    Scale
    -----
    As :func:`mean_outer_deviation`.

    Raises
    ------
    ValueError
        If a size is not positive or ``delta`` is not a probability.

    References
    ----------
    Derived here: :func:`mean_outer_deviation` and bounded differences, one neuron at a time. It
    replaces (3.9) in L. Li, 2019, where the logarithm multiplies the chaining functional.
    """
    mean = mean_outer_deviation(
        activation, width=width, second_moment=second_moment, radius=radius
    )
    spread = activation.bound**2 * (1 if activation.nonnegative else 2)
    return mean + spread * math.sqrt(_log_inverse(delta / 2) / (2 * width))


def inner_deviation_bound(
    activation: Activation, *, width: int, second_moment: float, radius: float, delta: float
) -> float:
    r"""The twin of Lemma 3 for the part of the Gram matrix that comes from the inner weights.

    .. math::
        \sup_{|x|, |y| \le X} |D'_n - D'| \le X^2 \Big(
        8\, \|\sigma'\|_\infty \mathrm{Lip}(\sigma') X
        \Big( \frac{\mathbb{E}|w|^2}{n} \Big)^{1/2}
        + 2 \|\sigma'\|_\infty^2 \Big( \frac{\log(2/\delta)}{2 n} \Big)^{1/2} \Big)

    Parameters
    ----------
    activation, width, second_moment, radius, delta
        As in :func:`outer_deviation_bound`.

    Returns
    -------
    The bound; infinite if :math:`\sigma'` is not Lipschitz.

    Scale
    -----
    Outer weights of size one.

    Raises
    ------
    ValueError
        As :func:`outer_deviation_bound`.

    References
    ----------
    Derived here, as :func:`outer_deviation_bound`, for :math:`\sigma'` in place of
    :math:`\sigma`. L. Li, 2019, does not need it; the corrected form of his Theorem 1 does.
    """
    _require_positive(width=width, second_moment=second_moment, radius=radius)
    slope = activation.lipschitz * activation.derivative_lipschitz
    mean = 8 * slope * radius * math.sqrt(second_moment / width)
    noise = 2 * activation.lipschitz**2 * math.sqrt(_log_inverse(delta / 2) / (2 * width))
    return radius**2 * (mean + noise)


def union_deviation_bound(
    activation: Activation, *, width: int, num_samples: int, delta: float
) -> float:
    r"""What the union bound gives for the distance of the kernels on finitely many points.

    .. math::
        \max_{i, j \le M} |D_n(x_i, x_j) - D(x_i, x_j)| \le
        \|\sigma\|_\infty^2 \Big( \frac{\log(M (M + 1) / \delta)}{2 n} \Big)^{1/2}

    Parameters
    ----------
    activation
        A bounded activation that is not negative.
    width
        Number of neurons n.
    num_samples
        Number of points M.
    delta
        The failure probability.

    Returns
    -------
    The bound.

    Scale
    -----
    As :func:`mean_outer_deviation`. The number of pairs stands inside a logarithm.

    Raises
    ------
    ValueError
        If the activation takes both signs, a size is not positive or ``delta`` is not a
        probability.

    References
    ----------
    Hoeffding's inequality for each of the M (M + 1) / 2 pairs. L. Li, 2019, mentions this way
    before Proposition 1.
    """
    _require_positive(width=width, num_samples=num_samples)
    if not activation.nonnegative:
        raise ValueError(f"`activation` must not be negative; got {activation.name!r}.")
    exponent = math.log(num_samples * (num_samples + 1)) + _log_inverse(delta)
    return activation.bound**2 * math.sqrt(exponent / (2 * width))


def residual_form_gap(deviation: float, loss: float) -> float:
    r"""The right-hand side of (3.10), with its factor.

    .. math::
        \Big| \iint e(x) e(y) (D_n - D)(x, y)\, d\nu\, d\nu \Big|
        \le \sup|D_n - D| \Big( \int |e|\, d\nu \Big)^2 \le 2 \sup|D_n - D|\; \ell

    Parameters
    ----------
    deviation
        The supremum of the distance of the kernels.
    loss
        The loss.

    Returns
    -------
    The bound. For one data point at which the supremum is attained it is an equality.

    Scale
    -----
    Loss ``1/2 sum nu_i r_i**2`` with nu a probability.

    Raises
    ------
    ValueError
        If an argument is negative.

    References
    ----------
    L. Li, "On the convergence of gradient descent for two layer neural networks", 2019,
    eq. (3.10); the factor 2 is in his C.
    """
    for name, value in (("deviation", deviation), ("loss", loss)):
        if not value >= 0:
            raise ValueError(f"`{name}` must be non-negative; got {value}.")
    return 2 * deviation * loss


def _log_inverse(delta: float) -> float:
    if not 0 < delta < 1:
        raise ValueError(f"`delta` must lie strictly between 0 and 1; got {delta}.")
    return math.log(1 / delta)


def _require_positive(**values: float | int) -> None:
    for name, value in values.items():
        if not 0 < value < math.inf:
            raise ValueError(f"`{name}` must be positive and finite; got {value}.")
