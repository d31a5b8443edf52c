"""The circle: orthonormal functions, energies by the transform, functions known by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from companion.spaces.circle import circle_energies, circle_points, fourier_basis

COUNTS = pytest.mark.parametrize("num_points", [1, 2, 3, 8, 9, 256])
EXACT = 1e-14  # sums of at most 256 products of order one, divided by their number


def test_points_by_hand():
    expected = [[1, 0], [0, 1], [-1, 0], [0, -1]]
    assert_allclose(circle_points(4), expected, atol=EXACT)
    assert_allclose(np.linalg.norm(circle_points(101), axis=1), 1, atol=EXACT)


def test_energies_by_hand():
    theta = 2 * np.pi * np.arange(12) / 12
    f = 3 + np.cos(theta) - 2 * np.sin(theta) + 4 * np.cos(5 * theta + 1) + 7 * np.cos(6 * theta)
    # The mean square of cos is 1/2; degree 6 alternates on the 12 points, with mean square one.
    assert_allclose(circle_energies(f), [9, 5 / 2, 0, 0, 0, 8, 49], atol=1e-13)


@COUNTS
def test_basis_is_orthonormal(num_points):
    basis, degrees = fourier_basis(num_points)
    assert_allclose(basis.T @ basis / num_points, np.eye(num_points), atol=EXACT)
    assert degrees.tolist() == sorted(degrees) and degrees[-1] == num_points // 2


def test_basis_by_hand():
    basis, degrees = fourier_basis(4)
    root = np.sqrt(2)
    expected = [[1, root, 0, 1], [1, 0, root, -1], [1, -root, 0, 1], [1, 0, -root, -1]]
    assert_allclose(basis, expected, atol=EXACT)
    assert degrees.tolist() == [0, 1, 1, 2]


@COUNTS
def test_energies_are_squared_coefficients(num_points, rng):
    # Two routes: the fast transform, and products with the explicit matrix.
    values = rng.standard_normal((2, 3, num_points))
    basis, degrees = fourier_basis(num_points)
    squares = (values @ basis / num_points) ** 2
    expected = squares @ (degrees[:, None] == np.arange(num_points // 2 + 1))
    found = circle_energies(values)
    assert_allclose(found, expected, rtol=1e-11, atol=EXACT)
    assert_allclose(found.sum(axis=-1), (values**2).mean(axis=-1), rtol=1e-13)


@given(st.integers(3, 60), st.integers(0, 59))
def test_energies_do_not_change_under_rotations(num_points, shift):
    values = np.random.default_rng(num_points).standard_normal(num_points)
    turned = circle_energies(np.roll(values, shift))
    assert_allclose(turned, circle_energies(values), rtol=1e-10, atol=EXACT)


def test_tent_function():
    # |theta| on (-pi, pi): pi/2 - (4/pi) sum over odd k of cos(k theta) / k^2. On n points the
    # coefficient of degree k gathers all degrees k + n j: 1/k^2 becomes
    # sum_j 1/(k + n j)^2 = (pi/n)^2 / sin(pi k/n)^2.
    n = 64
    theta = 2 * np.pi * np.arange(n) / n
    odd = np.arange(1, n // 2, 2)
    aliased = (np.pi / n) ** 2 / np.sin(np.pi * odd / n) ** 2
    found = circle_energies(np.minimum(theta, 2 * np.pi - theta))
    # An angle of size pi is rounded to 4e-16, a coefficient too.
    assert_allclose(found[odd], (4 / np.pi * aliased) ** 2 / 2, rtol=1e-10)
    assert_allclose(found[2:-1:2], 0, atol=1e-28)
    assert_allclose(found[0], (np.pi / 2) ** 2, rtol=1e-14)


def test_bad_input(unchecked):
    with pytest.raises(ValueError, match=r"`num_points` must be positive; got 0. Pass the number"):
        circle_points(0)
    with pytest.raises(TypeError, match=r"`num_points` must be a whole number; got 4.5"):
        fourier_basis(4.5)
    with pytest.raises(ValueError, match=r"`values` must have one number .* got shape \(3, 0\)"):
        circle_energies(np.zeros((3, 0)))
    with pytest.raises(ValueError, match=r"`values` must be finite; got values\[0, 2\] = nan"):
        circle_energies(np.array([[0.0, 1.0, np.nan]]))
