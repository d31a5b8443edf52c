"""Norms of both signs along runs: against the loss, smaller tolerances and finer rules."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.experiments.base import execute
from companion.experiments.sphere_approximation import norms_along_runs

SMOKE = norms_along_runs.SCALES["smoke"]


@pytest.fixture(scope="module")
def data():
    return execute(norms_along_runs.EXPERIMENT, SMOKE)


def test_norms_start_with_the_target(data):
    # The residual starts as minus the target, of norm one in H^alpha.
    assert_allclose(data["positive_norm"].isel(t=0), 1, rtol=1e-12)
    # On the circle by hand: e_k = c (1 + k)^(-1.9), k up to 8, with c from the harmonic sum.
    k = np.arange(9)
    c = 1 / np.sum(1 / (1 + k))
    start = data.sel(input_dim=2).isel(t=0)
    assert_allclose(start["l2_norm"] ** 2, c * np.sum((1.0 + k) ** -1.9), rtol=1e-12)
    assert_allclose(start["negative_norm"] ** 2, c * np.sum((1.0 + k) ** -2.8), rtol=1e-12)


def test_the_circle_hides_nothing(data):
    assert_allclose(data["seen"].sel(input_dim=2), 1, rtol=1e-12)
    sphere = data["seen"].sel(input_dim=3)
    assert (sphere <= 1 + 1e-12).all() and (sphere > 0.95).all()


def test_ratio_and_bound_follow_from_the_norms(data):
    product = data["negative_norm"] * data["positive_norm"]
    assert_allclose(data["interpolation_ratio"], data["l2_norm"] / np.sqrt(product), rtol=1e-12)
    start = data["positive_norm"].isel(t=0)
    assert_allclose(data["bound"] ** 2, (data["negative_norm"] * start), rtol=1e-12)


def test_the_runs_do_not_depend_on_the_tolerance(data):
    # A step is accurate to 1e-2 in the smoke runs; at a tenth of it the norms are the same to
    # half a per cent, kinks of ReLU included.
    finer = norms_along_runs.run(replace(SMOKE, rtol=1e-3, num_seeds=1, activations=("relu",)))
    for name in ("negative_norm", "l2_norm", "positive_norm"):
        same = data[name].sel(activation=["relu"]).isel(draw=[0])
        assert_allclose(same, finer[name], rtol=5e-3)


def test_the_finer_rule_measures_the_same_error(data):
    assert_allclose(data["between_points"], 1, atol=0.02)


def test_each_run_has_its_own_target_and_weights(data):
    first, second = (data["l2_norm"].isel(draw=i, t=-1) for i in (0, 1))
    assert (abs(first - second) > 1e-4).all()
