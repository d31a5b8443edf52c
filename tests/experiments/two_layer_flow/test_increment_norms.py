"""The experiment on increments: its norms by sampling and by the definition."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import brentq
from scipy.special import expit

from companion.experiments.base import execute
from companion.experiments.two_layer_flow.increment_norms import EXPERIMENT, SCALES


@pytest.fixture(scope="module")
def data():
    return execute(EXPERIMENT, SCALES["smoke"])


def orlicz(values):
    """The psi_1 norm of a sample by bisection of its definition."""
    scale = np.abs(values).max()
    return scale * brentq(
        lambda c: np.exp(np.abs(values / scale) / c).mean() - 2, 0.05, 2, xtol=1e-12
    )


@pytest.mark.parametrize("exponent", [1, 6])
def test_the_norm_of_neurons_by_sampling(data, exponent):
    rng, distance = np.random.default_rng(4), 2.0**-exponent
    w = rng.standard_normal((400_000, 2))
    angle = 2 * math.asin(distance / 2)
    increments = expit(w[:, 0]) - expit(math.cos(angle) * w[:, 0] + math.sin(angle) * w[:, 1])
    # Relative standard error below 1.4 / sqrt(N) = 0.0022, as for a Gaussian; five of them.
    expected = orlicz(increments) / distance
    measured = data.ratio.sel(process="neurons", distance=distance)
    assert_allclose(measured, expected, rtol=0.011)


def test_the_limit_of_short_increments_of_neurons(data):
    # sigma'(p) |z| with independent standard normal p and z: 2 exp(q^2/2) Phi(q), averaged.
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    slopes, weights = expit(nodes) * expit(-nodes), weights / weights.sum()

    def moment(c):
        q = slopes / c
        erfs = np.array([math.erf(v / math.sqrt(2)) for v in q])
        return float(weights @ (np.exp(q**2 / 2) * (1 + erfs))) - 2

    measured = data.ratio.sel(process="neurons").min("distance")
    last = data.ratio.sel(process="neurons", distance=2.0**-12)
    assert_allclose(last, brentq(moment, 0.1, 1, xtol=1e-13), rtol=1e-6)  # order r^2 = 6e-8
    assert measured > 0.2


def test_the_tree_by_the_definition(data):
    for distance in data.distance.values:
        chance = 2 * distance**2  # neighbours differ
        norm = 1 / math.log1p(1 / chance)
        measured = data.ratio.sel(process="tree", distance=distance)
        assert_allclose(measured, norm / distance, rtol=1e-12)


def test_what_the_bounds_say(data):
    assert (data.ratio.sel(process="neurons") < data.neuron_bound).all()
    assert (data.ratio.sel(process="kernel") < data.kernel_bound).all()
    assert data.ratio.sel(process="tree").max() > 100 * data.kernel_bound.max()
    assert_allclose(data.tree_root_mean_square, math.sqrt(2))


def test_the_kernel_does_not_depend_on_the_distance_by_more_than_its_noise(data):
    # Few pairs and 500 weights: the largest of four norms scatters by less than a third.
    ratio = data.ratio.sel(process="kernel").values
    assert ratio.max() < 1.5 * ratio.min()
