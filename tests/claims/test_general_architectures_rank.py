"""The bound R against counts by hand, against ranks, and the floor of a bottleneck."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from companion.claims.general_architectures_rank import (
    always_singular,
    bottleneck_loss,
    largest_rank,
)


@pytest.mark.parametrize(
    ("widths", "num_samples", "homogeneous", "bound"),
    [
        ((1, 1, 1), 4, True, 3),  # P = 4, one neuron
        ((1, 1, 1), 4, False, 4),
        ((4, 5, 1), 31, True, 26),  # P = 31, five neurons
        ((4, 5, 1), 31, False, 31),
        ((4, 6, 5, 6), 9, True, 51),  # cut at 5: 45 - 30 + 36
        ((5, 30, 2, 4), 12, True, 30),  # cut at 2: 24 - 6 + 12
        ((2, 3, 4, 3, 2), 40, True, 38),  # P - H = 48 - 10
        ((3, 2, 9, 2, 9), 11, False, 43),  # cut at 2: 22 - 6 + 27
        ((3, 2), 9, True, 8),  # no hidden layer: all parameters
    ],
)
def test_counts_by_hand(widths, num_samples, homogeneous, bound):
    found = largest_rank(widths, num_samples=num_samples, homogeneous=homogeneous)
    assert found == bound


@given(st.lists(st.integers(1, 9), min_size=2, max_size=6), st.integers(1, 40), st.booleans())
def test_it_is_the_least_of_the_formula_written_out(widths, n, homogeneous):
    layers = list(zip(widths[1:], widths[:-1], strict=True))  # after, before
    hidden = widths[1:-1]
    terms = [n * widths[-1], sum(a * (b + 1) for a, b in layers) - homogeneous * sum(hidden)]
    for place, width in enumerate(hidden):
        behind = sum(a * (b + 1) for a, b in layers[place + 1 :])
        behind -= homogeneous * sum(hidden[place + 1 :])
        terms.append(n * width - width * min(n, width + 1) + behind)
    assert largest_rank(widths, num_samples=n, homogeneous=homogeneous) == min(terms)


@given(st.lists(st.integers(1, 9), min_size=3, max_size=6), st.integers(1, 40))
def test_a_cut_before_a_narrower_layer_never_decides(widths, n):
    # The step of the proof that lets the features have any rank.
    hidden, last = widths[1:-1], widths[-1]
    terms = {}
    for place, width in enumerate(hidden):
        rest = widths[place + 1 :]
        behind = sum(a * (b + 1) for a, b in zip(rest[1:], rest[:-1], strict=True))
        terms[place] = n * width - width * min(n, width + 1) + behind - sum(hidden[place + 1 :])
    terms[len(hidden)] = n * last
    for place, width in enumerate(hidden):
        if width > widths[place + 2]:
            assert terms[place] >= terms[place + 1]


def test_sizes_at_which_every_start_is_singular():
    assert always_singular((4, 5, 1)) == (27, 28, 29, 30, 31)
    assert always_singular((1, 1, 1)) == (4,)
    assert always_singular((3, 2)) == ()


def test_the_floor_is_reached_by_alternating_least_squares(rng):
    Y = rng.standard_normal((12, 5)) + 3
    H = rng.standard_normal((12, 2))
    for _ in range(4000):
        features = np.column_stack([H, np.ones(12)])
        W = np.linalg.lstsq(features, Y, rcond=None)[0]
        H = np.linalg.lstsq(W[:2].T, (Y - W[2]).T, rcond=None)[0].T
    fitted = np.column_stack([H, np.ones(12)]) @ W
    reached = np.sum((fitted - Y) ** 2) / 2
    # Alternation stops within 1e-8 of the least loss, which no step can undercut.
    assert_allclose(reached, bottleneck_loss(Y, width=2), rtol=1e-8)
    assert bottleneck_loss(Y, width=5) == 0


def test_bad_input():
    with pytest.raises(ValueError, match="`widths` must"):
        largest_rank((3,), num_samples=2, homogeneous=True)
    with pytest.raises(ValueError, match="`num_samples` must be at least 1; got 0"):
        largest_rank((3, 1), num_samples=0, homogeneous=True)
    with pytest.raises(ValueError, match="`width` must be at least 1; got 0"):
        bottleneck_loss(np.eye(2), width=0)
    with pytest.raises(ValueError, match="`Y` must be finite"):
        bottleneck_loss(np.full((2, 2), np.nan), width=1)
