"""Pairs of points, block by block: all that a layer with Gaussian weights sees of them.

A kernel of Gaussian layers depends on norms and angles. Blocks are so small that everything
between the inner products and the kernel stays in the cache; the matrix of the results is the
only array of its size.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from companion.spaces.angles import PairAngles, direction_angles
from companion.spaces.points import require_nonzero_rows, require_same_dimension, row_norms

# 500 KB an array: all of a block fit into a cache of 2 MB, and calls cost little beside the work.
_BLOCK = 250

# The C library takes memory for arrays from its own heap only below a limit, which rises to the
# largest piece given back so far; above it, every intermediate result comes on fresh pages.
_HEAP_LIMIT = 2**24

_LARGEST = 1e150  # a norm; products of two, and of their kernel, stay below 1e308
_SMALLEST = 1e-150  # a norm other than zero; squares stay above the numbers that lose digits


@dataclass(frozen=True)
class PairBlock:
    r"""Some rows and columns of the matrix of all pairs, with the angles there.

    .. math::
        \theta_{ij}, \qquad i \in \text{rows}, \quad j \in \text{columns}

    Parameters
    ----------
    rows, columns
        Which points meet.
    angles
        Their angles.

    Scale
    -----
    Radians.

    References
    ----------
    .. [1] L. Li, arXiv:1909.13671, proof of Lemma 5 (norms and angle are the covariance).
    """

    rows: slice
    columns: slice
    angles: PairAngles


@dataclass(frozen=True)
class PointPairs:
    r"""Two sets of points by norms and directions, or one set with itself.

    .. math::
        x_i \cdot z_j = r_i s_j \cos\theta_{ij}

    Parameters
    ----------
    norms_x, norms_z
        The norms r and s: standard deviations of the pre-activations under standard Gaussian
        weights.
    directions_x, directions_z
        Unit vectors as rows; that of the zero vector is arbitrary.
    symmetric
        Whether both sets are the same, so that half of the pairs suffice.

    Scale
    -----
    Weights of variance one: a point of norm r has a pre-activation of variance r squared.

    References
    ----------
    .. [1] L. Li, arXiv:1909.13671, proof of Lemma 5 (the covariance matrix).
    """

    norms_x: Float[np.ndarray, " n"]
    norms_z: Float[np.ndarray, " n2"]
    directions_x: Float[np.ndarray, "n d"]
    directions_z: Float[np.ndarray, "n2 d"]
    symmetric: bool

    def block(self, rows: slice, columns: slice) -> PairBlock:
        """The angles of some rows and columns."""
        U, V = self.directions_x[rows], self.directions_z[columns]
        return PairBlock(rows, columns, direction_angles(U, V))

    def matrix(
        self, kernel: Callable[[PairBlock], Float[np.ndarray, "n n2"]], *, homogeneity: int
    ) -> Float[np.ndarray, "n n2"]:
        """The kernel on all pairs, times the norms to the power ``homogeneity``, 0 or 1."""
        np.empty(_HEAP_LIMIT, dtype=np.uint8)  # given back at once
        values = np.empty((self.norms_x.size, self.norms_z.size))
        for rows in _slices(self.norms_x.size):
            for columns in _slices(self.norms_z.size):
                if self.symmetric and columns.start < rows.start:
                    continue
                block = kernel(self.block(rows, columns))
                if homogeneity == 1:
                    # Faster than two products by broadcasting.
                    block *= np.dot(self.norms_x[rows, None], self.norms_z[None, columns])
                if self.symmetric and columns == rows:
                    block = (block + block.T) / 2
                values[rows, columns] = block
                if self.symmetric and columns != rows:
                    values[columns, rows] = block.T
        return values


def point_pairs(
    X: Float[np.ndarray, "n d"], Z: Float[np.ndarray, "n2 d"] | None, *, zero_allowed: bool
) -> PointPairs:
    r"""Norms and directions of points given by coordinates.

    .. math::
        r_i = |x_i|, \quad s_j = |z_j|, \quad u_i = x_i / r_i, \quad v_j = z_j / s_j

    Parameters
    ----------
    X, Z
        Points as rows. Without ``Z``, or if both are one array, ``X`` with itself.
    zero_allowed
        Whether the zero vector may occur, with an arbitrary direction.

    Returns
    -------
    The pairs.

    Scale
    -----
    The unit of ``X``.

    Raises
    ------
    TypeError
        If the points are not of double precision.
    ValueError
        If the points are malformed or of different dimension, a norm is so large or small that
        its square leaves the range of numbers, or a zero vector is not allowed.

    References
    ----------
    .. [1] L. Li, arXiv:1909.13671, proof of Lemma 5.
    """
    norms_x, directions_x = _norms_and_directions(X, "X", zero_allowed)
    if Z is None or Z is X:
        return PointPairs(norms_x, norms_x, directions_x, directions_x, symmetric=True)
    norms_z, directions_z = _norms_and_directions(Z, "Z", zero_allowed)
    require_same_dimension(X, Z)
    return PointPairs(norms_x, norms_z, directions_x, directions_z, symmetric=False)


def checked_norms(X: Float[np.ndarray, "n d"], name: str) -> Float[np.ndarray, " n"]:
    r"""Norms of points whose inner products are within the range of numbers.

    .. math::
        r_i = |x_i|, \qquad r_i = 0 \quad \text{or} \quad 10^{-150} \le r_i \le 10^{150}

    Parameters
    ----------
    X
        Points as rows.
    name
        What the caller's argument is called.

    Returns
    -------
    The norms.

    Scale
    -----
    The unit of ``X``.

    Raises
    ------
    TypeError
        If the points are not of double precision.
    ValueError
        If the points are malformed, or a norm is outside of the range.

    References
    ----------
    .. [1] L. Li, arXiv:1909.13671, Assumption 1 (points bounded, and away from zero).
    """
    with np.errstate(over="ignore", under="ignore"):
        norms = row_norms(X, name)
    outside = ~((norms >= _SMALLEST) & (norms <= _LARGEST)) & X.any(axis=1)
    if outside.any():
        row = int(np.argmax(outside))
        size = np.abs(X[row]).max()
        raise ValueError(
            f"`{name}` must have rows whose norms are zero or from {_SMALLEST:g} to {_LARGEST:g}, "
            f"since products of two are formed; row {row} has an entry of size {size:g}. Divide "
            "the points by a number c; the kernel of a homogeneous activation is then multiplied "
            "by c**2."
        )
    return norms


def _norms_and_directions(
    X: Float[np.ndarray, "n d"], name: str, zero_allowed: bool
) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, "n d"]]:
    norms = checked_norms(X, name)
    if not zero_allowed:
        require_nonzero_rows(norms, name)
    directions = np.where(norms[:, None] > 0, X, 1.0)
    directions /= np.where(norms > 0, norms, np.sqrt(X.shape[1]))[:, None]
    return norms, directions


def _slices(count: int) -> list[slice]:
    return [slice(start, min(start + _BLOCK, count)) for start in range(0, count, _BLOCK)]
