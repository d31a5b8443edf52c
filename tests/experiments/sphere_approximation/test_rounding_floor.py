"""Spectra of finite networks in two precisions against products written out in NumPy."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.experiments.base import execute
from companion.experiments.sphere_approximation.rounding_floor import EXPERIMENT, SCALES
from companion.networks.initialization import gaussian_layers
from companion.numerics.montecarlo import stream

CONFIG = SCALES["smoke"]


@pytest.fixture(scope="module")
def data():
    return execute(EXPERIMENT, CONFIG)


def test_the_gram_matrix_of_relu_by_hand(data):
    n = CONFIG.num_points
    theta = 2 * np.pi * np.arange(n) / n
    X = np.stack([np.cos(theta), np.sin(theta)], axis=1)
    W, V, _ = gaussian_layers((128, 128), 2, stream(CONFIG.seed, "weights", 128, 1))
    first = np.maximum(X @ W.T, 0) / np.sqrt(128)
    second = (first @ V.T > 0) / np.sqrt(128)
    values = np.linalg.eigvalsh((first @ first.T) * (second @ second.T) / n)[::-1]
    found = data.eigenvalue.sel(activation="relu", width=128, precision="double", draw=1)
    assert_allclose(found[:40], values[:40], rtol=1e-9)


def test_limits_on_the_points(data):
    relu, gelu = data.limit.sel(activation="relu"), data.limit.sel(activation="gelu")
    assert_allclose(
        relu[1:41:2].values, relu[2:42:2].values, rtol=1e-9
    )  # pairs, as on every circle
    assert (gelu[1:61:2].values == gelu[2:62:2].values).all()
    assert float(gelu[-1]) < 1e-25
    # Degree 0 by hand: the mean over the circle of the kernel that both layers give ReLU.
    theta = 2 * np.pi * np.arange(CONFIG.num_points) / CONFIG.num_points
    angle = np.minimum(theta, 2 * np.pi - theta)
    first = (np.sin(angle) + (np.pi - angle) * np.cos(angle)) / (2 * np.pi)
    second = (np.pi - np.arccos(np.clip(2 * first, -1, 1))) / (2 * np.pi)
    assert_allclose(float(relu[0]), np.mean(first * second), rtol=1e-10)


def test_wide_networks_are_near_the_limit(data):
    rough = data.sel(activation=["relu", "elu"], width=384, precision="double")
    ratio = rough.eigenvalue.mean("draw")[:, :30] / rough.limit[:, :30]
    # Seeded; relative fluctuations are of the order of width^(-1/2) = 0.05. The worst of 30.
    assert (abs(ratio - 1) < 0.3).all()


def test_single_precision_stops_at_its_rounding(data):
    gelu = data.sel(activation="gelu", width=128)
    single = gelu.eigenvalue.sel(precision="single")
    double = gelu.eigenvalue.sel(precision="double")
    assert_allclose(single[:, :16], double[:, :16], rtol=0.1)
    largest = double[:, :1].values
    # Beyond the fortieth the true values are below 1e-13; single precision shows 1e-7 to 1e-10.
    assert (double[:, 40:60] < 1e-12).all()
    assert (single[:, 40:60] > 1e-10 * largest).all()
    assert (single[:, 40:60] < 1e-6 * largest).all()
