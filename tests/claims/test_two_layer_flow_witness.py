"""Means at the witnesses against one-dimensional integrals and against drawn weights."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad

from companion.activations import GAUSSIAN_BUMP, SIGMOID
from companion.claims.two_layer_flow_witness import (
    mean_kernel_at_witness,
    mean_network_at_witness,
)


def s(z):
    return 1 / (1 + np.exp(-z))


def gaussian_mean(function):
    density = lambda z: function(z) * math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    return quad(density, -12, 12, epsabs=1e-13)[0]


def test_one_neuron_on_the_line():
    # The witness is the sign of a w, so the network is s(|w|) - 1/2 on average.
    expected = gaussian_mean(lambda z: s(abs(z))) - 0.5
    assert_allclose(mean_network_at_witness(SIGMOID, width=1, input_dim=1), expected, rtol=1e-10)
    expected = gaussian_mean(lambda z: s(abs(z)) ** 2) - gaussian_mean(lambda z: s(z) ** 2)
    assert_allclose(mean_kernel_at_witness(SIGMOID, width=1, input_dim=1), expected, rtol=1e-10)


@pytest.mark.parametrize("input_dim", [2, 100, 10_000])
def test_wide_networks_have_the_slope_of_the_sigmoid(input_dim):
    # At m = 1e10 the correction is d / m; the mean length is sqrt(d) (1 - 1 / (4 d) + ...).
    slope = gaussian_mean(lambda z: s(z) * s(-z))
    length = math.sqrt(2) * math.exp(math.lgamma((input_dim + 1) / 2) - math.lgamma(input_dim / 2))
    value = mean_network_at_witness(SIGMOID, width=10**10, input_dim=input_dim)
    assert_allclose(value, slope * length, rtol=1e-5)
    excess = mean_kernel_at_witness(SIGMOID, width=10**10, input_dim=input_dim)
    assert_allclose(excess * 1e5, slope * length, rtol=1e-3)  # rounding of order 1e-15 * 1e5


def test_drawn_weights(rng):
    width, input_dim, draws = 12, 5, 20_000
    W = rng.standard_normal((draws, width, input_dim))
    a = rng.choice([-1.0, 1.0], (draws, width))
    for signs, outer in ((a, True), (np.ones_like(a), False)):
        x = np.einsum("kmd,km->kd", W, signs)
        x /= np.linalg.norm(x, axis=1, keepdims=True)
        value = s(np.einsum("kmd,kd->km", W, x))
        if outer:
            samples = (a * value).sum(axis=1) / math.sqrt(width)
            expected = mean_network_at_witness(SIGMOID, width=width, input_dim=input_dim)
        else:
            samples = (value**2).mean(axis=1) - gaussian_mean(lambda z: s(z) ** 2)
            expected = mean_kernel_at_witness(SIGMOID, width=width, input_dim=input_dim)
        # Seeded; four standard errors fail once in 16,000. One is half a per cent of the mean.
        assert abs(samples.mean() - expected) < 4 * samples.std() / math.sqrt(draws)


def test_arguments_outside_their_range_are_refused():
    with pytest.raises(ValueError, match="`activation` must be odd up to a constant"):
        mean_network_at_witness(GAUSSIAN_BUMP, width=2, input_dim=2)
    with pytest.raises(ValueError, match="`width` must be positive"):
        mean_kernel_at_witness(SIGMOID, width=0, input_dim=2)
