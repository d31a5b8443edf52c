"""Intervals from products alone: exact where the space is exhausted, right as often as said."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from companion.numerics.matrix_free import extreme_eigenpairs


def never(smallest, largest):
    return False


def of_diagonal(values, **options):
    defaults = {"seed": 0, "max_products": 100, "until": never}
    values = np.asarray(values, dtype=float)
    return extreme_eigenpairs(lambda x: values * x, len(values), **(defaults | options))


# Exact values ------------------------------------------------------------------------------


def test_few_distinct_eigenvalues_are_found_exactly():
    smallest, largest = of_diagonal(np.repeat([1.0, 4.0, 9.0], 20))
    for pair, exact in ((smallest, 1.0), (largest, 9.0)):
        assert_allclose([pair.lower, pair.value, pair.upper], exact, rtol=1e-13)
        assert_allclose(np.linalg.norm(pair.vector), 1.0, rtol=1e-14)
    assert_allclose(smallest.vector[20:], 0, atol=1e-13)


def test_one_row():
    smallest, largest = of_diagonal([5.0])
    assert smallest.lower == smallest.value == largest.upper == 5.0


def test_one_step_by_hand():
    # p_1(t) = (t - alpha) / beta: the outer ends are alpha +- beta sqrt(2 n / pi) / probability.
    K = np.diag([1.0, 2.0, 4.0, 8.0])
    b = np.random.default_rng(3).standard_normal(4)
    b /= np.linalg.norm(b)
    alpha = b @ K @ b
    beta = np.linalg.norm(K @ b - alpha * b)
    smallest, largest = of_diagonal(np.diag(K), seed=3, max_products=1, failure_probability=0.1)
    reach = beta * np.sqrt(8 / np.pi) / 0.1
    assert_allclose([smallest.lower, smallest.upper], [alpha - reach, alpha], rtol=1e-12)
    assert_allclose([largest.lower, largest.upper], [alpha, alpha + reach], rtol=1e-12)


# The interval ------------------------------------------------------------------------------


@given(
    size=st.integers(2, 200),
    products=st.integers(1, 60),
    power=st.floats(0.2, 6),
    seed=st.integers(0, 2**32 - 1),
)
def test_intervals_hold(size, products, power, seed):
    # A failure has probability 1e-9 in each of the hundred examples, which are fixed.
    values = np.linspace(0.01, 1, size) ** power
    smallest, largest = of_diagonal(values, seed=seed, max_products=products)
    rounding = 1e-13
    assert smallest.lower <= values[0] + rounding
    assert values[0] <= smallest.upper + rounding
    assert largest.lower <= values[-1] + rounding
    assert values[-1] <= largest.upper + rounding


def test_outer_ends_fail_no_more_often_than_said():
    # With probability 1/2 allowed and 300 starts, more than 180 failures would have a chance
    # below 1e-3; and they are not vacuous: some do fail.
    values = np.linspace(0, 1, 50)
    failures = sum(
        largest.upper < 1.0
        for seed in range(300)
        for _, largest in [of_diagonal(values, seed=seed, max_products=6, failure_probability=0.5)]
    )
    assert 0 < failures <= 180


@pytest.mark.parametrize("factor", [1e-200, 1e200])
def test_units_do_not_matter(factor):
    values = np.linspace(1, 3, 80)
    smallest, largest = of_diagonal(values, max_products=20)
    scaled, _ = of_diagonal(factor * values, max_products=20)
    assert_allclose(scaled.lower, factor * smallest.lower, rtol=1e-9)
    assert largest.upper > 3


def test_stops_as_soon_as_asked():
    taken = []
    values = np.append(np.linspace(0, 1, 400), 10.0)

    def product(x):
        taken.append(1)
        return values * x

    _, largest = extreme_eigenpairs(
        product,
        401,
        seed=0,
        max_products=200,
        until=lambda smallest, largest: largest.bound <= 1e-6 * largest.value,
    )
    assert largest.bound <= 1e-6 * 10
    assert len(taken) <= 30  # the largest is ten times the next: a dozen products find it


def test_nothing_is_claimed_of_an_ill_conditioned_lower_end():
    # Condition number 1e8 and fifty products: the Ritz value is far above, the interval says so.
    values = np.geomspace(1e-8, 1, 500)
    smallest, _ = of_diagonal(values, max_products=50)
    assert smallest.lower < 1e-8 < smallest.upper
    assert smallest.bound > smallest.value


# Bad input ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_products": 0}, "`max_products` must be positive; got 0"),
        ({"failure_probability": 1.0}, "`failure_probability` must lie between 0 and 1; got 1"),
    ],
)
def test_options_are_checked(options, message):
    with pytest.raises(ValueError, match=message):
        of_diagonal([1.0, 2.0], **options)
