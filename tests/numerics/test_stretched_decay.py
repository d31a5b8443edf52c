"""Fits of stretched exponentials: exact data, planted corrections, data no number holds."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.numerics.stretched_decay import fit_stretched_decay

X = np.arange(20.0, 200.0, 2)


@pytest.mark.parametrize(("power", "algebraic"), [(1.0, 0.5), (2 / 3, -1.0), (2 / 3, 7 / 3)])
def test_exact_data(power, algebraic):
    fit = fit_stretched_decay(
        X, 3.0 - 1.7 * X**power + algebraic * np.log(X), power=power, algebraic=algebraic
    )
    assert_allclose([fit.rate, fit.low, fit.high], 1.7, rtol=1e-11)
    assert_allclose(fit.prefactor, np.exp(3.0), rtol=1e-9)


def test_the_first_correction_is_absorbed():
    log_y = -1.3 * X + 0.5 * np.log(X) + 2 / X
    fit = fit_stretched_decay(X, log_y, power=1.0, algebraic=0.5)
    assert_allclose(fit.rate, 1.3, rtol=1e-11)
    # Without it the slope is off, and the interval says so.
    assert fit.high - fit.low > 1e-5


def test_the_interval_covers_under_noise(rng):
    hits = 0
    for _ in range(200):
        fit = fit_stretched_decay(X, 1 - 0.8 * X + rng.standard_normal(X.size), power=1.0)
        hits += fit.low <= 0.8 <= fit.high
    # At least 95 % each; under 180 of 200 has probability 3e-3 at 95 %, and the hull is wider.
    assert hits >= 180


def test_a_wrong_power_is_seen():
    log_y = -3.2 * X ** (2 / 3)
    right = fit_stretched_decay(X, log_y, power=2 / 3)
    wrong = fit_stretched_decay(X, log_y, power=1.0)
    assert right.high - right.low < 1e-9 < 1e-3 < wrong.high - wrong.low


def test_no_number_holds_the_values():
    fit = fit_stretched_decay(X, -50_000 - 40 * X, power=1.0)
    assert_allclose(fit.rate, 40.0, rtol=1e-11)
    assert fit.prefactor == 0


def test_arguments():
    with pytest.raises(ValueError, match="at least five entries"):
        fit_stretched_decay(X[:4], X[:4], power=1.0)
    with pytest.raises(ValueError, match="`x` must be positive and vary"):
        fit_stretched_decay(X - 20, X, power=1.0)
    with pytest.raises(ValueError, match="`power` must be positive"):
        fit_stretched_decay(X, X, power=0.0)
    with pytest.raises(ValueError, match="`confidence` must lie strictly"):
        fit_stretched_decay(X, X, power=1.0, confidence=1.0)
    with pytest.raises(ValueError, match=r"`log_y` must be finite; got log_y\[3\]"):
        fit_stretched_decay(X, np.where(np.arange(X.size) == 3, -np.inf, X), power=1.0)
