r"""Right-hand sides for Corollary 1 of Li (document `two_layer_flow`): floors and sizes.

The floor is ours and refutes the corollary; the sizes are those of its proof, with the constants
that the document hides in a letter C and the power of the dimension that it leaves out.
"""

import math

from companion.activations import Activation


def ridge_floor(degree: int, *, width: int) -> float:
    r"""What no network of a fixed width can fall below on one polynomial.

    .. math::
        \frac{\| p_k - \sum_{i=1}^m g_i(w_i \cdot x) \|^2}{\| p_k \|^2} \ge
        \max\Bigl( \frac{1}{m + 1},\; 1 - \frac{m}{\lfloor k / m \rfloor + 1} \Bigr)
        \qquad (k \ge m)

    for all directions and all profiles, hence for all activations, weights and biases.

    Parameters
    ----------
    degree
        The degree k of the Legendre polynomial in :math:`p_k(x) = P_k(2 |x|^2 - 1)`.
    width
        The number of neurons m.

    Returns
    -------
    The floor. It is zero for ``width > degree``, where m ridge functions do represent
    :math:`p_k`, and tends to one with the degree at every width.

    Scale
    -----
    Relative squared error in L2 of a disc on which :math:`p_k` is centred, or of a disc times any
    set of further coordinates. The loss is half of it times the mean square of the target.

    Raises
    ------
    ValueError
        If ``width`` is less than 1 or ``degree`` is negative.

    References
    ----------
    Derived here; it contradicts Corollary 1 of L. Li, "On the convergence of gradient descent for
    two layer neural networks", 2019. m is his n.
    """
    _check_width(width)
    if degree < 0:
        raise ValueError(f"`degree` must not be negative; got {degree}.")
    if degree < width:
        return 0.0
    return max(1 / (width + 1), 1 - width / (degree // width + 1))


def outer_norm_bound(path: float, *, width: int, target_bound: float) -> float:
    r"""Bound on the norm of the outer weights along the flow, hence on each of them.

    .. math::
        \Bigl( \sum_i a_i(t)^2 \Bigr)^{1/2} \le \sqrt{m + 2 \|f\|_\infty\, \rho}

    Parameters
    ----------
    path
        The length :math:`\rho = \int_0^t \|e\|_{L^2(\nu)}`, finite at every finite time.
    width
        The width m; the outer weights begin at plus or minus one.
    target_bound
        The supremum of the target.

    Returns
    -------
    The bound.

    Scale
    -----
    Network with factor ``m**-0.5``; loss ``1/2 sum nu_i e_i**2`` with nu a probability;
    :math:`\rho` is :math:`\sqrt 2` times Li's b(t).

    Raises
    ------
    ValueError
        If ``width`` is less than 1, or another argument is negative or not a number.

    References
    ----------
    L. Li, "On the convergence of gradient descent for two layer neural networks", 2019, proof of
    Corollary 1; from Lemma 1. m is his n.
    """
    _check_width(width)
    _check_sizes(path=path, target_bound=target_bound)
    return math.sqrt(width + 2 * target_bound * path)


def inner_norm_bound(
    path: float,
    *,
    width: int,
    inner_norm: float,
    target_bound: float,
    activation: Activation,
    radius: float,
) -> float:
    r"""Bound on the norm of all inner weights along the flow, hence on each of them.

    .. math::
        \Bigl( \sum_i |w_i(t)|^2 \Bigr)^{1/2} \le \Bigl( \sum_i |w_i(0)|^2 \Bigr)^{1/2}
        + \|\sigma'\|_\infty X \rho\, \sqrt{1 + 2 \|f\|_\infty\, \rho / m}

    Parameters
    ----------
    path, width, target_bound
        As in :func:`outer_norm_bound`.
    inner_norm
        The norm at the start: close to the root of ``width * input_dim`` for Gaussian weights.
    activation
        The activation, for the supremum of its slope.
    radius
        The bound X on the norm of the points.

    Returns
    -------
    The bound.

    Scale
    -----
    As :func:`outer_norm_bound`.

    Raises
    ------
    ValueError
        As :func:`outer_norm_bound`.

    References
    ----------
    L. Li, "On the convergence of gradient descent for two layer neural networks", 2019, proof of
    Corollary 1, where the norm at the start is taken to be bounded. m is his n.
    """
    _check_sizes(inner_norm=inner_norm, radius=radius)
    outer = outer_norm_bound(path, width=width, target_bound=target_bound) / math.sqrt(width)
    return inner_norm + activation.lipschitz * radius * path * outer


def network_lipschitz_bound(
    path: float,
    *,
    width: int,
    inner_norm: float,
    target_bound: float,
    activation: Activation,
    radius: float,
) -> float:
    r"""Bound on the Lipschitz constant of the network as a function of the input.

    .. math::
        \mathrm{Lip}(f_m) \le \frac{\|\sigma'\|_\infty}{\sqrt m}
        \Bigl( \sum_i a_i^2 \Bigr)^{1/2} \Bigl( \sum_i |w_i|^2 \Bigr)^{1/2}

    Parameters
    ----------
    path, width, inner_norm, target_bound, activation, radius
        As in :func:`inner_norm_bound`.

    Returns
    -------
    The bound with the two sums replaced by theirs. With :math:`\sum_i |w_i(0)|^2 \approx m d` it
    grows like the root of ``m d``; it does not count the points.

    Scale
    -----
    As :func:`outer_norm_bound`.

    Raises
    ------
    ValueError
        As :func:`outer_norm_bound`.

    References
    ----------
    L. Li, "On the convergence of gradient descent for two layer neural networks", 2019, proof of
    Corollary 1, last display. m is his n.
    """
    outer = outer_norm_bound(path, width=width, target_bound=target_bound)
    inner = inner_norm_bound(
        path,
        width=width,
        inner_norm=inner_norm,
        target_bound=target_bound,
        activation=activation,
        radius=radius,
    )
    return activation.lipschitz * outer * inner / math.sqrt(width)


def inner_norm_tail(*, width: int, input_dim: int) -> float:
    r"""Bound on the probability that the inner weights begin far out.

    .. math::
        P\Bigl( \sum_i |w_i(0)|^2 > 2 m d \Bigr) \le e^{-m d (1 - \log 2) / 2}

    Parameters
    ----------
    width, input_dim
        The width m and the dimension d.

    Returns
    -------
    The bound.

    Scale
    -----
    Gaussian inner weights with unit covariance: the sum is a chi-square variable with m d degrees
    of freedom.

    Raises
    ------
    ValueError
        If a number is less than 1.

    References
    ----------
    Derived here (Chernoff's bound at 1/4). It replaces the event of bounded sum in the proof of
    Corollary 1 of L. Li, "On the convergence of gradient descent for two layer neural networks",
    2019, whose probability tends to zero. m is his n.
    """
    _check_width(width)
    if input_dim < 1:
        raise ValueError(f"`input_dim` must be at least 1; got {input_dim}.")
    return math.exp(-width * input_dim * (1 - math.log(2)) / 2)


def _check_width(width: int) -> None:
    if width < 1:
        raise ValueError(f"`width` must be at least 1; got {width}.")


def _check_sizes(**sizes: float) -> None:
    for name, size in sizes.items():
        if not 0 <= size < math.inf:
            raise ValueError(f"`{name}` must be non-negative and finite; got {size}.")
