"""Which way each parameter goes, and that wrong factors never pass."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from companion.tangent import recording
from companion.tangent.layers import Written
from companion.tangent.predictor import Predictor
from companion.tangent.recording import recorded_layers
from companion.tangent.uses import read_graph
from strangers import rows_by_autograd, stranger


def layers_of(module, X, rows=None, call=None):
    predictor = Predictor(module, X, call=call)
    outputs = predictor.recorded_outputs()
    layers = recorded_layers(predictor, outputs, rows or (0, predictor.num_rows))
    return predictor, {index: layer for layer in layers for index in layer.indices}


def assert_right(module, X, predictor, layers, rows=slice(None)):
    J = torch.split(
        rows_by_autograd(module, X)[rows], [s.numel() for s in predictor.shapes], dim=1
    )
    for index, expected in enumerate(J):
        if index in layers:
            # Sums of at most a hundred products of numbers of order one, in another order.
            found = layers[index].written(index)
            torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)
        else:
            assert not expected.any()


# Name -> groups of each parameter: 5 for single samples, 1 for coupled ones, 0 for written rows.
ROUTES = {
    "perceptron": [5, 5, 5, 5],
    "coupled samples": [1, 1],
    "recurrent": [5, 5, 5, 5],
    "attention": [5] * 12,
    "normed recursion": [5, 5, 0, 0, 5, 5, 5, 5, 5],
    "operator network": [1, 1, 0, 5],
}


@pytest.mark.parametrize("name", ROUTES)
def test_each_parameter_goes_the_cheapest_right_way(name):
    module, X = stranger(name)
    predictor, layers = layers_of(module, X)
    routes = [
        0 if isinstance(layers[index], Written) else layers[index].num_groups
        for index in range(len(predictor.names))
    ]
    assert routes == ROUTES[name]
    assert_right(module, X, predictor, layers)


def test_positions_may_come_before_samples():
    class Turned(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(3, 2)

        def forward(self, X):  # (n, t, d), worked on as (t, n, d)
            return torch.tanh(self.layer(X.transpose(0, 1))).sum(0)

    module, X = Turned().double(), torch.randn(5, 4, 3, dtype=torch.float64)
    predictor, layers = layers_of(module, X)
    assert layers[0].num_groups == 5
    assert_right(module, X, predictor, layers)


@pytest.mark.parametrize("name", ["perceptron", "coupled samples", "operator network"])
def test_some_rows_are_those_of_all(name):
    module, X = stranger(name)
    outputs = module(X)[0].numel()
    rows = (outputs, 3 * outputs)
    predictor, layers = layers_of(module, X, rows)
    assert_right(module, X, predictor, layers, slice(*rows))


def test_wrong_factors_are_found_and_replaced(monkeypatch):
    # A rule that is off by one per cent, as an error in a table of rules would be.
    honest = recording.read_graph

    def dishonest(outputs, parameters):
        reading = honest(outputs, parameters)
        uses = [
            found and [use._replace(A=1.01 * use.A) for use in found] for found in reading.uses
        ]
        return type(reading)(uses, reading.structure, reading.rowwise)

    monkeypatch.setattr(recording, "read_graph", dishonest)
    module, X = stranger("perceptron")
    predictor, layers = layers_of(module, X)
    assert all(isinstance(layer, Written) for layer in layers.values())
    assert_right(module, X, predictor, layers)
    assert not predictor.proved_structures


def test_a_proof_is_kept_only_where_the_operations_repeat_it():
    module, X = stranger("perceptron")
    predictor, _ = layers_of(module, X)
    assert len(predictor.proved_structures) == 1
    for name in ("coupled samples", "attention", "operator network"):
        assert not layers_of(*stranger(name))[0].proved_structures


def test_coupling_that_is_zero_here_is_found_elsewhere():
    # At g = 0 samples do not see each other; for other g they do.
    class Mixing(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(3, 2)
            self.g = nn.Parameter(torch.zeros(()))

        def forward(self, X):
            hidden = torch.tanh(self.layer(X))
            return hidden + self.g * (hidden - hidden.mean(0))

    module, X = Mixing().double(), torch.randn(5, 3, dtype=torch.float64)
    predictor, layers = layers_of(module, X)
    assert_right(module, X, predictor, layers)
    with torch.no_grad():
        module.g.fill_(0.5)
    predictor.set(torch.cat([p.detach().flatten() for p in module.parameters()]))
    outputs = predictor.recorded_outputs()
    again = recorded_layers(predictor, outputs, (0, predictor.num_rows))
    assert_right(module, X, predictor, {i: layer for layer in again for i in layer.indices})


def test_samples_are_coupled_by_the_statistics_of_a_batch():
    module = nn.Sequential(
        nn.Linear(3, 4), nn.BatchNorm1d(4, track_running_stats=False), nn.Tanh(), nn.Linear(4, 1)
    )
    module, X = module.double().eval(), torch.randn(6, 3, dtype=torch.float64)
    predictor, layers = layers_of(module, X)
    assert layers[0].num_groups == 1
    assert_right(module, X, predictor, layers)


def test_outputs_without_parameters_have_no_layers():
    class Unused(nn.Linear):
        def forward(self, X):
            return X.sum(1)

    X = torch.ones(3, 2, dtype=torch.float64)
    assert layers_of(Unused(2, 1).double(), X)[1] == {}


def test_a_parameter_that_the_graph_hides_is_not_left_out(monkeypatch):
    module, X = stranger("perceptron")

    def short_sighted(outputs, parameters):
        reading = read_graph(outputs, parameters)
        return replace(reading, uses=[[], *reading.uses[1:]], rowwise=False)

    monkeypatch.setattr(recording, "read_graph", short_sighted)
    predictor, layers = layers_of(module, X)
    assert isinstance(layers[0], Written)
    assert_right(module, X, predictor, layers)
