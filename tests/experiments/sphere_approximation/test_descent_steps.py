"""Descent beside flow: the steps by hand, first order, and steps that are too long."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.experiments.base import execute
from companion.experiments.sphere_approximation.descent_steps import (
    EXPERIMENT,
    SCALES,
    Config,
    run,
)

CONFIG = SCALES["smoke"]


@pytest.fixture(scope="module")
def data():
    return execute(EXPERIMENT, CONFIG)


def test_halving_the_step_halves_the_difference(data):
    for name in ("output_difference", "weight_difference"):
        ratio = data[name].values[:, :-1] / data[name].values[:, 1:]
        # Second order: the ratio is 2 + O(step), and the step times the eigenvalue is below 0.3.
        assert_allclose(ratio, 2, atol=0.2)
    losses = np.abs(data.loss_ratio.values - 1)
    assert (losses[:, -1] < 0.6 * losses[:, 0]).all()


def test_the_step_counts_in_units_of_the_largest_eigenvalue(data):
    assert_allclose(data.step[:, 0], 2 * data.step[:, 1], rtol=1e-12)
    assert (data.step < 2).all()


def test_too_long_steps_leave_the_flow():
    config = Config(
        activations=("elu",),
        num_steps=(2,),
        width=8,
        num_points=8,
        horizon=40.0,
        rtol=1e-3,
        num_draws=1,
    )
    data = run(config)
    assert (data.step > 2).all()
    assert (data.loss_ratio > 10).all()
    assert (data.flow_gradients > 0).all()
