"""Axes: positions by hand, all values inside, ticks at round numbers."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from companion.figures.coordinates import Axis, axis_for

ROUNDING = 1e-12  # a few roundings of fractions of the length

finite = st.floats(-1e6, 1e6)
positive = st.floats(1e-12, 1e12)


def test_positions_by_hand():
    linear = Axis("linear", 2.0, 6.0, "", ())
    assert_allclose(linear.position(np.array([2.0, 3.0, 6.0])), [0, 0.25, 1], atol=ROUNDING)
    log = Axis("log", 0.01, 100.0, "", ())
    assert_allclose(log.position(np.array([0.01, 0.1, 10.0])), [0, 0.25, 0.75], atol=ROUNDING)


def test_a_logarithmic_axis_has_no_place_for_zero():
    assert np.isnan(Axis("log", 1.0, 10.0, "", ()).position(np.array([0.0, -1.0]))).all()


@given(st.lists(finite, min_size=1, max_size=8))
def test_a_linear_axis_holds_all_values(values):
    axis = axis_for(np.array(values), "linear", "")
    places = axis.position(np.array(values))
    assert ((places >= 0) & (places <= 1)).all()


@given(st.lists(positive, min_size=1, max_size=8))
def test_a_logarithmic_axis_holds_all_values(values):
    axis = axis_for(np.array(values), "log", "")
    places = axis.position(np.array(values))
    assert ((places >= 0) & (places <= 1)).all()


def test_without_margin_the_values_reach_the_ends():
    axis = axis_for(np.array([1.0, 3.0]), "linear", "time", margin=False)
    assert (axis.low, axis.high, axis.label) == (1.0, 3.0, "time")


def test_values_that_cannot_be_shown_are_passed_over():
    values = np.array([0.0, -5.0, np.nan, np.inf, 1.0, 100.0])
    axis = axis_for(values, "log", "", margin=False)
    assert_allclose((axis.low, axis.high), (1, 100), rtol=ROUNDING)


@pytest.mark.parametrize(
    ("low", "high", "scale", "ticks"),
    [
        (0, 10, "linear", (0, 2, 4, 6, 8, 10)),
        (-0.3, 0.3, "linear", (-0.3, -0.2, -0.1, 0, 0.1, 0.2, 0.3)),
        (1, 50, "log", (1, 2, 5, 10, 20, 50)),
        (1e-4, 1e1, "log", (1e-4, 1e-3, 1e-2, 1e-1, 1, 10)),
        (1e-12, 1, "log", (1e-12, 1e-10, 1e-8, 1e-6, 1e-4, 1e-2, 1)),
    ],
)
def test_ticks_by_hand(low, high, scale, ticks):
    axis = axis_for(np.array([low, high], float), scale, "", margin=False)
    # Ticks are products of powers of ten; zero is exact.
    assert_allclose(axis.ticks, ticks, rtol=ROUNDING, atol=0)


@given(low=finite, length=st.floats(1e-3, 1e6))
def test_there_are_a_few_round_ticks(low, length):
    axis = axis_for(np.array([low, low + length]), "linear", "")
    assert 2 <= len(axis.ticks) <= 8
    steps = np.diff(axis.ticks)
    # The distance of round numbers is 1, 2, 2.5 or 5 times a power of ten; the differences of
    # numbers of size |low| carry its rounding.
    assert_allclose(steps, steps[0], rtol=0, atol=1e-9 * (abs(low) + length))
    mantissa = steps.mean() / 10 ** math.floor(math.log10(steps.mean()) + 1e-6)
    assert min(abs(mantissa - round_one) for round_one in (1, 2, 2.5, 5)) < 1e-3


def test_one_value_alone_gets_an_axis():
    for value, scale in ((0.0, "linear"), (7.0, "linear"), (1e-3, "log")):
        axis = axis_for(np.array([value]), scale, "")
        assert axis.low < value < axis.high


@pytest.mark.parametrize(
    ("values", "scale", "rule"),
    [
        ([1.0], "sqrt", "`scale` must be 'linear' or 'log'"),
        ([-1.0, 0.0], "log", "that a log axis can show"),
        ([np.nan], "linear", "that a linear axis can show"),
    ],
)
def test_bad_axes_are_refused(values, scale, rule):
    unchecked = getattr(axis_for, "__wrapped__", axis_for)
    with pytest.raises(ValueError, match=rule):
        unchecked(np.array(values), scale, "loss")
