"""Suprema of the kernel's distance against a fine grid of the torus, and samples by hand."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.spatial.distance import cdist

from companion.experiments.base import execute
from companion.experiments.two_layer_flow.kernel_deviation import EXPERIMENT, SCALES, Config, run
from companion.numerics.montecarlo import stream

CONFIG = SCALES["smoke"]


@pytest.fixture(scope="module")
def data():
    return execute(EXPERIMENT, CONFIG)


def limits(cosine):
    """Both limits by a tensor rule of our own: 100 nodes resolve poles at distance pi."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(100)
    weights = weights / weights.sum()
    s = 1 / (1 + np.exp(-nodes))
    sine = np.sqrt(np.maximum(1 - cosine**2, 0))
    other = cosine[..., None, None] * nodes[:, None] + sine[..., None, None] * nodes
    t = 1 / (1 + np.exp(-other))
    outer = np.einsum("...ij,i,i,j->...", t, s, weights, weights)
    inner = np.einsum("...ij,i,i,j->...", t * (1 - t), s * (1 - s), weights, weights)
    return outer, cosine * inner


def distances(W, cosine, values_x, values_y):
    s, t = values_x, values_y
    outer, inner = limits(cosine)
    slopes = (s * (1 - s)) @ (t * (1 - t)).T / len(W)
    return np.abs(s @ t.T / len(W) - outer), np.abs(cosine * slopes - inner)


def test_the_ascent_finds_what_a_fine_grid_finds():
    config = Config(input_dims=(2,), widths=(30,), num_points=(2,), num_fresh=2, num_draws=3)
    data = run(config)
    angles = np.linspace(0, 2 * np.pi, 240, endpoint=False)
    X = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    differences = np.cos(angles)  # the cosine depends on the difference of the angles only
    table = np.abs(np.arange(240)[:, None] - np.arange(240)) % 240
    by_difference = [limit[table] for limit in limits(differences)]
    for k in range(3):
        W = stream(config.seed, "weights", 2, 30, k).standard_normal((30, 2))
        s = 1 / (1 + np.exp(-X @ W.T))
        slopes = s * (1 - s)
        outer = np.abs(s @ s.T / 30 - by_difference[0]).max()
        inner = np.abs((X @ X.T) * (slopes @ slopes.T) / 30 - by_difference[1]).max()
        for name, best in (("outer", outer), ("inner", inner)):
            found = float(data.distance.sel(kernel=name, domain="sphere").values[0, 0, k])
            # Half a step is 0.013: near a maximum the value falls by about its square.
            assert best - 1e-12 <= found <= best * (1 + 1e-3)


def test_distances_on_samples_and_to_fresh_weights(data):
    i, j, k = 1, 0, 1
    input_dim, width = CONFIG.input_dims[i], CONFIG.widths[j]
    rng = stream(CONFIG.seed, "weights", input_dim, width, k)
    W = rng.standard_normal((width, input_dim))
    fresh = rng.standard_normal((CONFIG.num_fresh, input_dim))
    nearest = [min(np.linalg.norm(w - v) for v in W) for w in fresh]
    assert_allclose(data.transport.values[i, j, k], np.mean(nearest), rtol=1e-12)
    assert cdist(fresh, W).shape == (CONFIG.num_fresh, width)
    # Pairs of the sample are pairs of the sphere, and few points are among many.
    distance = data.distance
    assert (distance.sel(domain="5 points") <= distance.sel(domain="20 points")).all()
    assert (distance.sel(domain="20 points") < distance.sel(domain="sphere")).all()


def test_samples_by_hand():
    config = Config(input_dims=(4,), widths=(40,), num_points=(6,), num_fresh=3, num_draws=1)
    data = run(config)
    rng = stream(config.seed, "weights", 4, 40, 0)
    W = rng.standard_normal((40, 4))
    rng.standard_normal((3, 4))
    rng.standard_normal((config.num_random, 2, 4))
    X = rng.standard_normal((6, 4))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    s = 1 / (1 + np.exp(-X @ W.T))
    outer, inner = distances(W, np.clip(X @ X.T, -1, 1), s, s)
    for name, values in (("outer", outer), ("inner", inner)):
        found = data.distance.sel(kernel=name, domain="6 points").values.ravel()
        # The kernel is Lipschitz in the cosine, whose clipping moves it by 1e-8 at most.
        assert_allclose(found, values.max(), rtol=1e-6)


def test_bounds_enclose_the_mean(data):
    sphere = data.distance.sel(kernel="outer", domain="sphere").mean("draw")
    assert (data.lower < 1.5 * sphere).all()  # two draws
    assert (sphere < 2 * data.upper).all()  # the bound is for either sign
