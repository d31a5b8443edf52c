"""The symmetry check on matrices of several tiles, and its averaging of rounding."""

import numpy as np
import pytest

from companion.numerics.symmetric import symmetric_matrix


@pytest.mark.parametrize("size", [3, 128, 129, 300])
def test_a_lost_transpose_is_found_in_every_tile(size):
    for i, j in ((0, size - 1), (size - 1, 0), (size // 2, size - 1)):
        K = np.eye(size)
        K[i, j] = 1e-3
        with pytest.raises(ValueError, match=rf"`K` must be symmetric; got K\[{min(i, j)}, "):
            symmetric_matrix(K)


def test_rounding_is_averaged_away(rng):
    A = rng.standard_normal((20, 20))
    K = A + A.T
    assert symmetric_matrix(K) is K
    K[0, 1] += 1e-13
    mended = symmetric_matrix(K)
    assert (mended == mended.T).all()
    assert mended[0, 1] == (K[0, 1] + K[1, 0]) / 2


def test_a_matrix_of_large_entries_may_round(rng):
    A = rng.standard_normal((200, 200))
    K = 1e12 * (A + A.T)
    K[5, 150] += 1.0  # 1e-12 of the largest
    assert (symmetric_matrix(K) == symmetric_matrix(K).T).all()


@pytest.mark.parametrize("shape", [(2, 3), (0, 0), (3,)])
def test_shape(shape, unchecked):
    with pytest.raises(ValueError, match=r"`K` must be a nonempty square matrix; got shape"):
        symmetric_matrix(np.zeros(shape))


def test_finiteness():
    K = np.eye(3)
    K[1, 0] = np.nan
    with pytest.raises(ValueError, match=r"`K` must be finite; got K\[1, 0\] = nan"):
        symmetric_matrix(K)
