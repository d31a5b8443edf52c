"""Residuals whose positive norm rises: the factor is attained, and no other is larger."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.experiments.base import execute
from companion.experiments.sphere_approximation import rising_norm

SMOKE = rising_norm.SCALES["smoke"]


@pytest.fixture(scope="module")
def data():
    return execute(rising_norm.EXPERIMENT, SMOKE)


def test_the_linearised_run_attains_the_factor(data):
    # Two routes: the largest singular value of the flow's matrix, and the exact flow of the
    # chosen residual.
    assert_allclose(data["linearised"].isel(t=-1), data["growth"], rtol=1e-10)
    assert (data["growth"] > 1.005).all()


def test_networks_do_as_their_linearisation(data):
    # The residual has size 1e-3, so the weights move little: to 1e-3 of the norms.
    assert_allclose(data["positive_norm"], data["linearised"], rtol=2e-3)


def test_the_loss_falls_all_the_time(data):
    assert (data["l2_norm"].diff("t") <= 1e-12).all()
    assert (data["l2_norm"].isel(t=-1) < 0.98).all()


def test_the_size_of_the_residual_does_not_matter_while_it_is_small(data):
    smaller = rising_norm.run(replace(SMOKE, size=1e-5))
    assert_allclose(smaller["positive_norm"], smaller["linearised"], rtol=2e-5)
    assert_allclose(smaller["growth"], data["growth"], rtol=1e-12)


def test_the_ratio_of_the_norms_is_small(data):
    assert ((data["norm_ratio"] > 0) & (data["norm_ratio"] < 0.6)).all()
    assert np.isfinite(data["norm_ratio"]).all()
