"""Bounds on the network at the start, by hand and by enumerating all signs."""

import itertools
import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.activations import SIGMOID, TANH
from companion.claims.two_layer_flow_start import (
    initial_loss_bound,
    mean_supremum_bound,
    norm_bound,
    supremum_bound,
)

EXACT = 1e-14


def test_by_hand():
    assert_allclose(mean_supremum_bound(SIGMOID, second_moment=16.0, radius=3.0), 3.0, rtol=EXACT)
    delta = 2 * math.exp(-2)
    bound = supremum_bound(TANH, second_moment=16.0, radius=3.0, delta=delta)
    assert_allclose(bound, 14.0, rtol=EXACT)  # 1 * 3 * 4 + 1 * sqrt(2 * 2)
    assert_allclose(norm_bound(SIGMOID, delta=math.exp(-2)), 3.0, rtol=EXACT)
    loss = initial_loss_bound(SIGMOID, delta=math.exp(-2), target_bound=0.5)
    assert_allclose(loss, 9.25, rtol=EXACT)


def test_the_loss_is_of_the_order_of_one_logarithm():
    ratios = [
        initial_loss_bound(SIGMOID, delta=10.0**-k, target_bound=0.0) / (k * math.log(10))
        for k in (10, 100, 300)
    ]
    assert 2 < ratios[2] < ratios[1] < ratios[0] < 4


def test_the_mean_supremum_by_enumerating_signs(rng):
    # All 2^8 outer weights, the best point of a fine grid of the disc.
    W = rng.standard_normal((8, 2))
    angles = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    disc = np.concatenate(
        [r * np.stack([np.cos(angles), np.sin(angles)], axis=1) for r in np.linspace(0, 0.5, 11)]
    )
    signs = np.array(list(itertools.product((-1.0, 1.0), repeat=8)))
    outputs = 1 / (1 + np.exp(-disc @ W.T)) @ signs.T / math.sqrt(8)
    second_moment = float((W**2).sum() / 8)
    bound = mean_supremum_bound(SIGMOID, second_moment=second_moment, radius=0.5)
    # The length of a plane Gaussian vector is 0.89 times its root mean square, on average.
    assert 0.8 * bound < outputs.max(axis=0).mean() <= bound


def test_arguments_outside_their_range_are_refused():
    with pytest.raises(ValueError, match="`radius` must be positive"):
        mean_supremum_bound(SIGMOID, second_moment=1.0, radius=0.0)
    with pytest.raises(ValueError, match="`delta` must lie strictly between 0 and 1"):
        norm_bound(SIGMOID, delta=0.0)
    with pytest.raises(ValueError, match="`target_bound` must be non-negative; got nan"):
        initial_loss_bound(SIGMOID, delta=0.5, target_bound=math.nan)
