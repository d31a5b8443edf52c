"""Norms of narrow kernels by features against the same norms by matrices of all points."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.experiments.base import execute
from companion.experiments.sphere_approximation.kernel_roughness import (
    EXPERIMENT,
    SCALES,
    Config,
    run,
)
from companion.networks.initialization import gaussian_layers
from companion.numerics.montecarlo import stream

CONFIG = SCALES["smoke"]


@pytest.fixture(scope="module")
def data():
    return execute(EXPERIMENT, CONFIG)


def test_norms_by_dense_matrices():
    config = Config(
        activations=("relu",),
        smoothness=(0.3,),
        displacements=(0.1, 0.2, 0.4),
        width=3,
        num_points=64,
        num_draws=1,
    )
    data = run(config)
    angle = 2 * np.pi * np.arange(64) / 64
    X = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    W, V, _ = gaussian_layers((3, 3), 2, stream(config.seed, "weights", 0))
    Z = stream(config.seed, "direction", 0).standard_normal((3, 3))
    Z *= np.sqrt(3) / np.linalg.norm(Z, 2)
    values = np.maximum(X @ W.T, 0)
    k = np.concatenate([[0], np.repeat(np.arange(1, 32), 2)])
    basis = [np.ones(64)]
    for one in range(1, 32):
        basis += [np.sqrt(2) * np.cos(one * angle), np.sqrt(2) * np.sin(one * angle)]
    scaled = np.stack(basis) * (1.0 + k)[:, None] ** 0.3 / 64

    def dense(U):
        gates = (values @ U.T > 0).astype(float)
        kernel = (gates @ gates.T / 3) * (values @ values.T / 3)
        return scaled @ kernel @ scaled.T

    start = dense(V)
    size = [np.linalg.norm(start[: 2 * degree + 1, : 2 * degree + 1], 2) for degree in (8, 16)]
    assert_allclose(data["size"].squeeze()[:2], size, rtol=1e-10)
    changes = [np.linalg.norm(dense(V + h * Z) - start, 2) for h in config.displacements]
    assert_allclose(data.change.squeeze(), changes, rtol=1e-9, atol=1e-12)


def test_the_norm_grows_with_the_degree(data):
    assert (data["size"].diff("degree") >= -1e-12).all()


def test_powers_are_those_of_the_fits_and_the_derivation(data):
    for name, law in (("relu", [0.45, 0.05, 0]), ("elu", [1, 1, 0.75]), ("gelu", [1, 1, 1])):
        assert_allclose(data.law.sel(activation=name), law, atol=1e-12)
    h = np.log(CONFIG.displacements)
    for cell in np.ndindex(data.exponent.shape):
        slope = np.polyfit(h, np.log(data.change.values[cell]), 1)[0]
        assert_allclose(data.exponent.values[cell], slope, rtol=1e-9)
