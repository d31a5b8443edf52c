"""Distances of kernels from their limit, rebuilt neuron by neuron from the same weights."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.experiments.base import execute
from companion.experiments.sphere_approximation.concentration import (
    EXPERIMENT,
    SCALES,
    Config,
    run,
)
from companion.networks.initialization import gaussian_layers
from companion.numerics.montecarlo import stream
from companion.spaces.sphere_rule import sphere_rule

CONFIG = SCALES["smoke"]


@pytest.fixture(scope="module")
def data():
    return execute(EXPERIMENT, CONFIG)


def arc_cosine(t):
    """The two moments of ReLU at unit vectors of cosine t, by their formulas."""
    theta = np.arccos(np.clip(t, -1, 1))
    return (np.pi - theta) / (2 * np.pi), (np.sin(theta) + (np.pi - theta) * np.cos(theta)) / (
        2 * np.pi
    )


def relu_kernels(X, width, draw):
    """The finite kernel of two hidden layers, and its limit, in closed form."""
    W, V, _ = gaussian_layers((width, width), 2, stream(CONFIG.seed, "weights", 2, width, draw))
    values = np.maximum(X @ W.T, 0)
    gates = (values @ V.T > 0).astype(float)
    finite = (gates @ gates.T / width) * (values @ values.T / width)
    _, moment = arc_cosine(X @ X.T)
    slopes, _ = arc_cosine(2 * moment)  # the first layer has variance one half
    return finite, slopes * moment


def test_relu_by_formula():
    config = Config(
        activations=("relu",), depths=(2,), widths=(20,), max_degree=5, num_draws=2, seed=0
    )
    data = run(config)
    X, weights = sphere_rule(input_dim=2, degree=10)
    finite, limit = relu_kernels(X, 20, 1)  # the angle from arccos has eight digits
    supremum = data.distance.sel(norm="supremum").isel(draw=1).item()
    assert_allclose(supremum, np.abs(finite - limit).max(), rtol=1e-6)
    angle = np.arctan2(X[:, 1], X[:, 0])
    columns = [np.ones_like(angle)]
    for k in range(1, 6):
        columns += [np.sqrt(2) * np.cos(k * angle), np.sqrt(2) * np.sin(k * angle)]
    basis = np.stack(columns, axis=1)
    degrees = (np.arange(11) + 1) // 2
    matrix = (basis * weights[:, None]).T @ (finite - limit) @ (basis * weights[:, None])
    scale = (1.0 + degrees) ** config.smoothness
    for name, one in (("Sobolev operator", scale), ("L2 operator", np.ones(11))):
        expected = np.abs(np.linalg.eigvalsh(one[:, None] * matrix * one)).max()
        assert_allclose(data.distance.sel(norm=name).isel(draw=1).item(), expected, rtol=1e-6)


def test_wider_networks_are_closer(data):
    mean = data.distance.mean("draw")
    assert (mean.isel(width=-1) < mean.isel(width=0)).all()
    assert (data.distance.isel(width=-1) < data.limit_size).all()
