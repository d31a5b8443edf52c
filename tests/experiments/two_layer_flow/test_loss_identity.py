"""The run along the flow against the formulas of the document, by hand."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.experiments.two_layer_flow.loss_identity import SCALES, run
from companion.networks.initialization import gaussian_rademacher
from companion.numerics.montecarlo import stream
from companion.spaces.sphere import uniform_on_sphere


@pytest.fixture(scope="module")
def data():
    return run(SCALES["smoke"])


@pytest.mark.claim("LL-2.5")
def test_fall_by_the_gram_matrix_is_the_slope_of_the_loss(data):
    # The difference leaves (step * rate)^2 / 6 < 1e-9, and the flow errs by 1e-9 at most.
    assert_allclose(data.decay_outer + data.decay_inner, data.decay_difference, rtol=1e-8)
    assert (data.decay_outer > 0).all()
    assert (data.decay_inner > 0).all()


def test_energy_of_the_outer_weights_moves_as_the_identity_says(data):
    # As above, for a quantity that is not small where its slope is.
    largest = float(abs(data.outer_energy_slope).max())
    assert_allclose(
        data.outer_energy_slope, data.outer_energy_identity, rtol=0, atol=1e-7 * largest
    )


def test_shares_start_at_the_formula_at_the_initial_weights(data):
    config = SCALES["smoke"]
    X = uniform_on_sphere(config.num_samples, config.input_dim, stream(config.seed, "points"))
    W, a = gaussian_rademacher(config.width, config.input_dim, stream(config.seed, "weights"))
    s = 1 / (1 + np.exp(-X @ W.T))
    residual = s @ a / np.sqrt(config.width) - np.sqrt(config.input_dim) * X[:, 0]
    weighted = residual / config.num_samples
    outer = weighted @ (s @ s.T) @ weighted / config.width
    slopes = s * (1 - s)
    inner = weighted @ ((slopes * a**2) @ slopes.T * (X @ X.T)) @ weighted / config.width
    # The first time is 0.02, in which shares change by some rate * time ~ 3 %.
    assert_allclose(data.decay_outer[0], outer, rtol=0.05)
    assert_allclose(data.decay_inner[0], inner, rtol=0.05)
    assert outer > 2 * inner  # so that the two cannot be confused


def test_seeds_give_other_runs_and_equal_seeds_equal_digits(data):
    again = run(SCALES["smoke"])
    assert again.identical(data)
