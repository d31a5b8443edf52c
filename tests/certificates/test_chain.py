"""Modules taken apart and put together again, and those that are not."""

import pytest
import torch
from torch import nn

from companion.activations import TANH
from companion.certificates.chain import chain_of
from companion.networks.two_layer import TwoLayerNetwork
from companion.tangent.predictor import Predictor


def inputs(dim=3, n=5):
    return torch.linspace(-1, 1, n * dim, dtype=torch.float64).reshape(n, dim)


def chain_and_outputs(module, X):
    predictor = Predictor(module.double(), X)
    chain = chain_of(predictor)
    return chain, predictor.outputs(predictor.theta_0).double()


@pytest.mark.parametrize(
    "module",
    [
        nn.Linear(3, 2),
        nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1), nn.Flatten(0)),
        nn.Sequential(nn.Sequential(nn.Linear(3, 4), nn.ReLU(inplace=True)), nn.Linear(4, 2)),
        nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 4, bias=False), nn.ELU(), nn.Linear(4, 2)),
        nn.Sequential(nn.Linear(3, 4), nn.Dropout(), nn.GELU(), nn.Identity(), nn.Linear(4, 2)),
    ],
)
def test_the_layers_give_the_outputs_of_the_module(module):
    chain, outputs = chain_and_outputs(module.eval(), inputs())
    *_, (_, _, found) = chain.values()
    # The same sums in another order.
    torch.testing.assert_close(found.reshape(-1), outputs.reshape(-1), rtol=1e-13, atol=1e-14)


def test_images_are_flattened_by_the_module_itself():
    module = nn.Sequential(nn.Flatten(), nn.Linear(6, 4), nn.Tanh(), nn.Linear(4, 1))
    chain, _ = chain_and_outputs(module, inputs(6).reshape(5, 1, 2, 3))
    assert chain.widths == (6, 4, 1)


def test_two_layer_network_keeps_its_factor_and_what_is_frozen():
    W, a = torch.ones(4, 3).double(), torch.arange(4.0).double()
    network = TwoLayerNetwork(W, a, activation=TANH)
    network.W.requires_grad_(False)
    chain, _ = chain_and_outputs(network, inputs())
    inner, outer = chain.layers
    assert (inner.scale, outer.scale) == (1.0, 0.5)
    assert (inner.trained, outer.trained) == (False, True)
    assert chain.widths == (3, 4, 1)
    assert [one.name for one in chain.activations] == ["tanh"]


class Own(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 2)

    def forward(self, X):
        return torch.tanh(self.layer(X))


def tied():
    first = nn.Linear(3, 3)
    return nn.Sequential(first, nn.Tanh(), first)


def hooked():
    module = nn.Sequential(nn.Linear(3, 2), nn.Tanh(), nn.Linear(2, 1))
    module[0].register_forward_hook(lambda layer, args, out: 2 * out)
    return module


def parametrised():
    layer = nn.utils.parametrizations.weight_norm(nn.Linear(3, 2))
    return nn.Sequential(layer, nn.Tanh(), nn.Linear(2, 1))


@pytest.mark.parametrize(
    "module",
    [
        Own(),
        tied(),
        hooked(),
        parametrised(),
        nn.Sequential(nn.Tanh(), nn.Linear(3, 1)),
        nn.Sequential(nn.Linear(3, 1), nn.Tanh()),
        nn.Sequential(nn.Linear(3, 2), nn.PReLU(), nn.Linear(2, 1)),
        nn.Sequential(nn.Linear(3, 2), nn.LayerNorm(2), nn.Linear(2, 1)),
    ],
    ids=["own", "tied", "hooked", "parametrised", "first", "last", "prelu", "norm"],
)
def test_other_modules_are_not_taken_apart(module):
    chain, _ = chain_and_outputs(module, inputs())
    assert chain is None


def test_structured_inputs_are_not_taken_apart():
    module = nn.Linear(3, 1).double()
    predictor = Predictor(module, {"x": inputs()}, call=lambda m, X: m(X["x"]))
    assert chain_of(predictor) is None
    sequences = Predictor(module, torch.zeros(2, 4, 3).double())
    assert chain_of(sequences) is None


def patched(layer):
    layer.forward = type(layer).forward.__get__(layer)
    return layer


def scaled(layer):
    layer.factor = nn.Parameter(torch.ones(()).double())
    layer.register_forward_hook(lambda layer, _, outputs: layer.factor * outputs)
    return layer


@pytest.mark.parametrize("change", [patched, scaled])
@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_layers_that_may_do_more_than_their_class_are_not_taken_apart(change, place):
    module = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1), nn.Flatten()).double()
    change(module[place])
    assert chain_and_outputs(module.eval(), inputs())[0] is None


def test_two_layer_network_with_a_tied_bias_is_not_taken_apart():
    network = TwoLayerNetwork(
        torch.ones(4, 3).double(),
        torch.ones(4).double(),
        activation=TANH,
        bias=torch.ones(4).double(),
    )
    network.bias = network.a
    assert chain_and_outputs(network, inputs())[0] is None
