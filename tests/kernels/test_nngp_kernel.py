"""Covariance of a random network: closed values, layer by layer, and sampled networks."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.activations import NORMAL_CDF, RELU, SIGMOID, TANH
from companion.kernels.layer_moments import layer_moment
from companion.kernels.nngp_kernel import nngp_kernel


def test_relu_on_the_diagonal_by_hand():
    # Every layer halves the squared norm.
    x = np.array([[3.0, 4.0]])
    for depth in (1, 2, 5):
        assert_allclose(nngp_kernel(x, depth=depth, activation=RELU), 25 / 2**depth, rtol=1e-14)


def test_normal_cdf_at_depth_two_by_hand():
    # Unit vectors: Sigma^1 = 1/4 + arcsin(cos / 2) / (2 pi) and q = 1/3; then the same formula.
    cos = 0.3
    x, z = np.array([[1.0, 0.0]]), np.array([[cos, np.sqrt(1 - cos**2)]])
    first = 1 / 4 + np.arcsin(cos / 2) / (2 * np.pi)
    second = 1 / 4 + np.arcsin(first / (1 + 1 / 3)) / (2 * np.pi)
    assert_allclose(nngp_kernel(x, z, depth=2, activation=NORMAL_CDF), [[second]], rtol=1e-13)


@pytest.mark.parametrize("sigma", [SIGMOID, RELU], ids=lambda sigma: sigma.name)
def test_one_hidden_layer_is_a_layer_moment(sigma, rng):
    X, Z = rng.standard_normal((5, 3)) / 2, rng.standard_normal((4, 3)) / 2
    kernel = nngp_kernel(X, Z, depth=1, activation=sigma)
    assert_allclose(kernel, layer_moment(X, Z, activation=sigma), rtol=1e-14)


@pytest.mark.parametrize("sigma", [TANH, RELU], ids=lambda sigma: sigma.name)
def test_outputs_of_wide_networks_have_this_covariance(sigma, rng):
    # Given the hidden layers, the output weights average exactly: the mean over networks of the
    # Gram matrix of the last hidden layer. Width 512 biases it by order 1/512; five standard
    # errors over six entries fail with probability 1e-5.
    X = rng.standard_normal((3, 4)) / 2
    width, count = 512, 40
    grams = []
    for _ in range(count):
        first = sigma(X @ rng.standard_normal((4, width)))
        second = sigma(first @ rng.standard_normal((width, width)) / np.sqrt(width))
        grams.append(second @ second.T / width)
    kernel = nngp_kernel(X, depth=2, activation=sigma)
    error = np.abs(np.mean(grams, axis=0) - kernel)
    assert (error < 5 * np.std(grams, axis=0) / np.sqrt(count) + 5 / width * kernel.max()).all()


def test_zero_vector_has_variance_zero_under_relu():
    X = np.stack([np.zeros(2), np.ones(2)])
    assert_allclose(nngp_kernel(X, depth=2, activation=RELU), [[0, 0], [0, 0.5]], rtol=1e-15)


def test_depth_must_be_positive():
    with pytest.raises(ValueError, match="`depth` must be at least 1; got 0"):
        nngp_kernel(np.eye(2), depth=0, activation=TANH)
