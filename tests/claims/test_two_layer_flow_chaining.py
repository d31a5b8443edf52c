"""Right-hand sides of Proposition 1 and Appendix A: values by hand, and sums by other code."""

import math
from fractions import Fraction

import numpy as np
import pytest
from mpmath import mp, mpf
from numpy.testing import assert_allclose

from companion.activations import SIGMOID, TANH
from companion.claims.two_layer_flow_chaining import (
    failure_sum,
    kernel_increment_psi_1,
    log_increment_tail,
    neuron_increment_psi_1,
    point_psi_1,
    sufficient_width,
    uniform_deviation,
)

EXACT = 1e-14  # a few roundings

# Exact values ------------------------------------------------------------------------------


def test_proposition_1_by_hand():
    delta = math.exp(-2)
    assert_allclose(uniform_deviation(3.0, 36, delta, constant=0.5), 0.5, rtol=EXACT)
    assert_allclose(sufficient_width(3.0, delta, constant=0.5), 18, rtol=EXACT)


@pytest.mark.parametrize(("t", "least"), [(0.5, 0.25), (2.0, 2.0)])
def test_increment_tail_by_hand(t, least):
    expected = math.log(2) - 0.25 * 8 * least
    assert_allclose(log_increment_tail(t, 8, constant=0.25), expected, rtol=EXACT)


def test_psi_1_constants_of_the_sigmoid():
    # ||z||_psi_1 = 1.372495 by bisection of 2 exp(s^2/2) Phi(s) = 2 in 30 digits, s = 1/norm.
    with mp.workdps(30):
        root = mp.findroot(lambda s: mp.exp(s**2 / 2) * mp.ncdf(s) - 1, mpf("0.7"))
        norm = float(1 / root)
    assert_allclose(neuron_increment_psi_1(SIGMOID), norm / 4, rtol=1e-13)
    assert_allclose(kernel_increment_psi_1(SIGMOID), norm / math.sqrt(2), rtol=1e-13)
    assert_allclose(neuron_increment_psi_1(TANH), norm, rtol=1e-13)
    assert_allclose(point_psi_1(1.0), 1 / math.log(2), rtol=EXACT)


# Identities --------------------------------------------------------------------------------


def test_at_the_sufficient_width_the_bound_is_the_root_of_the_constant():
    width = sufficient_width(5.0, 0.01, constant=9.0)
    assert_allclose(uniform_deviation(5.0, round(width), 0.01, constant=9.0), 3.0, rtol=1 / width)


# Independent computations ------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 2, 3, 4, 100, 1023, 1024])
def test_failure_sum_by_many_digits(n):
    # The powers as integers, the exponentials to 60 digits; s_0 by search, not by bit length.
    s_0 = next(s for s in range(64) if n < 2**s <= 2 * n)
    beta, constant = Fraction(60), Fraction(1, 6)
    with mp.workdps(60):
        total = mpf(0)
        for s in range(s_0 + 1):
            pairs = 2 ** (2**s) * 2 ** (2 ** (s + 1))
            least = min(mpf(3600) * 2**s, mp.sqrt(n) * 60 * mp.sqrt(2**s))
            total += pairs * 2 * mp.exp(-least / 6)
        total = float(total)
    # The exponent, up to 1e4, is rounded before it is exponentiated.
    assert_allclose(failure_sum(float(beta), n, constant=float(constant)), total, rtol=1e-11)


# Where naive formulas fail -----------------------------------------------------------------


def test_the_powers_of_powers_do_not_overflow():
    assert failure_sum(60.0, 10**9, constant=1 / 6) < 1e-4
    assert failure_sum(1.0, 10**9, constant=1 / 6) == math.inf


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: uniform_deviation(1.0, 0, 0.1, constant=1.0), "`width` must be positive"),
        (lambda: uniform_deviation(1.0, 9, 1.0, constant=1.0), "`delta` must lie strictly"),
        (lambda: sufficient_width(-1.0, 0.1, constant=1.0), "`gamma_2` must be positive"),
        (lambda: sufficient_width(1.0, np.nan, constant=1.0), "`delta` must lie strictly"),
        (lambda: log_increment_tail(1.0, 9, constant=0.0), "`constant` must be positive"),
        (lambda: failure_sum(0.0, 9, constant=1.0), "`beta` must be positive"),
        (lambda: point_psi_1(math.inf), "`bound` must be positive and finite"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
