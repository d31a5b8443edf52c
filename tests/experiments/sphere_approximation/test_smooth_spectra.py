"""Fitted rates for smooth activations beside their laws, and the eigenvalues they come from."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.experiments.base import execute
from companion.experiments.sphere_approximation.smooth_spectra import (
    EXPERIMENT,
    SCALES,
    degrees_of_one_parity,
)

CONFIG = SCALES["smoke"]


@pytest.fixture(scope="module")
def data():
    return execute(EXPERIMENT, CONFIG)


def test_the_kernel_of_erf_on_the_circle_by_the_trapezoidal_rule(data):
    # t (4 / pi) (9 - 4 t^2)^(-1/2) at 64 angles; aliasing is e^(-0.96 * 45).
    theta = 2 * np.pi * np.arange(64) / 64
    t = np.cos(theta)
    values = t * 4 / np.pi * (9 - 4 * t**2) ** -0.5
    expected = [np.mean(values * np.cos(k * theta)) for k in range(1, 20, 2)]
    found = data.log_eigenvalue.sel(activation="erf", input_dim=2, degree=range(1, 20, 2))
    assert_allclose(np.exp(found), expected, rtol=1e-6)  # rounding 1e-16 of 1e-9


def test_odd_activations_have_odd_kernels_until_there_are_biases(data):
    tanh = data.deep_log_eigenvalue.sel(activation="tanh")
    for network in ("one layer", "two layers", "three layers"):
        assert np.isneginf(tanh.sel(network=network)[::2]).all()
    assert np.isfinite(tanh.sel(network="two layers, biases")).all()


def test_rates_of_one_layer(data):
    # Degrees 24 to 96: corrections of relative size 1/k^2, or k^(-4/3) for the poles.
    assert_allclose(data.rate, data.law_rate, rtol=1e-3)
    assert (abs(data.rate / data.law_rate - 1).sel(activation=["gelu", "erf"]) < 3e-5).all()
    gelu = data.rate.sel(activation="gelu")
    assert_allclose(gelu, np.log(2 + np.sqrt(3)), rtol=3e-5)


def test_rates_in_depth(data):
    # Degrees 12 to 48. Weak singularities are slow to show, slowest for GELU with three layers.
    two = data.sel(network="two layers")
    off = abs(two.deep_rate / two.deep_law_rate - 1)
    assert off.sel(activation="erf") < 2e-3 and off.sel(activation="gelu") < 1e-2
    assert_allclose(data.deep_rate, data.deep_law_rate, rtol=3e-2)


def test_bounds_by_the_laplacian(data):
    # On the sphere of dimension three 2 k + 1 harmonics have the degree k.
    gelu = np.exp(data.deep_log_eigenvalue.sel(activation="gelu", network="two layers").values)
    k = np.arange(1.0, gelu.size)
    for order in CONFIG.laplacian_orders:
        supremum = ((2 * k + 1) * (k * (k + 1)) ** order * gelu[1:]).sum()
        found = np.exp(data.log_bound.sel(laplacian_order=order).values[1:])
        assert_allclose(found, supremum / (k * (k + 1)) ** order, rtol=1e-11)
        assert (found > gelu[1:]).all()


def test_the_parity_of_a_fit():
    even = np.where(np.arange(9) % 2, -np.inf, 0.0)
    assert degrees_of_one_parity(even).tolist() == [2, 4, 6, 8]
    assert degrees_of_one_parity(even[1:]).tolist() == [3, 5, 7]
