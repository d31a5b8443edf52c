"""Kinks of a two-layer ReLU network and the order of its parameters."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from torch import nn

from companion.activations import RELU, TANH
from companion.dynamics.objective import Objective
from companion.dynamics.relu_problem import ReluProblem, is_two_layer_relu
from companion.networks.two_layer import TwoLayerNetwork


def network(*, bias=True, activation=torch.relu, dtype=torch.float64):
    generator = torch.Generator().manual_seed(0)
    W, a, b = (torch.randn(*s, generator=generator, dtype=dtype) for s in ((4, 2), (4,), (4,)))
    return TwoLayerNetwork(W, a, bias=b if bias else None, activation=activation)


def problem(X, *, module=None, **options):
    module = network(bias=False) if module is None else module
    X = np.array(X, float)
    return ReluProblem(Objective(module, X, np.zeros(len(X)), **options))


@pytest.mark.parametrize(
    ("activation", "expected"),
    [
        (torch.relu, True),
        (nn.functional.relu, True),
        (nn.ReLU(), True),
        (RELU, True),
        (torch.tanh, False),
        (TANH, False),
        (nn.LeakyReLU(), False),
    ],
)
def test_recognises_the_activation(activation, expected):
    assert is_two_layer_relu(network(activation=activation)) is expected


def test_recognises_nothing_else():
    class Doubled(TwoLayerNetwork):
        def forward(self, X):
            return 2 * super().forward(X)

    module = network()
    other = Doubled(module.W, module.a, activation=torch.relu)
    assert not is_two_layer_relu(other)
    assert not is_two_layer_relu(nn.Linear(2, 1))
    hooked = network()
    hooked.register_forward_hook(lambda *_: None)
    assert not is_two_layer_relu(hooked)


def test_a_call_of_its_own_is_refused():
    with pytest.raises(TypeError, match="`method` must fit"):
        problem([[1.0, 2.0]], module=network(), call=lambda m, X: m(torch.from_numpy(X)))


@pytest.mark.parametrize("frozen", [(), ("W",), ("a",), ("bias",), ("W", "a")])
def test_flat_parameters_are_those_of_the_module(frozen):
    module = network()
    for name in frozen:
        getattr(module, name).requires_grad_(False)
    objective = Objective(module, np.ones((3, 2)), np.ones(3))
    found = ReluProblem(objective)
    assert_array_equal(found.flat(found.W, found.a), objective.theta_0)
    batch = np.stack([found.W, 2 * found.W]), np.stack([found.a, 2 * found.a])
    assert_array_equal(found.flat(*batch)[1], 2 * objective.theta_0)


def test_samples_on_a_line_share_a_kink():
    found = problem([[1.0, 2.0], [3.0, 0.0], [-2.0, -4.0], [0.0, 0.0], [0.5, 1.0]])
    assert_array_equal(found.sample, [0, 1])
    assert_array_equal(found.sign, [1, 1, -1, 0, 1])
    assert_array_equal(found.kink[[0, 1, 2, 4]], [0, 1, 0, 0])
    assert_allclose(found.ahead, [[1, 0], [0, 1], [0, 0], [0, 0], [0.5, 0]], rtol=1e-15)
    assert_allclose(found.behind, [[0, 0], [0, 0], [2, 0], [0, 0], [0, 0]], rtol=1e-15)


def test_multiples_differ_where_there_is_a_bias():
    found = problem([[1.0, 2.0], [2.0, 4.0], [1.0, 2.0]], module=network())
    assert_array_equal(found.sample, [0, 1])
    assert_array_equal(found.normals[:, -1], [1, 1])


def test_nearly_parallel_samples_stay_apart():
    # 1e-12 is far above the rounding of a unit vector, and the kinks are two.
    assert len(problem([[1.0, 0.0], [1.0, 1e-12]]).sample) == 2
    rotated = np.array([np.cos(0.3), np.sin(0.3)])
    assert len(problem([rotated, 1e5 / 7 * rotated]).sample) == 1


def test_a_kink_that_no_free_parameter_moves_is_fixed():
    module = network()
    module.bias.requires_grad_(False)
    found = problem([[0.0, 0.0], [1.0, 0.0]], module=module)
    assert_array_equal(found.movable, [False, True])


def test_single_precision_is_read_in_double():
    module = network(dtype=torch.float32)
    found = problem([[1.0, 2.0]], module=module)
    assert found.W.dtype == np.float64
    assert_array_equal(found.W[:, :2], module.W.detach().numpy())
