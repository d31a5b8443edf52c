"""Exponents of activations with a continuous derivative."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.experiments.sphere_approximation.kink_orders import SCALES, run


@pytest.fixture(scope="module")
def data():
    return run(SCALES["smoke"])


def test_elu_falls_two_powers_faster_than_relu(data):
    deep = data["exponent"].sel(depth=2).isel(kernel=0, input_dim=0)
    # From degree 12 on, on the circle; the second correction is below 1e-3.
    assert_allclose(deep.sel(activation="relu"), -2, rtol=0, atol=2e-3)
    assert_allclose(deep.sel(activation="elu"), -4, rtol=0, atol=8e-3)


def test_with_one_hidden_layer_the_parities_differ(data):
    alone = data["exponent"].sel(depth=1).isel(kernel=0, input_dim=0)
    assert np.isnan(alone.sel(activation="relu", parity="odd"))
    assert_allclose(alone.sel(activation="elu", parity="odd"), -4, rtol=0, atol=2e-3)
    # Here the two ends cancel, and the next singularity decides.
    assert_allclose(alone.sel(activation="elu", parity="even"), -6, rtol=0, atol=2e-2)
    even = data["prediction"].sel(depth=1, activation="elu", degree=[2, 4, 8])
    assert (even == 0).all()


def test_predictions_are_met(data):
    cell = data.sel(depth=2, degree=[32, 33])
    assert_allclose(cell["eigenvalue"] / cell["prediction"], 1, rtol=0, atol=0.03)
