"""Orlicz norms against integrals, closed forms and the axioms of a norm."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.stats import norm

from companion.probability.orlicz import gaussian_psi_1_norm, indicator_psi_1_norm, psi_norm

ROOT = 1e-12  # brentq on the logarithm of the scale, tolerance 1e-14, times a few

samples = arrays(np.float64, 7, elements=st.floats(-1e3, 1e3, allow_subnormal=False))


# Exact values ------------------------------------------------------------------------------


@pytest.mark.parametrize("exponent", [1.0, 2.0])
def test_a_constant(exponent):
    expected = 3 / math.log(2) ** (1 / exponent)
    assert_allclose(psi_norm(np.full(4, -3.0), exponent=exponent), expected, rtol=ROOT)


def test_a_fair_coin():
    assert_allclose(psi_norm(np.array([0.0, 1.0])), 1 / math.log(3), rtol=ROOT)
    assert_allclose(indicator_psi_1_norm(math.log(0.5)), 1 / math.log(3), rtol=ROOT)


def test_zero_has_norm_zero():
    assert psi_norm(np.zeros(3)) == 0.0
    assert psi_norm(np.array([0.0, 5.0]), weights=np.array([1.0, 0.0])) == 0.0


# Identities --------------------------------------------------------------------------------


@given(samples, st.floats(1e-3, 1e3))
def test_homogeneous(values, factor):
    scaled = factor * psi_norm(values)
    assert_allclose(psi_norm(factor * values), scaled, rtol=ROOT, atol=1e-300)


@given(samples, samples)
def test_triangle_inequality(first, second):
    for exponent in (1.0, 2.0):
        together = psi_norm(first + second, exponent=exponent)
        apart = psi_norm(first, exponent=exponent) + psi_norm(second, exponent=exponent)
        assert together <= apart * (1 + ROOT) + 1e-300


@given(samples)
def test_the_expectation_at_the_norm_is_two(values):
    c = psi_norm(values)
    if c > 0:
        # The derivative of the expectation in log c is at most 2 log(14) * 2 here.
        assert_allclose(np.mean(np.exp(np.abs(values) / c)), 2, rtol=1e-11)


# Independent computations ------------------------------------------------------------------


def test_the_gaussian_norms_by_integration():
    def moment(c):
        return 2 * quad(lambda z: math.exp(z / c) * norm.pdf(z), 0, 40, epsabs=1e-13)[0] - 2

    assert_allclose(gaussian_psi_1_norm(), brentq(moment, 1, 2, xtol=1e-13), rtol=1e-11)
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    # For a = 2 the integrand is analytic: E exp(z**2 / c**2) = (1 - 2/c**2)**(-1/2) = 2 at 8/3.
    value = psi_norm(nodes, exponent=2.0, weights=weights / weights.sum())
    assert_allclose(value, math.sqrt(8 / 3), rtol=1e-9)


def test_a_sample_approaches_the_law(rng):
    # The derivative of E exp(|z| / c) at c is -1.56 and the standard deviation of exp(|z| / c)
    # is 1.6, so the standard error of the norm is about 1.4 / sqrt(N); five of them.
    value = psi_norm(rng.standard_normal(400_000))
    assert abs(value - gaussian_psi_1_norm()) < 5 * 1.4 / math.sqrt(400_000)


@pytest.mark.parametrize("p", [0.3, 1e-3, 1e-9])
def test_an_indicator_is_a_weighted_pair(p):
    pair = psi_norm(np.array([0.0, -1.0]), weights=np.array([1 - p, p]))
    assert_allclose(indicator_psi_1_norm(math.log(p)), pair, rtol=1e-9)  # 1 - p is rounded


# Where naive formulas fail -----------------------------------------------------------------


def test_huge_and_tiny_values_do_not_overflow():
    values = np.array([0.0, 1.0, 2.0])
    for scale in (1e-300, 1e300):
        assert_allclose(psi_norm(scale * values), scale * psi_norm(values), rtol=ROOT)


def test_events_rarer_than_the_smallest_float():
    assert_allclose(indicator_psi_1_norm(-1e6), 1e-6, rtol=1e-12)
    assert_allclose(indicator_psi_1_norm(0.0), 1 / math.log(2), rtol=ROOT)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: psi_norm(np.array([])), "`values` must have an entry"),
        (lambda: psi_norm(np.array([0.0, np.nan])), r"`values` must be finite; got values\[1\]"),
        (lambda: psi_norm(np.ones(2), exponent=0.0), "`exponent` must be positive"),
        (lambda: psi_norm(np.ones(2), weights=np.array([0.5, 0.6])), "`weights` must be non-neg"),
        (lambda: psi_norm(np.ones(2), weights=np.array([1.5, -0.5])), "`weights` must be non-neg"),
        (lambda: indicator_psi_1_norm(0.1), "`log_probability` must be at most 0"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("shape", [(), (2, 2)])
def test_values_must_be_one_law(shape, unchecked):
    with pytest.raises(ValueError, match="`values` must be a vector, one law; got shape"):
        psi_norm(np.ones(shape))
