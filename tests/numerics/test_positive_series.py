"""Products and compositions of positive series: by hand, in exact fractions, far below 1e-308."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from companion.numerics.positive_series import UnresolvedSeries, log_composition, log_product

LOGS = 1e-11  # absolute, of logarithms up to 1e4: a relative error of the coefficients


def logs(values):
    with np.errstate(divide="ignore"):
        return np.log(np.array([float(v) for v in values]))


# Exact values ------------------------------------------------------------------------------


def test_powers_of_a_geometric_series():
    # 1 / (1 - t/2)^2 has the coefficients (n + 1) / 2^n, down to 1e-1500.
    n = np.arange(5000)
    geometric = -n * math.log(2)
    assert_allclose(log_product(geometric, geometric), geometric + np.log(n + 1), atol=LOGS)


def test_a_moebius_map_of_a_geometric_series():
    # 1 / (1 - g / 3) with g = (2 + t) / 3: 9 / (7 - t), coefficients 9 / 7^(n + 1).
    outer = -np.arange(300) * math.log(3)
    inner = np.concatenate([logs([2 / 3, 1 / 3]), np.full(58, -np.inf)])
    expected = math.log(9) - (np.arange(60) + 1) * math.log(7)
    assert_allclose(log_composition(outer, inner), expected, atol=LOGS)


def test_a_composition_whose_own_singularity_comes_first():
    # f = 1 / (1 - 2g/3), g = t / (2 - t): f(g(t)) = (2 - t) / (2 - 5t/3), singular at 6/5 where
    # g is singular at 2 only.
    n = np.arange(400)
    outer = n * math.log(2 / 3)
    inner = np.concatenate([[-np.inf], -n[1:] * math.log(2)])
    series = log_composition(np.arange(900) * math.log(2 / 3), inner)
    expected = (n - 1) * math.log(5 / 6) + math.log(5 / 6 - 1 / 2)
    assert_allclose(series[1:], expected[1:], atol=LOGS)
    assert abs(series[0]) < LOGS
    # Here nothing is left out, because g begins with t.
    assert_allclose(log_composition(outer, inner), series, atol=LOGS)


def test_a_constant_inner_series():
    outer = logs([1, 2, 3])
    constant = np.array([math.log(1 / 2), -np.inf])
    assert_allclose(np.exp(log_composition(outer, constant)), [1 + 1 + 3 / 4, 0])
    nothing = np.array([-np.inf, -np.inf])
    assert_allclose(np.exp(log_composition(outer, nothing)), [1, 0])


# Identities and independent computations ---------------------------------------------------

counts = st.lists(st.integers(0, 9), min_size=6, max_size=6)


@settings(max_examples=30)
@given(a=counts, b=counts)
def test_products_of_whole_numbers(a, b):
    exact = [sum(a[i] * b[n - i] for i in range(n + 1)) for n in range(6)]
    assert_allclose(np.exp(log_product(logs(a), logs(b))), exact, rtol=1e-13)


@settings(max_examples=30)
@given(a=counts, b=st.lists(st.integers(0, 5), min_size=6, max_size=6))
def test_compositions_in_fractions(a, b):
    g = [Fraction(value, 40) for value in b]
    a = [*a, 0, 0]  # a polynomial: nothing is left out
    power, exact = [Fraction(1)] + [Fraction(0)] * 5, [Fraction(0)] * 6
    for coefficient in a:
        exact = [e + coefficient * p for e, p in zip(exact, power, strict=True)]
        power = [sum(power[i] * g[n - i] for i in range(n + 1)) for n in range(6)]
    found = np.exp(log_composition(logs(a), logs(g)))
    assert_allclose(found, [float(e) for e in exact], rtol=1e-12)


def test_every_other_coefficient_may_vanish():
    # sinh of arcsinh-like odd series: exp(-sqrt) tails, both odd; compare with plain Horner.
    n = np.arange(200)
    odd = np.where(n % 2, -3 * np.sqrt(n), -np.inf)
    odd = odd - np.logaddexp.reduce(odd)
    plain, power = np.zeros(200), np.exp(odd)
    for value in np.exp(odd)[::-1]:
        plain = np.convolve(plain, power)[:200]
        plain[0] += value
    assert_allclose(np.exp(log_composition(odd, odd)), plain, rtol=1e-11)


# Where the naive formula fails -------------------------------------------------------------


def test_terms_that_are_missing_are_noticed():
    # g(1) = 1 with a large constant term: many powers reach each coefficient.
    inner = np.concatenate([logs([0.9, 0.1]), np.full(98, -np.inf)])
    outer = -2 * np.log(np.arange(100) + 1.0)
    with pytest.raises(UnresolvedSeries, match="more than 100 terms"):
        log_composition(outer, inner)
    # With a hundred times as many it is resolved, and nothing is noticed.
    log_composition(-2 * np.log(np.arange(10_000) + 1.0), inner)


def test_double_precision_alone_would_lose_the_tail():
    n = np.arange(1200)
    tiny = -n * math.log(10)
    assert np.exp(tiny)[-1] == 0
    assert_allclose(log_product(tiny, tiny)[-1], tiny[-1] + math.log(1200), atol=LOGS)


def test_a_polynomial_beside_a_tail_that_no_number_holds():
    # t times 10^-n, and 1 / (1 - g / 3) with g = (2 + t) / 3 down to 7^-1500.
    n = np.arange(1500)
    shift = np.where(n == 1, 0.0, -np.inf)
    tiny = -n * math.log(10)
    assert_allclose(log_product(shift, tiny)[1:], tiny[:-1], atol=LOGS)
    inner = np.concatenate([logs([2 / 3, 1 / 3]), np.full(1498, -np.inf)])
    outer = -np.arange(8000) * math.log(3)
    expected = math.log(9) - (n + 1) * math.log(7)
    assert_allclose(log_composition(outer, inner), expected, atol=LOGS)
