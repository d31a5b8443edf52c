r"""Exact integration of polynomials over the sphere :math:`S^{d-1}`, for any d."""

import numpy as np
from jaxtyping import Float

from companion.numerics.arguments import whole_number
from companion.numerics.quadrature import gauss_gegenbauer
from companion.spaces.circle import circle_points

_MOST_NUMBERS = 2**27  # one gigabyte of coordinates


def sphere_rule(
    *, input_dim: int, degree: int
) -> tuple[Float[np.ndarray, "n d"], Float[np.ndarray, " n"]]:
    r"""Points and weights that integrate polynomials over the sphere exactly.

    .. math::
        \int_{S^{d-1}} p(x)\, dx = \sum_i \nu_i\, p(x_i), \qquad \deg p \le D

    Parameters
    ----------
    input_dim
        The ambient dimension :math:`d` of the sphere :math:`S^{d-1}`, at least two.
    degree
        The degree :math:`D` up to which polynomials in the coordinates are exact. Products of
        two harmonics of degree K need D = 2 K.

    Returns
    -------
    Points as rows, and positive weights.

    Scale
    -----
    Uniform probability measure: the weights sum to one.

    Raises
    ------
    TypeError
        If a size is not a whole number.
    ValueError
        If ``input_dim`` is less than 2, ``degree`` is negative, or the points, about
        :math:`2 (D/2)^{d-1}` of them, would take more than a gigabyte.

    Notes
    -----
    D + 1 equidistant points on the circle; from one sphere to the next
    :math:`x = (t, \sqrt{1 - t^2}\, y)` with a Gauss rule for t. A polynomial with an odd power of
    the root is odd in y, and the points on the smaller sphere make both sides zero.

    References
    ----------
    .. [1] A. H. Stroud, "Approximate Calculation of Multiple Integrals", Prentice-Hall 1971,
       section 2.7 (product rules for the sphere).
    """
    dimension = "Pass the number of coordinates; the circle has 2."
    input_dim = whole_number("input_dim", input_dim, remedy=dimension)
    degree = whole_number("degree", degree, remedy="Pass the degree of the polynomials.")
    if input_dim < 2:
        raise ValueError(f"`input_dim` must be at least 2; got {input_dim}. {dimension}")
    if degree < 0:
        raise ValueError(f"`degree` must be nonnegative; got {degree}. Constants have degree 0.")
    num_nodes = degree // 2 + 1
    num_points = (degree + 1) * num_nodes ** (input_dim - 2)
    if num_points * input_dim > _MOST_NUMBERS:
        raise ValueError(
            f"`degree` must leave at most {_MOST_NUMBERS // input_dim} points for "
            f"input_dim = {input_dim}; got {degree}, which needs {num_points}. "
            "Use random points in high dimension."
        )
    points, weights = circle_points(degree + 1), np.full(degree + 1, 1 / (degree + 1))
    for dim in range(3, input_dim + 1):
        nodes, node_weights = gauss_gegenbauer(num_nodes, input_dim=dim)
        radius = np.sqrt((1 - nodes) * (1 + nodes))
        first = np.repeat(nodes, len(points))[:, None]
        rest = (radius[:, None, None] * points).reshape(-1, dim - 1)
        points = np.concatenate([first, rest], axis=1)
        weights = np.multiply.outer(node_weights, weights).ravel()
    return points, weights
