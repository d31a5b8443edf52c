"""Smallest eigenvalues against matrices whose spectrum is known."""

import numpy as np
import pytest
import scipy.linalg
from numpy.testing import assert_allclose

from companion.numerics.linalg import is_positive_semidefinite, smallest_eigenvalue


def with_spectrum(eigenvalues, rng):
    """A symmetric matrix with the given eigenvalues in a random basis."""
    basis, _ = np.linalg.qr(rng.standard_normal((len(eigenvalues), len(eigenvalues))))
    K = (basis * eigenvalues) @ basis.T
    return (K + K.T) / 2


# Exact values ------------------------------------------------------------------------------


def test_value_by_hand():
    assert_allclose(smallest_eigenvalue(np.array([[2.0, 1.0], [1.0, 2.0]])), 1.0, rtol=1e-15)
    assert_allclose(smallest_eigenvalue(np.array([[-3.0]])), -3.0)


def test_second_differences():
    # The eigenvalues of tridiag(-1, 2, -1) are 2 - 2 cos(k pi / (n + 1)).
    n = 30
    K = 2 * np.eye(n) - np.eye(n, k=1) - np.eye(n, k=-1)
    assert_allclose(smallest_eigenvalue(K), 2 - 2 * np.cos(np.pi / (n + 1)), rtol=0, atol=1e-14)


# Identities --------------------------------------------------------------------------------


@pytest.mark.parametrize("smallest", [1e-8, 0.3, -0.5])
def test_prescribed_spectrum(smallest, rng):
    K = with_spectrum(np.array([smallest, 1.0, 2.0, 5.0]), rng)
    # Backward stable: a few roundings of the largest eigenvalue.
    assert_allclose(smallest_eigenvalue(K), smallest, rtol=0, atol=2e-14)


def test_shift_moves_the_eigenvalue(rng):
    K = with_spectrum(rng.random(20), rng)
    assert_allclose(
        smallest_eigenvalue(K + 3 * np.eye(20)), smallest_eigenvalue(K) + 3, rtol=0, atol=1e-14
    )


# Independent computations ------------------------------------------------------------------


def test_agrees_with_a_general_eigenvalue_routine(rng):
    A = rng.standard_normal((15, 15))
    K = A + A.T
    # The routine for matrices without symmetry; its error is about 1e-14 times the norm.
    expected = scipy.linalg.eigvals(K).real.min()
    assert_allclose(smallest_eigenvalue(K), expected, rtol=0, atol=1e-12)


# Positivity --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("smallest", "expected"), [(1e-3, True), (0.0, True), (-1e-14, True), (-1e-9, False)]
)
def test_positivity_up_to_the_threshold(smallest, expected, rng):
    K = with_spectrum(np.array([smallest, 0.5, 1.0]), rng)
    for factor in (1.0, 1e-12, 1e12):
        assert is_positive_semidefinite(factor * K) is expected


def test_threshold_is_the_argument(rng):
    K = with_spectrum(np.array([-1e-5, 1.0, 2.0]), rng)
    assert is_positive_semidefinite(K, rtol=1e-4)
    assert not is_positive_semidefinite(K, rtol=1e-6)


def test_negative_definite_is_not_positive():
    assert not is_positive_semidefinite(-np.eye(3))
    assert is_positive_semidefinite(np.zeros((3, 3)))


# Bad input ---------------------------------------------------------------------------------


@pytest.mark.parametrize("function", [smallest_eigenvalue, is_positive_semidefinite])
class TestBadMatrices:
    @pytest.mark.parametrize("shape", [(2, 3), (0, 0), (3,)])
    def test_shape(self, function, shape, unchecked):
        with pytest.raises(ValueError, match=r"`K` must be a nonempty square matrix; got shape"):
            function(np.zeros(shape))

    def test_symmetry(self, function):
        # The routine reads one triangle only, so a lost transpose would pass unseen.
        K = np.eye(3)
        K[0, 2] = 1e-3
        with pytest.raises(ValueError, match=r"`K` must be symmetric; got K\[0, 2\] = 0\.001"):
            function(K)

    def test_finiteness(self, function):
        K = np.eye(3)
        K[1, 0] = np.nan
        with pytest.raises(ValueError, match=r"`K` must be finite; got K\[1, 0\] = nan"):
            function(K)


def test_threshold_must_not_be_negative():
    with pytest.raises(ValueError, match="`rtol` must be nonnegative; got -1"):
        is_positive_semidefinite(np.eye(2), rtol=-1.0)
