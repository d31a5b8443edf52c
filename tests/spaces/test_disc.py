"""The unit disc: moments by hand, orthogonality, and ridge functions fitted by least squares."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.special import gamma

from companion.spaces.disc import disc_rule, radial_polynomial, ridge_distance

EXACT = 1e-13  # sums of hundreds of terms of order one


def moment(a, b):
    # Mean of x^a y^b over the disc, by polar coordinates.
    if a % 2 or b % 2:
        return 0.0
    angular = gamma((a + 1) / 2) * gamma((b + 1) / 2) / gamma((a + b) / 2 + 1) / np.pi
    return angular * 2 / (a + b + 2)


# Exact values ------------------------------------------------------------------------------


@pytest.mark.parametrize("power", [(0, 0), (2, 0), (2, 2), (3, 1), (1, 0), (6, 4), (0, 10)])
def test_the_rule_integrates_monomials(power):
    X, nu = disc_rule(3, 12)
    assert_allclose(nu @ (X[:, 0] ** power[0] * X[:, 1] ** power[1]), moment(*power), atol=EXACT)
    assert (nu > 0).all() and ((X**2).sum(axis=1) < 1).all()


@pytest.mark.parametrize(("num_radii", "num_angles", "power"), [(3, 100, 12), (20, 12, 12)])
def test_the_rule_is_not_exact_beyond_its_degree(num_radii, num_angles, power):
    X, nu = disc_rule(num_radii, num_angles)
    assert abs(nu @ X[:, 0] ** power / moment(power, 0) - 1) > 1e-4


def test_radial_polynomials_by_hand():
    X = np.array([[0.0, 0.0], [0.6, 0.8], [0.3, -0.4]])
    r2 = np.array([0.0, 1.0, 0.25])
    assert_allclose(radial_polynomial(X, degree=0), 1)
    assert_allclose(radial_polynomial(X, degree=1), 2 * r2 - 1, rtol=EXACT, atol=EXACT)
    assert_allclose(radial_polynomial(X, degree=2), 6 * r2**2 - 6 * r2 + 1, atol=EXACT)


@pytest.mark.parametrize("degree", [0, 1, 2, 5, 40])
def test_one_direction_takes_one_harmonic_of_many(degree):
    # The projection on one of 2k + 1 waves of equal size.
    expected = 1 - 1 / (2 * degree + 1)
    assert_allclose(ridge_distance(np.array([0.7]), degree=degree), expected, atol=EXACT)


@pytest.mark.parametrize("degree", [1, 2, 5])
def test_one_direction_more_than_the_degree_is_enough(degree):
    # For degree 1: |x|^2 = x_1^2 + x_2^2.
    angles = np.pi * np.arange(degree + 1) / (degree + 1)
    assert ridge_distance(angles, degree=degree) < EXACT
    assert ridge_distance(angles[:-1], degree=degree) > 1 / (degree + 1)


# Identities --------------------------------------------------------------------------------


def test_radial_polynomials_are_orthogonal():
    X, nu = disc_rule(12, 30)
    values = np.array([radial_polynomial(X, degree=k) for k in range(8)])
    assert_allclose((values * nu) @ values.T, np.diag(1 / (2 * np.arange(8) + 1)), atol=EXACT)


@given(
    st.lists(st.floats(0, np.pi), min_size=1, max_size=5),
    st.floats(-4, 4),
    st.integers(1, 8),
)
def test_the_distance_does_not_see_rotations_and_falls_with_directions(angles, turn, degree):
    angles = np.array(angles)
    between = np.abs(np.sin(np.subtract.outer(angles, angles)))[np.triu_indices(len(angles), 1)]
    assume(between.min(initial=1) > 0.01)  # nearly equal directions make the fit ill-conditioned
    distance = ridge_distance(angles, degree=degree)
    # Least squares with condition up to 1e8 for angles 0.01 apart.
    assert_allclose(ridge_distance(angles + turn, degree=degree), distance, atol=1e-7)
    assert ridge_distance(angles[:1], degree=degree) >= distance - 1e-7


# Independent computations ------------------------------------------------------------------


@pytest.mark.parametrize("angles", [[0.3], [0.0, 1.0], [0.2, 0.9, 2.5], [0.0, 0.8, 1.5, 2.2]])
@pytest.mark.parametrize("degree", [1, 2, 4])
def test_agrees_with_a_fit_of_polynomial_profiles_on_the_disc(angles, degree):
    # Profiles of degree 2k suffice; monomials in w.x, fitted on an own polar grid.
    nodes, weights = np.polynomial.legendre.leggauss(20)
    radii, phi = np.sqrt((nodes + 1) / 2), 2 * np.pi * np.arange(40) / 40
    x = np.outer(radii, np.cos(phi)).ravel()
    y = np.outer(radii, np.sin(phi)).ravel()
    root = np.sqrt(np.repeat(weights / 80, 40))
    target = np.polynomial.legendre.Legendre.basis(degree)(2 * (x**2 + y**2) - 1)
    ridges = [
        (np.cos(theta) * x + np.sin(theta) * y) ** power
        for theta in angles
        for power in range(2 * degree + 1)
    ]
    features = root[:, None] * np.array(ridges).T
    fit = features @ np.linalg.lstsq(features, root * target, rcond=1e-12)[0]
    error = np.sum((root * target - fit) ** 2) / np.sum((root * target) ** 2)
    # Monomials up to degree 8 have condition numbers below 1e5: squared errors to 1e-10.
    assert_allclose(ridge_distance(np.array(angles), degree=degree), error, atol=1e-10)


def test_conditional_expectation_is_the_best_profile():
    # One direction: the best profile of P_1(2|x|^2 - 1) is its mean over the chord, by hand
    # (8 t^2 - 2) / 6, with mean square (64 / 8 - 32 / 4 + 4) / 36 = 1/9 under the semicircle law.
    assert_allclose(ridge_distance(np.zeros(1), degree=1), 1 - (1 / 9) / (1 / 3), rtol=EXACT)


# Where naive formulas fail -----------------------------------------------------------------


def test_equal_directions_count_once():
    one = ridge_distance(np.array([0.4]), degree=3)
    assert_allclose(ridge_distance(np.array([0.4, 0.4, 0.4 + np.pi]), degree=3), one, atol=1e-9)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: disc_rule(0, 3), "`num_radii` must be positive; got 0"),
        (lambda: disc_rule(3, -1), "`num_angles` must be positive; got -1"),
        (lambda: radial_polynomial(np.zeros((1, 2)), degree=-1), "`degree` must not be negative"),
        (lambda: radial_polynomial(np.array([[0.0, np.nan]]), degree=1), r"X\[0, 1\] = nan"),
        (lambda: ridge_distance(np.array([]), degree=1), "`angles` must hold at least one"),
        (lambda: ridge_distance(np.array([np.inf]), degree=1), "`angles` must be finite"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
