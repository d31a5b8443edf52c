"""Chaining sums and the uniform bound against direct sums, explicit nets and simulation."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose

from companion.probability.chaining import (
    chaining_metric,
    chaining_sum,
    coarse_step,
    gamma_2_bounds,
    uniform_bound,
)

EXACT = 1e-14  # a few roundings of numbers of order one

points = arrays(np.float64, (3, 4), elements=st.floats(-10, 10))


# Exact values ------------------------------------------------------------------------------


def test_the_metric_is_the_root_below_one():
    assert_allclose(
        chaining_metric(np.array([0.0, 0.25, 1.0, 4.0])), [0.0, 0.5, 1.0, 4.0], rtol=EXACT
    )


def test_the_sum_weighs_levels_by_powers_of_root_two():
    assert_allclose(chaining_sum(np.array([[1.0, 1.0, 1.0], [0.0, 0.0, 3.0]])), [3 + 2**0.5, 6])


def test_one_dimension_by_hand():
    # Radii 1, 2/3, 2/15, 2/255, 2/65535 ... of the segment [-1, 1].
    radii = [1.0, *(2 / (2 ** (2**s) - 1) for s in range(1, 9))]
    by_hand = sum(2 ** (s / 2) * r for s, r in enumerate(radii))
    assert_allclose(gamma_2_bounds(1, domain="ball", metric="euclidean").upper, by_hand)
    below = sum(2 ** (s / 2) / 2 / 2 ** (2**s) for s in range(9))
    assert_allclose(gamma_2_bounds(1, domain="ball", metric="euclidean").lower, below)
    # Mean of the root of the distance: 2/3 of the root of the radius 2^(-2^s).
    rooted = sum(2 ** (s / 2) * 2 / 3 * 2 ** -(2**s / 2) for s in range(10))
    assert_allclose(gamma_2_bounds(1, domain="ball", metric="chaining").lower, rooted)


# Identities --------------------------------------------------------------------------------


@given(points)
def test_the_metric_satisfies_the_triangle_inequality(three):
    sides = [np.linalg.norm(three[i] - three[j]) for i, j in ((0, 1), (1, 2), (0, 2))]
    first, second, whole = chaining_metric(np.array(sides))
    assert whole <= (first + second) * (1 + 1e-12) + 1e-12  # sides are rounded at scale 10


@pytest.mark.parametrize("domain", ["ball", "sphere"])
@pytest.mark.parametrize("metric", ["euclidean", "chaining"])
def test_gamma_2_is_of_the_order_of_the_root_of_the_dimension(domain, metric):
    # Proved range for every dimension in the list: the sums are exact to rounding.
    for input_dim in (2, 3, 10, 100, 1000, 10_000):
        lower, upper = gamma_2_bounds(input_dim, domain=domain, metric=metric)
        assert 0.69 * math.sqrt(input_dim) < lower < upper < 7 * math.sqrt(input_dim)


def test_the_limit_of_the_lower_bound_in_high_dimension():
    # sum over s of 2^(s/2) 2^(-2^s/d) averages, over one octave of d, to the integral
    # int u^(-1/2) 2^(-u/d) du / log 2 = sqrt(pi d / log 2) / log 2.
    octave = 2.0 ** (20 + np.arange(64) / 64)
    ratios = [
        gamma_2_bounds(round(d), domain="ball", metric="euclidean").lower / math.sqrt(d)
        for d in octave
    ]
    # d/(d + 1) and rounding of d cost 1e-6, the points s < 0 that the sum has not 1e-3.
    assert_allclose(np.mean(ratios), math.sqrt(math.pi / math.log(2)) / math.log(2), rtol=4e-3)


@given(st.floats(1e-12, 0.99))
def test_the_coarse_step_solves_its_equation(delta):
    beta = coarse_step(delta)
    q = 8 * math.exp(-(beta**2) / (4 + 2 * beta))
    assert_allclose(2 * q / (1 - q), delta, rtol=1e-12)


@given(st.floats(0.1, 100), st.floats(0.1, 100))
def test_the_uniform_bound_has_the_unit_of_the_process(gamma_2, unit):
    bound = uniform_bound(gamma_2, 100, 0.05, increment_psi_1=0.5, point_psi_1=2.0)
    scaled = uniform_bound(gamma_2, 100, 0.05, increment_psi_1=0.5 * unit, point_psi_1=2.0 * unit)
    assert_allclose(scaled, unit * bound, rtol=1e-13)


def test_the_uniform_bound_decreases_like_one_over_root_n():
    n = 10 ** np.arange(6, 12)
    bounds = [uniform_bound(3.0, int(k), 0.05, increment_psi_1=1.0, point_psi_1=1.0) for k in n]
    ratios = [first / second for first, second in pairwise(bounds)]
    # The next order is a multiple of 1/n with a constant of a few thousand.
    assert_allclose(ratios[-1], math.sqrt(10), rtol=1e-3)


# Independent computations ------------------------------------------------------------------


@pytest.mark.parametrize("delta", [0.5, 0.05, 1e-3])
@pytest.mark.parametrize("n", [1, 2, 3, 10, 1000, 10**6])
def test_coarse_failures_sum_to_at_most_delta(n, delta):
    # Every pair of every coarse level, with Bernstein's exponent at the step length itself.
    beta, failures = coarse_step(delta), 0.0
    for s in range(n.bit_length()):  # 2**s <= n
        t = beta * math.sqrt(2**s / n)
        failures += 2 * math.exp(3 * 2**s * math.log(2) - n * t**2 / (4 + 2 * t))
    assert failures <= delta
    if n == 1:  # one level: nothing is lost but the sum of the geometric series
        assert failures >= delta / (1 + delta / 2) * (1 - 1e-12)


@pytest.mark.parametrize("n", [1, 2, 3, 7, 8, 100, 1000])
def test_fine_failures_sum_to_at_most_a_power_of_two(n):
    # A step of W of length sqrt(10) 2^(s/2) g / sqrt(n) is a step of Z of its square.
    log_failures = []
    for s in range(n.bit_length(), n.bit_length() + 6):  # 2**s > n
        t = 10 * 2**s / n
        log_failures.append(math.log(2) + 3 * 2**s * math.log(2) - n * t**2 / (4 + 2 * t))
    total = np.logaddexp.reduce(log_failures)
    assert total <= -(3 * n + 1) * math.log(2)


@pytest.mark.parametrize(("n", "delta"), [(2, 0.5), (50, 0.01), (10**5, 1e-6)])
def test_the_uniform_bound_from_its_parts(n, delta):
    gamma_2, k, kappa = 4.0, 0.3, 1.7
    share = (delta - 2 ** -(3 * n + 1)) / 2 if n < 300 else delta / 2
    log_term = math.log(8 * (2 + share) / share)
    beta = log_term + math.sqrt(log_term * (log_term + 4))
    a = math.log(4 / share) / n
    walk = (1 + 0.5**0.5) * gamma_2 / math.sqrt(n)
    coarse = beta * walk + kappa / k * (a + math.sqrt(a * (a + 4)))
    root = math.sqrt(1 + coarse) + math.sqrt(10) * walk
    bound = uniform_bound(gamma_2, n, delta, increment_psi_1=k, point_psi_1=kappa)
    assert_allclose(bound, k * (root**2 - 1), rtol=1e-12)


def test_equally_spaced_nets_of_the_circle_lie_between():
    # Nested nets of 2^(2^s) points: the worst point is far from all of them, about half a step.
    angles = np.pi * np.arange(2**18) / 2**17
    distances = []
    for s in range(5):
        step = 2 * np.pi / 2 ** (2**s)
        nearest = np.abs((angles + step / 2) % step - step / 2)
        distances.append(2 * np.sin(nearest / 2))
    for metric in ("euclidean", "chaining"):
        table = np.array(distances).T
        table = chaining_metric(table) if metric == "chaining" else table
        price = chaining_sum(table).max()
        lower, upper = gamma_2_bounds(2, domain="sphere", metric=metric)
        assert lower < price < upper


# Where naive formulas fail -----------------------------------------------------------------


def test_more_samples_than_a_power_of_two_can_express():
    # 2**(-3n - 1) underflows from n = 358 on, which must not matter.
    assert uniform_bound(1.0, 10**7, 1e-9, increment_psi_1=1.0, point_psi_1=1.0) > 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: chaining_metric(np.array([-1.0])), "`distance` must not be negative"),
        (lambda: chaining_metric(np.array([np.nan])), "`distance` must not be negative"),
        (lambda: chaining_sum(np.zeros((2, 0))), "`distances` must have at least one level"),
        (lambda: gamma_2_bounds(3, domain="ball", metric="taxi"), "`metric` must be 'euclidean'"),
        (lambda: coarse_step(0.0), "`delta` must lie strictly between"),
        (
            lambda: uniform_bound(1.0, 1, 0.05, increment_psi_1=1.0, point_psi_1=1.0),
            r"`delta` must exceed 2\*\*-\(3n \+ 1\)",
        ),
        (
            lambda: uniform_bound(0.0, 9, 0.05, increment_psi_1=1.0, point_psi_1=1.0),
            "`gamma_2` must be positive",
        ),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
