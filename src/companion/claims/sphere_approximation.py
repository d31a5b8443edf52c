"""Exponents of the theorem of Welper (document `sphere_approximation`), as reconstructed here.

The document at hand is a digest. The theorem below is put together from its wording and the
argument it names; exponents follow from that argument, constants do not.
"""


def coercivity_order(input_dim: int, *, continuous_derivatives: int) -> float:
    r"""Order of coercivity of the tangent kernel on the sphere.

    .. math::
        \mu_k \sim k^{-2 \beta}, \qquad \beta = \frac d2 + r

    Parameters
    ----------
    input_dim
        The d of the sphere :math:`S^{d-1}` in :math:`\mathbb{R}^d`.
    continuous_derivatives
        The number r of continuous derivatives of the activation before one jumps: 0 for ReLU, 1
        for ELU. For a smooth activation there is no such order.

    Returns
    -------
    The order beta.

    Scale
    -----
    Eigenvalues on spherical harmonics of degree k, uniform probability measure; two hidden layers
    or more, so that both parities are there.

    Raises
    ------
    ValueError
        If ``input_dim`` is less than 2 or ``continuous_derivatives`` is negative.

    References
    ----------
    G. Welper, arXiv:2309.04860, known through a digest; for ReLU, A. Bietti and F. Bach, "Deep
    equals shallow for ReLU networks in kernel regimes", ICLR 2021.
    """
    if input_dim < 2 or continuous_derivatives < 0:
        raise ValueError(
            "`input_dim` must be at least 2 and `continuous_derivatives` nonnegative; "
            f"got {input_dim} and {continuous_derivatives}."
        )
    return input_dim / 2 + continuous_derivatives


def width_exponent(smoothness: float, *, coercivity_order: float, holder: float) -> float:
    r"""Power of the width at which the error falls in the reconstructed theorem.

    .. math::
        \|\kappa\|_{L^2} \sim m^{-\rho}, \qquad
        \rho = \frac{\alpha \gamma}{4 (\beta (1 + \gamma) - \alpha)}

    Parameters
    ----------
    smoothness
        The alpha of the target, in (0, 1/2).
    coercivity_order
        The order beta of the kernel.
    holder
        The exponent gamma in (0, 1] with which the kernel depends on the weights.

    Returns
    -------
    The exponent rho.

    Scale
    -----
    Of the L2 norm on the sphere, at the plateau that the error reaches.

    Raises
    ------
    ValueError
        If an argument is out of its range, or ``coercivity_order`` is not above ``smoothness``.

    References
    ----------
    G. Welper, arXiv:2309.04860, known through a digest; derived here from its argument.
    """
    if not 0 < smoothness <= 0.5 or not 0 < holder <= 1 or not coercivity_order > smoothness:
        raise ValueError(
            "`smoothness` must lie in (0, 1/2], `holder` in (0, 1] and `coercivity_order` above "
            f"the smoothness; got {smoothness}, {holder} and {coercivity_order}."
        )
    return smoothness * holder / (4 * (coercivity_order * (1 + holder) - smoothness))
