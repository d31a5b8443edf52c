"""Named streams are reproducible and independent; estimates carry honest errors."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.numerics.montecarlo import Estimate, estimate, stream

# Streams -----------------------------------------------------------------------------------


def test_same_name_gives_the_same_numbers():
    assert (stream(7, "weights", 3).random(5) == stream(7, "weights", 3).random(5)).all()


def test_numbers_are_those_of_every_machine():
    # Written down once: records made earlier stay reproducible only while these stand.
    assert_allclose(stream(0).random(), 0.6369616873214543, rtol=0, atol=0)
    assert stream(1, "weights").integers(10**6) == 784697


def test_different_names_give_different_numbers():
    names = [(), ("a",), ("b",), ("a", "b"), ("b", "a"), ("ab",), (1,), ("1",), (1, 2), (12,)]
    first = {stream(3, *one).random() for one in names}
    assert len(first) == len(names)
    assert stream(3, "a").random() != stream(4, "a").random()


def test_integers_of_numpy_name_the_same_stream():
    assert stream(3, np.int64(5)).random() == stream(3, 5).random()


def test_streams_are_uncorrelated():
    draws = np.stack([stream(11, "replica", i).standard_normal(4000) for i in range(20)])
    correlations = np.corrcoef(draws)[np.triu_indices(20, 1)]
    # 190 correlations of standard deviation 1/sqrt(4000): 5 deviations fail once in 1e4 seeds.
    assert np.abs(correlations).max() < 5 / math.sqrt(4000)


def test_bad_seed_and_names():
    with pytest.raises(ValueError, match="`seed` must be nonnegative; got -1"):
        stream(-1)
    with pytest.raises(TypeError, match="`names` must be strings or integers; got True"):
        stream(1, True)


# Estimates ---------------------------------------------------------------------------------


def test_values_by_hand():
    # Mean 2, squared deviations 1 + 0 + 1, divided by N (N - 1) = 6.
    result = estimate(np.array([1.0, 2.0, 3.0]))
    assert result == Estimate(mean=2.0, standard_error=result.standard_error, count=3)
    assert_allclose(result.standard_error, 3**-0.5, rtol=1e-15)


def test_affine_change(rng):
    samples = rng.standard_normal(50)
    before, after = estimate(samples), estimate(5 - 2 * samples)
    assert_allclose(after.mean, 5 - 2 * before.mean, rtol=1e-14)
    assert_allclose(after.standard_error, 2 * before.standard_error, rtol=1e-14)


def test_interval_covers_the_truth_as_often_as_it_should():
    # 2000 replicas of 100 uniform draws: |error| < 1.96 standard errors in 95 % of them, up to
    # 5 deviations sqrt(.95 * .05 / 2000) = 0.005 of the count and 0.005 for Student's law.
    draws = stream(5, "coverage").random((2000, 100))
    results = [estimate(row) for row in draws]
    covered = np.mean([abs(one.mean - 0.5) < 1.96 * one.standard_error for one in results])
    assert abs(covered - 0.95) < 0.03


def test_samples_must_be_enough_and_finite(unchecked):
    for samples in (np.array([1.0]), np.zeros((2, 2))):
        with pytest.raises(ValueError, match="`samples` must be a vector of at least two numbers"):
            estimate(samples)
    with pytest.raises(ValueError, match=r"`samples` must be finite; got samples\[1\] = inf"):
        estimate(np.array([0.0, np.inf]))
