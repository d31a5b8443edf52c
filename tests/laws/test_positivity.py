"""Every kernel matrix is symmetric, positive semidefinite and blind to rotations."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.activations import (
    GAUSSIAN_BUMP,
    NORMAL_CDF,
    RELU,
    SHIFTED_SIGMOID,
    SIGMOID,
    TANH,
)
from companion.kernels.layer_moments import layer_moment
from companion.kernels.tangent_kernel import tangent_kernel

ACTIVATIONS = [SIGMOID, SHIFTED_SIGMOID, NORMAL_CDF, GAUSSIAN_BUMP, TANH, RELU]
KERNELS = {
    "layer moment": lambda X, Z, sigma: layer_moment(X, Z, activation=sigma),
    "derivative moment": lambda X, Z, sigma: layer_moment(X, Z, activation=sigma, derivative=True),
    "tangent, depth 1": lambda X, Z, sigma: tangent_kernel(X, Z, depth=1, activation=sigma),
    "tangent, inner, depth 1": lambda X, Z, sigma: tangent_kernel(
        X, Z, depth=1, activation=sigma, trained=(0,)
    ),
    "tangent, depth 3": lambda X, Z, sigma: tangent_kernel(X, Z, depth=3, activation=sigma),
    "tangent, second to last, depth 2": lambda X, Z, sigma: tangent_kernel(
        X, Z, depth=2, activation=sigma, trained="second_to_last"
    ),
}


# Norms of order one keep the Hermite series short.


def random_points(rng):
    return rng.standard_normal((40, 4)) / 2


def duplicates(rng):
    X = rng.standard_normal((20, 4)) / 2
    return np.concatenate([X, X])


def antipodes(rng):
    X = rng.standard_normal((20, 4)) / 2
    return np.concatenate([X, -X])


def nearly_parallel(rng):
    # Gaps from 1e-1 to 1e-15 around one direction, with both signs and other lengths.
    x, gaps = np.full(4, 0.4), 10.0 ** -np.arange(1, 16)
    X = x + gaps[:, None] * rng.standard_normal((15, 4))
    return np.concatenate([X, -X, 0.1 * X])


def on_one_line(rng):
    return rng.uniform(-1, 1, (30, 1)) * np.array([[0.6, -0.8, 0.2]])


CONFIGURATIONS = [random_points, duplicates, antipodes, nearly_parallel, on_one_line]
every_kernel = pytest.mark.parametrize("kernel", KERNELS.values(), ids=KERNELS.keys())
every_activation = pytest.mark.parametrize("sigma", ACTIVATIONS, ids=lambda sigma: sigma.name)


@every_kernel
@every_activation
@pytest.mark.parametrize("configuration", CONFIGURATIONS, ids=lambda f: f.__name__)
def test_kernel_matrices_are_symmetric_and_positive(kernel, sigma, configuration, rng):
    X = configuration(rng)
    K = kernel(X, X, sigma)
    size = np.abs(K).max()
    assert_allclose(K, K.T, rtol=0, atol=1e-14 * size)
    # Rounding of n entries of this size; a kernel with a wrong angle or sign is off by 1e-3.
    assert np.linalg.eigvalsh(K)[0] > -1e-13 * len(X) * size


@every_kernel
@every_activation
def test_kernels_do_not_see_rotations(kernel, sigma, rng):
    X, Z = rng.standard_normal((6, 5)) / 2, rng.standard_normal((7, 5)) / 2
    rotation, _ = np.linalg.qr(rng.standard_normal((5, 5)))
    K = kernel(X, Z, sigma)
    # Norms and angles change by their rounding, 1e-15 each.
    assert_allclose(
        kernel(X @ rotation, Z @ rotation, sigma), K, rtol=0, atol=1e-13 * np.abs(K).max()
    )


@every_kernel
@every_activation
def test_cross_kernel_is_a_block_of_the_square_one(kernel, sigma, rng):
    X = rng.standard_normal((9, 4)) / 2
    K = kernel(X, X, sigma)
    block = kernel(X[:4], X[4:], sigma)
    assert_allclose(block, K[:4, 4:], rtol=0, atol=1e-14 * np.abs(K).max())


@every_kernel
@every_activation
def test_order_of_the_points_does_not_matter(kernel, sigma, rng):
    X = rng.standard_normal((9, 4)) / 2
    order = rng.permutation(9)
    K = kernel(X, X, sigma)
    permuted = kernel(X[order], X[order], sigma)
    assert_allclose(permuted, K[np.ix_(order, order)], rtol=0, atol=1e-14 * np.abs(K).max())


@every_activation
def test_equal_points_give_equal_rows(sigma, rng):
    # Not only nearly: a duplicate must not move the smallest eigenvalue away from zero.
    X = duplicates(rng)
    for kernel in KERNELS.values():
        K = kernel(X, X, sigma)
        assert_allclose(K[:20], K[20:], rtol=0, atol=1e-15 * np.abs(K).max())
