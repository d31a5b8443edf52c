"""Decay at infinite width: values from closed forms, and sums over many more degrees."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.activations import RELU
from companion.experiments.sphere_approximation.infinite_width import SCALES, run
from companion.kernels.spectrum import network_spectrum


@pytest.fixture(scope="module")
def data():
    return run(SCALES["smoke"])


@pytest.fixture(scope="module")
def circle():
    """The spectrum on the circle, to the last degree of the experiment."""
    return network_spectrum(depth=2, activation=RELU, trained=(1,), input_dim=2, max_degree=1024)


def test_predicted_powers(data):
    # alpha / d for ReLU.
    expected = [[-a / d for a in (0.5, 1.0)] for d in (2, 3)]
    assert_allclose(data["predicted_power"], expected, rtol=1e-14)


def test_measured_powers(data):
    # w_k = k + O(1) and whole degrees from 64 on: a relative 1/64.
    for name in ("ball_power", "edge_power"):
        assert_allclose(data[name], data["predicted_power"], rtol=1 / 64)
        assert (data[f"{name}_low"] <= data[name]).all()
        assert (data[name] <= data[f"{name}_high"]).all()


def test_times_are_those_of_the_degrees(data, circle):
    t = data["t"].sel(input_dim=2)
    assert_allclose(t[0], 1 / circle[2], rtol=1e-12)
    assert_allclose(t[-1], 1 / circle[256], rtol=1e-10)


def test_the_largest_error_against_its_asymptotic_constant(data, circle):
    # (alpha / (2 e beta c t))^(alpha / (2 beta)) with mu ~ c k^-2 and beta = 1; the shift from
    # k to w_k = 1 + k is a relative 1/256 in the degree.
    c = circle[1024] * 1024**2
    last = data.sel(input_dim=2).isel(step=-1)
    for alpha in (0.5, 1.0):
        expected = (alpha / (2 * np.e * c * last["t"].item())) ** (alpha / 2)
        assert_allclose(last["ball"].sel(smoothness=alpha), expected, rtol=0.01)


def test_one_residual_against_a_longer_sum(data, circle):
    # Two million degrees with rates continued by k^-2, and the rest by its integral.
    k = np.arange(1, 2_000_001.0)
    rates = np.concatenate([circle[1:], circle[1024] * (1024 / k[1024:]) ** 2])
    last = data.sel(input_dim=2, smoothness=0.5).isel(step=-1)
    total = (k**-2 * np.exp(-2 * rates * last["t"].item())).sum() + 1 / 2_000_000.5
    # Bundles beyond degree 1024 take the rate of their first degree, 1.7 % apart in degree.
    assert_allclose(last["edge"], np.sqrt(total), rtol=1e-3)


def test_a_polynomial_falls_exponentially(data):
    # Once only the slowest of its five degrees is left, log error falls by rate times time.
    one = data.sel(input_dim=2)
    late = (one["polynomial"] < 1e-2) & (one["polynomial"] > 1e-150)
    t, error = one["t"].values[late], one["polynomial"].values[late]
    assert len(t) >= 2
    slope = np.diff(np.log(error)) / np.diff(t)
    assert_allclose(slope, -one["slowest"].item(), rtol=1e-3)
