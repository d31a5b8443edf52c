"""The phi functions, of which exponential integrators are made."""

from math import factorial

import numpy as np
from jaxtyping import Float

from companion.numerics.finite import require_finite

NEAR_ZERO = 1.5  # up to here the series, which needs no more than its first 24 terms
TERMS = 24
HIGHEST = 6


def phi(z: Float[np.ndarray, "..."], *, highest: int = 4) -> Float[np.ndarray, "k ..."]:
    r"""The functions phi_0, ..., phi_highest at real arguments.

    .. math::
        \varphi_0(z) = e^z, \qquad
        \varphi_k(z) = \int_0^1 e^{(1-s) z}\, \frac{s^{k-1}}{(k-1)!}\, ds
        = \sum_{j \ge 0} \frac{z^j}{(j+k)!}

    Parameters
    ----------
    z
        Arguments of either sign and any size.
    highest
        The last k, at most 6.

    Returns
    -------
    ``[k, ...]`` is phi_k of every argument.

    Scale
    -----
    ``phi_k(0) = 1 / k!``; all are positive and increase. Where the exponential overflows, all are
    infinite.

    Raises
    ------
    ValueError
        If ``highest`` is out of range or an argument is not finite.

    Notes
    -----
    The recursion ``phi_k(z) = (phi_{k-1}(z) - 1/(k-1)!) / z`` cancels near zero, where the series
    takes its place. Where they meet, the recursion has lost one digit for k = 4.

    References
    ----------
    M. Hochbruck and A. Ostermann, "Exponential integrators", Acta Numerica 19, 2010, eqs. (2.10)
    and (2.11).
    """
    if not 0 <= highest <= HIGHEST:
        raise ValueError(f"`highest` must lie in [0, {HIGHEST}]; got {highest}.")
    require_finite(z, "z")
    near = np.abs(z) <= NEAR_ZERO
    away = np.where(near, 1.0, z)
    values = np.empty((highest + 1, *z.shape))
    with np.errstate(over="ignore"):
        np.exp(z, out=values[0, ...])
        if highest:
            values[1] = np.expm1(away) / away
    for k in range(1, highest):
        values[k + 1] = (values[k] - 1 / factorial(k)) / away
    if near.any():
        powers = np.vander(z[near], TERMS, increasing=True)
        values[1:, near] = (powers @ _SERIES[:, :highest]).T
    return values


_SERIES = np.array([[1 / factorial(j + k) for k in range(1, HIGHEST + 1)] for j in range(TERMS)])
