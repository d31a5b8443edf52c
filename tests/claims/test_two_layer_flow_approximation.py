"""Floors and sizes of Corollary 1: values by hand, exact distances, exact tails, a run."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import gammaincc

from companion.activations import SIGMOID
from companion.claims.two_layer_flow_approximation import (
    inner_norm_bound,
    inner_norm_tail,
    network_lipschitz_bound,
    outer_norm_bound,
    ridge_floor,
)

# Exact values ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("degree", "width", "value"),
    [(3, 1, 3 / 4), (3, 2, 1 / 3), (6, 2, 1 / 2), (6, 6, 1 / 7), (6, 7, 0), (24, 2, 11 / 13)],
)
def test_floors_by_hand(degree, width, value):
    assert ridge_floor(degree, width=width) == pytest.approx(value, rel=1e-15)


def test_sizes_by_hand():
    # m = 4, f = 3, rho = 2: root of 4 + 12 = 4; inner 5 + 1/4 * 2 * 2 * 4/2 = 7; product / 8.
    assert outer_norm_bound(2.0, width=4, target_bound=3.0) == 4
    sizes = {
        "width": 4,
        "inner_norm": 5.0,
        "target_bound": 3.0,
        "activation": SIGMOID,
        "radius": 2.0,
    }
    assert inner_norm_bound(2.0, **sizes) == 7
    assert network_lipschitz_bound(2.0, **sizes) == 0.25 * 4 * 7 / 2
    assert network_lipschitz_bound(0.0, **sizes) == 0.25 * 5


# Identities --------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [1, 2, 5, 20])
def test_the_floor_rises_to_one_with_the_degree(width):
    floors = [ridge_floor(degree, width=width) for degree in range(width, 200 * width**2)]
    assert np.diff(floors).min() >= 0 and floors[0] > 0
    assert floors[-1] > 0.99  # m / (200 m) is left at the end


# Independent computations ------------------------------------------------------------------


@pytest.mark.parametrize("degree", [1, 2, 3, 6, 10])
def test_no_choice_of_directions_is_below_the_floor(degree, rng):
    # The exact distance, as the residual of a Gram system of U_2k(cos(difference)) / (2k + 1).
    for width in range(1, degree + 1):
        closest = 1.0
        for _ in range(300):
            angles = rng.uniform(0, np.pi, width)
            difference = np.subtract.outer(angles, angles)
            order = np.arange(-degree, degree + 1)
            gram = np.cos(2 * difference[..., None] * order).sum(axis=-1) / (2 * degree + 1)
            inner = np.full(width, 1 / math.sqrt(2 * degree + 1))
            share = inner @ np.linalg.lstsq(gram, inner, rcond=1e-12)[0]
            closest = min(closest, 1 - share)
        assert closest >= ridge_floor(degree, width=width)
        if width == 1:
            assert_allclose(closest, 1 - 1 / (2 * degree + 1), rtol=1e-12)


@pytest.mark.parametrize(("width", "input_dim"), [(1, 1), (3, 2), (20, 5), (100, 10)])
def test_the_tail_is_above_the_exact_one(width, input_dim):
    half = width * input_dim / 2
    exact = gammaincc(half, 2 * half)  # P(chi-square with k degrees of freedom > 2 k)
    bound = inner_norm_tail(width=width, input_dim=input_dim)
    assert exact <= bound
    # Chernoff's exponent is exact up to a polynomial factor.
    assert math.log(exact) > 1.5 * math.log(bound) - 3


# Where naive formulas fail -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ridge_floor(3, width=0), "`width` must be at least 1; got 0"),
        (lambda: ridge_floor(-1, width=2), "`degree` must not be negative; got -1"),
        (lambda: outer_norm_bound(-1.0, width=1, target_bound=1.0), "`path` must be non-negative"),
        (
            lambda: outer_norm_bound(1.0, width=1, target_bound=math.nan),
            "`target_bound` must be non-negative and finite; got nan",
        ),
        (lambda: inner_norm_tail(width=1, input_dim=0), "`input_dim` must be at least 1"),
        (
            lambda: inner_norm_bound(
                1.0,
                width=1,
                inner_norm=1.0,
                target_bound=1.0,
                activation=SIGMOID,
                radius=math.inf,
            ),
            "`radius` must be non-negative and finite; got inf",
        ),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
