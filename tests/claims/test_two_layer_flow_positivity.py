"""Lower bounds of the limit kernel by hand, and against laws for which it is a finite sum."""

import itertools
import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import norm

from companion.activations import (
    GAUSSIAN_BUMP,
    NORMAL_CDF,
    RELU,
    SHIFTED_SIGMOID,
    SIGMOID,
    TANH,
)
from companion.claims.two_layer_flow_positivity import (
    half_value_width,
    kernel_bound_of_proof,
    kernel_bound_of_second_moments,
)

ROOT = 1e-12  # the bracketing stops at 1e-14


@pytest.mark.parametrize(
    ("activation", "width"),
    [
        (SIGMOID, math.log(3)),  # s(-u) = 1/4
        (NORMAL_CDF, -norm.ppf(0.25)),
        (GAUSSIAN_BUMP, math.sqrt(2 * math.log(2))),
        (SHIFTED_SIGMOID, 1 + math.log(1 + 2 / math.e)),  # s(1 - u) = s(1) / 2
    ],
)
def test_half_of_the_value_at_zero(activation, width):
    assert_allclose(half_value_width(activation), width, rtol=ROOT)


@pytest.mark.parametrize("radius", [0.3, 1.0, 5.0])
def test_the_proof_asks_two_normal_variables_into_an_interval(radius):
    probability = 2 * norm.cdf(math.log(3) / (math.sqrt(2) * radius)) - 1
    expected = 0.25 * 0.25 * probability**2
    assert_allclose(kernel_bound_of_proof(SIGMOID, radius=radius), expected, rtol=ROOT)


def test_second_moments_alone():
    assert_allclose(kernel_bound_of_second_moments(1.0), 0.25 * math.exp(-0.25), rtol=1e-15)
    # Signs as weights in one dimension: the mean of s(w) s(-w) is s(1) s(-1), one per cent above.
    sign = math.e / (1 + math.e) ** 2
    assert kernel_bound_of_second_moments(1.0) < sign < 1.01 * kernel_bound_of_second_moments(1.0)


@pytest.mark.parametrize("scale", [0.5, 1.0, 3.0])
def test_second_moments_suffice_for_sums_of_signs(scale, rng):
    corners = np.array(list(itertools.product((-1.0, 1.0), repeat=8)))
    for _ in range(20):
        x, y = rng.standard_normal((2, 8))
        x, y = (scale * v / np.linalg.norm(v) for v in (x, y))
        value = np.mean(1 / (1 + np.exp(-corners @ x)) / (1 + np.exp(-corners @ y)))
        assert value >= kernel_bound_of_second_moments(scale**2)


def test_arguments_outside_their_range_are_refused():
    with pytest.raises(ValueError, match=r"`activation` must be positive at zero; got 0\.0"):
        half_value_width(RELU)
    with pytest.raises(ValueError, match="`activation` must not be negative; got 'tanh'"):
        kernel_bound_of_proof(TANH, radius=1.0)
    with pytest.raises(ValueError, match="`radius` must be positive"):
        kernel_bound_of_proof(SIGMOID, radius=0.0)
    with pytest.raises(ValueError, match="`variance` must be positive"):
        kernel_bound_of_second_moments(-1.0)
