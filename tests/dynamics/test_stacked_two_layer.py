"""Hand-written gradients of stacked networks against automatic differentiation of each."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from companion.activations import GAUSSIAN_BUMP, RELU, SIGMOID, TANH
from companion.dynamics.objective import Objective
from companion.dynamics.stacked_two_layer import StackedTwoLayer
from companion.networks.two_layer import TwoLayerNetwork


def networks(rng, activation, *, count=3, bias=False, exponent=0.5):
    return [
        TwoLayerNetwork(
            rng.standard_normal((4, 2)),
            rng.standard_normal(4),
            activation=activation,
            bias=rng.standard_normal(4) if bias else None,
            exponent=exponent,
        )
        for _ in range(count)
    ]


@pytest.mark.parametrize(
    "activation", [torch.tanh, TANH, torch.sigmoid, SIGMOID, torch.relu, RELU]
)
@pytest.mark.parametrize(
    ("bias", "frozen", "exponent"),
    [(False, (), 0.5), (True, (), 1), (False, ("a",), 0.5), (True, ("W", "bias"), 1)],
)
def test_residuals_and_gradients_are_those_of_each(activation, bias, frozen, exponent, rng):
    modules = networks(rng, activation, bias=bias, exponent=exponent)
    X, y, nu = rng.standard_normal((5, 2)), rng.standard_normal(5), rng.random(5)
    for module in modules:
        for name in frozen:
            getattr(module, name).requires_grad_(False)
    objectives = [Objective(module, X, y, nu) for module in modules]
    assert StackedTwoLayer.takes(objectives)
    stacked = StackedTwoLayer(objectives)
    names = [name for name, _ in modules[0].named_parameters()]
    parameters = {n: torch.stack([getattr(m, n).detach() for m in modules]) for n in names}
    residual, gradients = stacked.residuals_and_gradients(parameters)
    assert set(gradients) == set(names) - set(frozen)
    for index, module in enumerate(modules):
        r = module(torch.from_numpy(X)) - torch.from_numpy(y)
        assert_allclose(residual[index], r.detach(), rtol=0, atol=1e-14)
        ((torch.from_numpy(nu) * r**2).sum() / 2).backward()
        for name, gradient in gradients.items():
            expected = getattr(module, name).grad
            assert_allclose(gradient[index], expected, rtol=0, atol=1e-14)


def test_what_it_does_not_know_it_leaves_alone(rng):
    X, y = rng.standard_normal((5, 2)), rng.standard_normal(5)

    def takes(modules, **options):
        return StackedTwoLayer.takes([Objective(m, X, y, **options) for m in modules])

    assert takes(networks(rng, TANH))
    assert not takes(networks(rng, GAUSSIAN_BUMP))
    assert not takes(networks(rng, TANH), call=lambda m, X: m(torch.as_tensor(X)))
    half_frozen = networks(rng, TANH, bias=True)
    for module in half_frozen:
        module.bias.requires_grad_(False)
    assert not takes(half_frozen)
    assert not takes([torch.nn.Sequential(m) for m in networks(rng, TANH)])
    sizes = StackedTwoLayer([Objective(m, X, y) for m in networks(rng, TANH)]).bytes_per_seed
    assert sizes == 5 * 4 * 8


def test_parameters_are_not_written_to(rng):
    modules = networks(rng, TANH)
    X, y = rng.standard_normal((5, 2)), np.zeros(5)
    stacked = StackedTwoLayer([Objective(m, X, y) for m in modules])
    parameters = {
        "W": torch.stack([m.W.detach() for m in modules]),
        "a": torch.stack([m.a.detach() for m in modules]),
    }
    before = {name: values.clone() for name, values in parameters.items()}
    first, _ = stacked.residuals_and_gradients(parameters)
    second, _ = stacked.residuals_and_gradients(parameters)
    assert all(torch.equal(before[name], values) for name, values in parameters.items())
    assert torch.equal(first, second)
