"""Distances of points against all differences, exactly and by bounds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.certificates import points
from companion.certificates.points import point_facts


def all_distances(X, sign):
    i, j = np.triu_indices(len(X), 1)
    return np.linalg.norm(X[i] - sign * X[j], axis=1)


@given(n=st.integers(2, 40), d=st.integers(1, 6), seed=st.integers(0, 1000))
def test_separations_are_the_smallest_of_all_distances(n, d, seed):
    X = np.random.default_rng(seed).standard_normal((n, d))
    facts = point_facts(X)
    same, opposite = all_distances(X, 1).min(), all_distances(X, -1).min()
    assert facts.separation == pytest.approx(same, rel=1e-14)
    assert facts.separation_up_to_sign == pytest.approx(min(same, opposite), rel=1e-14)
    i, j = facts.closest
    assert np.linalg.norm(X[i] - X[j]) == pytest.approx(same, rel=1e-14)


def test_small_distances_far_from_the_origin_keep_their_digits(rng):
    # Squares of norms are 1e12 here, and the distance is 1e-6: products alone would lose it.
    X = 1e6 + rng.standard_normal((50, 2))
    X[17] = X[3] + np.array([1e-6, 0.0])
    facts = point_facts(X)
    assert facts.closest == (3, 17)
    assert facts.separation == pytest.approx(np.linalg.norm(X[17] - X[3]), rel=1e-12)


def test_equal_and_antipodal_points_are_named():
    X = np.array([[1.0, 0.0], [0.0, 2.0], [-1.0, -0.0], [0.0, 2.0], [0.0, 2.0]])
    facts = point_facts(X)
    assert facts.duplicates == ((1, 3), (1, 4)) and facts.num_duplicates == 2
    assert facts.antipodal == ((0, 2),) and facts.num_antipodal == 1
    assert facts.separation == 0 and facts.separation_up_to_sign == 0


def test_unit_norm_and_one_point():
    facts = point_facts(np.array([[0.6, 0.8]]))
    assert facts.unit_norm and facts.separation is None and facts.closest is None
    assert not point_facts(np.array([[0.6, 0.9]])).unit_norm


def test_many_points_have_upper_bounds_and_exact_duplicates(rng, monkeypatch):
    monkeypatch.setattr(points, "EXACT_PAIRS", 10)
    X = rng.standard_normal((200, 3))
    facts = point_facts(X)
    assert not facts.exact
    assert all_distances(X, 1).min() <= facts.separation <= np.median(all_distances(X, 1))
    both = min(all_distances(X, 1).min(), all_distances(X, -1).min())
    assert both <= facts.separation_up_to_sign <= facts.separation
    X[150], X[160] = X[7], -X[9]
    facts = point_facts(X)
    assert facts.duplicates == ((7, 150),) and facts.antipodal == ((9, 160),)
    assert facts.separation == 0


def test_close_points_on_a_line_are_found_exactly_by_the_bound(monkeypatch):
    # In one dimension neighbours on any line are neighbours.
    monkeypatch.setattr(points, "EXACT_PAIRS", 1)
    X = np.array([[0.0], [1.0], [1.25], [-1.1]])
    facts = point_facts(X)
    assert facts.separation == 0.25
    assert facts.separation_up_to_sign == pytest.approx(0.1, rel=1e-14)
