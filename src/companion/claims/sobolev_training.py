"""Right-hand sides of the statements of Cocola and Hand (document `sobolev_training`).

What replaces a statement that is not true stands in
:mod:`companion.claims.sobolev_training_corrected`.
"""


def lambda_star_bound(
    separation: float, *, tangency_defect: float, num_directions: int, num_samples: int
) -> float:
    r"""Lower bound of the smallest eigenvalue at infinite width.

    .. math::
        \lambda_\star \ge \frac{(1 - k \delta_2)\, \delta_1}{100\, n^2}

    Parameters
    ----------
    separation
        :math:`\delta_1`, the smallest distance between a point and plus or minus another.
    tangency_defect
        :math:`\delta_2`, the largest inner product of a direction with its point.
    num_directions
        k, directions per point; 0 for training on values alone.
    num_samples
        n.

    Returns
    -------
    The bound.

    Scale
    -----
    Points of norm one, weights N(0, I), the Gram matrix of the plain sum over values and
    directional derivatives, with the two factors 1/sqrt(m) of the network inside.

    Raises
    ------
    ValueError
        If ``separation`` or ``tangency_defect`` is negative, ``num_directions`` is negative,
        ``k * tangency_defect`` is not below one, or ``num_samples`` is less than one.

    References
    ----------
    J. Cocola and P. Hand, "Global convergence of Sobolev training for overparameterized neural
    networks", arXiv:2006.07928, Proposition 1.
    """
    if not separation >= 0:
        raise ValueError(f"`separation` must be nonnegative; got {separation}.")
    if num_directions < 0 or num_samples < 1:
        raise ValueError(
            f"`num_directions` must be nonnegative and `num_samples` positive; "
            f"got {num_directions} and {num_samples}."
        )
    if not 0 <= num_directions * tangency_defect < 1:
        raise ValueError(
            "`tangency_defect` must lie in [0, 1 / num_directions); "
            f"got {tangency_defect} with {num_directions} directions."
        )
    return (1 - num_directions * tangency_defect) * separation / (100 * num_samples**2)


def decay_rate(lambda_star: float) -> float:
    r"""Rate of the squared residuals in Theorem 1.

    .. math::
        |e(t)|^2 + |S(t)|^2 \le e^{-\lambda_\star t}\, (|e(0)|^2 + |S(0)|^2)

    Parameters
    ----------
    lambda_star
        Smallest eigenvalue at infinite width.

    Returns
    -------
    The exponent, which is that eigenvalue.

    Scale
    -----
    Of the square of the residual, in the time of the flow of half the sum of squares.

    Raises
    ------
    ValueError
        If ``lambda_star`` is not positive.

    References
    ----------
    J. Cocola and P. Hand, arXiv:2006.07928, Theorem 1.
    """
    if not lambda_star > 0:
        raise ValueError(f"`lambda_star` must be positive; got {lambda_star}.")
    return lambda_star
