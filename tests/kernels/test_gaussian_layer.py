"""What layers have in common: the norms and correlations that leave them."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.activations import ELU, SIGMOID, TANH
from companion.kernels.gaussian_layer import Layer, LayerAtNorms
from companion.kernels.homogeneous import HomogeneousLayer
from companion.kernels.kinked_layer import KinkedLayer
from companion.kernels.point_pairs import point_pairs
from companion.kernels.smooth_layer import SmoothLayer

KINDS = [(SmoothLayer, SIGMOID), (SmoothLayer, TANH), (KinkedLayer, ELU)]
every_kind = pytest.mark.parametrize(("kind", "sigma"), KINDS)


@every_kind
def test_norms_that_leave_are_means_over_a_gaussian(kind, sigma, rng):
    # Seeded; five standard errors over four norms fail with probability below 1e-5.
    layer = kind(sigma, np.array([0.5, 1.0]), np.array([0.0, 2.0]))
    draws = sigma(np.array([0.5, 1.0, 0.0, 2.0])[:, None] * rng.standard_normal(100_000)) ** 2
    error = np.abs(draws.mean(axis=1) - layer.mean_squares())
    assert (error <= 5 * draws.std(axis=1) / np.sqrt(100_000) + 1e-14).all()
    after = layer.following()
    assert type(after) is kind
    assert_allclose([*after.norms_x, *after.norms_z], np.sqrt(layer.mean_squares()), rtol=1e-15)
    assert layer.following() is after


@every_kind
def test_correlation_of_a_vanished_point_is_zero(kind, sigma):
    X = np.array([[0.0, 0.0], [1.0, 0.0]])
    pairs = point_pairs(X, None, zero_allowed=True)
    layer = kind(sigma, pairs.norms_x, pairs.norms_z)
    block = pairs.block(slice(0, 2), slice(0, 2))
    correlation = layer.correlation_after(block, layer.value(block))
    assert_allclose(np.diag(correlation)[1], 1, rtol=1e-13)
    # sigmoid(0) = 1/2 is no vanished point; the others send zero to zero.
    assert_allclose(correlation[0, 0], 1.0 if sigma is SIGMOID else 0.0, rtol=0, atol=1e-13)


def test_every_way_of_computing_is_a_layer():
    assert issubclass(HomogeneousLayer, Layer)
    assert issubclass(LayerAtNorms, Layer)
