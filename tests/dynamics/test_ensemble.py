"""Many runs at once are the runs one by one."""

import dataclasses

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn

from companion.activations import GAUSSIAN_BUMP, TANH
from companion.dynamics import ensemble
from companion.dynamics.ensemble import gradient_descent_ensemble
from companion.dynamics.failures import Diverged
from companion.dynamics.gradient_descent import gradient_descent
from companion.networks.two_layer import TwoLayerNetwork
from strangers import NAMES, stranger

FIELDS = ("t", "loss", "residual", "dissipation_rate", "distance", "distance_by_parameter")


def seeds_of(name, count=3):
    """Copies of a stranger with perturbed parameters."""
    generator = torch.Generator().manual_seed(7)
    modules = []
    for _ in range(count):
        module, X = stranger(name)
        for parameter in module.parameters():
            noise = torch.randn(parameter.shape, generator=generator, dtype=parameter.dtype)
            parameter.data += 0.1 * noise
        modules.append(module)
    return modules, X


def assert_same(runs, modules, X, y, **options):
    assert len(runs) == len(modules)
    for run, module in zip(runs, modules, strict=True):
        single = gradient_descent(module, X, y, **options)
        for field in FIELDS:
            # Sums in another order: a few roundings in each of some tens of contracting steps.
            assert_allclose(getattr(run, field), getattr(single, field), rtol=1e-12, atol=1e-14)
        if single.neuron_distance is not None:
            assert_allclose(run.neuron_distance, single.neuron_distance, rtol=1e-12)
        for name, values in single.parameters.items():
            assert_allclose(run.parameters[name], values, rtol=1e-12, atol=1e-14)
        assert run.method == single.method


@pytest.mark.parametrize("activation", [TANH, torch.relu, GAUSSIAN_BUMP])
@pytest.mark.parametrize("bias", [False, True])
def test_two_layer_networks_are_trained_as_one_by_one(activation, bias, rng, monkeypatch):
    # By hand for the first two, vectorised for the third; five seeds in groups of two.
    modules = [
        TwoLayerNetwork(
            rng.standard_normal((6, 3)),
            rng.standard_normal(6),
            activation=activation,
            bias=rng.standard_normal(6) if bias else None,
        )
        for _ in range(5)
    ]
    X, y, nu = rng.standard_normal((7, 3)), rng.standard_normal(7), rng.random(7)
    monkeypatch.setattr(ensemble, "CACHE", 2 * 7 * 6 * 8)
    options = {"nu": nu, "learning_rate": 0.05, "num_steps": 40}
    runs = gradient_descent_ensemble(modules, X, y, **options)
    assert_same(runs, modules, X, y, **options)
    assert runs[0].loss[-1] < runs[0].loss[0]


@pytest.mark.parametrize("name", NAMES)
def test_strangers_are_trained_as_one_by_one(name):
    modules, X = seeds_of(name)
    y = torch.ones_like(modules[0](X)).detach()
    options = {"learning_rate": 0.02, "num_steps": 6, "record_at": [0, 2, 6]}
    before = {key: value.clone() for key, value in modules[1].state_dict().items()}
    assert_same(gradient_descent_ensemble(modules, X, y, **options), modules, X, y, **options)
    assert all(torch.equal(before[k], v) for k, v in modules[1].state_dict().items())


def test_networks_that_fill_the_cache_are_followed_alone(monkeypatch):
    modules, X = seeds_of("perceptron")
    y = torch.ones(5, 2, dtype=torch.float64)
    monkeypatch.setattr(ensemble, "CACHE", 1)
    options = {"learning_rate": 0.02, "num_steps": 6}
    assert_same(gradient_descent_ensemble(modules, X, y, **options), modules, X, y, **options)


def test_structured_inputs_go_through_a_call():
    modules, X = seeds_of("perceptron")
    y = torch.ones(5, 2, dtype=torch.float64)
    options = {"learning_rate": 0.02, "num_steps": 6}
    runs = gradient_descent_ensemble(
        modules, {"data": X}, y, call=lambda m, X: m(X["data"]), **options
    )
    assert_same(runs, modules, X, y, **options)


def test_single_precision_stays_single_precision():
    modules = [seeds_of("perceptron")[0][k].float() for k in range(3)]
    X, y = torch.randn(5, 3, generator=torch.Generator().manual_seed(0)), torch.ones(5, 2)
    options = {"learning_rate": 0.02, "num_steps": 6}
    runs = gradient_descent_ensemble(modules, X, y, **options)
    single = gradient_descent(modules[1], X, y, **options)
    assert_allclose(runs[1].loss, single.loss, rtol=1e-5)  # six steps of roundings of 1e-7
    weights = runs[1].parameters["0.weight"]
    assert (weights == weights.astype(np.float32)).all()


def test_the_last_step_is_reached_without_a_record_of_it():
    modules, X = seeds_of("perceptron")
    y = torch.ones(5, 2, dtype=torch.float64)
    options = {"learning_rate": 0.02, "t_end": 0.12}
    runs = gradient_descent_ensemble(modules, X, y, record_at=[0], **options)
    whole = gradient_descent_ensemble(modules, X, y, **options)
    assert len(runs[0].t) == 1
    for name, values in runs[2].parameters.items():
        assert_allclose(values, whole[2].parameters[name], rtol=0, atol=0)


# Where it must stop or refuse --------------------------------------------------------------


class Scaled(nn.Module):
    """A linear model whose rate is the square of a buffer."""

    def __init__(self, scale):
        super().__init__()
        self.register_buffer("scale", torch.tensor(scale, dtype=torch.float64))
        self.theta = nn.Parameter(torch.ones(2, dtype=torch.float64))

    def forward(self, X):
        return self.scale * (X @ self.theta)


@pytest.mark.parametrize(("record_at", "records"), [(None, 3), ([0], 1)])
def test_a_diverging_module_is_named_with_its_records(record_at, records):
    # On the identity every residual is multiplied by 1 - 0.01 scale^2: -999 for the third.
    modules = [Scaled(1.0), Scaled(3.0), Scaled(np.sqrt(1e5))]
    options = {"learning_rate": 0.01, "num_steps": 20, "record_at": record_at}
    with pytest.raises(Diverged, match="residual of module 2 has the square") as diverged:
        gradient_descent_ensemble(modules, np.eye(2), np.zeros(2), **options)
    partial = diverged.value.trajectory
    assert len(partial.t) == records
    assert_allclose(partial.loss, 1e5 * 999.0 ** (2 * np.arange(records)), rtol=1e-10)
    runs = gradient_descent_ensemble(modules[:2], np.eye(2), np.zeros(2), **options)
    assert_allclose(runs[1].parameters["theta"], 0.91**20, rtol=1e-12)


def test_modules_of_another_kind_are_named(rng):
    X, y = rng.standard_normal((4, 2)), rng.standard_normal(4)
    first = TwoLayerNetwork(np.ones((3, 2)), np.ones(3), activation=torch.tanh)
    wider = TwoLayerNetwork(np.ones((4, 2)), np.ones(4), activation=torch.tanh)
    other = TwoLayerNetwork(np.ones((3, 2)), np.ones(3), activation=torch.sigmoid)
    frozen = TwoLayerNetwork(np.ones((3, 2)), np.ones(3), activation=torch.tanh)
    frozen.a.requires_grad_(False)
    options = {"learning_rate": 0.1, "num_steps": 2}
    for odd in (wider, other, frozen):
        with pytest.raises(ValueError, match="module 2 differs from module 0 in something else"):
            gradient_descent_ensemble([first, first, odd], X, y, **options)
    with pytest.raises(ValueError, match="`modules` must hold at least one module; got none"):
        gradient_descent_ensemble([], X, y, **options)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"learning_rate": -1.0}, "`learning_rate` must be positive and finite; got -1.0"),
        ({"num_steps": None}, "one of `num_steps` and `t_end` must be given"),
        ({"record_at": [3]}, "`record_at` must increase between 0 and 2; got 3"),
        ({"nu": np.ones(3)}, r"`nu` must have shape \(4,\)"),
    ],
)
def test_wrong_input_is_refused(changes, message):
    module = TwoLayerNetwork(np.ones((3, 2)), np.ones(3), activation=torch.tanh)
    options = {"learning_rate": 0.1, "num_steps": 2, **changes}
    with pytest.raises(ValueError, match=message):
        gradient_descent_ensemble([module], np.ones((4, 2)), np.ones(4), **options)


def test_the_fields_compared_are_all_there_are():
    # Whatever is recorded of one run must be compared above, or be about the run as a whole.
    known = {*FIELDS, "neuron_distance", "parameters", "nu", "method"}
    optional = {"lambda_min", "lambda_max", "kernel_drift", "path", "method_reason", "stopped_by"}
    counts = {"num_gradients", "num_grams"}
    fields = {field.name for field in dataclasses.fields(ensemble.Trajectory)}
    assert fields == known | optional | counts


class Sliced(nn.Module):
    """A scalar parameter, and pieces of parameters in functional calls."""

    def __init__(self):
        super().__init__()
        self.W, self.b = nn.Parameter(torch.randn(4, 3)), nn.Parameter(torch.randn(4))
        self.scale = nn.Parameter(torch.tensor(1.5))

    def forward(self, X):
        return torch.tanh(nn.functional.linear(X, self.W[:2] * self.scale, self.b[2:4]))


def twice():
    layer = nn.Linear(3, 3)
    return nn.Sequential(layer, nn.Tanh(), layer, nn.Tanh(), nn.Linear(3, 2))


@pytest.mark.parametrize("make", [twice, Sliced])
def test_layers_used_twice_and_pieces_of_parameters_are_trained_as_one_by_one(make):
    torch.manual_seed(3)
    modules = [make().double() for _ in range(3)]
    X, y = torch.randn(5, 3).double(), torch.ones(5, 2).double()
    options = {"learning_rate": 0.02, "num_steps": 6}
    assert_same(gradient_descent_ensemble(modules, X, y, **options), modules, X, y, **options)
