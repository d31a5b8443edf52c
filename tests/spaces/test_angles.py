"""Angles between points, with the digits that small angles need."""

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from companion.spaces.angles import angles, angles_from_cosine, direction_angles


def planar(theta):
    return np.array([[np.cos(theta), np.sin(theta)]])


# Exact values ------------------------------------------------------------------------------


@pytest.mark.parametrize("theta", [0.0, np.pi / 3, np.pi / 2, 3.0, np.pi])
def test_angles_in_the_plane(theta):
    # Two roundings of a number near pi.
    assert_allclose(angles(planar(0.0), planar(theta)), [[theta]], rtol=0, atol=1e-15)


def test_a_point_has_angle_zero_with_itself_and_pi_with_its_opposite(rng):
    X = rng.standard_normal((30, 7))
    assert (np.diag(angles(X, X)) == 0).all()
    assert (np.diag(angles(X, -X)) == np.pi).all()


# Identities --------------------------------------------------------------------------------


@given(one=st.floats(1e-100, 1e100), other=st.floats(1e-100, 1e100))
def test_angles_do_not_see_lengths(one, other):
    X, Z = np.array([[1.0, 2.0, -1.0]]), np.array([[0.5, 0.0, 1.0], [1.0, 2.0, -1.1]])
    assert_allclose(angles(one * X, other * Z), angles(X, Z), rtol=1e-14)


def test_angles_do_not_see_rotations(rng):
    X, Z = rng.standard_normal((8, 5)), rng.standard_normal((9, 5))
    rotation, _ = np.linalg.qr(rng.standard_normal((5, 5)))
    assert_allclose(angles(X @ rotation, Z @ rotation), angles(X, Z), rtol=0, atol=1e-14)


# Independent computation -------------------------------------------------------------------


def test_angles_agree_with_the_arc_cosine(rng):
    X, Z = rng.standard_normal((8, 5)), rng.standard_normal((9, 5))
    cosine = np.array([[x @ z / np.sqrt((x @ x) * (z @ z)) for z in Z] for x in X])
    # Away from parallel: no cosine beyond .98, where arccos magnifies rounding five times.
    assert np.abs(cosine).max() < 0.98
    assert_allclose(angles(X, Z), np.arccos(cosine), rtol=0, atol=5e-15)


# Where naive formulas fail -----------------------------------------------------------------


@pytest.mark.parametrize("gap", [1e-2, 1e-4, 1e-8, 1e-12])
@pytest.mark.parametrize("sign", [1, -1], ids=["parallel", "antiparallel"])
def test_nearly_parallel_points_keep_their_digits(gap, sign, rng):
    x = rng.standard_normal(6)
    z = sign * (x + gap * rng.standard_normal(6))
    with mpmath.workdps(60):
        mx, mz = mpmath.matrix(list(x)), mpmath.matrix(list(z))
        dot = (mx.T * mz)[0]
        expected = mpmath.acos(dot / mpmath.norm(mx) / mpmath.norm(mz))
        if sign < 0:  # compare what is small
            expected = mpmath.pi - expected
        found = angles(x[None], z[None]).item()
        error = float((mpmath.pi - mpmath.mpf(found) if sign < 0 else found) - expected)
    # Directions are rounded to 1e-16; pi itself is a double within 1.2e-16.
    assert abs(error) < 6e-16


def test_every_row_with_a_nearly_parallel_partner_is_treated(rng):
    X = rng.standard_normal((20, 3))
    Z = np.concatenate([X[::-1], X + 1e-9])
    theta = angles(X, Z)
    for i in range(20):
        assert theta[i, 19 - i] == 0
        assert 1e-11 < theta[i, 20 + i] < 1e-8


@pytest.mark.parametrize("gap", [1e-3, 1e-6, 1e-9])
@pytest.mark.parametrize("sign", [1, -1], ids=["parallel", "antiparallel"])
def test_sine_and_cosine_belong_to_the_angle(gap, sign, rng):
    # The sine of a small angle is the angle, to its own relative accuracy; 1 - c^2 loses it.
    U = np.array([[1.0, 0.0]])
    V = sign * np.array([[np.cos(gap), np.sin(gap)]])
    pairs = direction_angles(U, V)
    assert_allclose(pairs.sine, [[np.sin(gap)]], rtol=1e-15 / gap)
    assert_allclose(pairs.cosine, [[sign * np.cos(gap)]], rtol=1e-15)
    U, V = rng.standard_normal((2, 9, 4))
    pairs = direction_angles(
        U / np.linalg.norm(U, axis=1)[:, None], V / np.linalg.norm(V, axis=1)[:, None]
    )
    # Below 0.99 the root magnifies the rounding of 1 - c^2 at most seven times.
    assert_allclose(pairs.sine, np.sin(pairs.angle), rtol=0, atol=2e-15)
    assert_allclose(pairs.cosine, np.cos(pairs.angle), rtol=0, atol=1e-15)


@given(theta=st.floats(0, np.pi))
def test_distances_from_the_ends_decide_near_the_ends(theta):
    minus, plus = 2 * np.sin(theta / 2) ** 2, 2 * np.cos(theta / 2) ** 2
    rough = np.array([[np.cos(theta) + 1e-10]])  # what a sloppy product could give
    found = angles_from_cosine(rough, lambda i, j: (np.array([minus]), np.array([plus]))).angle
    near_an_end = abs(np.cos(theta) + 1e-10) > 0.99
    # Inside, the error of the cosine is magnified at most 7.1 times; near the ends not at all.
    assert abs(found.item() - theta) < (1e-15 if near_an_end else 8e-10)


# Bad input ---------------------------------------------------------------------------------


def test_zero_row_is_named():
    X = np.array([[1.0, 0.0], [0.0, 0.0]])
    with pytest.raises(ValueError, match="`X` must have nonzero rows; row 1 is the zero vector"):
        angles(X, X)
    with pytest.raises(ValueError, match="`Z` must have nonzero rows; row 1"):
        angles(X[:1], X)


def test_dimensions_must_agree(unchecked):
    with pytest.raises(ValueError, match="`Z` must have points of the dimension of `X`, 3; got 2"):
        angles(np.ones((1, 3)), np.ones((1, 2)))
