"""One network on a smooth target and on noise."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.experiments.sphere_approximation.smooth_and_noise import SCALES, run

CONFIG = SCALES["smoke"]


@pytest.fixture(scope="module")
def data():
    return run(CONFIG)


def test_errors_begin_with_one_and_fall(data):
    assert_allclose(data.error.isel(t=0), 1, rtol=1e-12)
    assert (data.error.diff("t") < 0).all()


def test_samples_do_not_matter_for_the_smooth_target(data):
    end = data.error.sel(target="smooth").isel(t=-1)
    # The grids differ by what the network has beyond degree 32, below one per cent.
    assert_allclose(end.sel(ratio=16), end.sel(ratio=4), rtol=1e-2)
    assert end.max() < 0.9


def test_noise_is_learned_the_less_the_more_samples_there_are(data):
    end = data.error.sel(target="noise").isel(t=-1)
    assert (end.sel(ratio=16) > end.sel(ratio=4)).all()
    assert (end.min("draw") > data.error.sel(target="smooth").isel(t=-1).max("draw")).all()


def test_the_floor_is_that_of_a_projection(data):
    assert_allclose(data.noise_floor, np.sqrt([3 / 4, 15 / 16]), rtol=1e-14)
