"""The size of an error against its definition, for a model whose errors are known."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from torch import nn

from companion.dynamics.accuracy import Accuracy
from companion.dynamics.objective import Objective


def linear_accuracy(X, y, nu, theta, rtol):
    module = nn.Linear(X.shape[1], 1, bias=False).double()
    module.weight.data[:] = torch.from_numpy(theta)
    return Accuracy(Objective(nn.Sequential(module, nn.Flatten(0)), X, y, nu), rtol)


@pytest.fixture
def problem(rng):
    X, y, nu = rng.standard_normal((5, 3)), rng.standard_normal(5), rng.random(5)
    return X, y, nu, rng.standard_normal(3)


@pytest.mark.parametrize("rtol", [1e-2, 1e-7])
def test_size_is_the_larger_of_two_quotients(problem, rng, rtol):
    X, y, nu, start = problem
    accuracy = linear_accuracy(X, y, nu, start, rtol)
    theta, error = start + 0.1 * rng.standard_normal(3), 1e-8 * rng.standard_normal(3)
    residual = np.sqrt(nu @ (X @ theta - y) ** 2)
    in_outputs = np.sqrt(nu @ (X @ error) ** 2) / (rtol / 2 * residual)
    in_theta = np.linalg.norm(error) / (rtol * np.linalg.norm(theta - start))
    # Differences of outputs of size one lose eight digits; the floors are 1e-14 beside 1e-9.
    expected = max(in_theta, in_outputs)
    assert_allclose(accuracy.error_size(theta, error), expected, rtol=1e-4)


def test_the_loss_is_moved_by_at_most_rtol_if_the_size_is_one(problem):
    X, y, nu, start = problem
    rtol = 1e-3
    accuracy = linear_accuracy(X, y, nu, start, rtol)

    @given(st.lists(st.floats(-1, 1), min_size=6, max_size=6))
    def check(numbers):
        theta, error = start + np.array(numbers[:3]) + 0.1, 1e-3 * np.array(numbers[3:])
        size = accuracy.error_size(theta, error)
        after, before = (nu @ (X @ s - y) ** 2 for s in (theta, theta - error))
        # |a^2 - b^2| <= |a - b| (2 a + |a - b|), and |a - b| is at most size * rtol / 2 * a.
        moved = size * rtol / 2
        assert abs(after - before) <= after * moved * (2 + moved) * (1 + 1e-9)

    check()


def test_floors_are_roundings_of_parameters_and_outputs(problem):
    X, y, nu, start = problem
    accuracy = linear_accuracy(X, y, nu, start, 1e-6)
    # No distance and no residual: a hundred roundings are allowed, of size 2.2e-16.
    floor = 2.22e-14 * np.linalg.norm(start)
    size = accuracy.size(error=floor, distance=0.0, output_error=0.0, residual=0.0)
    assert_allclose(size, 1, rtol=1e-2)
    outputs = np.sqrt(nu @ y**2) + np.sqrt(nu @ (X @ start) ** 2)
    size = accuracy.size(error=0.0, distance=0.0, output_error=2.22e-14 * outputs, residual=0.0)
    assert_allclose(size, 1, rtol=1e-2)


def test_nothing_moves_where_all_is_zero():
    accuracy = linear_accuracy(np.ones((2, 1)), np.zeros(2), None, np.zeros(1), 1e-6)
    assert accuracy.error_size(np.zeros(1), np.zeros(1)) == 0
    assert accuracy.error_size(np.zeros(1), np.full(1, 1e-9)) > 1
