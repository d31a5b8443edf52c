r"""The extreme eigenvalues of a symmetric matrix, each with an interval that contains it.

That some eigenvalue is near a number is shown by a residual. That it is the *smallest* needs a
count of the eigenvalues below it, and one Cholesky factorisation is such a count: if

.. math::
    K - \tau I + c\, v v^\top

is positive definite, then at most one eigenvalue of K lies below :math:`\tau`. Where the vector v
is close to the lowest eigenvector, :math:`\tau` may stand between the two lowest eigenvalues. The
same factor then serves to refine the vector, and the bound is quadratic in the residual.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import scipy.linalg
from jaxtyping import Float
from scipy.linalg import blas

from companion.numerics.eigenpair import Eigenpair, enclosed
from companion.numerics.lanczos import KrylovSpace
from companion.numerics.shifted_factor import ShiftedFactor
from companion.numerics.symmetric import symmetric_matrix

_DENSE_SIZE = 256  # below, reduction to a tridiagonal matrix takes a few milliseconds
_LEAST_STEPS, _GUESS_STEPS = 8, 120  # fewer have seen nothing of the second eigenvalue
_COARSE, _FINE = 0.1, 1e-4  # residuals of the guess over the gap; the second try is careful
_REFINING_STEPS = 20
_SHIFT = 0.75  # of the value at the start: along a run the next eigenvalue is rarely below that
_SCATTER = 0.01  # of a random vector beside the vector at the start
_BETWEEN = 0.05  # where tau stands between the lowest eigenvalues: near, for fast refinement


def smallest_eigenpair(
    K: Float[np.ndarray, "n n"], *, start: Eigenpair | None = None, rtol: float = 1e-10
) -> Eigenpair:
    r"""Smallest eigenvalue of a symmetric matrix, with an enclosure.

    .. math::
        \theta - \frac{\rho^2}{\tau - \theta} \le \lambda_{\min}(K) \le \theta,
        \qquad \theta = v^\top K v, \quad \rho = |K v - \theta v|, \quad
        \theta < \tau \le \lambda_2(K).

    Parameters
    ----------
    K
        A symmetric matrix.
    start
        The pair of a matrix nearby, such as the Gram matrix a little earlier in training.
    rtol
        Refinement stops when the interval is this wide relative to the value.

    Returns
    -------
    The pair. Rounding is part of its interval, which therefore may be wider than asked; for a
    matrix that is singular to rounding it reaches below zero.

    Scale
    -----
    The eigenvalue of the matrix as given: divide a Gram matrix by the number of points first
    if the points carry the weight 1/n.

    Raises
    ------
    ValueError
        If the matrix is not square, empty, not finite or not symmetric, ``start`` has another
        size, or ``rtol`` is not positive.

    Notes
    -----
    A Cholesky factor in single precision, good enough to point, drives inverse Lanczos iteration.
    The factor of :math:`K - \tau I + c v v^\top` in double precision certifies and refines. The
    Rayleigh quotient and the residual of the result come from a product that hardly rounds, since
    rounding is what limits the interval of an ill-conditioned matrix. Matrices that are
    singular to rounding, have a repeated lowest eigenvalue, or are small are reduced to
    tridiagonal form instead; then a Cholesky factor at a shift just below the value is the
    certificate. The rounding of the factor is bounded by its trace [2]_.

    References
    ----------
    .. [1] B. N. Parlett, "The Symmetric Eigenvalue Problem", SIAM 1998, sections 3.3 and 10.5
       (counting eigenvalues; the inequality above, due to Temple and Kato).
    .. [2] N. J. Higham, "Accuracy and Stability of Numerical Algorithms", SIAM 2002,
       theorem 10.3.
    """
    matrix = _checked(K, start, rtol)
    pair = None
    if len(matrix) > _DENSE_SIZE:
        refined = (_refined(matrix, one, rtol) for one in _guesses_by_inverse(matrix, start))
        pair = next(filter(None, refined), None)
    return pair or _by_reduction(matrix)


def largest_eigenpair(
    K: Float[np.ndarray, "n n"], *, start: Eigenpair | None = None, rtol: float = 1e-10
) -> Eigenpair:
    r"""Largest eigenvalue of a symmetric matrix, with an enclosure.

    .. math::
        \lambda_{\max}(K) = -\lambda_{\min}(-K)

    Parameters
    ----------
    K, start, rtol
        As in :func:`smallest_eigenpair`.

    Returns
    -------
    The pair.

    Scale
    -----
    As :func:`smallest_eigenpair`.

    Raises
    ------
    ValueError
        As :func:`smallest_eigenpair`.

    Notes
    -----
    Lanczos iteration on the matrix itself, then the certificate of :func:`smallest_eigenpair`
    for minus the matrix.

    References
    ----------
    B. N. Parlett, "The Symmetric Eigenvalue Problem", SIAM 1998, chapters 10 and 13.
    """
    matrix = -_checked(K, start, rtol)
    pair = None
    if len(matrix) > _DENSE_SIZE:
        refined = (_refined(matrix, one, rtol) for one in _guesses_by_products(matrix, start))
        pair = next(filter(None, refined), None)
    pair = pair or _by_reduction(matrix)
    return Eigenpair(-pair.value, -pair.upper, -pair.lower, pair.vector)


class _Guess(NamedTuple):
    vector: Float[np.ndarray, " n"]
    next_value: float  # what the second eigenvalue is probably not below


def _checked(
    K: Float[np.ndarray, "n n"], start: Eigenpair | None, rtol: float
) -> Float[np.ndarray, "n n"]:
    if not rtol > 0:
        raise ValueError(f"`rtol` must be positive; got {rtol}.")
    vector = None if start is None else start.vector
    if vector is not None and vector.shape != K.shape[:1]:
        raise ValueError(
            f"`start` must be a pair of a matrix with {K.shape[0]} rows; "
            f"got a vector of shape {vector.shape}."
        )
    matrix = np.asarray(symmetric_matrix(K), dtype=np.float64)
    # LAPACK wants columns next to each other, which the transpose of a row-major matrix has.
    return matrix.T if matrix.flags.c_contiguous else np.asfortranarray(matrix)


def _start_vector(
    matrix: Float[np.ndarray, "n n"], start: Eigenpair | None
) -> Float[np.ndarray, " n"]:
    # Any vector serves that is orthogonal to no eigenvector; a fixed one gives the same digits.
    # An exact eigenvector alone would say nothing of the others.
    scattered = np.random.default_rng(0).standard_normal(len(matrix))
    if start is None or start.vector is None:
        return scattered
    return start.vector + _SCATTER / np.sqrt(len(matrix)) * scattered


def _guesses_by_inverse(
    matrix: Float[np.ndarray, "n n"], start: Eigenpair | None
) -> Iterator[_Guess]:
    shifts = (0.0,) if start is None or start.value <= 0 else (_SHIFT * start.value, 0.0)
    scale = float(np.abs(matrix.diagonal()).max()) or 1.0
    for dtype, tolerance in ((np.float32, _COARSE), (np.float64, _FINE)):
        for shift in shifts:
            try:
                factor = ShiftedFactor(matrix, shift=shift, scale=scale, dtype=dtype)
            except np.linalg.LinAlgError:
                continue
            begin = _start_vector(matrix, start).astype(dtype)
            space = KrylovSpace(factor.solve, begin, max_dim=_GUESS_STEPS)
            following = _grow(space, tolerance, sign=1)
            if following > 0:
                yield _Guess(space.ritz_vector(-1), shift + scale / following)
            break


def _guesses_by_products(
    matrix: Float[np.ndarray, "n n"], start: Eigenpair | None
) -> Iterator[_Guess]:
    begin = _start_vector(matrix, start)
    space = KrylovSpace(lambda x: _product(matrix, x), begin, max_dim=_GUESS_STEPS)
    for tolerance in (_COARSE, _FINE):
        following = -_grow(space, tolerance, sign=-1)
        yield _Guess(space.ritz_vector(0), following)


def _grow(space: KrylovSpace, tolerance: float, *, sign: int) -> float:
    # Until the pair at the upper end of the spectrum (times the sign) is good to the tolerance
    # times the gap; returns what the next value, so far as it is seen, is not above.
    following = -np.inf
    while not space.exhausted:
        space.extend()
        if space.dim >= _LEAST_STEPS and space.dim % 2 == 0:
            values, residuals = space.ritz_values()
            values, residuals = sign * values[::sign], residuals[::sign]
            gap, following = values[-1] - values[-2], float(values[-2] + residuals[-2])
            if residuals[-1] < tolerance * gap and residuals[-2] < 3 * tolerance * gap:
                break
    return following


def _refined(matrix: Float[np.ndarray, "n n"], guess: _Guess, rtol: float) -> Eigenpair | None:
    vector = anchor = guess.vector
    basis, images = vector[None], _product(matrix, vector)[None]
    theta = float(vector @ images[0])
    if not theta < guess.next_value < np.inf:
        return None
    tau = theta + _BETWEEN * (guess.next_value - theta)
    weight = float(np.linalg.norm(matrix))  # more than tau - theta can be
    try:
        factor = ShiftedFactor(matrix, shift=tau, vector=anchor, weight=weight)
    except np.linalg.LinAlgError:
        return None
    for _ in range(_REFINING_STEPS):
        values, coordinates = np.linalg.eigh(basis @ images.T)
        theta, vector = float(values[0]), coordinates[:, 0] @ basis
        residual = coordinates[:, 0] @ images - theta * vector
        if residual @ residual <= 0.25 * rtol * abs(theta) * (tau - theta):
            break
        direction = factor.solve(residual)
        # What was solved is (K - tau I + weight v v^T) direction = residual: K times the
        # direction needs no product.
        image = residual + tau * direction - weight * (anchor @ direction) * anchor
        for _ in range(2):
            overlap = basis @ direction
            direction, image = direction - overlap @ basis, image - overlap @ images
        length = np.linalg.norm(direction)
        basis = np.vstack([basis, direction / length])
        images = np.vstack([images, image / length])
    pair = enclosed(matrix, vector, second=factor.floor)
    return pair if np.isfinite(pair.lower) else None


def _by_reduction(matrix: Float[np.ndarray, "n n"]) -> Eigenpair:
    values, vectors = scipy.linalg.eigh(matrix, subset_by_index=[0, 0], check_finite=False)
    norm, theta = float(np.linalg.norm(matrix)), float(values[0])
    # The reduction is backward stable: a shift this far below the eigenvalue has a factor.
    for below in (2, 20, 200):
        shift = theta - below * len(matrix) * float(np.finfo(np.float64).eps) * norm
        try:
            floor = ShiftedFactor(matrix, shift=shift).floor
        except np.linalg.LinAlgError:
            continue
        return enclosed(matrix, vectors[:, 0], first=floor)
    return enclosed(matrix, vectors[:, 0], first=-norm)


def _product(
    matrix: Float[np.ndarray, "n n"], x: Float[np.ndarray, " n"]
) -> Float[np.ndarray, " n"]:
    return blas.dsymv(1.0, matrix, x, lower=1)
