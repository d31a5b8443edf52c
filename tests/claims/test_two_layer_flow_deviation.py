"""The bounds of Lemma 3 with constants: by hand, and their first step by enumerating all signs."""

import itertools
import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.activations import SIGMOID, TANH
from companion.claims.two_layer_flow_deviation import (
    inner_deviation_bound,
    mean_outer_deviation,
    outer_deviation_bound,
    residual_form_gap,
    union_deviation_bound,
)

EXACT = 1e-14
SIZES = {"width": 400, "second_moment": 9.0, "radius": 2.0}


def test_by_hand():
    # 6 * 1 * (1/4) * 2 * sqrt(9 / 400) and 8 * 1 * 1 * 2 * sqrt(9 / 400).
    assert_allclose(mean_outer_deviation(SIGMOID, **SIZES), 0.45, rtol=EXACT)
    assert_allclose(mean_outer_deviation(TANH, **SIZES), 2.4, rtol=EXACT)
    delta = 2 * math.exp(-8)  # log(2 / delta) / (2 * 400) = 1/100
    assert_allclose(outer_deviation_bound(SIGMOID, **SIZES, delta=delta), 0.55, rtol=EXACT)
    assert_allclose(outer_deviation_bound(TANH, **SIZES, delta=delta), 2.6, rtol=EXACT)
    # X^2 (8 * (1/4) * Lip * 2 * 0.15 + 2 / 16 / 10) with Lip = 1 / (6 sqrt 3).
    inner = 4 * (0.6 / (6 * math.sqrt(3)) + 0.0125)
    assert_allclose(inner_deviation_bound(SIGMOID, **SIZES, delta=delta), inner, rtol=EXACT)
    # log(3 * 4 / delta) / (2 * 50) with delta = 12 exp(-4).
    union = union_deviation_bound(SIGMOID, width=50, num_samples=3, delta=12 * math.exp(-4))
    assert_allclose(union, 0.2, rtol=EXACT)
    assert residual_form_gap(0.1, 3.0) == pytest.approx(0.6, rel=EXACT)


@pytest.mark.parametrize("num_neurons", [1, 3, 6])
def test_contraction_of_the_product_by_enumerating_signs(num_neurons, rng):
    # The step of the derivation: the mean over signs of sup sum eps s(w.x) s(w.y) is at most
    # 3 sup|s| sup|s'| times the mean of |sum eps w|. The supremum over a grid is at most that.
    W = rng.standard_normal((num_neurons, 2))
    angles = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    grid = np.concatenate(
        [r * np.stack([np.cos(angles), np.sin(angles)], axis=1) for r in (0.5, 1.0)]
    )
    value = 1 / (1 + np.exp(-grid @ W.T))
    signs = np.array(list(itertools.product((-1.0, 1.0), repeat=num_neurons)))
    suprema = [((value * eps) @ value.T).max() for eps in signs]
    lengths = np.linalg.norm(signs @ W, axis=1)
    assert np.mean(suprema) <= 3 * 0.25 * lengths.mean()
    # It is not loose by orders of magnitude: for one neuron the quotient exceeds a third of it.
    if num_neurons == 1:
        assert np.mean(suprema) > 0.25 * 0.25 * lengths.mean()


@pytest.mark.parametrize("bound", [outer_deviation_bound, inner_deviation_bound])
def test_four_times_the_width_halves_the_bound(bound):
    narrow = bound(SIGMOID, **SIZES, delta=0.1)
    wide = bound(SIGMOID, **{**SIZES, "width": 1600}, delta=0.1)
    assert_allclose(narrow, 2 * wide, rtol=EXACT)
    assert bound(SIGMOID, **SIZES, delta=0.01) > narrow


def test_arguments_outside_their_range_are_refused():
    with pytest.raises(ValueError, match="`width` must be positive"):
        mean_outer_deviation(SIGMOID, width=0, second_moment=1.0, radius=1.0)
    with pytest.raises(ValueError, match="`second_moment` must be positive"):
        inner_deviation_bound(SIGMOID, width=1, second_moment=-1.0, radius=1.0, delta=0.5)
    with pytest.raises(ValueError, match="`delta` must lie strictly between 0 and 1"):
        union_deviation_bound(SIGMOID, width=1, num_samples=1, delta=1.0)
    with pytest.raises(ValueError, match="`activation` must not be negative"):
        union_deviation_bound(TANH, width=1, num_samples=1, delta=0.5)
    with pytest.raises(ValueError, match=r"`loss` must be non-negative; got -1\.0"):
        residual_form_gap(0.1, -1.0)
