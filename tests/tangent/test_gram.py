"""The tangent kernel against the formula of the Gram matrix, and its exact symmetries."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from companion.networks.two_layer import TwoLayerNetwork
from companion.tangent.gram import gram_by_parameter, ntk
from companion.tangent.jacobian import jacobian
from strangers import stranger


def shares_by_formula(W, a, X):
    """Eq. (2.6) of Li, outer and inner part, as double loops over points."""
    sigmoid = 1 / (1 + np.exp(-X @ W.T))
    slope = sigmoid * (1 - sigmoid)
    outer, inner = np.empty((2, len(X), len(X)))
    for i in range(len(X)):
        for j in range(len(X)):
            outer[i, j] = np.mean(sigmoid[i] * sigmoid[j])
            inner[i, j] = np.mean(a**2 * slope[i] * slope[j]) * (X[i] @ X[j])
    return outer, inner


@pytest.mark.claim("LL-2.6")
def test_shares_are_the_two_parts_of_the_gram_matrix(rng):
    W, a, X = rng.standard_normal((9, 3)), rng.standard_normal(9), rng.standard_normal((5, 3))
    outer, inner = shares_by_formula(W, a, X)
    shares = gram_by_parameter(TwoLayerNetwork(W, a, activation=torch.sigmoid), torch.tensor(X))
    # A few roundings of entries of order one.
    assert_allclose(shares["a"].numpy(), outer, rtol=1e-13)
    assert_allclose(shares["W"].numpy(), inner, rtol=1e-12, atol=1e-15)
    kernel = ntk(TwoLayerNetwork(W, a, activation=torch.sigmoid), torch.tensor(X))
    assert_allclose(kernel.numpy(), outer + inner, rtol=1e-13)


def test_mean_field_scaling_divides_the_kernel_by_the_width(rng):
    W, a, X = rng.standard_normal((9, 3)), rng.standard_normal(9), rng.standard_normal((5, 3))
    first, second = (
        ntk(TwoLayerNetwork(W, a, activation=torch.tanh, exponent=power), torch.tensor(X))
        for power in (0.5, 1)
    )
    torch.testing.assert_close(first, 9 * second, rtol=1e-13, atol=0)


def test_a_frozen_part_leaves_its_share_out(rng):
    W, a, X = rng.standard_normal((9, 3)), rng.standard_normal(9), rng.standard_normal((5, 3))
    network = TwoLayerNetwork(W, a, activation=torch.sigmoid)
    network.W.requires_grad_(False)
    outer, _ = shares_by_formula(W, a, X)
    assert list(gram_by_parameter(network, torch.tensor(X))) == ["a"]
    assert_allclose(ntk(network, torch.tensor(X)).numpy(), outer, rtol=1e-13)


def test_between_two_batches_it_is_the_product_of_their_jacobians():
    module, X = stranger("perceptron", 7)
    Z = X[4:]
    expected = jacobian(module, X[:4]) @ jacobian(module, Z).T
    kernel = ntk(module, X[:4], Z)
    assert kernel.shape == (8, 6)
    # Sums of some thirty products of order one.
    torch.testing.assert_close(kernel, expected, rtol=0, atol=1e-13)


def test_both_triangles_are_filled_and_equal_to_the_last_bit():
    module, X = stranger("perceptron", 7)
    kernel = ntk(module, X)
    assert torch.equal(kernel, kernel.T)
    torch.testing.assert_close(kernel, ntk(module, X, X), rtol=0, atol=1e-13)


def test_type_is_that_of_the_module():
    module, X = stranger("perceptron")
    assert ntk(module, X).dtype == torch.float64
    assert ntk(module.float(), X.float()).dtype == torch.float32
