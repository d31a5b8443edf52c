"""One degree of the residual: held where the kernel vanishes, and the exact flow elsewhere."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.experiments.base import execute
from companion.experiments.sphere_approximation.missing_degrees import EXPERIMENT, SCALES

CONFIG = SCALES["smoke"]


@pytest.fixture(scope="module")
def data():
    return execute(EXPERIMENT, CONFIG)


def test_odd_degrees_of_one_layer_never_move(data):
    held = data.sel(case="1 hidden, degree 3")
    assert_allclose(held.amplitude, 1, atol=1e-13)
    assert_allclose(held.limit, 1, rtol=1e-6)  # an eigenvalue of quadrature, 1e-12, times the time


def test_the_limit_of_one_layer_follows_the_known_eigenvalue(data):
    # mu_4 = 2 (k^2 + 1) / (pi^2 (k^2 - 1)^2) at k = 4 for the inner layer on the circle.
    mu = 34 / (np.pi**2 * 225)
    limit = data.limit.sel(case="1 hidden, degree 4")
    # Half of it here: the kernel is without the factor two of that formula's scale.
    rate = -np.log(limit[-1] / limit[-2]) / (data.t[-1] - data.t[-2])
    assert min(abs(rate / mu - 1), abs(2 * rate / mu - 1)) < 1e-6


def test_other_degrees_fall(data):
    for case in ("1 hidden, degree 4", "2 hidden, degree 3", "2 hidden, degree 4"):
        one = data.sel(case=case)
        assert (one.amplitude.isel(t=-1) < 0.95 * one.amplitude.isel(t=0)).all()
        assert (one.limit.diff("t") < 0).all()
