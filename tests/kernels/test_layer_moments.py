"""Layer moments against closed forms, a rule in two dimensions, 30 digits and sampling."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from companion.activations import (
    GAUSSIAN_BUMP,
    NORMAL_CDF,
    RELU,
    SHIFTED_SIGMOID,
    SIGMOID,
    TANH,
)
from companion.kernels.hermite_series import UnresolvedMoment
from companion.kernels.layer_moments import layer_moment

ALL = [SIGMOID, SHIFTED_SIGMOID, NORMAL_CDF, GAUSSIAN_BUMP, TANH, RELU]
SMOOTH = ALL[:-1]
by_name = {"ids": lambda sigma: sigma.name}
GOAL = 1e-13  # the accuracy stated for norms up to 10, relative to the diagonal


def planar_pair(r, s, theta):
    """Points of norms r and s at angle theta, each as a (1, 2) array."""
    return np.array([[r, 0.0]]), s * np.array([[math.cos(theta), math.sin(theta)]])


def moment(r, s, theta, sigma, *, derivative=False):
    x, z = planar_pair(r, s, theta)
    return layer_moment(x, z, activation=sigma, derivative=derivative).item()


def trapezoid(f, r, s, theta, step):
    """E f(u) f(v) on a plane grid turned to the bisector of the points, in extended precision."""
    axis = np.arange(-round(9 / step), round(9 / step) + 1).astype(np.longdouble) * step
    density = np.exp(-(axis**2) / 2)
    half = np.longdouble(theta) / 2
    along, across = np.cos(half) * axis[:, None], np.sin(half) * axis[None, :]
    values = f(r * (along + across)) * f(s * (along - across))
    return float(density @ values @ density / density.sum() ** 2)


# Exact values ------------------------------------------------------------------------------

NORMS = [(1.0, 1.0), (0.5, 1.0), (0.01, 3.0), (10.0, 10.0), (10.0, 0.3)]
ANGLES = [0.0, 1e-5, 0.7, math.pi / 2, 2.5, math.pi]


@pytest.mark.parametrize(("r", "s"), NORMS)
@pytest.mark.parametrize("theta", ANGLES)
def test_closed_forms_at_any_norms(r, s, theta):
    # u and v with an independent standard normal each: Phi becomes an orthant probability. The
    # bump is a Gaussian integral, det(I + covariance)^(-1/2).
    cov = r * s * math.cos(theta)
    scale = math.sqrt((1 + r * r) * (1 + s * s))
    # 1 - (cov/scale)^2 without cancellation, for norms where the points nearly saturate.
    det = 1 + r * r + s * s + (r * s * math.sin(theta)) ** 2
    orthant = 1 / 4 + math.atan2(cov, math.sqrt(det)) / (2 * math.pi)
    diagonal = [1 / 4 + math.asin(q * q / (1 + q * q)) / (2 * math.pi) for q in (r, s)]
    allowed = GOAL * math.sqrt(diagonal[0] * diagonal[1])
    assert_allclose(moment(r, s, theta, NORMAL_CDF), orthant, rtol=0, atol=allowed)
    assert abs(math.sqrt(det + cov**2) / scale - 1) < 1e-14
    bump = det**-0.5
    assert_allclose(moment(r, s, theta, GAUSSIAN_BUMP), bump, rtol=0, atol=GOAL)
    slope = moment(r, s, theta, NORMAL_CDF, derivative=True)
    assert_allclose(slope, bump / (2 * math.pi), rtol=0, atol=GOAL)


def test_sigmoid_on_the_unit_sphere_at_opposite_and_orthogonal_points():
    # s(z) + s(-z) = 1: orthogonal points give (E s)^2 = 1/4, and the values at t and -t average
    # to 1/4 because s - 1/2 is odd.
    assert_allclose(moment(1, 1, math.pi / 2, SIGMOID), 1 / 4, rtol=1e-15)
    for theta in (0.0, 0.4, 1.2):
        mean = (moment(1, 1, theta, SIGMOID) + moment(1, 1, math.pi - theta, SIGMOID)) / 2
        assert_allclose(mean, 1 / 4, rtol=1e-15)


# Identities --------------------------------------------------------------------------------


@settings(max_examples=30)
@given(r=st.floats(0.01, 3), s=st.floats(0.01, 3), theta=st.floats(0, math.pi))
@pytest.mark.parametrize("sigma", ALL, **by_name)
def test_exchange_of_the_points(sigma, r, s, theta):
    x, z = planar_pair(r, s, theta)
    one, other = (layer_moment(*pair, activation=sigma) for pair in ((x, z), (z, x)))
    assert_allclose(one, other, rtol=0, atol=1e-14 * r * s if sigma is RELU else 1e-14)


@pytest.mark.parametrize("sigma", ALL, **by_name)
@pytest.mark.parametrize(("r", "s"), [(1.0, 1.0), (0.5, 2.0)])
@pytest.mark.parametrize("theta", [0.3, 1.5, 2.8])
def test_slope_in_the_covariance_is_the_moment_of_the_derivative(sigma, r, s, theta):
    # Price: d/dc E sigma(u) sigma(v) = E sigma'(u) sigma'(v) at fixed variances. Along the
    # angle dc = -r s sin(theta) d theta. Step 1e-4 with two-point extrapolation: truncation
    # h^4 ~ 1e-16 times the fifth derivative, rounding 1e-16 / h ~ 1e-12.
    def difference(h):
        above, below = moment(r, s, theta + h, sigma), moment(r, s, theta - h, sigma)
        return (above - below) / (2 * h)

    slope = (4 * difference(1e-4) - difference(2e-4)) / 3
    expected = -r * s * math.sin(theta) * moment(r, s, theta, sigma, derivative=True)
    assert_allclose(slope, expected, rtol=0, atol=2e-11)


@pytest.mark.parametrize("sigma", [SIGMOID, NORMAL_CDF, TANH], **by_name)
def test_centre_makes_the_moment_odd_about_its_square(sigma, rng):
    X, Z = rng.standard_normal((4, 3)), rng.standard_normal((5, 3))
    total = layer_moment(X, Z, activation=sigma) + layer_moment(X, -Z, activation=sigma)
    assert_allclose(total, 2 * sigma.centre**2, rtol=0, atol=1e-14)


# Independent computations ------------------------------------------------------------------


@pytest.mark.parametrize("derivative", [False, True], ids=["value", "derivative"])
@pytest.mark.parametrize("theta", ANGLES)
@pytest.mark.parametrize(
    ("r", "s", "step"), [(1.0, 1.0, 1 / 8), (0.5, 2.0, 1 / 12), (10.0, 10.0, 1 / 32)]
)
def test_sigmoid_agrees_with_a_plane_rule(r, s, step, theta, derivative):
    # The poles of s(r z) at distance pi / r leave exp(-2 pi^2 / (r step)): below 1e-26.
    def f(z):
        value = (1 + np.tanh(z / 2)) / 2
        return value * (1 - value) if derivative else value

    diagonal = max(trapezoid(f, q, q, 0.0, step) for q in (r, s))
    assert_allclose(
        moment(r, s, theta, SIGMOID, derivative=derivative),
        trapezoid(f, r, s, theta, step),
        rtol=0,
        atol=GOAL * diagonal,
    )


@pytest.mark.parametrize("sigma", [SHIFTED_SIGMOID, TANH], **by_name)
@pytest.mark.parametrize(("r", "s", "step"), [(1.0, 0.7, 1 / 16), (5.0, 2.0, 1 / 32)])
@pytest.mark.parametrize("theta", ANGLES)
def test_others_agree_with_a_plane_rule(sigma, r, s, step, theta):
    def f(z):
        return np.tanh(z) if sigma is TANH else (1 + np.tanh((z + 1) / 2)) / 2

    assert_allclose(moment(r, s, theta, sigma), trapezoid(f, r, s, theta, step), rtol=0, atol=GOAL)


@pytest.mark.parametrize(("r", "cosine"), [(1, -1), (1, 0.3), (2, -0.9), (2, 1)])
def test_sigmoid_in_thirty_digits(r, cosine):
    # The plane rule once more, in 30 digits: its own rounding is then out of the question.
    with mpmath.workdps(30):
        along, across = (
            mpmath.sqrt((1 + mpmath.mpf(cosine)) / 2),
            mpmath.sqrt((1 - mpmath.mpf(cosine)) / 2),
        )
        step = mpmath.mpf(1) / (3 * r)  # exp(-2 pi^2 / (r step)) = 2e-26
        axis = [k * step for k in range(int(-11 / step), int(11 / step) + 1)]
        weights = [step * mpmath.npdf(p) for p in axis]

        def s(z):
            return 1 / (1 + mpmath.exp(-z))

        total = mpmath.mpf(0)
        for p, wp in zip(axis, weights, strict=True):
            row = [
                s(r * (along * p + across * q)) * s(r * (along * p - across * q)) * wq
                for q, wq in zip(axis, weights, strict=True)
            ]
            total += wp * mpmath.fsum(row)
        expected = float(total)
    assert_allclose(moment(r, r, math.acos(cosine), SIGMOID), expected, rtol=2e-15)


@pytest.mark.parametrize("sigma", ALL, **by_name)
@pytest.mark.parametrize("derivative", [False, True], ids=["value", "derivative"])
def test_agrees_with_sampled_weights(sigma, derivative, rng):
    # Seeded. Bonferroni over 12 entries: 5 standard errors fail with probability below 1e-5.
    X, Z = rng.standard_normal((3, 4)), rng.standard_normal((4, 4))
    weights = rng.standard_normal((100_000, 4))
    f = sigma.derivative if derivative else sigma.value
    products = f(weights @ X.T)[:, :, None] * f(weights @ Z.T)[:, None, :]
    error = products.mean(axis=0) - layer_moment(X, Z, activation=sigma, derivative=derivative)
    assert (np.abs(error) < 5 * products.std(axis=0) / math.sqrt(len(weights))).all()


# Where naive formulas fail -----------------------------------------------------------------


@pytest.mark.parametrize("theta", [1e-6, 1e-9, 1e-12])
def test_resolves_nearly_parallel_points(theta):
    # The gap of the ReLU derivative is theta / (2 pi), which an arc cosine loses below 1e-8.
    gap = 0.5 - moment(1, 1, theta, RELU, derivative=True)
    assert_allclose(gap, theta / (2 * np.pi), rtol=0, atol=2e-16)


@pytest.mark.parametrize("sigma", SMOOTH, **by_name)
def test_zero_vector_needs_no_angle_where_the_activation_is_smooth(sigma, rng):
    X = np.stack([np.zeros(3), np.ones(3)])
    K = layer_moment(X, X, activation=sigma)
    at_zero = float(sigma(np.zeros(1))[0])
    assert_allclose(K[0, 0], at_zero**2, rtol=1e-14)
    draws = sigma(math.sqrt(3) * rng.standard_normal(100_000))
    assert abs(K[0, 1] - at_zero * draws.mean()) <= 5 * draws.std() * at_zero / math.sqrt(1e5)


def test_relu_of_the_zero_vector():
    X = np.stack([np.zeros(3), np.ones(3)])
    assert_allclose(layer_moment(X, X, activation=RELU), [[0, 0], [0, 1.5]], rtol=1e-15)
    with pytest.raises(ValueError, match="`X` must have nonzero rows; row 0 is the zero vector"):
        layer_moment(X, X, activation=RELU, derivative=True)


def test_tiny_and_mixed_norms(rng):
    # E s(u) s(v) = 1/4 + cov / 16 + O(norm^4) for the sigmoid near zero.
    X = 1e-5 * rng.standard_normal((3, 3))
    expected = 1 / 4 + X @ X.T / 16
    assert_allclose(layer_moment(X, X, activation=SIGMOID), expected, rtol=1e-15)


# Bad input ---------------------------------------------------------------------------------


@pytest.mark.parametrize("sigma", [SIGMOID, RELU], **by_name)
def test_bad_points_are_named(sigma, unchecked):
    good, bad = np.ones((2, 3)), np.ones((2, 3))
    bad[1, 2] = np.inf
    with pytest.raises(ValueError, match=r"`Z` must be finite; got Z\[1, 2\] = inf"):
        layer_moment(good, bad, activation=sigma)
    with pytest.raises(ValueError, match="`X` must be a nonempty matrix with points as rows"):
        layer_moment(np.ones(3), good, activation=sigma)
    with pytest.raises(ValueError, match="`Z` must have points of the dimension of `X`, 3; got 2"):
        layer_moment(good, np.ones((2, 2)), activation=sigma)


def test_norm_beyond_the_series_is_refused():
    with pytest.raises(UnresolvedMoment, match="got norm 1000"):
        moment(1.0, 1000.0, 0.5, SIGMOID)
