"""Powers of log t and times to an accuracy, against direct sums."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.experiments.base import execute
from companion.experiments.sphere_approximation.logarithmic_flow import EXPERIMENT, SCALES

CONFIG = SCALES["smoke"]


@pytest.fixture(scope="module")
def data():
    return execute(EXPERIMENT, CONFIG)


def test_powers_of_the_logarithm(data):
    # At log t up to 170 (tanh, K = 800): corrections of size (log log t / log t)^2.
    assert_allclose(data.power, data.predicted_power, rtol=0, atol=0.02)
    assert_allclose(data.predicted_power, [-1 / 2, -3 / 4])


def test_the_error_is_a_tail_that_moves(data):
    # GELU has the even degrees; those above k_t = log t / 1.317 are untouched, with energies
    # k^-2, whose sum over even k > k_t is 1 / (2 k_t). Between there is one transition.
    gelu = data.sel(smooth="gelu")
    k_t = gelu.log_t / np.log(2 + np.sqrt(3))
    assert_allclose(gelu.error**2 * 2 * k_t, 1, rtol=0.05)


def test_time_needed_by_relu_against_its_flow(data):
    # The kernel of two ReLU layers by its Chebyshev coefficients on 4096 angles.
    theta = 2 * np.pi * np.arange(4096) / 4096
    angle = np.abs((theta + np.pi) % (2 * np.pi) - np.pi)
    first = (np.sin(angle) + (np.pi - angle) * np.cos(angle)) / (2 * np.pi)
    second = (np.pi - np.arccos(np.clip(2 * first, -1, 1))) / (2 * np.pi)
    mu = np.fft.rfft(first * second).real[:80] / 4096
    weights = (1 + np.arange(80.0)) ** -0.5
    for epsilon in data.accuracy.values:
        needed = data.time_needed.sel(activation="relu", accuracy=epsilon).item()
        worst = [(weights * np.exp(-mu * s * needed)).max() for s in (0.98, 1.02)]
        assert worst[0] > epsilon > worst[1]


def test_smooth_activations_take_longer_the_finer_one_asks(data):
    log_times = data.log_time_needed
    # From accuracy 1/4 (degree 15) to 1/8 (degree 63): 48 degrees at 1.3 each for GELU.
    growth = log_times.sel(accuracy=1 / 8) - log_times.sel(accuracy=1 / 4, method="nearest")
    assert 50 < growth.sel(activation="gelu") < 70
    assert growth.sel(activation="relu") < np.log(4**2) + 0.5
