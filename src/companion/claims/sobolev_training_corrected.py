"""What replaces Theorem 1 of Cocola and Hand (document `sobolev_training`) on values alone.

For directional derivatives the equation of motion (14) misses a term that does not vanish with
the width. Without directions (k = 0) the argument stands, and with the initial weights at hand
it needs neither their law nor an unnamed constant: the neurons that may change side are counted.
"""

import math


def neuron_displacement(
    outer_weight: float, *, residual_norm: float, lambda_min: float, data_norm: float
) -> float:
    r"""Largest displacement of one neuron while the kernel keeps half of its smallest eigenvalue.

    .. math::
        |w_r(t) - w_r(0)| \le \frac{2\, |a_r|\, \|X\|\, |s_0|}{\lambda}

    Parameters
    ----------
    outer_weight
        :math:`|a_r|`, with the factor of the network in it.
    residual_norm
        :math:`|s_0|`, the norm of the initial residual, weighted by nu.
    lambda_min
        Smallest eigenvalue of the weighted Gram matrix at the start.
    data_norm
        Operator norm of the matrix of the points times the square roots of their weights.

    Returns
    -------
    The bound; infinite if ``lambda_min`` is zero.

    Scale
    -----
    Time does not enter. Network ``sum_r a_r relu(w_r . x)`` with the a_r fixed.

    Raises
    ------
    ValueError
        If an argument is negative or not a number.

    Notes
    -----
    While the smallest eigenvalue is at least :math:`\lambda / 2`, :math:`|s|` falls at the rate
    :math:`\lambda / 2`, so :math:`\int |s| \le 2 |s_0| / \lambda`; and
    :math:`|\dot w_r| = |a_r|\, |\sum_i \nu_i e_i g_{ir} x_i| \le |a_r|\, \|X\|\, |s|` for gates
    :math:`g_{ir}` between 0 and 1, which covers the motion along a kink.

    References
    ----------
    Derived here; it is Lemma 4 of J. Cocola and P. Hand, arXiv:2006.07928, for k = 0, with the
    operator norm in place of the sum over the points.
    """
    for name, value in (
        ("outer_weight", outer_weight),
        ("residual_norm", residual_norm),
        ("lambda_min", lambda_min),
        ("data_norm", data_norm),
    ):
        if not value >= 0:
            raise ValueError(f"`{name}` must be nonnegative; got {value}.")
    if lambda_min == 0:
        return math.inf
    return 2 * outer_weight * data_norm * residual_norm / lambda_min
