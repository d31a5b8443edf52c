"""Products of a matrix and a vector that round far less than their length suggests."""

import math

import numpy as np
from jaxtyping import Float

_TILE_BYTES = 2**18  # with what is cut from it, a tile fits in a core's own cache
_UNIT = float(np.finfo(np.float64).eps) / 2


def sharp_product(
    K: Float[np.ndarray, "n k"], x: Float[np.ndarray, " k"]
) -> tuple[Float[np.ndarray, " n"], float]:
    r"""Product of a matrix and a vector, with a bound of the error before its last rounding.

    .. math::
        |\hat y - K x| \le u\, |\hat y| + \text{bound}, \qquad
        K = K_1 + K_2, \quad x = x_1 + x_2, \quad
        \hat y = K_1 x_1 + (K_1 x_2 + K_2 x)

    Parameters
    ----------
    K
        A matrix.
    x
        A vector.

    Returns
    -------
    The product, and the bound in the Euclidean norm.

    Scale
    -----
    In units of the product; u = 1.1e-16.

    Raises
    ------
    ValueError
        If the lengths disagree.

    Notes
    -----
    :math:`K_1` and :math:`x_1` keep so few digits, counted from the largest entry, that the sums
    of their products are exact in any order. What is left is a million times smaller, and so is
    its rounding. This takes three passes of ordinary products; a type of more digits takes longer
    and is not to be had on every machine.

    References
    ----------
    K. Ozaki, T. Ogita, S. Oishi and S. M. Rump, "Error-free transformations of matrix
    multiplication by using fast routines of matrix multiplication and its applications",
    Numerical Algorithms 59 (2012), section 3.
    """
    if K.shape[1:] != x.shape:
        raise ValueError(f"`x` must have {K.shape[1]} entries; got shape {x.shape}.")
    length = len(x)
    # Products of 2 b bits, of which there are `length`, must add up within 53 bits.
    bits = (52 - length.bit_length()) // 2
    K_grid, x_grid = _grid(max(K.max(), -K.min()), bits), _grid(np.abs(x).max(), bits)
    x_high = _cut(x, x_grid, out=np.empty_like(x))
    x_low = x - x_high
    product = np.empty(len(K))
    height = max(1, _TILE_BYTES // (8 * length))
    cut_off, kept = np.empty((2, height, length))  # made once: new memory is slow to touch
    for begin in range(0, len(K), height):
        tile = K[begin : begin + height]
        high, low = kept[: len(tile)], cut_off[: len(tile)]
        _cut(tile, K_grid, out=high)
        np.subtract(tile, high, out=low)
        product[begin : begin + height] = high @ x_high + (high @ x_low + low @ x)
    root = math.sqrt(len(K) * length)
    norm = float(np.linalg.norm(K))
    of_low = root * K_grid * float(np.linalg.norm(x))
    of_high = (norm + root * K_grid) * math.sqrt(length) * x_grid
    return product, 1.01 * (length + 3) * _UNIT * (of_low + of_high)


def _grid(largest: float, bits: int) -> float:
    # The spacing of numbers of so many bits, up to the power of two above the largest.
    return math.ldexp(1.0, math.frexp(largest)[1] - bits) if largest else 0.0


def _cut(
    values: Float[np.ndarray, "..."], grid: float, out: Float[np.ndarray, "..."]
) -> Float[np.ndarray, "..."]:
    # Beside 2**52 times the grid, its multiples are all the numbers there are.
    beside = 1.5 * 2.0**52 * grid
    np.add(values, beside, out=out)
    out -= beside
    return out
