"""What an argument must be is said in one sentence."""

from decimal import Decimal

import numpy as np
import pytest
import torch

from companion.numerics.arguments import (
    entries,
    layer_indices,
    one_of,
    positive_number,
    real_number,
    whole_number,
)


@pytest.mark.parametrize(
    "held", [3, 3.0, np.float32(3), np.int64(3), np.array(3.0), torch.tensor(3), torch.tensor(3.0)]
)
def test_numbers_of_every_type_are_plain_numbers(held):
    assert type(real_number("x", held, remedy="")) is float
    assert real_number("x", held, remedy="") == positive_number("x", held, remedy="") == 3.0
    assert type(whole_number("x", held, remedy="")) is int


def test_whole_numbers_beyond_those_of_floating_point_are_kept():
    assert whole_number("x", 2**53 + 1, remedy="") == 2**53 + 1


def test_numbers_beyond_floating_point_are_infinite():
    assert real_number("x", 10**400, remedy="") == np.inf
    assert real_number("x", -(10**400), remedy="") == -np.inf


@pytest.mark.parametrize(
    "value", ["1", None, True, np.True_, 1j, [1.0], np.ones(1), torch.ones(1), Decimal(1), float]
)
def test_other_things_are_no_numbers(value):
    with pytest.raises(TypeError, match=r"`x` must be a number; got .*\. Pass one\."):
        real_number("x", value, remedy="Pass one.")


@pytest.mark.parametrize("value", [0, -1.0, np.inf, np.nan])
def test_a_positive_number_is_positive_and_finite(value):
    with pytest.raises(ValueError, match=r"`x` must be positive and finite; got .*\. Pass one\."):
        positive_number("x", value, remedy="Pass one.")


@pytest.mark.parametrize("value", [1.5, np.nan, np.inf])
def test_a_whole_number_is_whole(value):
    with pytest.raises(TypeError, match=r"`x` must be a whole number; got .*\. Pass one\."):
        whole_number("x", value, remedy="Pass one.")


def test_sequences_have_entries():
    assert entries("x", (k for k in range(2)), remedy="") == (0, 1)
    for value in ("ab", None, 3, {"a": 1}, list, np.array(1.0)):
        with pytest.raises(TypeError, match=r"`x` must be a sequence; got .*\. Pass one\."):
            entries("x", value, remedy="Pass one.")


@pytest.mark.parametrize(("value", "error"), [("c", ValueError), (["a"], TypeError)])
def test_a_name_is_one_of_those_offered(value, error):
    assert one_of("x", "a", ("a", "b")) == "a"
    with pytest.raises(error, match="`x` must be one of a, b; got"):
        one_of("x", value, ("a", "b"))


def test_layers_by_name_and_by_index():
    assert layer_indices("trained", "all", depth=2) == (0, 1, 2)
    assert layer_indices("trained", "second_to_last", depth=2) == (1,)
    assert layer_indices("trained", (np.int64(2), 0), depth=2) == (2, 0)


@pytest.mark.parametrize("value", ["last", (), (3,), (-1,), (0, 0), (0.5,), None, [1]])
def test_unknown_layers_are_refused(value):
    with pytest.raises(ValueError, match=r"`trained` must be .* from 0 to depth = 2; got"):
        layer_indices("trained", value, depth=2)
