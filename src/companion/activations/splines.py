r"""ReLUs whose kink is smeared out by a B-spline: as smooth as wished, and no smoother."""

import math
from typing import Any

from companion.activations.facts import Activation, array_module

_LARGEST = 6  # beyond it truncated powers lose more than four digits to each other


def mollified_relu(order: int) -> Activation:
    r"""The ReLU averaged over shifts whose density is a B-spline.

    .. math::
        \sigma(z) = \int \max(z - s, 0)\, B_r(s)\, ds, \qquad \sigma'' = B_r,

    with :math:`B_r` the B-spline of order r with r + 1 equidistant knots from -1 to 1 and
    integral one.

    Parameters
    ----------
    order
        The number r of continuous derivatives, from 1 to 6; the next one jumps at the knots.

    Returns
    -------
    The activation; its ``breaks`` are the knots.

    Scale
    -----
    Equal to the ReLU outside (-1, 1), for every order. Order 0 would be the ReLU itself, whose
    kink :math:`B_0` is a unit mass at zero.

    Raises
    ------
    TypeError
        If the order is not a whole number.
    ValueError
        If it is not between 1 and 6.

    Notes
    -----
    A sum of truncated powers over the knots to the left. Since :math:`B_r` is even,
    :math:`\sigma(z) = \max(z, 0) + \sigma(-|z|)`, and only knots up to zero are summed: the
    cancellation of the powers stays small.

    References
    ----------
    .. [1] C. de Boor, "A Practical Guide to Splines", Springer 2001, chapter IX (divided
       differences of truncated powers).
    """
    if isinstance(order, bool) or not isinstance(order, int):
        raise TypeError(f"`order` must be a whole number; got {order!r}. Pass for example 2.")
    if not 1 <= order <= _LARGEST:
        raise ValueError(
            f"`order` must lie between 1 and {_LARGEST}; got {order}. Order 0 is RELU."
        )
    step = 2 / order
    left = [(-1 + j * step, (-1) ** j * math.comb(order, j)) for j in range(order // 2 + 1)]

    def power_sum(z: Any, power: int) -> Any:
        # The integral of B_r of order 2 (power r + 1) or 1 (power r), at -|z|.
        module = array_module(z)
        z = module.where(z <= 0, z, -z)
        terms = [sign * module.where(z <= knot, 0.0, z - knot) ** power for knot, sign in left]
        return sum(terms) / (math.factorial(power) * step**order)

    def value(z: Any) -> Any:
        rest = power_sum(z, order + 1)
        return array_module(z).where(z <= 0, rest, z + rest)

    def derivative(z: Any) -> Any:
        rest = power_sum(z, order)
        return array_module(z).where(z <= 0, rest, 1 - rest)

    # B_r is largest in the middle.
    peak = sum(sign * (0 - knot) ** (order - 1) for knot, sign in left if knot < 0)
    return Activation(
        name=f"mollified_relu({order})",
        value=value,
        derivative=derivative,
        bound=math.inf,
        lipschitz=1.0,
        derivative_lipschitz=peak / (math.factorial(order - 1) * step**order),
        nonnegative=True,
        centre=None,
        even=False,
        homogeneous=False,
        analytic=False,
        breaks=tuple(-1 + j * step for j in range(order + 1)),
        continuous_derivatives=order,
        jumps=tuple((-1) ** j * math.comb(order, j) / step**order for j in range(order + 1)),
    )
