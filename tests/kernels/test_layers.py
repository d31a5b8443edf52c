"""Layers as maps of pairs: what leaves one is what the next is fed."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.activations import ELU, GAUSSIAN_BUMP, NORMAL_CDF, RELU, SIGMOID, TANH
from companion.kernels.homogeneous import HomogeneousLayer
from companion.kernels.kinked_layer import KinkedLayer
from companion.kernels.layer_moments import layer_moment
from companion.kernels.layers import first_layer
from companion.kernels.point_pairs import point_pairs
from companion.kernels.smooth_layer import SmoothLayer

ALL = [SIGMOID, NORMAL_CDF, GAUSSIAN_BUMP, TANH, RELU, ELU]
every_activation = pytest.mark.parametrize("sigma", ALL, ids=lambda sigma: sigma.name)


def entering(X, Z, sigma):
    pairs = point_pairs(X, Z, zero_allowed=False)
    return first_layer(sigma, pairs), pairs.block(slice(0, len(X)), slice(0, len(Z))), pairs


def norms_of(pairs, layer):
    # A homogeneous layer is taken at norms one and leaves the norms as a factor.
    homogeneous = isinstance(layer, HomogeneousLayer)
    return np.outer(pairs.norms_x, pairs.norms_z) if homogeneous else 1.0


@every_activation
def test_covariance_that_enters_is_the_inner_product(sigma, rng):
    X, Z = rng.standard_normal((4, 3)), rng.standard_normal((5, 3))
    layer, block, pairs = entering(X, Z, sigma)
    covariance = layer.covariance(block) * norms_of(pairs, layer)
    assert_allclose(covariance, X @ Z.T, rtol=0, atol=1e-14)


@every_activation
def test_moment_that_leaves_is_the_covariance_that_enters_the_next(sigma, rng):
    X, Z = rng.standard_normal((4, 3)), rng.standard_normal((5, 3))
    layer, block, _ = entering(X, Z, sigma)
    for _ in range(3):
        moment = layer.value(block)
        block, layer = layer.after(block, moment), layer.following()
        assert_allclose(layer.covariance(block), moment, rtol=0, atol=1e-13)


@every_activation
def test_norms_after_a_layer_are_roots_of_the_diagonal(sigma, rng):
    X, Z = rng.standard_normal((4, 3)), rng.standard_normal((5, 3))
    layer, _, pairs = entering(X, Z, sigma)
    squares = np.diag(layer_moment(X, activation=sigma))
    after = layer.following()
    if isinstance(layer, HomogeneousLayer):
        assert_allclose(pairs.norms_x**2 * after.variance, squares, rtol=1e-13)
    else:
        assert_allclose(after.norms_x**2, squares, rtol=1e-13)


def test_activation_decides_the_way_of_computing(rng):
    X = rng.standard_normal((3, 2))
    assert isinstance(entering(X, X, RELU)[0], HomogeneousLayer)
    assert isinstance(entering(X, X, TANH)[0], SmoothLayer)
    assert isinstance(entering(X, X, ELU)[0], KinkedLayer)
