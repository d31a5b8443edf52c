"""The rules that numbers passed to this room obey: positive, or a probability."""

import math


def require_positive(**arguments: float | int) -> None:
    r"""Raise an error that names the first argument which is not positive and finite.

    .. math::
        0 < v < \infty

    Parameters
    ----------
    arguments
        The values under the names by which the caller's user knows them.

    Returns
    -------
    Nothing.

    Scale
    -----
    None: only the sign and finiteness are tested; NaN is refused.

    Raises
    ------
    ValueError
        If a value is zero, negative, infinite or NaN.

    References
    ----------
    .. [1] IEEE 754-2019, section 5.11 (comparisons with NaN are false).
    """
    for name, value in arguments.items():
        if not 0 < value < math.inf:
            raise ValueError(
                f"`{name}` must be positive and finite; got {value}. Pass a positive number."
            )


def require_probability(delta: float) -> None:
    r"""Raise an error unless the failure probability is strictly between 0 and 1.

    .. math::
        0 < \delta < 1

    Parameters
    ----------
    delta
        The failure probability.

    Returns
    -------
    Nothing.

    Scale
    -----
    A probability, not a percentage.

    Raises
    ------
    ValueError
        If ``delta`` is not strictly between 0 and 1.

    References
    ----------
    .. [1] S. Boucheron, G. Lugosi, P. Massart, "Concentration inequalities", 2013, chapter 2.
    """
    if not 0 < delta < 1:
        raise ValueError(
            f"`delta` must lie strictly between 0 and 1; got {delta}. "
            "It is the probability with which the bound may fail, for example 0.05."
        )
