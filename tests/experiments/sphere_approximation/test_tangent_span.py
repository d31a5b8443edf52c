"""Spans of tangent features against features written out, and the bound by kinks."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.experiments.sphere_approximation.tangent_span import SCALES, run
from companion.networks.initialization import gaussian_layers
from companion.numerics.montecarlo import stream
from companion.spaces.circle import circle_points
from companion.spaces.targets import borderline_energies, circle_target

CONFIG = SCALES["smoke"]


@pytest.fixture(scope="module")
def data():
    return run(CONFIG)


@pytest.mark.parametrize("width", CONFIG.widths)
def test_relu_agrees_with_features_written_out(data, width):
    W0, W1, _ = gaussian_layers((width, width), 2, stream(CONFIG.seed, "W", width, 1))
    X = circle_points(CONFIG.least_samples)
    hidden = np.maximum(X @ W0.T, 0)
    gates = (hidden @ W1.T > 0).astype(float)
    features = (gates[:, :, None] * hidden[:, None, :]).reshape(len(X), -1)
    energies = borderline_energies(
        input_dim=2, max_degree=CONFIG.max_degree, smoothness=CONFIG.smoothness
    )
    y = circle_target(
        energies[: len(X) // 2], num_points=len(X), rng=stream(CONFIG.seed, "target", 1)
    )
    chosen = data.sel(activation="relu", width=width).isel(draw=1, cut=-1)
    assert int(chosen.dimension) == np.linalg.matrix_rank(features, rtol=1e-12)
    left = y - features @ np.linalg.lstsq(features, y, rcond=1e-12)[0]
    assert_allclose(chosen.distance, np.linalg.norm(left) / np.linalg.norm(y), rtol=1e-8)


def test_relu_features_stay_below_the_bound_by_kinks(data):
    assert (data.dimension.sel(activation="relu") <= data.kink_bound).all()


def test_dimensions_are_at_most_the_weights_and_grow_as_the_cut_falls(data):
    assert (data.dimension <= data.num_weights).all()
    assert (data.dimension.diff("cut") >= 0).all()
    assert (data.distance.diff("cut") <= 0).all()


def test_elu_spans_as_many_dimensions_as_it_has_weights(data):
    finest = data.sel(activation="elu").isel(cut=-1)
    assert (finest.dimension == finest.num_weights).all()
