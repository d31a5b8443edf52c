"""The worst directions of the first matrix, by singular vectors and by the formula of ReLU."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.experiments.base import execute
from companion.experiments.sphere_approximation.high_dimension import EXPERIMENT, SCALES
from companion.networks.initialization import gaussian_layers
from companion.numerics.montecarlo import stream

CONFIG = SCALES["smoke"]


@pytest.fixture(scope="module")
def data():
    return execute(EXPERIMENT, CONFIG)


@pytest.mark.parametrize(("index", "input_dim"), [(1, 8), (2, 32)])
def test_both_directions_by_singular_vectors(data, index, input_dim):
    width = CONFIG.width
    rng = stream(CONFIG.seed, "weights", input_dim, 2)
    W, V, _ = gaussian_layers((width, width), input_dim, rng)
    directions = np.linalg.svd(W)[2][[-1, 0]]
    found = data.distance.isel(ratio=index, draw=2)
    for place, one in zip(("shortest direction", "longest direction"), directions, strict=True):
        # The kernel at one point is the share of active neurons times the mean square; its limit
        # is a quarter. A direction and its opposite are both eigenvectors.
        candidates = []
        for v in (one, -one):
            values = np.maximum(W @ v, 0)
            candidates.append(abs(4 * np.mean(V @ values > 0) * np.mean(values**2) - 1))
        assert min(abs(found.sel(place=place).item() - c) for c in candidates) < 1e-9


def test_beyond_the_width_the_kernel_vanishes_at_a_point(data):
    beyond = data.distance.sel(place="shortest direction").isel(ratio=-1)
    # A length of rounding size instead of zero: its square against one.
    assert_allclose(beyond, 1, atol=1e-12)


def test_laws(data):
    assert_allclose(data.ratio, np.array(CONFIG.input_dims) / CONFIG.width)
    assert_allclose(data.shortest_law, [1 - 0.75**2, 0.75, 1, 1], rtol=1e-12)
    assert_allclose(data.longest_law[1:3], [1.25, 3], rtol=1e-12)
