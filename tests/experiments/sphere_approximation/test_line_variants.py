"""One setting changed at a time: each variant changes what it says and nothing else."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.experiments.sphere_approximation import one_dimension
from companion.experiments.sphere_approximation.line_targets import line_target
from companion.experiments.sphere_approximation.line_variants import (
    SCALES,
    VARIANTS,
    descent,
    run,
)
from companion.networks.line import uniform_kinks
from companion.numerics.montecarlo import stream

CONFIG = SCALES["smoke"]


@pytest.fixture(scope="module")
def data():
    return run(CONFIG)


def weights(width):
    rng = stream(CONFIG.seed, "kinks", width)
    return uniform_kinks(CONFIG.num_seeds, width, rng)


def network(x, bias, a):
    return (a[:, None] * np.maximum(x + bias[:, None], 0)).sum(axis=0) / np.sqrt(len(a))


# Exact values ------------------------------------------------------------------------------


def test_the_published_variant_is_the_published_training(data):
    bias, a = weights(32)
    target = line_target("step")
    training = one_dimension.adam(target, bias, a, num_steps=CONFIG.num_steps)
    cell = data.sel(variant="as published", target="step", width=32)
    assert_allclose(cell["displacement"], np.abs(training.bias[-1] - bias).max(axis=1))
    errors = one_dimension.errors(target, training.bias[-1], a)
    assert_allclose(cell["l2_error"], errors.l2, rtol=1e-13)
    assert_allclose(cell["sample_error"], np.sqrt(2 * training.loss[-1]), rtol=1e-13)


# Independent computations ------------------------------------------------------------------


def test_plain_descent_is_a_loop_of_gradients(data):
    bias, a = weights(10)
    x = np.linspace(-1, 1, 20)
    b, signs = bias[0].copy(), a[0]
    for _ in range(CONFIG.num_steps):
        rest = network(x, b, signs) - (x > 0)
        active = x > -b[:, None]
        b -= CONFIG.learning_rate * 2 / 20 * signs * (active @ rest) / np.sqrt(10)
    cell = data.sel(variant="plain descent", target="step", width=10).isel(draw=0)
    assert_allclose(cell["displacement"], np.abs(b - bias[0]).max(), rtol=1e-9)


def test_networks_of_equal_signs_are_convex(data):
    # The best convex function lies at this distance from the bump: the floor for Q = 0.
    x = np.linspace(-1, 1, 20_001)
    bump = line_target("gaussian 0.25").values(x)
    windows = np.linspace(0.05, 1, 96)
    floor = max(
        np.trapezoid(np.where(np.abs(x) <= w, np.cos(np.pi * x / w) * bump, 0), x) / np.sqrt(w)
        for w in windows
    )
    errors = data["l2_error"].sel(variant="equal signs", target="gaussian 0.25")
    assert floor > 0.2 and (errors > floor).all()


def test_trained_signs_reach_what_frozen_ones_cannot():
    target, (bias, a) = line_target("step"), uniform_kinks(6, 10, np.random.default_rng(0))
    floor = target.floors(a)
    ends = []
    for trained in (False, True):
        training = one_dimension.adam(target, bias, a, num_steps=4_000, trained_outer=trained)
        ends.append(one_dimension.errors(target, training.bias[-1], training.a[-1]).l2)
    # The rule of the grid misses a share of 1/1000.
    assert (ends[0] > 0.999 * floor).all()
    assert (ends[1] < 0.95 * floor).any()


# Where naive formulas fail -----------------------------------------------------------------


def test_variants_are_in_the_stated_order(data):
    assert tuple(data["variant"].values) == VARIANTS
    # Adam moves an entry by about 1/1000 in each of its 200 steps, plain descent by its slope.
    moved = data["displacement"].drop_sel(variant=["equal signs", "plain descent"])
    assert (moved < 0.3).all() and (moved > 0.05).all()


def test_descent_needs_a_run_that_is_long_enough_to_record():
    with pytest.raises(ValueError, match="`num_steps` must be at least 64"):
        descent(line_target("step"), *weights(10), num_steps=10, learning_rate=0.5)
