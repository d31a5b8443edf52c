"""Networks on the line: running sums against dense sums, gradients against differences."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from companion.networks.line import LineNetworks, uniform_kinks

SUMS = 1e-13  # some tens of terms of order one, added in another order


def dense(bias, a, x):
    neurons = np.maximum(x + bias[:, :, None], 0)
    return (a[:, :, None] * neurons).sum(axis=1) / np.sqrt(bias.shape[1])


def draw(num_networks, width, seed=0, reach=1.5):
    bias, a = uniform_kinks(num_networks, width, np.random.default_rng(seed))
    return reach * bias, a  # some kinks outside of the interval


# Exact values ------------------------------------------------------------------------------


def test_values_known_by_hand():
    bias, a = np.array([[0.5, -0.5, 2.0, -2.0]]), np.array([[1.0, -1.0, 1.0, 1.0]])
    networks = LineNetworks(bias, a)
    # Kinks at -1/2, 1/2, -2 and 2: (x + 1/2)_+ - (x - 1/2)_+ + (x + 2) on [-1, 1], halved.
    expected = np.array([[1.0, 1.5, 2.5, 3.5, 4.0]]) / 2
    assert_allclose(networks.on_grid(5).numpy(), expected, rtol=1e-15)
    x = torch.linspace(-1, 1, 5, dtype=torch.float64)
    assert_allclose(networks(x).detach().numpy(), expected, rtol=1e-15)


def test_initial_law():
    bias, a = uniform_kinks(40, 500, np.random.default_rng(1))
    assert set(np.unique(a)) == {-1.0, 1.0}
    # 20 000 draws: five standard errors of the mean of signs and of uniform numbers.
    assert abs(a.mean()) < 5 / np.sqrt(20_000)
    assert abs(bias.mean()) < 5 / np.sqrt(3 * 20_000)
    assert -1 <= bias.min() < -0.99 and 0.99 < bias.max() <= 1


# Identities --------------------------------------------------------------------------------


@given(num_points=st.integers(2, 60), width=st.integers(1, 12), seed=st.integers(0, 2**20))
def test_running_sums_are_dense_sums(num_points, width, seed):
    bias, a = draw(3, width, seed)
    x = np.linspace(-1, 1, num_points)
    fast = LineNetworks(bias, a).on_grid(num_points).numpy()
    assert_allclose(fast, dense(bias, a, x), rtol=0, atol=SUMS)


def test_networks_do_not_see_each_other(rng):
    bias, a = draw(4, 6)
    y = torch.from_numpy(rng.standard_normal(9))
    residual, gradients = LineNetworks(bias, a).residual_and_gradients(y)
    alone, own = LineNetworks(bias[2:3], a[2:3]).residual_and_gradients(y)
    assert_allclose(residual[2:3], alone, rtol=0, atol=1e-15)
    assert_allclose(gradients["bias"][2:3], own["bias"], rtol=0, atol=1e-15)


# Independent computations ------------------------------------------------------------------


@pytest.mark.parametrize("num_points", [2, 15, 200])
def test_gradients_are_those_of_autograd(num_points, rng):
    bias, a = draw(3, 7)
    networks = LineNetworks(bias, a, trained_outer=True)
    y = torch.from_numpy(rng.standard_normal(num_points))
    x = torch.linspace(-1, 1, num_points, dtype=torch.float64)
    (networks(x) - y).square().mean(1).sum().backward()
    _, gradients = networks.residual_and_gradients(y)
    assert set(gradients) == {"bias", "a"}
    for name, parameter in networks.named_parameters():
        assert_allclose(gradients[name], parameter.grad, rtol=0, atol=SUMS)


def test_gradients_are_differences_of_the_loss(rng):
    bias, a = draw(1, 5)
    y = rng.standard_normal(12)
    x = np.linspace(-1, 1, 12)

    def loss(b, c):
        return np.mean((dense(b, c, x) - y) ** 2)

    _, gradients = LineNetworks(bias, a, trained_outer=True).residual_and_gradients(
        torch.from_numpy(y)
    )
    h = 1e-6  # the loss is quadratic between kinks, so only rounding, 1e-10, is left
    for r in range(5):
        move = h * np.eye(5)[r : r + 1]
        slope = (loss(bias + move, a) - loss(bias - move, a)) / (2 * h)
        assert_allclose(gradients["bias"][0, r], slope, rtol=0, atol=1e-9)
        slope = (loss(bias, a + move) - loss(bias, a - move)) / (2 * h)
        assert_allclose(gradients["a"][0, r], slope, rtol=0, atol=1e-9)


# Where naive formulas fail -----------------------------------------------------------------


def test_kinks_far_away_are_lines_or_nothing():
    bias, a = np.array([[1e6, -1e6]]), np.ones((1, 2))
    values = LineNetworks(bias, a).on_grid(3).numpy()
    assert_allclose(values, (1e6 + np.array([[-1.0, 0.0, 1.0]])) / np.sqrt(2), rtol=1e-15)


def test_frozen_weights_have_no_gradient_and_are_copied():
    bias, a = draw(2, 3)
    networks = LineNetworks(bias, a)
    _, gradients = networks.residual_and_gradients(torch.zeros(4, dtype=torch.float64))
    assert set(gradients) == {"bias"} and not networks.a.requires_grad
    bias[:] = 0
    assert networks.bias.abs().max() > 0
    assert repr(networks) == "LineNetworks(networks=2, width=3)"


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: LineNetworks(np.ones(3), np.ones(3)), ValueError, r"`bias` must have shape"),
        (lambda: LineNetworks(np.ones((2, 3)), np.ones((3, 2))), ValueError, r"`a` must have"),
        (
            lambda: LineNetworks(np.ones((2, 3), dtype=int), np.ones((2, 3))),
            TypeError,
            "`bias` must be of a real floating type",
        ),
        (
            lambda: LineNetworks(np.full((1, 2), np.nan), np.ones((1, 2))),
            ValueError,
            r"bias\[0, 0\] = nan",
        ),
        (lambda: LineNetworks(*draw(1, 2)).on_grid(1), ValueError, "`num_points` must be at"),
        (lambda: uniform_kinks(0, 3, np.random.default_rng(0)), ValueError, "`num_networks`"),
        (lambda: uniform_kinks(3, 0, np.random.default_rng(0)), ValueError, "`width`"),
    ],
)
def test_bad_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
