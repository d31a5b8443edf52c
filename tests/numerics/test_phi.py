"""Phi functions against exact values, identities, an integral and arithmetic of many digits."""

from math import exp, factorial

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.integrate import quad

from companion.numerics.phi import HIGHEST, NEAR_ZERO, phi

# The recursion divides differences: each loses a factor below 5 where it starts, at |z| = 1.5.
LOST = np.array([4.0, 4.0, 8.0, 20.0, 60.0, 150.0, 300.0]) * np.finfo(float).eps


def exact(k: int, z: float) -> mpmath.mpf:
    """The definition of phi_k in arithmetic of 400 digits."""
    with mpmath.workdps(400):
        z = mpmath.mpf(z)
        if z == 0:
            return 1 / mpmath.factorial(k)
        return (mpmath.exp(z) - sum(z**j / mpmath.factorial(j) for j in range(k))) / z**k


# Exact values ------------------------------------------------------------------------------


def test_values_at_zero_and_one():
    at_zero, at_one = phi(np.array([0.0, 1.0]), highest=3).T
    assert_allclose(at_zero, [1, 1, 1 / 2, 1 / 6], rtol=0, atol=0)
    assert_allclose(at_one, [exp(1), exp(1) - 1, exp(1) - 2, exp(1) - 5 / 2], rtol=1e-15)


def test_far_to_the_left_only_the_first_term_of_the_recursion_is_left():
    z = -np.array([1e3, 1e8, 1e300])
    values = phi(z, highest=2)
    assert_allclose(values[0], 0, rtol=0, atol=0)
    assert_allclose(values[1], -1 / z, rtol=1e-15)
    assert_allclose(values[2], -(1 + 1 / z) / z, rtol=1e-15)


# Identities --------------------------------------------------------------------------------


@given(z=st.floats(-1e6, 700))
def test_recursion(z):
    values = phi(np.array(z), highest=5)
    # Exact for exact functions: each side is rounded relative to the larger of its terms.
    for k in range(5):
        terms = np.array([values[k], 1 / factorial(k)])
        scale = np.abs(terms).max() + abs(z * values[k + 1])
        assert abs(terms[0] - terms[1] - z * values[k + 1]) <= 4e-15 * scale


@given(z=st.floats(-30, 30), step=st.floats(1e-3, 1.0))
def test_all_are_positive_and_increase(z, step):
    left, right = phi(np.array([z, z + step])).T
    assert (left > 0).all()
    assert (right > left).all()


# Independent computations ------------------------------------------------------------------


@pytest.mark.parametrize("k", range(HIGHEST + 1))
def test_agrees_with_many_digits(k):
    near = NEAR_ZERO * np.array([1 - 1e-12, 1, 1 + 1e-12])  # both branches where they meet
    z = np.concatenate([-np.geomspace(1e-18, 700, 60), np.geomspace(1e-18, 700, 60), near, -near])
    expected = np.array([float(exact(k, value)) for value in z])
    assert_allclose(phi(z, highest=HIGHEST)[k], expected, rtol=LOST[k])


@pytest.mark.parametrize("k", [1, 2, 3, 4])
@pytest.mark.parametrize("z", [-40.0, -2.0, -0.1, 0.7, 6.0])
def test_agrees_with_the_integral(k, z):
    integral, _ = quad(
        lambda s: np.exp((1 - s) * z) * s ** (k - 1) / factorial(k - 1), 0, 1, epsrel=1e-13
    )
    assert_allclose(phi(np.array(z))[k], integral, rtol=1e-12)  # asked of the quadrature: 1e-13


# Where naive formulas fail -----------------------------------------------------------------


@pytest.mark.parametrize("z", [1e-60, -1e-60, 1e-17, -1e-9, 1e-5])
def test_tiny_arguments_keep_all_digits(z):
    # (exp(z) - 1 - z - z^2/2 - z^3/6) / z^4 has no correct digit below |z| of about 1e-3.
    assert_allclose(phi(np.array(z))[4], float(exact(4, z)), rtol=1e-15)


def test_overflow_is_infinite_and_shapes_are_kept():
    values = phi(np.array([[800.0, -800.0, 0.5]]), highest=4)
    assert values.shape == (5, 1, 3)
    assert np.isposinf(values[:, 0, 0]).all()
    assert np.isfinite(values[:, 0, 1:]).all()


def test_refuses():
    with pytest.raises(ValueError, match=r"`z` must be finite; got z\[1\] = nan"):
        phi(np.array([0.0, np.nan]))
    with pytest.raises(ValueError, match=r"`highest` must lie in \[0, 6\]; got 9"):
        phi(np.zeros(1), highest=9)
