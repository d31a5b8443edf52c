"""Fitted rates against exact laws, textbook formulas and the coverage of their intervals."""

import numpy as np
import pytest
import scipy.stats
from numpy.testing import assert_allclose

from companion.numerics.rates import fit_exponential, fit_power_law

# Exact values ------------------------------------------------------------------------------


@pytest.mark.parametrize("exponent", [-0.5, 0.0, 2.0])
def test_exact_power_law(exponent):
    x = np.array([1.0, 2.0, 5.0, 10.0])
    rate = fit_power_law(x, 3.0 * x**exponent)
    assert_allclose(rate.exponent, exponent, rtol=0, atol=1e-14)
    assert_allclose(rate.prefactor, 3.0, rtol=1e-14)
    # No noise: the interval is rounding alone.
    assert rate.high - rate.low < 1e-13


def test_exact_power_law_in_two_quantities():
    width, dimension = (axis.ravel() for axis in np.meshgrid([100.0, 400, 1600], [5.0, 20, 80]))
    rate = fit_power_law(np.stack([width, dimension], axis=1), 0.2 * np.sqrt(dimension / width))
    assert_allclose(rate.exponent, [-0.5, 0.5], rtol=0, atol=1e-14)
    assert_allclose(rate.prefactor, 0.2, rtol=1e-13)
    assert (rate.high - rate.low < 1e-13).all()


@pytest.mark.parametrize("decay", [0.1, -2.0])
def test_exact_exponential(decay):
    t = np.linspace(0, 3, 7)
    rate = fit_exponential(t, 5 * np.exp(-decay * t))
    assert_allclose([rate.rate, rate.prefactor], [decay, 5.0], rtol=1e-13)


# Identities --------------------------------------------------------------------------------


def test_units_change_the_prefactor_only(rng):
    x, y = rng.uniform(1, 100, 12), rng.uniform(1, 2, 12)
    one, other = fit_power_law(x, y), fit_power_law(1e6 * x, 1e-9 * y)
    assert_allclose(
        [other.exponent, other.low, other.high], [one.exponent, one.low, one.high], rtol=1e-9
    )


def test_one_column_is_one_regressor(rng):
    x, y = rng.uniform(1, 100, 12), rng.uniform(1, 2, 12)
    vector, column = fit_power_law(x, y), fit_power_law(x[:, None], y)
    assert_allclose(column.exponent, [vector.exponent], rtol=1e-14)
    assert_allclose(column.low, [vector.low], rtol=1e-14)


def test_exponential_is_a_power_law_in_the_exponential_of_time(rng):
    t, y = rng.uniform(0, 3, 12), rng.uniform(1, 2, 12)
    decay, power = fit_exponential(t, y), fit_power_law(np.exp(t), y)
    assert_allclose(
        [decay.rate, decay.low, decay.high], [-power.exponent, -power.high, -power.low], rtol=1e-11
    )


# Independent computations ------------------------------------------------------------------


def test_agrees_with_the_regression_of_a_statistics_package(rng):
    x = rng.uniform(1, 100, 15)
    y = x**-0.7 * np.exp(0.1 * rng.standard_normal(15))
    textbook = scipy.stats.linregress(np.log(x), np.log(y))
    half_width = scipy.stats.t(13).ppf(0.975) * textbook.stderr
    rate = fit_power_law(x, y)
    assert_allclose(
        [rate.exponent, rate.low, rate.high, np.log(rate.prefactor)],
        [
            textbook.slope,
            textbook.slope - half_width,
            textbook.slope + half_width,
            textbook.intercept,
        ],
        rtol=1e-11,
    )


@pytest.mark.parametrize("confidence", [0.5, 0.95])
def test_intervals_cover_as_often_as_they_say(confidence, rng):
    # 2000 fits in two quantities with 3 degrees of freedom: five deviations of the count are
    # at most 5 sqrt(1/4/2000) = 0.056.
    x = np.exp(rng.standard_normal((6, 2)))
    truth = np.array([-0.5, 0.5])
    noise = 0.1 * rng.standard_normal((2000, 6))
    fits = [
        fit_power_law(x, np.exp(np.log(x) @ truth + one), confidence=confidence) for one in noise
    ]
    covered = np.mean([(fit.low < truth) & (truth < fit.high) for fit in fits], axis=0)
    assert (np.abs(covered - confidence) < 0.056).all()


# Where naive formulas fail -----------------------------------------------------------------


def test_late_times_do_not_cost_digits():
    # Without centring, the normal equations would square the ratio 2e6 of offset and span.
    t = 2000 + np.linspace(0, 1e-3, 5)
    rate = fit_exponential(t, np.exp(-0.3 * (t - 2000)))
    # The times carry 2e-13 of a span of 1e-3, the values 1e-16 of a change of 3e-4.
    assert_allclose(rate.rate, 0.3, rtol=2e-9)


# Bad input ---------------------------------------------------------------------------------

X = np.array([1.0, 2.0, 3.0])


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (X, np.array([1.0, 0.0, 2.0]), r"`y` must be positive; got 0\.0 at index \[1\]"),
        (-X, X, r"`x` must be positive; got -1\.0 at index \[0, 0\]"),
        (X, np.array([1.0, np.nan, 2.0]), r"`y` must be finite; got y\[1\] = nan"),
        (X[:2], X[:2], "`y` must have at least 3 entries to fit 1 rates"),
        (np.stack([X, X**2], axis=1), X, "`y` must have at least 4 entries to fit 2 rates"),
        (np.ones(3), X, "`x` must have columns that vary independently"),
    ],
)
def test_power_law_refuses(x, y, message):
    with pytest.raises(ValueError, match=message):
        fit_power_law(x, y)


def test_collinear_regressors_are_refused(rng):
    x = rng.uniform(1, 2, 10)
    with pytest.raises(ValueError, match="`x` must have columns that vary independently"):
        fit_power_law(np.stack([x, 3 * x**2], axis=1), x)


@pytest.mark.parametrize("shape", [(), (3, 1, 1)])
def test_shapes_are_vectors_or_columns(shape, unchecked):
    with pytest.raises(ValueError, match="`x` must be a vector or a matrix with a column"):
        fit_power_law(np.ones(shape), X)
    with pytest.raises(ValueError, match="`t` must be a vector of times"):
        fit_exponential(np.ones(shape), X)


def test_lengths_must_agree(unchecked):
    with pytest.raises(ValueError, match="`y` must have one entry for each of the 3 points"):
        fit_power_law(X, np.ones(4))
    with pytest.raises(ValueError, match="`y` must have one entry for each of the 3 points"):
        fit_exponential(X, np.ones(4))


def test_confidence_is_a_probability():
    with pytest.raises(ValueError, match=r"`confidence` must lie strictly .*; got 95\.0"):
        fit_power_law(X, X, confidence=95.0)
