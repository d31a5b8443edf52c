"""Shifted Cholesky factors: what they solve, what they refuse and what they count."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from companion.numerics.shifted_factor import ShiftedFactor


def symmetric(size, rng):
    A = rng.standard_normal((size, size))
    return np.asfortranarray(A + A.T)


# Exact values ------------------------------------------------------------------------------


def test_solution_by_hand():
    K = np.asfortranarray([[5.0, 2.0], [2.0, 6.0]])
    factor = ShiftedFactor(K, shift=1.0, vector=np.array([1.0, 0.0]), weight=3.0)
    # K - I + 3 e1 e1^T = [[7, 2], [2, 5]], determinant 31.
    assert_allclose(factor.solve(np.array([1.0, 0.0])), np.array([5, -2]) / 31, rtol=1e-14)
    assert 1 - 1e-13 < factor.floor < 1


def test_single_precision_is_of_the_scaled_matrix():
    K = np.asfortranarray(np.diag([2e200, 4e200]))
    factor = ShiftedFactor(K, shift=1e200, scale=1e200, dtype=np.float32)
    x = factor.solve(np.ones(2, dtype=np.float32))
    assert x.dtype == np.float32
    assert_allclose(x, [1, 1 / 3], rtol=1e-6)  # single precision


# Identities --------------------------------------------------------------------------------


@given(size=st.integers(1, 20), below=st.floats(1e-3, 1e3), seed=st.integers(0, 2**32 - 1))
def test_factor_exists_exactly_below_the_spectrum(size, below, seed):
    K = symmetric(size, np.random.default_rng(seed))
    lowest = float(np.linalg.eigvalsh(K)[0])
    factor = ShiftedFactor(K, shift=lowest - below)
    assert factor.floor <= lowest
    assert factor.floor > lowest - below - 1e-10  # 20 roundings of a trace below 1e5
    with pytest.raises(np.linalg.LinAlgError, match="no Cholesky factor at shift"):
        ShiftedFactor(K, shift=lowest + 1e-3)


@given(size=st.integers(2, 20), part=st.floats(0.01, 0.99), seed=st.integers(0, 2**32 - 1))
def test_a_rank_one_term_lets_one_eigenvalue_be_below(size, part, seed):
    K = symmetric(size, np.random.default_rng(seed))
    values, vectors = np.linalg.eigh(K)
    assume(values[1] - values[0] > 1e-3)
    tau = values[0] + part * (values[1] - values[0])
    term = {"vector": vectors[:, 0].copy(), "weight": 2 * float(np.linalg.norm(K))}
    assert ShiftedFactor(K, shift=tau, **term).floor <= values[1]
    with pytest.raises(np.linalg.LinAlgError):
        ShiftedFactor(K, shift=float(values[1]) + 1e-3, **term)


# Where rounding decides --------------------------------------------------------------------


@pytest.mark.parametrize("size", [50, 300])
def test_floor_holds_for_a_singular_matrix(size, rng):
    # Integers: exactly singular, yet a factor may finish by rounding; its floor says so.
    A = rng.integers(-3, 4, (size, size - 1)).astype(float)
    K = np.asfortranarray(A @ A.T)
    for shift in (0.0, -1e-12 * np.trace(K)):
        try:
            assert ShiftedFactor(K, shift=shift).floor <= 0
        except np.linalg.LinAlgError:
            assert shift == 0
