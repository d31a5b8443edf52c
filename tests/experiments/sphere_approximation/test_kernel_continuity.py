"""Changes of the kernel, rebuilt from the same weights, and against the two bounds."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.experiments.base import execute
from companion.experiments.sphere_approximation.kernel_continuity import (
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


def test_a_random_step_of_relu_by_hand(data):
    width, count = CONFIG.width, CONFIG.num_points
    angle = 2 * np.pi * np.arange(count) / count
    X = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    W, V, _ = gaussian_layers((width, width), 2, stream(CONFIG.seed, "weights", 1))
    Z = stream(CONFIG.seed, "direction", 1).standard_normal((width, width))
    Z *= np.sqrt(width) / np.linalg.svd(Z, compute_uv=False)[0]
    values = np.maximum(X @ W.T, 0) / np.sqrt(width)
    for j, h in enumerate(CONFIG.displacements):
        gates = [(values @ U.T > 0).astype(float) for U in (V, V + h * Z)]
        before, after = ((g @ g.T / width) * (values @ values.T) for g in gates)
        found = data.change.sel(activation="relu", direction="random").isel(displacement=j, draw=1)
        change = after - before
        assert_allclose(found.sel(norm="supremum"), np.abs(change).max(), rtol=1e-10)
        expected = np.abs(np.linalg.eigvalsh(change / count)).max()
        assert_allclose(found.sel(norm="L2 operator"), expected, rtol=1e-10)


def test_the_attack_switches_off_the_share_that_is_derived():
    # 1000 neurons of which a share of 0.168 is switched: its binomial noise is 0.012, and the
    # budget takes back a part of it; a third of the share is more than four standard errors.
    config = Config(
        activations=("relu",), displacements=(0.1,), width=1000, num_points=8, num_draws=1
    )
    data = run(config)
    attack = data.change.sel(direction="worst at a point", norm="supremum").item()
    assert_allclose(attack, data.switched.item(), rtol=0.3)


def test_smooth_changes_stay_below_the_bound(data):
    for name in ("elu", "gelu"):
        supremum = data.change.sel(activation=name, norm="supremum")
        assert (supremum <= data.bound.sel(activation=name)).all()
        # At a small displacement the attack is worth more than a tenth of the bound.
        first = supremum.sel(direction="worst at a point").isel(displacement=0)
        assert (first > 0.1 * data.bound.sel(activation=name).isel(displacement=0)).all()
    assert np.isinf(data.bound.sel(activation="relu")).all()


def test_the_attack_beats_the_random_step(data):
    random, worst = data.change.sel(norm="supremum", activation=["elu", "gelu"])
    assert (worst > random).all()
