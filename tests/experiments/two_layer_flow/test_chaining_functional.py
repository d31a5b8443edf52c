"""The experiment on gamma_2: its sums by other code, its order, its sample."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.experiments.base import execute
from companion.experiments.two_layer_flow.chaining_functional import EXPERIMENT, SCALES


@pytest.fixture(scope="module")
def data():
    return execute(EXPERIMENT, SCALES["smoke"])


def test_sums_for_the_ball_by_a_loop(data):
    for input_dim in data.input_dim.values:
        upper = lower = euclidean = 0.0
        for s in range(30):
            log_root = min(2**s * math.log(2) / input_dim, 600.0)  # log N^(1/d)
            radius = min(1.0, 2 / math.expm1(log_root))
            upper += 2 ** (s / 2) * math.sqrt(radius)
            euclidean += 2 ** (s / 2) * radius
            lower += 2 ** (s / 2) * math.exp(-log_root / 2) * 2 * input_dim / (2 * input_dim + 1)
        cell = data.sel(input_dim=input_dim)
        # Terms cut off at exp(-300) are invisible; 30 sums of rounded powers.
        assert_allclose(cell.ball_upper, upper, rtol=1e-12)
        assert_allclose(cell.euclidean_upper, euclidean, rtol=1e-12)
        assert_allclose(cell.ball_lower, lower, rtol=1e-12)


def test_terms_add_up_to_the_bounds_where_all_levels_are_kept(data):
    # Six levels: the rest of d = 2 is below 2^3 * 2^(-64/4).
    cell = data.sel(input_dim=2)
    assert_allclose(cell.term_upper.sum(), cell.ball_upper, atol=2e-3)
    assert_allclose(cell.term_lower.sum(), cell.ball_lower, atol=2e-3)


def test_lower_stays_below_upper_and_beyond_the_sample_there_is_nothing(data):
    for name in ("ball", "sphere", "euclidean", "sample"):
        lower, upper = data[f"{name}_lower"], data[f"{name}_upper"]
        assert (lower < upper)[np.isfinite(lower)].all()
    assert np.isfinite(data.sample_upper.sel(input_dim=[2, 8])).all()
    assert np.isnan(data.sample_upper.sel(input_dim=32))


def test_a_sample_costs_at_most_the_levels_that_it_needs(data):
    # 300 points: nets of 2, 4, 16 and 256, and distances of at most 2 on the sphere.
    assert data.sample_upper.max() < 2 * (1 + 2**0.5 + 2 + 2 * 2**0.5)
