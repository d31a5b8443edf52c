"""Arc-cosine kernels against exact values, identities, integrals over directions and sampling."""

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.integrate import quad

from companion.kernels.arc_cosine import arc_cosine_kernel

EXACT = 1e-15  # a few roundings of numbers of order one
both_orders = pytest.mark.parametrize("order", [0, 1])


def at_angle(theta, *, order):
    x, z = np.array([[1.0, 0.0]]), np.array([[np.cos(theta), np.sin(theta)]])
    return arc_cosine_kernel(x, z, order=order).item()


# Exact values ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("theta", "zeroth", "first"),
    [(0.0, 1 / 2, 1 / 2), (np.pi / 2, 1 / 4, 1 / (2 * np.pi)), (np.pi, 0.0, 0.0)],
    ids=["parallel", "orthogonal", "antipodal"],
)
def test_values_known_by_hand(theta, zeroth, first):
    assert_allclose(at_angle(theta, order=0), zeroth, rtol=0, atol=EXACT)
    assert_allclose(at_angle(theta, order=1), first, rtol=0, atol=EXACT)


def test_diagonal_is_half_of_the_squared_norm(rng):
    X = rng.standard_normal((300, 4))
    # One product of two norms against a sum of squares: three roundings.
    diagonal = np.diag(arc_cosine_kernel(X, order=1))
    assert_allclose(diagonal, (X**2).sum(axis=1) / 2, rtol=4 * EXACT)
    assert (np.diag(arc_cosine_kernel(X, order=0)) == 0.5).all()


# Identities --------------------------------------------------------------------------------


@given(scale=st.floats(1e-3, 1e3), theta=st.floats(0, np.pi))
def test_order_one_is_homogeneous_and_order_zero_blind_to_norms(scale, theta):
    x, z = np.array([[1.0, 0.0]]), np.array([[np.cos(theta), np.sin(theta)]])
    for order, factor in ((0, 1.0), (1, scale)):
        scaled = arc_cosine_kernel(scale * x, z, order=order).item()
        assert scaled == pytest.approx(
            factor * at_angle(theta, order=order), rel=1e-12, abs=EXACT * factor
        )


@pytest.mark.parametrize("rho", [-0.9, -0.3, 0.0, 0.5, 0.95])
def test_slope_of_order_one_is_order_zero(rho):
    # Price: d/drho E relu(u) relu(v) = E relu'(u) relu'(v) at unit variances. Central
    # difference with h = 1e-5: truncation 1e-10 times a third derivative of at most 20.
    above, below = (at_angle(np.arccos(rho + h), order=1) for h in (1e-5, -1e-5))
    assert_allclose((above - below) / 2e-5, at_angle(np.arccos(rho), order=0), rtol=0, atol=2e-9)


@both_orders
def test_points_with_themselves_are_points_with_a_copy(order, rng):
    # More points than two blocks hold; blocks of other shapes round otherwise.
    X = rng.standard_normal((250, 6))
    K = arc_cosine_kernel(X, order=order)
    assert_allclose(K, arc_cosine_kernel(X, X.copy(), order=order), rtol=0, atol=1e-14 * K.max())
    assert (K == K.T).all()


# Independent computations ------------------------------------------------------------------


@pytest.mark.parametrize("theta", np.linspace(0.1, 3.0, 5))
def test_agrees_with_the_integral_over_directions(theta):
    # In polar coordinates of the plane of the points E r^2 = 2 and the direction is uniform;
    # both neurons are active on one arc. quad is exact to 1e-13 for a trigonometric integrand.
    low, high = theta - np.pi / 2, np.pi / 2
    integral, _ = quad(lambda phi: np.cos(phi) * np.cos(phi - theta), low, high)
    assert_allclose(at_angle(theta, order=1), integral / np.pi, rtol=1e-12, atol=1e-15)
    assert_allclose(at_angle(theta, order=0), (high - low) / (2 * np.pi), rtol=1e-13)


@both_orders
def test_agrees_with_sampled_weights(order, rng):
    # Seeded. Bonferroni over 12 entries: 5 standard errors fail with probability below 1e-5.
    X, Z = rng.standard_normal((3, 6)), rng.standard_normal((4, 6))
    weights = rng.standard_normal((100_000, 6))
    first, second = weights @ X.T, weights @ Z.T
    if order == 1:
        first, second = np.maximum(first, 0), np.maximum(second, 0)
    else:
        first, second = (first > 0).astype(float), (second > 0).astype(float)
    products = first[:, :, None] * second[:, None, :]
    error = products.mean(axis=0) - arc_cosine_kernel(X, Z, order=order)
    assert (np.abs(error) < 5 * products.std(axis=0) / np.sqrt(len(weights))).all()


# Where naive formulas fail -----------------------------------------------------------------


@pytest.mark.parametrize("theta", [1e-2, 1e-4, 1e-6, 1e-9, 1e-12])
@pytest.mark.parametrize("input_dim", [2, 100])
def test_resolves_nearly_parallel_points(theta, input_dim, rng):
    # Two points of a random plane; their angle in 50 digits from the rounded coordinates. The
    # arc cosine of the inner product would be wrong by 1e-10 at 1e-6 and by 1e-8 below 1e-8.
    frame, _ = np.linalg.qr(rng.standard_normal((input_dim, 2)))
    x = frame[:, 0]
    z = np.cos(theta) * frame[:, 0] + np.sin(theta) * frame[:, 1]
    with mpmath.workdps(50):
        mx, mz = mpmath.matrix(list(x)), mpmath.matrix(list(z))
        cosine = (mx.T * mz)[0] / mpmath.norm(mx) / mpmath.norm(mz)
        exact = float(mpmath.mpf("0.5") - mpmath.acos(cosine) / (2 * mpmath.pi))
    found = arc_cosine_kernel(x[None], z[None], order=0).item()
    # Directions are rounded to 1e-16 in norm: so is the angle, a sixth of it arrives here.
    assert_allclose(found, exact, rtol=0, atol=1.2e-16)


# Bad input ---------------------------------------------------------------------------------


def test_order_must_be_zero_or_one(unchecked):
    with pytest.raises(ValueError, match="`order` must be 0 or 1; got 2"):
        arc_cosine_kernel(np.eye(2), order=2)


def test_zero_row_is_named_where_the_angle_counts():
    X = np.array([[1.0, 0.0], [0.0, 0.0]])
    with pytest.raises(ValueError, match="`X` must have nonzero rows; row 1"):
        arc_cosine_kernel(X, order=0)
    assert_allclose(arc_cosine_kernel(X, order=1), [[0.5, 0], [0, 0]], rtol=0, atol=0)
