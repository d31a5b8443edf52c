"""Greedy nets against exhaustive search over small sets."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose

from companion.probability.nets import farthest_point_net, sample_gamma_2_bounds

EXACT = 1e-14  # differences of numbers of order one


def distances_between(X):
    return np.linalg.norm(X[:, None] - X[None], axis=2)


def best_radius(X, size):
    table = distances_between(X)
    return min(table[:, list(c)].min(axis=1).max() for c in combinations(range(len(X)), size))


# Exact values ------------------------------------------------------------------------------


def test_a_net_of_a_line_by_hand():
    X = np.array([[0.0], [1.0], [4.0], [10.0], [6.5]])
    net, distances = farthest_point_net(X, 4)
    assert net.centres.tolist() == [0, 3, 2, 4]
    assert_allclose(net.radii, [10, 4, 2.5, 1], rtol=EXACT)
    assert_allclose(distances, np.array([[0, 1, 4, 0, 3.5], [0, 1, 0, 0, 0]]).T, rtol=EXACT)


def test_two_clusters():
    # Level 0 covers each cluster by one of its points; level 1 covers all four points.
    X = np.array([[0.0, 0.0], [0.1, 0.0], [3.0, 0.0], [3.0, 0.1], [0.0, 0.1]])
    lower, upper = sample_gamma_2_bounds(X, metric="euclidean")
    # The fifth point is 0.1 from the two-point net and from the four-point net.
    assert_allclose(upper, 0.1 * (1 + 2**0.5), rtol=1e-12)
    assert_allclose(lower, max(0.1 / 2, 2**0.5 * 0.1 / 2), rtol=1e-12)


# Identities --------------------------------------------------------------------------------


@given(arrays(np.float64, (9, 2), elements=st.floats(-5, 5)), st.integers(0, 8))
def test_the_chosen_points_are_apart_and_cover(X, first):
    net, distances = farthest_point_net(X, 5, first=first)
    table = distances_between(X)
    for count in range(1, 6):
        chosen = net.centres[:count]
        assert_allclose(
            net.radii[count - 1], table[:, chosen].min(axis=1).max(), rtol=EXACT, atol=EXACT
        )
    assert (np.diff(net.radii) <= 0).all()
    apart = distances_between(X[net.centres[:5]])[np.triu_indices(5, 1)]
    assert (apart >= net.radii[3] - EXACT).all()
    assert_allclose(distances[:, 0].max(), net.radii[1], rtol=EXACT)


# Independent computations ------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_the_greedy_radius_is_within_a_factor_two_of_the_best(size, rng):
    for _ in range(20):
        X = rng.standard_normal((9, 3))
        net, _ = farthest_point_net(X, size)
        best = best_radius(X, size)
        assert best <= net.radii[size - 1] * (1 + EXACT)
        assert net.radii[size - 1] <= 2 * best * (1 + EXACT)


@pytest.mark.parametrize("metric", ["euclidean", "chaining"])
def test_the_bounds_enclose_gamma_2_found_by_exhaustion(metric, rng):
    # Seven points: only the nets of two and of four points cost anything.
    for _ in range(10):
        X = rng.standard_normal((7, 2))
        table = distances_between(X)
        table = np.maximum(table, np.sqrt(table)) if metric == "chaining" else table
        two = [table[:, list(c)].min(axis=1) for c in combinations(range(7), 2)]
        four = [table[:, list(c)].min(axis=1) for c in combinations(range(7), 4)]
        exact = min((t + 2**0.5 * f).max() for t in two for f in four)
        lower, upper = sample_gamma_2_bounds(X, metric=metric)
        assert lower <= exact <= upper
        assert upper < 6 * lower  # neither bound is idle


# Where naive formulas fail -----------------------------------------------------------------


def test_repeated_points_cost_nothing():
    X = np.array([[1.0, 2.0]] * 5)
    assert sample_gamma_2_bounds(X, metric="chaining") == (0.0, 0.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda X: farthest_point_net(X, 0), "`num_centres` must lie between 1 and"),
        (lambda X: farthest_point_net(X, 9), "`num_centres` must lie between 1 and"),
        (lambda X: farthest_point_net(X, 2, first=8), "`first` must be a row"),
        (lambda X: farthest_point_net(X + np.inf, 2), r"`X` must be finite; got X\[0, 0\]"),
        (lambda X: sample_gamma_2_bounds(X[:2], metric="chaining"), "between 3 and 65 536"),
        (lambda X: sample_gamma_2_bounds(X, metric="taxi"), "`metric` must be 'euclidean'"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call(np.arange(16.0).reshape(8, 2))


@pytest.mark.parametrize("shape", [(8,), (0, 2), (4, 2, 1)])
def test_points_must_be_a_matrix(shape, unchecked):
    for call in (
        lambda X: farthest_point_net(X, 2),
        lambda X: sample_gamma_2_bounds(X, metric="euclidean"),
    ):
        with pytest.raises(ValueError, match="`X` must be a nonempty matrix with points as rows"):
            call(np.ones(shape))
