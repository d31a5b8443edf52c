"""Sizes of the initial network against a grid of the circle; covariances of the laws."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.experiments.base import execute
from companion.experiments.two_layer_flow.initial_network import (
    EXPERIMENT,
    QUANTITIES,
    SCALES,
    Config,
    draw_weights,
)
from companion.numerics.montecarlo import stream

CONFIG = SCALES["smoke"]


@pytest.fixture(scope="module")
def data():
    return execute(EXPERIMENT, CONFIG)


def test_the_ascent_finds_what_a_fine_grid_finds(data):
    angles = np.linspace(0, 2 * np.pi, 4000, endpoint=False)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    for law in CONFIG.laws:
        for k in range(CONFIG.num_draws):
            W, a = draw_weights(law, CONFIG.width, 2, stream(CONFIG.seed, law, 2, k))
            output = (1 / (1 + np.exp(-circle @ W.T))) @ a / np.sqrt(CONFIG.width)
            found = float(data["size"].sel(law=law, input_dim=2, quantity=QUANTITIES[0])[k])
            # Half a step is 8e-4; the curvature is below ten.
            assert np.abs(output).max() - 1e-12 <= found <= np.abs(output).max() + 1e-5


def test_points_lie_below_the_sphere_and_the_mean_below_the_maximum(data):
    sphere, points, root = (data["size"].sel(quantity=name) for name in QUANTITIES)
    assert (root <= points).all()
    assert (points <= sphere + 1e-12).all()


def test_points_by_hand(data):
    rng = stream(CONFIG.seed, "signs", 6, 1)
    W, a = draw_weights("signs", CONFIG.width, 6, rng)
    X = rng.standard_normal((CONFIG.num_points, 6))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    output = (1 / (1 + np.exp(-X @ W.T))) @ a / np.sqrt(CONFIG.width)
    found = data["size"].sel(law="signs", input_dim=6)[1:, 1]
    assert_allclose(found, [np.abs(output).max(), np.sqrt(np.mean(output**2))], rtol=1e-12)


@pytest.mark.parametrize("law", CONFIG.laws)
def test_covariances(law, rng):
    W, a = draw_weights(law, 40_000, 3, rng)
    scale = 1 / 3 if law == "unit norm" else 1.0
    # Five standard errors for four moments at most 3; the heavy tail has none, so it gets room.
    room = 0.1 if law == "student" else 5 * np.sqrt(2 / 40_000)
    assert_allclose(W.T @ W / len(W), scale * np.eye(3), atol=room)
    assert abs(a.mean() - (law == "outer ones")) < 5 / np.sqrt(40_000)
    assert set(np.unique(a)) <= {-1.0, 1.0}


def test_an_unknown_law_is_refused(rng):
    with pytest.raises(ValueError, match=r"`law` must be one of gaussian, .*; got 'cauchy'"):
        draw_weights("cauchy", 2, 2, rng)


def test_bounds_enclose_the_mean_supremum():
    config = Config(laws=("gaussian",), input_dims=(4, 40), width=300, num_points=10, num_draws=40)
    data = EXPERIMENT.run(config)
    supremum = data["size"].sel(law="gaussian", quantity=QUANTITIES[0])
    error = supremum.std("draw", ddof=1) / np.sqrt(config.num_draws)
    mean = supremum.mean("draw")
    # Five standard errors. Above, the constant part of the network adds its mean size, at most
    # 1/2: the bound is for either sign.
    assert (mean > data.witness - 5 * error).all()
    assert (mean < data.bound + 0.5 + 5 * error).all()
