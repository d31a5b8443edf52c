"""Sizes: what passes unchanged, and what is refused by name."""

import numpy as np
import pytest

from companion.numerics.sizes import positive_size, positive_sizes

REMEDY = "Pass sizes."


@pytest.mark.parametrize("value", [1, 7, 7.0, np.int64(7), np.array(7)])
def test_whole_numbers_pass(value):
    size = positive_size("width", value, remedy=REMEDY)
    assert type(size) is int
    assert size == value


def test_sequences_of_any_kind_become_tuples():
    for value in ([2, 3], (2, 3), np.array([2, 3])):
        assert positive_sizes("widths", value, at_least=2, remedy=REMEDY) == (2, 3)
    assert positive_sizes("widths", (), at_least=0, remedy=REMEDY) == ()


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (0, ValueError, r"`width` must be at least 1; got 0\. Pass sizes\."),
        (-2, ValueError, r"`width` must be at least 1; got -2\."),
        (2.5, TypeError, r"`width` must be a whole number; got 2\.5"),
        (None, TypeError, r"`width` must be a number; got None"),
        (True, TypeError, r"`width` must be a number"),
    ],
)
def test_a_wrong_size_is_refused(value, error, message):
    with pytest.raises(error, match=message):
        positive_size("width", value, remedy=REMEDY)


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        ([3], ValueError, r"`widths` must have at least 2 entries; got 1\. Pass sizes\."),
        ([3, 0, 1], ValueError, r"`widths\[1\]` must be at least 1; got 0\."),
        ([3, "2"], TypeError, r"`widths\[1\]` must be a number"),
        (3, TypeError, r"`widths` must be a sequence"),
    ],
)
def test_wrong_sequences_are_refused(value, error, message):
    with pytest.raises(error, match=message):
        positive_sizes("widths", value, at_least=2, remedy=REMEDY)
