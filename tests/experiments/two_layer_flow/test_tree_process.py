"""The experiment on suprema: the ascent against a grid, the climb against its ceiling."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import expit

from companion.experiments.base import execute
from companion.experiments.two_layer_flow.tree_process import EXPERIMENT, SCALES
from companion.numerics.montecarlo import stream


@pytest.fixture(scope="module")
def data():
    return execute(EXPERIMENT, SCALES["smoke"])


def test_the_climb_reaches_its_ceiling_in_every_draw(data):
    assert (data.supremum.sel(process="tree") == data.ceiling).all()
    assert (data.ceiling >= 0.5).all()


def test_the_ascent_finds_what_a_fine_grid_finds(data):
    # The experiment's own weights; a grid of 200 x 400 angles is at most 0.012 from any point,
    # and near a maximum the value falls by less than half of that squared.
    config = SCALES["smoke"]
    polar = np.linspace(0, np.pi, 200)
    azimuth = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    u, v = (g.ravel() for g in np.meshgrid(polar, azimuth))
    grid = np.stack([np.sin(u) * np.cos(v), np.sin(u) * np.sin(v), np.cos(u)], axis=1)
    for width in config.widths:
        rng = stream(config.seed, "sphere", width, 0)
        W = rng.standard_normal((width, 3))
        a = rng.choice([-1.0, 1.0], size=width)
        best = np.abs(expit(grid @ W.T) @ a).max() / width
        found = data.supremum.sel(process="sphere", width=width, draw=0)
        assert best - 1e-12 <= found <= best + 1e-4


def test_the_expectation_is_that_of_the_larger_share(data):
    for width in data.width.values:
        rng = np.random.default_rng(1)
        positive = rng.binomial(width, 0.5, size=200_000)
        larger = np.maximum(positive, width - positive) / width
        # Seeded; five standard errors.
        error = 5 * larger.std() / np.sqrt(larger.size)
        assert_allclose(data.expected.sel(width=width), larger.mean(), atol=error)


def test_the_sphere_falls_and_the_tree_does_not(data):
    mean = data.supremum.mean("draw")
    assert (mean.sel(process="tree") > 0.5).all()
    first, last = mean.sel(process="sphere").values
    assert last < first
