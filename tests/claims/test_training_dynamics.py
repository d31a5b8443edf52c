"""Bounds of gradient flow against flows that are known in closed form."""

import math

import pytest

from companion.claims.training_dynamics import (
    convex_bound,
    gradient_bound,
    random_feature_width,
    risk_decay_rate,
)


@pytest.mark.parametrize("time", [0.1, 1.0, 10.0])
@pytest.mark.parametrize("rate", [0.1, 3.0])
def test_gradient_of_a_quadratic_lies_below_its_bound(time, rate):
    # loss = rate theta^2 / 2 from theta = 1: the smallest gradient is the last, rate e^(-rate t).
    assert rate * math.exp(-rate * time) <= gradient_bound(rate / 2, time=time)


@pytest.mark.parametrize("slope", [0.01, 0.25, 1.0])
def test_convex_bound_and_how_far_it_is_attained(slope):
    # loss = slope |theta| from 1 reaches 1 - slope t on the way down; with slope t = 1/2 the
    # loss is a half of the bound.
    time = 1 / (2 * slope)
    loss = slope * (1 - slope * time)
    assert loss / convex_bound(1.0, time=time) == pytest.approx(0.5, rel=1e-12)


def test_numbers_by_hand():
    assert gradient_bound(2.0, time=8.0) == 0.5
    assert convex_bound(3.0, time=2.0) == 2.25
    assert risk_decay_rate(0.25, width=8) == 2.0
    found = random_feature_width(0.5, num_samples=2, delta=0.04)
    assert found == pytest.approx(64 * math.log(100), rel=1e-14)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: gradient_bound(1.0, time=0.0), "`loss` must be nonnegative and `time` positive"),
        (lambda: convex_bound(-1.0, time=1.0), "`distance` must be nonnegative"),
        (lambda: risk_decay_rate(1.0, width=0), "`width` positive"),
        (lambda: random_feature_width(1.0, num_samples=3, delta=1.0), "`delta` in"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
