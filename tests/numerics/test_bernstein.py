"""First negative times against roots known by hand and those of the companion matrix."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from companion.numerics.bernstein import first_negative

EXACT = 1e-14  # a root of a polynomial with coefficients of order one and a slope of order one


def powers(*roots, scale=1.0):
    """Coefficients of scale times the product of (root - tau), lowest first."""
    coefficients = np.array([scale])
    for root in roots:
        coefficients = np.convolve(coefficients, [root, -1.0])
    return coefficients


def padded(rows):
    table = np.zeros((len(rows), max(map(len, rows))))
    for row, values in zip(table, rows, strict=True):
        row[: len(values)] = values
    return table


# Exact values ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("roots", "time"),
    [
        ((0.5,), 0.5),
        ((0.3, 0.7), 0.3),
        ((0.3, 0.3001, 2.0), 0.3),
        ((0.1, 0.1, 0.8), 0.8),
        ((1e-9, 3.0, 5.0), 1e-9),
    ],
    ids=["line", "there and back", "a short visit", "touches first", "at once"],
)
def test_roots_known_by_hand(roots, time):
    coefficients = powers(*roots)
    coefficients = coefficients * np.sign(coefficients[0])
    if roots == (0.1, 0.1, 0.8):
        coefficients[0] += 1e-12  # a touch is not a crossing, and rounding must not make it one
    found = first_negative(coefficients[None])
    # A touch raised by 1e-12 and a visit of width 1e-4 lose digits by their small slopes.
    assert_allclose(found[0], time, rtol=1e-10, atol=0)
    assert found[1] == 0


def test_the_first_of_several_is_named():
    rows = padded([powers(0.6), powers(2.0), powers(0.4, 1.5), powers(0.5)])
    time, row = first_negative(rows)
    assert row == 2
    assert_allclose(time, 0.4, rtol=0, atol=EXACT)


@pytest.mark.parametrize(
    "rows", [np.zeros((0, 4)), np.array([[1.0, -0.5, -0.4]]), np.ones((2, 1))]
)
def test_nothing_is_found_where_nothing_is_negative(rows):
    assert first_negative(rows) is None


def test_negative_from_the_start():
    assert first_negative(np.array([[1.0, 1.0], [-1e-14, 5e-14]])) == (0.0, 1)
    assert first_negative(np.array([[-1e-300, -1.0]])) == (0.0, 0)


def test_negative_by_rounding_only_is_nothing():
    # (tau - 1/2)^10, expanded: the values below 1e-16 have the signs of rounding errors.
    row = powers(*[0.5] * 10)
    assert first_negative(row[None]) is None
    assert first_negative(np.array([[-1e-17, 5.0]])) is None


# Identities --------------------------------------------------------------------------------


@given(factor=st.floats(1e-150, 1e150), seed=st.integers(0, 50))
def test_positive_factors_change_nothing(factor, seed):
    rows = np.random.default_rng(seed).standard_normal((3, 6))
    rows[:, 0] = np.abs(rows[:, 0])
    one, other = first_negative(rows), first_negative(factor * rows)
    assert (one is None) == (other is None)
    if one is not None:
        assert one[1] == other[1]
        assert_allclose(one[0], other[0], rtol=1e-9)


# Independent computation -------------------------------------------------------------------


def by_companion_matrix(rows):
    first = (np.inf, -1)
    for index, row in enumerate(rows):
        roots = np.roots(row[::-1])
        real = np.sort(roots[np.abs(roots.imag) < 1e-9].real)
        for root in real[(real >= 0) & (real <= 1)]:
            if np.polyval(row[::-1], root + 1e-7) < 0:
                first = min(first, (root, index))
                break
    return first if first[1] >= 0 else None


def test_agrees_with_eigenvalues_of_companion_matrices(rng):
    for _ in range(300):
        rows = rng.standard_normal((rng.integers(1, 6), rng.integers(2, 14)))
        rows[:, 0] = np.abs(rows[:, 0]) * rng.choice([0.1, 1, 3])
        found, expected = first_negative(rows), by_companion_matrix(rows)
        assert (found is None) == (expected is None)
        if found is not None:
            assert found[1] == expected[1]
            # np.roots loses digits where two roots are close.
            assert_allclose(found[0], expected[0], rtol=0, atol=1e-7)


# Where naive formulas fail -----------------------------------------------------------------


def test_a_visit_shorter_than_any_grid_is_seen():
    # Negative on an interval of 2e-6 around 0.54321 only; values there reach 1e-12.
    centre, half = 0.54321, 1e-6
    row = np.array([centre**2 - half**2, -2 * centre, 1.0])
    time, _ = first_negative(row[None])
    # The discriminant, 4e-12, keeps four digits of the distance from the centre.
    assert_allclose(centre - time, half, rtol=1e-3)
