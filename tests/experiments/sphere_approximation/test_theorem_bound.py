"""The bound over time: values by hand, order of the three curves."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.experiments.sphere_approximation.theorem_bound import SCALES, run


@pytest.fixture(scope="module")
def data():
    return run(SCALES["smoke"])


def test_values_by_hand_on_the_circle(data):
    # d = 2: delta = 1/4, h = m^(-1/4), epsilon = h^(1/2) and K = epsilon^2 = h, p = 2, s = 1.
    circle = data.sel(input_dim=2)
    t, h = data["t"].values, np.array([10**-0.5, 10**-1.5])
    assert_allclose(circle["rate"], h, rtol=1e-13)
    assert_allclose(circle["plateau"], h**0.25, rtol=1e-13)
    u = h[:, None] / (1 + (h[:, None] - 1) * np.exp(-h[:, None] * t))
    assert_allclose(circle["solution"], u**0.25, rtol=1e-12)
    assert_allclose(circle["theorem"], (h[:, None] + np.exp(-h[:, None] * t)) ** 0.25, rtol=1e-12)
    assert_allclose(circle["infinite"], (1 + t) ** -0.25, rtol=1e-13)


def test_the_curves_are_ordered(data):
    assert (data["infinite"] <= data["solution"] * (1 + 1e-12)).all()
    assert (data["solution"] <= data["theorem"] * (1 + 1e-12)).all()


def test_a_wider_network_waits_longer_and_ends_lower(data):
    assert (data["rate"].diff("log_width") < 0).all()
    assert (data["plateau"].diff("log_width") < 0).all()
