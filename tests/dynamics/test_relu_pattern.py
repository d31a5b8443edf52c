"""Sides of kinks: what is active, where neurons slide, and how a neuron settles."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from companion.dynamics.objective import Objective
from companion.dynamics.relu_pattern import Pattern
from companion.dynamics.relu_problem import ReluProblem
from companion.networks.two_layer import TwoLayerNetwork


def pattern_of(W, a, X, bias=None):
    arrays = [None if one is None else np.array(one, float) for one in (W, a, bias)]
    module = TwoLayerNetwork(arrays[0], arrays[1], bias=arrays[2], activation=torch.relu)
    X = np.array(X, float)
    problem = ReluProblem(Objective(module, X, np.zeros(len(X))))
    return problem, Pattern(problem)


def projected(pattern, velocities):
    moved = np.array(velocities, float)
    pattern.sliding.project(moved)
    return moved


def test_active_neurons_are_those_with_positive_preactivations(rng):
    W, a, X = rng.standard_normal((5, 3)), rng.standard_normal(5), rng.standard_normal((7, 3))
    _, pattern = pattern_of(W, a, X)
    on = W @ X.T > 0
    assert_array_equal(pattern.active, on)
    assert_array_equal(pattern.side, np.where(on, 1, -1))


@pytest.mark.parametrize("outer", [1.0, -1.0])
@pytest.mark.parametrize("pull", [1.0, -1.0])
def test_a_crossed_kink_slides_only_in_a_valley(outer, pull):
    # Samples e_1 and e_1 + e_2; the neuron arrives at z_0 = 0 from above. It is a valley if
    # a c_0 > 0; then it holds if the other sample pulls outwards by less than that.
    problem, pattern = pattern_of([[1e-14, 1.0]], [outer], [[1.0, 0.0], [1.0, 1.0]])
    W, a = problem.W.copy(), problem.a
    pattern.side[:] = 1
    pattern.settle(0, W, a, np.array([2.0 * pull, -pull]), kink=0)
    assert pattern.side[0, 0] == (0 if outer * pull > 0 else -1)
    if outer * pull > 0:
        assert W[0, 0] == 0.0
        assert_allclose(projected(pattern, [[3.0, 4.0]]), [[0.0, 4.0]], atol=1e-15)
        assert pattern.active[0, 0] == 0


def test_a_sliding_neuron_leaves_to_the_side_it_is_told():
    problem, pattern = pattern_of([[0.0, 1.0]], [1.0], [[1.0, 0.0], [1.0, 1.0]])
    W = problem.W.copy()
    pattern.settle_start(W, problem.a, np.array([2.0, -1.0]))
    assert pattern.side[0, 0] == 0
    pattern.settle(0, W, problem.a, np.array([1.0, -1.0]), kink=0, leaves_to=1)
    assert_array_equal(pattern.side[0], [1, 1])
    assert_allclose(projected(pattern, [[3.0, 4.0]]), [[3.0, 4.0]])


def test_weights_return_to_all_kinks_along_which_a_neuron_slides(rng):
    X = rng.standard_normal((2, 4))
    w = rng.standard_normal(4)
    w -= np.linalg.pinv(X) @ (X @ w)
    outwards = rng.standard_normal(4)
    problem, pattern = pattern_of([w + 1e-14 * outwards], [1.0], [*X, -0.5 * X[0] + 0.5 * w])
    # The third sample is on (w . w / 2 > 0) and pulls along -X[0]/2: weight 1/2 holds it there.
    W = problem.W.copy()
    pattern.settle_start(W, problem.a, np.array([1.0, 1.0, 1.0]))
    assert pattern.side[0, 0] == 0
    held = X[pattern.side[0, :2] == 0]
    assert_allclose(held @ W[0], 0.0, rtol=0, atol=1e-15)
    v = rng.standard_normal((1, 4))
    expected = v - v @ np.linalg.pinv(held) @ held
    assert_allclose(projected(pattern, v), expected, rtol=0, atol=1e-14)


def test_the_start_on_a_ridge_is_off():
    _, pattern = pattern_of([[0.0]], [1.0], [[1.0]])
    pattern.settle_start(np.zeros((1, 1)), np.ones(1), np.array([-1.0]))
    assert_array_equal(pattern.side, [[-1]])
