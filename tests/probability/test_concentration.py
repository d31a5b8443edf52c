"""Tails and sample sizes against exact tails of binomial and exponential means."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.stats import binom, gamma

from companion.probability.concentration import (
    bernstein_rate,
    bounded_difference_deviation,
    hoeffding_rate,
    psi_1_deviation,
    psi_1_rate,
    sample_size,
    tail,
)

EXACT = 1e-14  # a few roundings of numbers of order one


# Exact values ------------------------------------------------------------------------------


def test_rates_known_by_hand():
    assert_allclose(hoeffding_rate(0.5, spread=2.0), 1 / 8, rtol=EXACT)
    assert_allclose(bernstein_rate(3.0, variance=1.0, bound=1.0), 9 / 4, rtol=EXACT)
    assert_allclose(psi_1_rate(2.0, psi_1=2.0), 1 / 6, rtol=EXACT)
    assert_allclose(psi_1_deviation(0.5, psi_1=3.0), 6.0, rtol=EXACT)


def test_the_tail_is_a_probability():
    assert tail(1e-3, 1) == 1.0
    assert_allclose(tail(math.log(4), 1), 0.5, rtol=EXACT)


def test_bounded_differences_of_a_mean_of_signs():
    # c_i = 2/n each, so sum c_i**2 / 2 = 2/n.
    t = bounded_difference_deviation(np.full(50, 2 / 50), math.exp(-1))
    assert_allclose(t, math.sqrt(2 / 50), rtol=EXACT)


# Identities --------------------------------------------------------------------------------


@given(st.floats(1e-6, 1e3), st.floats(1e-3, 1e3))
def test_deviation_inverts_the_rate(rate, psi_1):
    # The quadratic formula adds positive numbers: no cancellation, a few roundings.
    assert_allclose(psi_1_rate(psi_1_deviation(rate, psi_1=psi_1), psi_1=psi_1), rate, rtol=1e-12)


@given(st.floats(1e-6, 1e6))
def test_the_rate_is_the_minimum_of_a_square_and_a_line_up_to_six(t):
    least = min(t**2, t)
    assert least / 6 * (1 - EXACT) <= psi_1_rate(t, psi_1=1.0) <= least / 2


@given(st.floats(1e-3, 1.0), st.floats(1e-9, 0.5))
def test_the_sample_size_is_the_smallest(rate, delta):
    n = sample_size(rate, delta)
    assert tail(rate, n) <= delta * (1 + 1e-12)
    assert n == 1 or tail(rate, n - 1) > delta * (1 - 1e-12)


# Independent computations ------------------------------------------------------------------


@pytest.mark.parametrize("p", [0.5, 0.1, 0.01])
@pytest.mark.parametrize("n", [10, 100, 1000])
def test_hoeffding_and_bernstein_bound_exact_binomial_tails(n, p):
    counts = np.arange(math.floor(n * p) + 1, n + 1)
    for count, above in zip(counts, binom.sf(counts - 1, n, p), strict=True):
        t = count / n - p
        exact = above + binom.cdf(math.floor(n * (p - t) + 1e-9), n, p)
        assert exact <= tail(hoeffding_rate(t, spread=1.0), n) * (1 + 1e-9)
        rate = bernstein_rate(t, variance=p * (1 - p), bound=1 - p)
        assert exact <= tail(rate, n) * (1 + 1e-9)


def test_hoeffding_exponent_is_sharp_for_fair_coins():
    # -log P / n tends to 2 t**2 (1 + O(t**2)); the polynomial factor costs log(n) / n.
    n, t = 10**6, 0.01
    exponent = -binom.logsf(math.ceil(n * (0.5 + t)) - 1, n, 0.5) / n
    assert 1 <= exponent / hoeffding_rate(t, spread=1.0) < 1.03


def test_bernstein_sees_the_variance_and_hoeffding_does_not():
    # A rare event: the Gaussian exponent t**2 / (2 p) is right to the first order in t / p.
    n, p, t = 10**7, 1e-3, 1e-4
    exponent = -binom.logsf(math.ceil(n * (p + t)) - 1, n, p) / n
    assert exponent / hoeffding_rate(t, spread=1.0) > 200
    assert 1 <= exponent / bernstein_rate(t, variance=p, bound=1.0) < 1.1


def test_psi_1_rate_bounds_the_exact_tail_of_exponential_means():
    def moment(c):
        below, _ = quad(lambda x: math.exp((1 - x) / c - x), 0, 1)
        above, _ = quad(lambda x: math.exp((x - 1) / c - x), 1, 200)
        return below + above - 2

    psi_1 = brentq(moment, 1.2, 10)
    for n in (1, 5, 50, 500):
        for t in (0.1, 0.5, 1.0, 3.0, 10.0):
            exact = gamma.sf(n * (1 + t), n) + gamma.cdf(n * max(1 - t, 0), n)
            assert exact <= tail(psi_1_rate(t, psi_1=psi_1), n)


def test_bounded_differences_bound_the_exact_tail_of_a_mean_of_signs():
    n = 40
    for delta in (0.3, 0.05, 1e-4):
        t = bounded_difference_deviation(np.full(n, 2 / n), delta)
        exceeds = math.ceil((n + n * t) / 2 - 1e-9)  # number of positive signs
        assert binom.sf(exceeds - 1, n, 0.5) <= delta


# Where naive formulas fail -----------------------------------------------------------------


def test_boundedness_alone_pays_for_rare_events_at_the_wrong_scale():
    # The indicator of an event of probability r**2, centred: standard deviation r, bound 1. At
    # t = r the exact tail is not of the order exp(-n) that psi_1 increments would give.
    r = 1e-4
    exact = 1 - (1 - r**2) ** 1
    assert exact > 1e6 * tail(psi_1_rate(1 / r, psi_1=1.0), 1)
    assert exact <= tail(bernstein_rate(1 - r**2, variance=r**2, bound=1.0), 1)


@pytest.mark.parametrize(
    "call",
    [
        lambda: hoeffding_rate(0.0, spread=1.0),
        lambda: bernstein_rate(0.1, variance=-1.0, bound=1.0),
        lambda: psi_1_rate(0.1, psi_1=math.inf),
        lambda: psi_1_deviation(math.nan, psi_1=1.0),
        lambda: tail(1.0, 0),
        lambda: sample_size(0.0, 0.1),
        lambda: bounded_difference_deviation(np.array([0.1, -0.1]), 0.1),
    ],
)
def test_a_number_that_is_not_positive_is_refused(call):
    with pytest.raises(ValueError, match=r"must be positive and finite; got"):
        call()


def test_the_wrong_difference_is_named():
    with pytest.raises(ValueError, match=r"`differences\[1\]`"):
        bounded_difference_deviation(np.array([0.1, 0.0]), 0.1)


@pytest.mark.parametrize("delta", [0.0, 1.5])
def test_delta_must_be_a_probability(delta):
    for call in (
        lambda: sample_size(1.0, delta),
        lambda: bounded_difference_deviation(np.ones(2), delta),
    ):
        with pytest.raises(ValueError, match="`delta` must lie strictly between 0 and 1"):
            call()
