"""Constants of Lemmas 1 and 2 by hand, and where the printed ones give way."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.activations import NORMAL_CDF, SIGMOID
from companion.claims.two_layer_flow_lemmas import (
    inner_speed_constant,
    mean_displacement_bound,
    outer_energy_slope_as_printed,
    outer_energy_slope_bound,
    remainder_bound,
    remainder_constant,
)

EXACT = 1e-14  # a few roundings


def test_constants_of_the_sigmoid_by_hand():
    # sup sigma = 1, sup sigma' = 1/4, sup |x| = 3.
    assert_allclose(
        inner_speed_constant(activation=SIGMOID, radius=3.0), 3 * math.sqrt(2) / 4, rtol=EXACT
    )
    assert_allclose(
        remainder_constant(activation=SIGMOID, radius=3.0), 9 * math.sqrt(2) / 8, rtol=EXACT
    )


def test_constants_follow_the_activation():
    # The slope of the normal distribution function at zero is 1 / sqrt(2 pi).
    assert_allclose(
        inner_speed_constant(activation=NORMAL_CDF, radius=1.0), 1 / math.sqrt(math.pi), rtol=EXACT
    )


def test_energy_slope_by_hand():
    loss = np.array([0.0, 2.0, 8.0])
    assert_allclose(outer_energy_slope_bound(loss, target_bound=3.0), [0, 6, 12], rtol=EXACT)
    printed = outer_energy_slope_as_printed(loss, target_bound=3.0)
    assert_allclose(printed, [0, 3 * math.sqrt(2), 6 * math.sqrt(2)], rtol=EXACT)


def test_displacement_is_the_integral_it_is_made_of(rng):
    # (3.7) from its parts: sum a^2(s) <= sum a^2(0) + 2 sqrt(2) |f| b(s), then
    # int (that)^(1/2) db with sqrt(u + v) <= sqrt(u) + sqrt(v); here by a midpoint sum in b.
    energy, target, width, b = 50.0, 2.0, 40, 7.0
    s = (np.arange(200_000) + 0.5) * b / 200_000
    integrand = math.sqrt(energy) + np.sqrt(2 * math.sqrt(2) * target * s)
    by_sum = integrand.mean() * b / width
    bound = mean_displacement_bound(
        np.array([b]), width=width, outer_energy=energy, target_bound=target
    )
    assert_allclose(bound, [by_sum], rtol=1e-7)  # midpoint rule next to a square root


def test_remainder_is_twice_the_constant_times_displacement_times_loss():
    loss, b = np.array([0.3]), np.array([2.0])
    sizes = {"width": 10, "outer_energy": 10.0, "target_bound": 1.5}
    bound = remainder_bound(loss, b, activation=SIGMOID, radius=2.0, **sizes)
    by_hand = 2 * math.sqrt(2) / 16 * 4 * mean_displacement_bound(b, **sizes) * 2 * 0.3
    assert_allclose(bound, by_hand, rtol=EXACT)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: inner_speed_constant(activation=SIGMOID, radius=-1.0), "`radius`"),
        (
            lambda: outer_energy_slope_bound(np.array([-1.0]), target_bound=1.0),
            "`loss` must be non-negative",
        ),
        (
            lambda: outer_energy_slope_bound(np.array([np.nan]), target_bound=1.0),
            "`loss` must be non-negative",
        ),
        (
            lambda: mean_displacement_bound(
                np.array([1.0]), width=0, outer_energy=1.0, target_bound=1.0
            ),
            "`width` must be at least 1; got 0",
        ),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
