"""The displacement of neurons against a flow of a frozen kernel."""

import math

import numpy as np
import pytest

from companion.claims.sobolev_training_corrected import neuron_displacement


def test_displacement_by_hand():
    # 2 * 0.5 * 3 * 4 / 6
    found = neuron_displacement(0.5, residual_norm=4.0, lambda_min=6.0, data_norm=3.0)
    assert found == pytest.approx(2.0, rel=1e-15)
    assert neuron_displacement(0.5, residual_norm=4.0, lambda_min=0.0, data_norm=3.0) == math.inf


def test_bounds_the_motion_under_a_frozen_kernel(rng):
    # With all gates open the model is linear: w_r moves by a_r X^T K^-1 s_0, K = |a|^2 X X^T.
    X, a, s = rng.standard_normal((4, 6)), rng.standard_normal(3), rng.standard_normal(4)
    K = (a @ a) * X @ X.T
    moved = np.linalg.norm(X.T @ np.linalg.solve(K, s)) * np.abs(a).max()
    bound = neuron_displacement(
        float(np.abs(a).max()),
        residual_norm=float(np.linalg.norm(s)),
        lambda_min=float(np.linalg.eigvalsh(K)[0]),
        data_norm=float(np.linalg.norm(X, 2)),
    )
    assert moved <= bound


def test_bad_numbers_are_named():
    with pytest.raises(ValueError, match="`data_norm` must be nonnegative; got -1"):
        neuron_displacement(1.0, residual_norm=1.0, lambda_min=1.0, data_norm=-1.0)
