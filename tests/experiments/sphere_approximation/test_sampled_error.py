"""Errors at the points and between them: few points deceive, many do not."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.experiments.base import execute
from companion.experiments.sphere_approximation import sampled_error
from companion.spaces.targets import borderline_energies

SMOKE = sampled_error.SCALES["smoke"]


@pytest.fixture(scope="module")
def data():
    return execute(sampled_error.EXPERIMENT, SMOKE)


def test_few_points_deceive_and_many_do_not(data):
    few, many = data.isel(num_points=0), data.isel(num_points=1)
    assert (few["whole"] > 1.05 * few["sampled"]).all()
    # 65 points for a target of degree 8: the networks bend by less than their distance.
    assert_allclose(many["whole"], many["sampled"], rtol=5e-3)


def test_numbers_of_points(data):
    assert data["num_points"].values.tolist() == [9, 65]


def test_errors_are_below_the_norm_of_the_target(data):
    energies = borderline_energies(input_dim=2, max_degree=8, smoothness=0.45)
    assert (data["whole"] < np.sqrt(energies.sum())).all()
