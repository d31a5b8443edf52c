"""The split of gradient flow and its exponentials against dense matrices."""

from math import factorial

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy.linalg import expm

from companion.dynamics.expansion import DEGREE, Expansion
from companion.dynamics.objective import Objective
from companion.networks.two_layer import TwoLayerNetwork
from strangers import stranger


@pytest.fixture(params=[4, 15], ids=["more parameters", "more outputs"])
def setting(rng, request):
    """A network, its expansion, the dense J, S and A of its definition, and another state."""
    count = request.param  # of samples; there are nine parameters
    X, y, nu = rng.standard_normal((count, 2)), rng.standard_normal(count), rng.random(count)
    nu[2] = 0
    W, a = rng.standard_normal((3, 2)), rng.standard_normal(3)
    objective = Objective(TwoLayerNetwork(W, a, activation=torch.tanh), X, y, nu)
    hidden = np.tanh(X @ W.T)
    inner = ((1 - hidden**2) * a)[:, :, None] * X[:, None, :]
    J = np.concatenate([inner.reshape(count, -1), hidden], axis=1) / np.sqrt(3)
    SJ = np.sqrt(nu)[:, None] * J
    theta = torch.from_numpy(objective.theta_0)
    other = theta + 0.3 * torch.from_numpy(rng.standard_normal(len(theta)))
    return objective, Expansion(objective, theta), SJ, -SJ.T @ SJ, other


def dense_phi(A, k):
    """phi_k(A) as a block of the exponential of a larger matrix, k >= 1."""
    p = len(A)
    larger = np.zeros(((k + 1) * p, (k + 1) * p))
    larger[:p, :p] = A
    larger[: k * p, p:] += np.eye(k * p)
    return expm(larger)[:p, k * p :]


def dense_remainder(objective, about, A, theta):
    slope = -objective.gradient(theta.numpy())
    start = -objective.gradient(about.theta.numpy())
    return slope - start - A @ (theta - about.theta).numpy()


def test_slope_is_minus_the_gradient_and_rates_are_eigenvalues_of_the_weighted_kernel(setting):
    objective, about, SJ, *_ = setting
    assert_allclose(about.slope, -objective.gradient(objective.theta_0), rtol=0, atol=1e-14)
    expected = np.linalg.eigvalsh(SJ @ SJ.T)
    num_modes = min(SJ.shape)
    assert about.rates.shape == (num_modes,)
    assert_allclose(about.rates, expected[-num_modes:], rtol=0, atol=1e-14 * expected[-1])
    assert_allclose(expected[:-num_modes], 0, rtol=0, atol=1e-14 * expected[-1])
    if num_modes == len(SJ):
        assert about.rates[0] == 0  # the point of weight zero


def test_residual_modes_are_its_part_within_reach(setting):
    _, about, SJ, *_ = setting
    left = np.linalg.svd(SJ, full_matrices=False)[0]
    reached = np.linalg.norm(left.T @ about.residual)
    assert_allclose(np.linalg.norm(about.residual_modes), reached, rtol=1e-12)


def test_modes_keep_the_weighted_length_of_what_outputs_move(setting, rng):
    _, about, SJ, *_ = setting
    direction = rng.standard_normal(SJ.shape[1])
    modes = about.modes(torch.from_numpy(direction))
    assert_allclose(np.linalg.norm(modes), np.linalg.norm(SJ @ direction), rtol=1e-13)


@pytest.mark.parametrize("h", [1e-3, 0.7, 40.0])
@pytest.mark.parametrize("from_slope", [True, False])
def test_ways_agree_with_dense_phi_functions(setting, rng, h, from_slope):
    objective, about, _, A, other = setting
    values, dense = [], []
    for scale in (0.2, 0.6, 1.0):
        theta = about.theta + scale * (other - about.theta)
        slope = torch.from_numpy(-objective.gradient(theta.numpy()))
        values.append(about.remainder(slope, about.modes(theta - about.theta)))
        dense.append(dense_remainder(objective, about, A, theta))
    weights = rng.standard_normal((DEGREE, 3))
    way, modes = about.way(h, values, weights, from_slope=from_slope)
    expected = sum(
        h * dense_phi(h * A, level + 2) @ (weights[level] @ np.array(dense))
        for level in range(DEGREE)
    )
    if from_slope:
        expected = expected + h * dense_phi(h * A, 1) @ about.slope.numpy()
    # Differences of numbers of size h |F|, which is about ten times h here.
    rounding = 1e-13 * max(1, h)
    assert_allclose(way, expected, rtol=0, atol=rounding)
    assert_allclose(modes, about.modes(torch.from_numpy(expected)), rtol=0, atol=2 * rounding)


def test_dense_oracle_is_the_series():
    A = np.array([[0.3, -0.2], [0.1, 0.4]])
    series = sum(np.linalg.matrix_power(A, j) / factorial(j + 2) for j in range(20))
    assert_allclose(dense_phi(A, 2), series, rtol=1e-14)


def test_several_outputs_are_weighted_by_their_sample():
    module, X = stranger("perceptron")
    y, nu = torch.zeros_like(module(X)).detach(), np.array([1.0, 4.0, 0.25, 1.0, 9.0])
    objective = Objective(module, X, y, nu)
    about = Expansion(objective, torch.from_numpy(objective.theta_0))
    expected = (np.sqrt(nu)[:, None] * objective.residual(objective.theta_0)).reshape(-1)
    assert_allclose(about.residual, expected, rtol=1e-14)
    assert_allclose(about.rates[-1], objective.weighted_spectrum(objective.theta_0)[-1])


def test_a_kernel_that_is_not_finite_is_refused():
    W, a = np.zeros((2, 1)), np.array([1e200, 1.0])
    objective = Objective(
        TwoLayerNetwork(W, a, activation=torch.tanh), np.ones((1, 1)), np.zeros(1)
    )
    with pytest.raises(FloatingPointError, match="the tangent kernel is not finite"):
        _ = Expansion(objective, torch.from_numpy(objective.theta_0)).rates
