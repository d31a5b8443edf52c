"""The check that a matrix is symmetric."""

from collections.abc import Iterator
from operator import itemgetter

import numpy as np
from jaxtyping import Float

from companion.numerics.finite import require_finite

_SYMMETRY = 1e-10  # far above the rounding of any Gram matrix, far below a lost transpose
_TILE = 128  # two tiles of doubles fit in a core's own cache


def symmetric_matrix(K: Float[np.ndarray, "n n"]) -> Float[np.ndarray, "n n"]:
    r"""A matrix of numbers that is symmetric to the last bit.

    .. math::
        (K + K^\top) / 2 \quad\text{if}\quad |K - K^\top| \le 10^{-10} \max |K|

    Parameters
    ----------
    K
        A matrix that is symmetric but for rounding.

    Returns
    -------
    The matrix itself where nothing is to be done.

    Scale
    -----
    That of the matrix.

    Raises
    ------
    ValueError
        If the matrix is not square, empty, not finite or not symmetric.

    References
    ----------
    K. Fan and A. J. Hoffman, "Some metric inequalities in the space of matrices", 1955,
    theorem 2: of all symmetric matrices the mean is the nearest.
    """
    if K.ndim != 2 or K.shape[0] != K.shape[1] or K.size == 0:
        raise ValueError(f"`K` must be a nonempty square matrix; got shape {K.shape}.")
    require_finite(K, "K")
    defect, i, j = max(_defects(K), key=itemgetter(0))
    if defect == 0:
        return K
    if defect > _SYMMETRY * max(K.max(), -K.min()):
        raise ValueError(
            f"`K` must be symmetric; got K[{i}, {j}] = {K[i, j]} and K[{j}, {i}] = {K[j, i]}. "
            "Pass (K + K.T) / 2 if the difference is meant to be rounding."
        )
    return (K + K.T) / 2


def _defects(K: Float[np.ndarray, "n n"]) -> Iterator[tuple[float, int, int]]:
    # Tile by tile: reading a large matrix down its columns is slow.
    for row in range(0, len(K), _TILE):
        for column in range(0, row + 1, _TILE):
            tile = K[row : row + _TILE, column : column + _TILE]
            difference = np.abs(tile - K[column : column + _TILE, row : row + _TILE].T)
            i, j = divmod(int(difference.argmax()), tile.shape[1])
            first, last = sorted((row + i, column + j))
            yield float(difference[i, j]), first, last
