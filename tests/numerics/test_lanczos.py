"""The Lanczos process against matrices that it leaves as they are, and by its own relations."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from companion.numerics.lanczos import KrylovSpace


def grown(K, start, dim):
    space = KrylovSpace(lambda x: K @ x, start, max_dim=dim)
    while not space.exhausted:
        space.extend()
    return space


# Exact values ------------------------------------------------------------------------------


def test_tridiagonal_matrix_is_its_own_restriction():
    diagonal, beside = np.array([3.0, -1.0, 4.0, 1.0, 5.0]), np.array([2.0, 6.0, 5.0, 3.0])
    K = np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1)
    space = grown(K, np.eye(5)[0], dim=4)
    # From the first unit vector every step returns the next one; sums of five numbers below 10.
    assert_allclose(space.alpha, diagonal[:4], rtol=0, atol=1e-13)
    assert_allclose(space.beta, beside, rtol=0, atol=1e-13)


def test_stops_in_the_space_of_a_few_eigenvectors():
    K = np.diag(np.repeat([1.0, 2.0, 7.0], 4))
    space = grown(K, np.ones(12), dim=10)
    assert space.invariant
    assert space.dim == 3  # one dimension for each distinct eigenvalue
    assert_allclose(space.ritz_values()[0], [1.0, 2.0, 7.0], rtol=1e-14)


def test_one_dimension_for_a_multiple_of_the_identity():
    space = grown(3 * np.eye(4), np.arange(1.0, 5.0), dim=4)
    assert space.dim == 1
    assert_allclose(space.ritz_values()[0], [3.0], rtol=1e-15)
    assert_allclose(space.ritz_vector(0), np.arange(1.0, 5.0) / np.sqrt(30), rtol=1e-15)


# Identities --------------------------------------------------------------------------------


@given(size=st.integers(2, 25), dim=st.integers(1, 12), seed=st.integers(0, 2**32 - 1))
def test_ritz_pairs_have_the_residuals_they_state(size, dim, seed):
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((size, size))
    K = A + A.T
    space = grown(K, rng.standard_normal(size), dim)
    values, residuals = space.ritz_values()
    # Entries of order one: products of 25 terms round at 1e-15 times the norm, below 30.
    for index, (value, residual) in enumerate(zip(values, residuals, strict=True)):
        vector = space.ritz_vector(index)
        assert np.linalg.norm(K @ vector - value * vector) == pytest.approx(residual, abs=1e-12)


@given(size=st.integers(2, 25), seed=st.integers(0, 2**32 - 1))
def test_whole_space_has_the_whole_spectrum(size, seed):
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((size, size))
    space = grown(A + A.T, rng.standard_normal(size), size)
    assert space.dim == size
    assert_allclose(space.ritz_values()[0], np.linalg.eigvalsh(A + A.T), rtol=0, atol=1e-11)


# Where naive recurrences fail --------------------------------------------------------------


def test_a_converged_value_is_not_found_twice(rng):
    # The three-term recurrence alone would find the eigenvalue 1 again and again.
    values = np.append(np.linspace(0, 1e-3, 299), 1.0)
    space = grown(np.diag(values), rng.standard_normal(300), dim=60)
    assert (space.ritz_values()[0] > 0.5).sum() == 1


def test_single_precision_stays_single(rng):
    K = np.diag(np.arange(1.0, 41.0)).astype(np.float32)
    space = grown(K, rng.standard_normal(40).astype(np.float32), dim=40)
    assert space.ritz_vector(0).dtype == np.float64  # combined with double coordinates
    assert_allclose(space.ritz_values()[0][-1], 40.0, rtol=1e-6)
