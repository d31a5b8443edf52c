"""Extreme eigenvalues with intervals, on matrices whose spectra are known in closed form."""

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from companion.numerics.eigenpair import Eigenpair
from companion.numerics.eigenvalues import largest_eigenpair, smallest_eigenpair

LARGE = 300  # above the size up to which matrices are reduced to tridiagonal form


def second_differences(size):
    """tridiag(-1, 2, -1): its entries and those of its square are exact in floating point."""
    return 2 * np.eye(size) - np.eye(size, k=1) - np.eye(size, k=-1)


def frequencies(size):
    """Eigenvalues of the second differences, ascending, to full relative accuracy."""
    return 4 * np.sin(np.arange(1, size + 1) * np.pi / (2 * (size + 1))) ** 2


def with_spectrum(values, rng):
    basis, _ = np.linalg.qr(rng.standard_normal((len(values), len(values))))
    K = (basis * values) @ basis.T
    return (K + K.T) / 2


# Exact values ------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 30, LARGE])
@pytest.mark.parametrize("power", [1, 2])
def test_second_differences(size, power):
    # The square has condition number 1.3e9 at 300 rows; rounding of the closed form is 1e-15.
    K = np.linalg.matrix_power(second_differences(size), power)
    exact = frequencies(size) ** power
    low, high = smallest_eigenpair(K), largest_eigenpair(K)
    for pair, value in ((low, exact[0]), (high, exact[-1])):
        assert pair.lower <= value * (1 + 4e-15)
        assert value * (1 - 4e-15) <= pair.upper
        assert_allclose(np.linalg.norm(pair.vector), 1, rtol=1e-15)
    # Extended precision in the Rayleigh quotient and a vector with error of its square root.
    assert_allclose(low.value, exact[0], rtol=1e-11)
    assert_allclose(high.value, exact[-1], rtol=1e-12)


def test_diagonal_matrix_by_hand():
    pair = smallest_eigenpair(np.diag([5.0, 3.0, 4.0]))
    assert_allclose(pair.value, 3.0, rtol=1e-15)
    assert_allclose(np.abs(pair.vector), [0, 1, 0], rtol=0, atol=1e-15)
    assert largest_eigenpair(np.diag([5.0, 3.0, 4.0])).value == pytest.approx(5.0, rel=1e-15)


# The interval ------------------------------------------------------------------------------


@settings(max_examples=40)
@given(
    constant=st.integers(0, 50),
    linear=st.integers(1, 50),
    square=st.integers(0, 50),
    size=st.sampled_from([7, 60, 257, LARGE]),
)
def test_interval_contains_the_eigenvalue(constant, linear, square, size):
    # A polynomial with nonnegative coefficients is increasing, and all entries are integers.
    T = second_differences(size)
    K = constant * np.eye(size) + linear * T + square * T @ T
    values = constant + linear * frequencies(size) + square * frequencies(size) ** 2
    for pair, exact in ((smallest_eigenpair(K), values[0]), (largest_eigenpair(K), values[-1])):
        assert pair.lower <= exact * (1 + 4e-15)
        assert exact * (1 - 4e-15) <= pair.upper
        assert pair.lower <= pair.value <= pair.upper


@pytest.mark.parametrize("condition", [1e2, 1e4, 1e6])
def test_interval_is_as_narrow_as_asked(condition, rng):
    # The lowest two differ by 2 to 5 per cent; the rounding of the certificate stays below.
    K = with_spectrum(np.geomspace(1 / condition, 1, LARGE), rng)
    pair = smallest_eigenpair(K, rtol=1e-9)
    assert pair.bound <= 1e-9 * pair.value
    # Forming the matrix moved its eigenvalues by a few roundings of the largest.
    assert_allclose(pair.value, 1 / condition, rtol=0, atol=1e-14)


def test_refinement_stops_where_asked(rng):
    K = with_spectrum(np.geomspace(1e-4, 1, LARGE), rng)
    loose, tight = smallest_eigenpair(K, rtol=1e-3), smallest_eigenpair(K, rtol=1e-12)
    assert tight.bound < 1e-11 * tight.value < loose.bound < 1e-3 * loose.value


def test_agrees_with_fifty_digits(rng):
    # A Hilbert matrix in double precision is one definite matrix; its lowest eigenvalue is 1e-12
    # of its largest, and a routine in plain double precision has only four digits of it.
    K = 1 / (1 + np.arange(9)[:, None] + np.arange(9))
    with mpmath.workdps(50):
        values = mpmath.eigsy(mpmath.matrix(K.tolist()), eigvals_only=True)
        exact = float(min(values))
    pair = smallest_eigenpair(K)
    assert pair.lower <= exact <= pair.upper
    # The vector of the reduction is good to 1e-4 against the second eigenvalue, 50 times larger.
    assert_allclose(pair.value, exact, rtol=1e-4)
    assert pair.bound < 1e-13


# Warm starts -------------------------------------------------------------------------------


def test_a_start_changes_nothing_but_the_cost(rng):
    before = with_spectrum(np.geomspace(1e-3, 1, LARGE), rng)
    A = rng.standard_normal((LARGE, LARGE))
    after = before + 1e-5 * A @ A.T
    cold = smallest_eigenpair(after)
    warm = smallest_eigenpair(after, start=smallest_eigenpair(before))
    assert_allclose(warm.value, cold.value, rtol=1e-10)  # the tolerance asked for
    top = largest_eigenpair(after, start=largest_eigenpair(before))
    assert_allclose(top.value, np.linalg.eigvalsh(after)[-1], rtol=1e-10)


def test_the_pair_itself_is_a_good_start(rng, monkeypatch):
    # From an eigenvector alone no iteration learns where the next eigenvalue is; the slow way
    # by reduction must not be taken for that.
    K = with_spectrum(np.geomspace(1e-3, 1, LARGE), rng)
    pair = smallest_eigenpair(K)
    monkeypatch.setattr("scipy.linalg.eigh", None)
    assert_allclose(smallest_eigenpair(K, start=pair).value, pair.value, rtol=1e-10)
    assert_allclose(
        largest_eigenpair(K, start=largest_eigenpair(K)).value,
        largest_eigenpair(K).value,
        rtol=1e-10,
    )


@pytest.mark.parametrize("vector", [0, 1, LARGE - 1])
def test_a_misleading_start_cannot_mislead(vector, rng):
    # A start exactly in another eigenvector, with a value above the smallest: an iteration that
    # trusted it would return the wrong eigenvalue with a residual of zero.
    values = np.geomspace(1e-3, 1, LARGE)
    K = np.diag(values)
    false = Eigenpair(0.5, 0.5, 0.5, np.eye(LARGE)[vector])
    assert_allclose(smallest_eigenpair(K, start=false).value, values[0], rtol=1e-10)
    assert_allclose(largest_eigenpair(K, start=false).value, values[-1], rtol=1e-10)


# Where shortcuts fail ----------------------------------------------------------------------


@pytest.mark.parametrize("multiplicity", [2, 5, LARGE])
def test_repeated_lowest_eigenvalue(multiplicity, rng):
    values = np.r_[np.full(multiplicity, 1e-3), np.linspace(0.1, 1, LARGE - multiplicity)]
    K = with_spectrum(values, rng) if multiplicity < LARGE else 1e-3 * np.eye(LARGE)
    pair = smallest_eigenpair(K)
    assert_allclose(pair.value, 1e-3, rtol=0, atol=1e-14)  # a few roundings of the largest
    assert pair.bound < 1e-9  # LARGE roundings of the trace
    assert pair.lower <= np.linalg.eigvalsh(K)[0] + 1e-14


@pytest.mark.parametrize("gap", [1e-4, 1e-8, 1e-12])
def test_nearly_repeated_lowest_eigenvalue(gap, rng):
    values = np.r_[1e-2, 1e-2 * (1 + gap), np.linspace(0.1, 1, LARGE - 2)]
    pair = smallest_eigenpair(with_spectrum(values, rng))
    assert_allclose(pair.value, 1e-2, rtol=0, atol=1e-13)
    assert pair.lower <= 1e-2 + 1e-14


@pytest.mark.parametrize("size", [40, LARGE])
def test_singular_matrix_has_zero_in_its_interval(size, rng):
    # Integers, so that the product is exactly singular.
    A = rng.integers(-3, 4, (size, size // 2)).astype(float)
    pair = smallest_eigenpair(A @ A.T)
    assert pair.lower <= 0 <= pair.upper
    assert pair.bound <= 1e-11 * np.trace(A @ A.T)


@pytest.mark.parametrize("size", [40, LARGE])
def test_indefinite_and_zero_matrices(size, rng):
    K = with_spectrum(np.linspace(-1, 2, size), rng)
    assert_allclose(smallest_eigenpair(K).value, -1, rtol=0, atol=1e-13)
    assert_allclose(largest_eigenpair(K).value, 2, rtol=0, atol=1e-13)
    zero = smallest_eigenpair(np.zeros((size, size)))
    assert zero.value == 0
    assert zero.bound < 1e-300


@pytest.mark.parametrize("factor", [1e-150, 1e-30, 1e30, 1e150])
def test_scale_beyond_single_precision(factor, rng):
    K = with_spectrum(np.geomspace(1e-4, 1, LARGE), rng)
    pair, scaled = smallest_eigenpair(K), smallest_eigenpair(factor * K)
    assert_allclose(scaled.value, factor * pair.value, rtol=1e-10)  # the tolerance asked for
    assert scaled.bound <= 1e-10 * scaled.value


def test_shift_moves_both_ends(rng):
    K = with_spectrum(np.linspace(1, 5, LARGE), rng)
    # Relative tolerance 1e-10 of values below ten.
    for function in (smallest_eigenpair, largest_eigenpair):
        moved = function(K + 2 * np.eye(LARGE)).value
        assert_allclose(moved, function(K).value + 2, rtol=0, atol=1e-9)


# Bad input ---------------------------------------------------------------------------------


@pytest.mark.parametrize("function", [smallest_eigenpair, largest_eigenpair])
class TestBadMatrices:
    @pytest.mark.parametrize("shape", [(2, 3), (0, 0), (3,)])
    def test_shape(self, function, shape, unchecked):
        with pytest.raises(ValueError, match=r"`K` must be a nonempty square matrix; got shape"):
            function(np.zeros(shape))

    def test_finiteness(self, function):
        K = np.eye(3)
        K[1, 0] = np.inf
        with pytest.raises(ValueError, match=r"`K` must be finite; got K\[1, 0\] = inf"):
            function(K)


@pytest.mark.parametrize("function", [smallest_eigenpair, largest_eigenpair])
def test_options_are_checked(function):
    with pytest.raises(ValueError, match=r"`rtol` must be positive; got 0"):
        function(np.eye(3), rtol=0.0)
    with pytest.raises(ValueError, match=r"`start` must be a pair of a matrix with 3 rows"):
        function(np.eye(3), start=smallest_eigenpair(np.eye(2)))
