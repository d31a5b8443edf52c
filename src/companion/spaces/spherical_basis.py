r"""An explicit orthonormal basis of real spherical harmonics on :math:`S^{d-1}`, for any d."""

import math

import numpy as np
from jaxtyping import Float, Int

from companion.spaces.harmonics import checked_sizes, multiplicities
from companion.spaces.points import row_norms

_ON_THE_SPHERE = 1e-10  # largest | |x| - 1 | of a point that counts as a unit vector
_MOST_NUMBERS = 2**27  # one gigabyte


def spherical_basis(
    X: Float[np.ndarray, "n d"], *, max_degree: int
) -> tuple[Float[np.ndarray, "n k"], Int[np.ndarray, " k"]]:
    r"""Real spherical harmonics at given points, and their degrees.

    .. math::
        \int_{S^{d-1}} Y_a(x)\, Y_b(x)\, dx = \delta_{ab}, \qquad
        \sum_{\deg Y_a = k} Y_a(x)\, Y_a(y) = N_k\, P_k(x \cdot y)

    Parameters
    ----------
    X
        Unit vectors as rows, with at least two columns.
    max_degree
        The largest degree.

    Returns
    -------
    A matrix with a column for each harmonic, in increasing order of the degree, and the degrees
    of the columns.

    Scale
    -----
    Orthonormal under the uniform probability measure: the first column is 1, and the
    coordinates times :math:`\sqrt d` are the harmonics of degree one. On the circle the columns
    are 1, :math:`\sqrt2 \cos k\theta`, :math:`\sqrt2 \sin k\theta`.

    Raises
    ------
    TypeError
        If ``X`` is not an array of double precision or ``max_degree`` is not a whole number.
    ValueError
        If ``X`` is malformed, a point is off the sphere (the largest defect is named),
        ``max_degree`` is negative, or the matrix would take more than a gigabyte.

    Notes
    -----
    Separation of the first coordinate:
    :math:`r^{k-l} p_{k-l}^{(l)}(x_1 / r)\, Y_l(x_2, \dots, x_d)` with Y a harmonic polynomial of
    degree l in the other coordinates, :math:`r = |x|` and
    :math:`p^{(l)}` the orthonormal Gegenbauer polynomials of index :math:`l + (d - 2) / 2`. All
    factors are homogeneous polynomials, so nothing is divided by a distance from the poles and
    the recurrence for p is stable.

    References
    ----------
    .. [1] F. Dai and Y. Xu, "Approximation Theory and Harmonic Analysis on Spheres and Balls",
       Springer 2013, theorem 1.5.1 (orthonormal basis in spherical coordinates).
    """
    norms = row_norms(X)
    input_dim, max_degree = checked_sizes(X.shape[1], max_degree)
    _require_unit(norms)
    counts = multiplicities(input_dim=input_dim, max_degree=max_degree)
    if len(X) * counts.sum() > _MOST_NUMBERS:
        raise ValueError(
            f"`max_degree` must leave at most {_MOST_NUMBERS // len(X)} harmonics for {len(X)} "
            f"points; got {max_degree}, which has {counts.sum():.0f}. Pass fewer points at a time."
        )
    solid = _circular(X[:, -2:], max_degree)
    for dim in range(3, input_dim + 1):
        solid = _one_dimension_more(X[:, -dim:], solid)
    degrees = np.repeat(np.arange(max_degree + 1), [block.shape[1] for block in solid])
    return np.concatenate(solid, axis=1), degrees


def _circular(X: Float[np.ndarray, "n 2"], max_degree: int) -> list[Float[np.ndarray, "n _"]]:
    # Real and imaginary parts of the powers of x_1 + i x_2.
    base = X[:, 0] + 1j * X[:, 1]
    power = np.ones_like(base)
    blocks = [np.ones((len(X), 1))]
    for _ in range(max_degree):
        power = power * base
        blocks.append(math.sqrt(2) * np.stack([power.real, power.imag], axis=1))
    return blocks


def _one_dimension_more(
    X: Float[np.ndarray, "n d"], lower: list[Float[np.ndarray, "n _"]]
) -> list[Float[np.ndarray, "n _"]]:
    max_degree = len(lower) - 1
    pieces: list[list[Float[np.ndarray, "n _"]]] = [[] for _ in lower]
    square = np.einsum("ij,ij->i", X, X)
    for low, block in enumerate(lower):
        factors = _orthonormal(X[:, 0], square, low, X.shape[1], max_degree - low)
        for step, factor in enumerate(factors):
            pieces[low + step].append(factor[:, None] * block)
    return [np.concatenate(piece, axis=1) for piece in pieces]


def _orthonormal(
    t: Float[np.ndarray, " n"],
    square: Float[np.ndarray, " n"],
    low: int,
    dim: int,
    max_step: int,
) -> list[Float[np.ndarray, " n"]]:
    # t p_j = a_{j+1} p_{j+1} + a_j r^2 p_{j-1}; p_0 makes the mean of (1 - t^2)^low p_0^2 one.
    half = (dim - 1) / 2
    log_mass = (
        math.lgamma(low + half)
        - math.lgamma(low + half + 0.5)
        - math.lgamma(half)
        + math.lgamma(half + 0.5)
    )
    index = low + (dim - 2) / 2
    current, previous, last = np.full_like(t, math.exp(-log_mass / 2)), np.zeros_like(t), 0.0
    values = [current]
    for j in range(1, max_step + 1):
        weight = math.sqrt(j * (j + 2 * index - 1) / (4 * (j + index) * (j + index - 1)))
        current, previous = (t * current - last * square * previous) / weight, current
        last = weight
        values.append(current)
    return values


def _require_unit(norms: Float[np.ndarray, " n"]) -> None:
    defects = np.abs(norms - 1)
    worst = int(defects.argmax())
    if defects[worst] > _ON_THE_SPHERE:
        raise ValueError(
            f"`X` must have unit vectors as rows; got norm {norms[worst]:.12g} in row {worst}, a "
            f"defect of {defects[worst]:.1e}. Divide the rows by their norms."
        )
