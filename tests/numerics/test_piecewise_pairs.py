"""Means over pairs cut along kinks: closed forms, orthants, high precision, and refusal."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.special import ndtr, owens_t

from companion.numerics.piecewise_pairs import UnresolvedMean, piecewise_pair_mean

ANGLES = [0.0, 1e-9, 1e-4, 0.3, math.pi / 2, 2.0, 3.1, math.pi - 1e-6, math.pi]
GOAL = 2e-14  # the accuracy stated, with a factor for the last change


def orthant(h, k, rho):
    """P(u > h, v > k) for standard normal u, v of correlation rho, by Owen's function."""
    root = math.sqrt((1 - rho) * (1 + rho))
    tails = (owens_t(h, (k - rho * h) / (h * root)), owens_t(k, (h - rho * k) / (k * root)))
    both = 0.5 * (ndtr(h) + ndtr(k)) - sum(tails) - (0.5 if h * k < 0 else 0.0)
    return 1 - ndtr(h) - ndtr(k) + both


# Exact values ------------------------------------------------------------------------------


@pytest.mark.parametrize("angle", ANGLES)
def test_relu_is_the_arc_cosine_kernel(angle):
    mean = piecewise_pair_mean(
        lambda u, v: np.maximum(u, 0) * np.maximum(v, 0),
        breaks=(0.0,),
        deviations=(0.5, 3.0),
        angle=angle,
    )
    expected = 1.5 * (math.sin(angle) + (math.pi - angle) * math.cos(angle)) / (2 * math.pi)
    assert_allclose(mean, expected, rtol=0, atol=GOAL)


@pytest.mark.parametrize("angle", ANGLES)
def test_signs_agree_with_the_probability_of_the_angle(angle):
    mean = piecewise_pair_mean(
        lambda u, v: np.where(u > 0, 1.0, 0.0) * np.where(v > 0, 1.0, 0.0),
        breaks=(0.0,),
        deviations=(1.0, 2.0),
        angle=angle,
    )
    assert_allclose(mean, (math.pi - angle) / (2 * math.pi), rtol=0, atol=GOAL)


def test_polynomials_need_no_breaks():
    # E u^2 v^2 = 1 + 2 rho^2 at unit variances.
    mean = piecewise_pair_mean(
        lambda u, v: u**2 * v**2, breaks=(), deviations=(1.0, 1.0), angle=1.1
    )
    assert_allclose(mean, 1 + 2 * math.cos(1.1) ** 2, rtol=GOAL)


def test_one_variable_may_be_constant():
    mean = piecewise_pair_mean(
        lambda u, v: (u + 2) * np.abs(v), breaks=(0.0,), deviations=(0.0, 3.0), angle=0.7
    )
    assert_allclose(mean, 6 * math.sqrt(2 / math.pi), rtol=GOAL)


# Identities --------------------------------------------------------------------------------


@settings(max_examples=15)
@given(r=st.floats(0.1, 3), s=st.floats(0.1, 3), angle=st.floats(0, math.pi))
def test_exchange_of_the_variables(r, s, angle):
    def f(u, v):
        return np.clip(u, -1, 1) * np.exp(np.minimum(v, 0.5))

    one = piecewise_pair_mean(f, breaks=(-1.0, 0.5, 1.0), deviations=(r, s), angle=angle)
    other = piecewise_pair_mean(
        lambda u, v: f(v, u), breaks=(-1.0, 0.5, 1.0), deviations=(s, r), angle=angle
    )
    assert_allclose(one, other, rtol=0, atol=GOAL)


# Independent computations ------------------------------------------------------------------


@pytest.mark.parametrize("angle", [1e-3, 0.2, 1.0, 1.9, 3.0])
@pytest.mark.parametrize(("r", "s"), [(1.0, 1.0), (0.7, 2.5)])
def test_jumps_away_from_zero_are_orthant_probabilities(r, s, angle):
    mean = piecewise_pair_mean(
        lambda u, v: (u > 0.8).astype(float) * (v > 0.8), breaks=(0.8,), deviations=(r, s),
        angle=angle,
    )  # fmt: skip
    # Owen's function is good to 1e-15, its argument near the diagonal to 1e-16 / angle.
    expected = orthant(0.8 / r, 0.8 / s, math.cos(angle))
    assert_allclose(mean, expected, rtol=0, atol=1e-13)


@pytest.mark.parametrize("angle", [0.4, 1.5, 2.8])
def test_agrees_with_sampling(angle, rng):
    # Seeded; five standard errors fail with probability 6e-7.
    z, w = rng.standard_normal((2, 400_000))
    u, v = 1.5 * z, 0.5 * (math.cos(angle) * z + math.sin(angle) * w)
    draws = np.clip(u, -1, 1) * np.expm1(np.minimum(v, 0))
    mean = piecewise_pair_mean(
        lambda u, v: np.clip(u, -1, 1) * np.expm1(np.minimum(v, 0)),
        breaks=(-1.0, 0.0, 1.0),
        deviations=(1.5, 0.5),
        angle=angle,
    )
    assert abs(draws.mean() - mean) < 5 * draws.std() / math.sqrt(draws.size)


# Where naive formulas fail -----------------------------------------------------------------


@pytest.mark.parametrize("angle", [1e-3, 1e-6, 1e-9])
def test_small_differences_keep_their_digits(angle):
    # E (sign u - sign v)^2 = 4 angle / pi, a thin double wedge; relative accuracy.
    mean = piecewise_pair_mean(
        lambda u, v: (np.sign(u) - np.sign(v)) ** 2,
        breaks=(0.0,),
        deviations=(1.0, 1.0),
        angle=angle,
    )
    assert_allclose(mean, 4 * angle / math.pi, rtol=1e-12)


@pytest.mark.parametrize("angle", [1e-4, 1e-8])
def test_noise_of_the_values_is_no_reason_to_refuse(angle):
    # E (u - v)^2 / 2 = 1 - cos(angle), from differences that carry the rounding of u and v.
    def half_square(u, v):
        return ((1.1 * u) / 1.1 - (1.3 * v) / 1.3) ** 2 / 2

    options = {"breaks": (0.0,), "deviations": (1.0, 1.0), "angle": angle}
    mean = piecewise_pair_mean(half_square, noise=1e-15 * angle, **options)
    assert_allclose(mean, 2 * math.sin(angle / 2) ** 2, rtol=0, atol=1e-15 * angle)


# Bad input ---------------------------------------------------------------------------------


def test_a_kink_that_is_not_stated_is_noticed():
    with pytest.raises(UnresolvedMean, match="must be analytic between `breaks`"):
        piecewise_pair_mean(
            lambda u, v: np.abs(u - 0.3) * v**2, breaks=(), deviations=(1.0, 1.0), angle=1.0
        )


@pytest.mark.parametrize(
    ("deviations", "angle", "message"),
    [
        ((-1.0, 1.0), 1.0, "`deviations` must be finite and at least 0"),
        ((math.inf, 1.0), 1.0, "`deviations` must be finite and at least 0"),
        ((1.0, 1.0), 3.2, "`angle` must lie between 0 and pi; got 3.2"),
        ((1.0, 1.0), math.nan, "`angle` must lie between 0 and pi; got nan"),
    ],
)
def test_bad_numbers_are_named(deviations, angle, message):
    with pytest.raises(ValueError, match=message):
        piecewise_pair_mean(lambda u, v: u * v, breaks=(), deviations=deviations, angle=angle)


def test_values_must_be_finite():
    with pytest.raises(ValueError, match=r"`function` must be finite; got nan at u = "):
        piecewise_pair_mean(
            lambda u, v: np.where(u > 1, np.nan, v), breaks=(), deviations=(1.0, 1.0), angle=1.0
        )
