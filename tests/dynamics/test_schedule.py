"""Steps are counted and marked as asked."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.dynamics.schedule import number_of_steps, record_marks


@given(st.floats(1e-4, 1.0), st.integers(1, 1000))
def test_a_time_and_a_number_mean_the_same(learning_rate, num_steps):
    assert number_of_steps(learning_rate, num_steps, None) == num_steps
    assert number_of_steps(learning_rate, None, num_steps * learning_rate) == num_steps


@given(st.integers(1, 10**7))
def test_default_marks_are_the_ends_and_about_a_hundred_between(num_steps):
    marks = sorted(record_marks(None, num_steps))
    assert marks[0] == 0
    assert marks[-1] == num_steps
    assert min(num_steps, 80) * 0.5 <= len(marks) <= 101
    ratios = [b / a for a, b in pairwise(marks) if a > 100]
    assert all(ratio < 1.2 for ratio in ratios)  # the hundredth root of 1e7 is 1.175


def test_given_marks_are_kept():
    assert record_marks([0, 3, 5], 5) == {0, 3, 5}
    with pytest.raises(ValueError, match=r"`record_at` must increase between 0 and 5; got 6"):
        record_marks([6], 5)
