"""Kinks of ReLU networks on the circle against dense sampling and the law of zeros."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.networks.circle_kinks import first_layer_kinks, second_layer_kinks


def test_first_kinks_are_where_neurons_vanish(rng):
    W0 = rng.standard_normal((7, 2))
    kinks = first_layer_kinks(W0)
    values = W0 @ np.stack([np.cos(kinks), np.sin(kinks)])
    assert len(kinks) == 14
    assert (np.diff(kinks) > 0).all()
    assert_allclose(np.sort(np.abs(values), axis=0)[0], 0, atol=1e-14)
    assert_allclose(kinks[7:], kinks[:7] + np.pi, rtol=1e-14)  # opposite points


def test_one_axis_of_each_kind():
    assert_allclose(first_layer_kinks(np.array([[1.0, 0.0]])), [np.pi / 2, 3 * np.pi / 2])


def test_second_kinks_agree_with_a_fine_grid(rng):
    W0, W1 = rng.standard_normal((6, 2)), rng.standard_normal((50, 6))
    angle = 2 * np.pi * (np.arange(100_000) + 0.5) / 100_000
    positive = W1 @ np.maximum(W0 @ np.stack([np.cos(angle), np.sin(angle)]), 0) > 0
    dense = (positive != np.roll(positive, 1, axis=1)).sum(axis=1)
    found = second_layer_kinks(W0, W1)
    # A grid of this size misses a pair of zeros closer than 6.3e-5, which none of fifty has.
    assert (found == dense).all()
    assert found.max() > found.min()


def test_wide_networks_have_two_on_average(rng):
    # Rice: the expected number is 2 sqrt(-r''(0)), and the normalised arc-cosine kernel r of
    # order one has r''(0) = -1. Five standard errors of 2000 counts fail with probability 6e-7;
    # a first layer of 1000 neurons moves the mean by about one of its own, which is below them.
    counts = second_layer_kinks(rng.standard_normal((1000, 2)), rng.standard_normal((2000, 1000)))
    assert (counts % 2 == 0).all()
    standard_error = counts.std() / np.sqrt(len(counts))
    assert abs(counts.mean() - 2) < 5 * standard_error + 2 / np.sqrt(1000)


def test_a_zero_row_is_named():
    with pytest.raises(ValueError, match="`W0` must have nonzero rows; row 1 is zero"):
        first_layer_kinks(np.array([[1.0, 0.0], [0.0, 0.0]]))


def test_numbers_must_be_finite(rng):
    with pytest.raises(ValueError, match="`W1`"):
        second_layer_kinks(rng.standard_normal((2, 2)), np.array([[1.0, np.nan]]))
