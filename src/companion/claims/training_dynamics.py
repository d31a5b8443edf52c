"""Right-hand sides of the statements of Wu (document `training_dynamics`).

What replaces a statement that is not true stands in
:mod:`companion.claims.training_dynamics_corrected`.
"""

import math


def gradient_bound(loss: float, *, time: float) -> float:
    r"""Bound of the smallest gradient up to a time, for any loss that is bounded below by zero.

    .. math::
        \min_{s \le t} |\nabla \ell(\theta(s))| \le \sqrt{\ell(\theta_0) / t}

    Parameters
    ----------
    loss
        Loss at the start; the document subtracts its infimum.
    time
        The time t.

    Returns
    -------
    The bound.

    Scale
    -----
    Any: the statement is about the flow of the loss itself.

    Raises
    ------
    ValueError
        If ``loss`` is negative or ``time`` is not positive.

    References
    ----------
    L. Wu, "Training neural networks: dynamics and convergence", lecture slides, 2021, Theorem 1.
    """
    if not loss >= 0 or not time > 0:
        raise ValueError(f"`loss` must be nonnegative and `time` positive; got {loss} and {time}.")
    return math.sqrt(loss / time)


def convex_bound(distance: float, *, time: float) -> float:
    r"""Excess of a convex loss over its minimum.

    .. math::
        \ell(\theta(t)) - \ell(\theta^*) \le \frac{|\theta^* - \theta_0|^2}{2t}

    Parameters
    ----------
    distance
        Distance of the start from a minimiser.
    time
        The time t.

    Returns
    -------
    The bound.

    Scale
    -----
    Any: the statement is about the flow of the loss itself.

    Raises
    ------
    ValueError
        If ``distance`` is negative or ``time`` is not positive.

    References
    ----------
    L. Wu, lecture slides, 2021, Theorem 2.
    """
    if not distance >= 0 or not time > 0:
        raise ValueError(
            f"`distance` must be nonnegative and `time` positive; got {distance} and {time}."
        )
    return distance**2 / (2 * time)


def risk_decay_rate(lambda_star: float, *, width: int) -> float:
    r"""Rate of the risk in Theorem 10.

    .. math::
        \hat{\mathcal{R}}_n(\theta(t)) \le e^{-m \lambda_n(K)\, t}\, \hat{\mathcal{R}}_n(\theta_0)

    Parameters
    ----------
    lambda_star
        :math:`\lambda_n(K)`, smallest eigenvalue of the kernel of the outer weights.
    width
        m.

    Returns
    -------
    The exponent m times lambda.

    Scale
    -----
    Time of the printed flow (0.20), that of half the sum of squares; for the printed risk (0.19),
    half the mean, time runs n times slower. Network without a factor of the width.

    Raises
    ------
    ValueError
        If ``lambda_star`` is negative or ``width`` is less than one.

    References
    ----------
    L. Wu, lecture slides, 2021, Theorem 10.
    """
    if not lambda_star >= 0 or width < 1:
        raise ValueError(
            "`lambda_star` must be nonnegative and `width` positive; "
            f"got {lambda_star} and {width}."
        )
    return width * lambda_star


def random_feature_width(lambda_star: float, *, num_samples: int, delta: float) -> float:
    r"""Width of Theorem 13, up to a constant that the document does not name.

    .. math::
        m \gtrsim \frac{n^4}{\lambda_n^2(K)} \log \frac{n^2}{\delta}

    Parameters
    ----------
    lambda_star
        :math:`\lambda_n(K)`.
    num_samples
        n.
    delta
        Failure probability.

    Returns
    -------
    The right-hand side with the constant one.

    Scale
    -----
    A number of neurons.

    Raises
    ------
    ValueError
        If ``lambda_star`` is not positive, ``num_samples`` is less than one, or ``delta`` is not
        in (0, 1).

    References
    ----------
    L. Wu, lecture slides, 2021, Theorem 13, after W. E, C. Ma and L. Wu (2019).
    """
    if not lambda_star > 0 or num_samples < 1 or not 0 < delta < 1:
        raise ValueError(
            "`lambda_star` and `num_samples` must be positive and `delta` in (0, 1); "
            f"got {lambda_star}, {num_samples} and {delta}."
        )
    return num_samples**4 / lambda_star**2 * math.log(num_samples**2 / delta)
