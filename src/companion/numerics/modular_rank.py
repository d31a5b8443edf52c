"""The rank of a matrix of whole numbers, without rounding."""

import numpy as np
from jaxtyping import Int

PRIME = 2**31 - 1


def modular_rank(A: Int[np.ndarray, "n k"], *, prime: int = PRIME) -> int:
    r"""Rank over the integers modulo a prime, a lower bound of the rank over the rationals.

    .. math::
        \operatorname{rank}_{\mathbb{F}_p} (A \bmod p) \le \operatorname{rank}_{\mathbb{Q}} A

    Parameters
    ----------
    A
        Whole numbers of any size that the type holds.
    prime
        A prime below 2^31, so that products of two residues fit into 64 bits.

    Returns
    -------
    The rank. A minor that is not zero modulo p is not zero, so the bound is a proof. It is not
    equal only if p divides every minor of the size of the rank.

    Scale
    -----
    Rows may be multiplied by whole numbers that p does not divide.

    Raises
    ------
    TypeError
        If the entries are not whole numbers.
    ValueError
        If ``prime`` is outside 2 ... 2^31 - 1. That it is a prime is not checked.

    Notes
    -----
    Gaussian elimination with the first nonzero entry of a column as pivot: no residue is
    better than another. One pivot costs n k operations on whole arrays.

    References
    ----------
    J. D. Dumas, B. D. Saunders and G. Villard, "On efficient sparse integer matrix Smith normal
    form computations", Journal of Symbolic Computation 32 (2001), section 2 (ranks modulo p).
    """
    if not np.issubdtype(A.dtype, np.integer):
        raise TypeError(f"`A` must hold whole numbers; got {A.dtype}. Scale and convert it.")
    if not 2 <= prime <= PRIME:
        raise ValueError(f"`prime` must be in 2 ... {PRIME}; got {prime}. Leave it at {PRIME}.")
    rows = np.remainder(A, prime).astype(np.int64)
    if rows.shape[0] > rows.shape[1]:
        rows = rows.T.copy()
    rank = 0
    for column in range(rows.shape[1]):
        if rank == rows.shape[0]:
            break
        candidates = np.flatnonzero(rows[rank:, column])
        if not len(candidates):
            continue
        pivot = rank + candidates[0]
        rows[[rank, pivot]] = rows[[pivot, rank]]
        inverse = pow(int(rows[rank, column]), -1, prime)
        rows[rank, column:] = rows[rank, column:] * inverse % prime
        factors = rows[rank + 1 :, column, None]
        rows[rank + 1 :, column:] = (
            rows[rank + 1 :, column:] - factors * rows[rank, column:]
        ) % prime
        rank += 1
    return rank
