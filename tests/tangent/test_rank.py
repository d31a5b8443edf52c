"""Rank bounds against ranks of Jacobians, and against counts known by hand."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from companion.activations import RELU, TANH
from companion.networks.two_layer import TwoLayerNetwork
from companion.tangent.rank import rank_bound


def layers(widths, activation, seed, bias=True):
    generator = torch.Generator().manual_seed(seed)
    parts = []
    for before, after in pairwise(widths):
        parts += [nn.Linear(before, after, bias=bias), activation()]
    module = nn.Sequential(*parts[:-1]).double()
    for parameter in module.parameters():
        nn.init.normal_(parameter, generator=generator)
    return module


def inputs(num_samples, input_dim, seed):
    generator = torch.Generator().manual_seed(seed + 1)
    return torch.randn(num_samples, input_dim, generator=generator, dtype=torch.float64)


def explicit_rank(module, X):
    """Singular values above 1e-10 of the first: rounding is at 1e-15, so no zero is counted."""
    parameters = [p for p in module.parameters() if p.requires_grad]
    rows = [
        torch.cat([part.reshape(-1) for part in row])
        for output in module(X).reshape(-1)
        for row in [
            torch.autograd.grad(output, parameters, retain_graph=True, materialize_grads=True)
        ]
    ]
    values = torch.linalg.svdvals(torch.stack(rows))
    return int((values > 1e-10 * values[0]).sum())


def leaky():
    return nn.LeakyReLU(0.3)


ACTIVATIONS = {"tanh": nn.Tanh, "leaky": leaky, "relu": nn.ReLU, "none": nn.Identity}

# Exact values ------------------------------------------------------------------------------


def test_counts_by_hand():
    # 4-6-5-6 on 9 samples: P = 30 + 35 + 36 = 101. Cut at 5: 9*5 - 5*6 + 36 = 51; at 6: all nine
    # samples have independent features (6 and a constant), so 9*6 - 6*7 + 35 + 36 = 83.
    found = rank_bound(layers((4, 6, 5, 6), nn.Tanh, 0), inputs(9, 4, 0))
    assert found.recognised
    assert found.num_symmetries == 0
    assert found.counts == {
        "rows": 54,
        "parameters": 101,
        "values of hidden layer 2 and parameters behind it": 51,
        "values of hidden layer 1 and parameters behind it": 83,
        "parameters less symmetries": 101,
    }
    assert (found.bound, found.deciding) == (
        51,
        "values of hidden layer 2 and parameters behind it",
    )


def test_every_neuron_of_a_homogeneous_activation_costs_one():
    # 1-1-1, four parameters, four samples: the determinant vanishes for every theta and X.
    found = rank_bound(layers((1, 1, 1), leaky, 3), inputs(4, 1, 3))
    assert (found.num_symmetries, found.bound) == (1, 3)
    assert found.deciding == "parameters less symmetries"


@pytest.mark.parametrize("seed", range(5))
def test_deep_linear_network(seed):
    # f(x) = A x + c with A of size q x d: rank q (d + 1) = 2 * 4, whatever the 30 neurons.
    module, X = layers((3, 30, 20, 2), nn.Identity, seed), inputs(50, 3, seed)
    assert rank_bound(module, X).bound == explicit_rank(module, X) == 8


@pytest.mark.parametrize(
    ("widths", "num_samples", "tanh", "leaky_bound"),
    [
        ((4, 5, 1), 29, 29, 26),
        ((5, 30, 2, 4), 12, 30, 30),
        ((4, 3, 5, 2, 3), 20, 43, 43),
        ((5, 4, 4, 4, 6), 9, 46, 46),
        ((4, 6, 6, 2, 5), 4, 17, 17),
        ((2, 3, 4, 3, 2), 40, 48, 38),
    ],
)
def test_generic_networks_reach_the_bound(widths, num_samples, tanh, leaky_bound):
    X = inputs(num_samples, widths[0], 0)
    module = layers(widths, nn.Tanh, 0)
    assert rank_bound(module, X).bound == explicit_rank(module, X) == tanh
    assert rank_bound(layers(widths, leaky, 0), X).bound == leaky_bound


# The bound is a bound ----------------------------------------------------------------------


@given(
    widths=st.lists(st.integers(1, 5), min_size=2, max_size=5),
    num_samples=st.integers(1, 12),
    activation=st.sampled_from(sorted(ACTIVATIONS)),
    bias=st.booleans(),
    frozen=st.sets(st.integers(0, 7), max_size=3),
    seed=st.integers(0, 2**20),
)
def test_never_below_the_rank(widths, num_samples, activation, bias, frozen, seed):
    module = layers(widths, ACTIVATIONS[activation], seed, bias)
    parameters = list(module.parameters())
    for index in frozen & set(range(len(parameters) - 1)):
        parameters[index].requires_grad_(False)
    X = inputs(num_samples, widths[0], seed)
    found = rank_bound(module, X)
    assert found.recognised
    assert explicit_rank(module, X) <= found.bound <= found.counts["parameters"]


def test_generic_networks_mostly_reach_it():
    # A count that were one too large would be one too large nearly always; what is missed are
    # singular values below 1e-10, in fewer than one network in ten.
    reached = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        widths = rng.integers(2, 6, rng.integers(2, 5)).tolist()
        module, X = (
            layers(widths, nn.Tanh, seed),
            inputs(int(rng.integers(1, 15)), widths[0], seed),
        )
        reached += rank_bound(module, X).bound == explicit_rank(module, X)
    assert reached >= 54


@pytest.mark.parametrize("outer", [True, False])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("activation", [RELU, TANH, torch.relu], ids=["RELU", "TANH", "relu"])
def test_two_layer_network(activation, bias, outer, rng):
    W, a = rng.standard_normal((6, 3)), rng.standard_normal(6)
    module = TwoLayerNetwork(
        W, a, activation=activation, bias=rng.standard_normal(6) if bias else None
    )
    module.a.requires_grad_(outer)
    X = inputs(300, 3, 0)  # enough for every neuron to be awake on a few
    found = rank_bound(module, X)
    assert found.recognised
    assert found.num_symmetries == (6 if outer and activation is not TANH else 0)
    assert found.bound == explicit_rank(module, X)


# Where general formulas fail ---------------------------------------------------------------


def test_dead_neurons_are_seen():
    module = layers((3, 8, 8, 2), nn.ReLU, 1)
    with torch.no_grad():
        module[0].bias.fill_(-100.0)  # no sample wakes the first layer
    X = inputs(30, 3, 1)
    assert rank_bound(module, X).bound == explicit_rank(module, X) == 2


def test_leaky_neurons_of_one_sign_are_linear():
    module, X = layers((2, 6, 1), leaky, 4), inputs(20, 2, 4)
    with torch.no_grad():
        module[0].bias.fill_(100.0)
    assert rank_bound(module, X).bound == explicit_rank(module, X) == 3


def test_small_singular_values_of_features_err_on_the_safe_side():
    # At this scale tanh is nearly linear: features have singular values of every size down to
    # rounding, and neither count of them may be trusted.
    module, X = layers((2, 12, 3), nn.Tanh, 5), inputs(30, 2, 5)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.mul_(1e-2)
    assert explicit_rank(module, X) <= rank_bound(module, X).bound


@pytest.mark.parametrize(
    ("module", "rows", "parameters"),
    [
        (nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4), nn.Linear(4, 1)), 50, 20 + 8 + 5),
        (nn.Sequential(*[nn.Linear(4, 4)] * 2), 200, 20),
        (nn.Sequential(nn.Linear(4, 3), nn.PReLU(), nn.Linear(3, 1)), 50, 15 + 1 + 4),
        (nn.ModuleList([nn.Linear(4, 2)]), 100, 10),
    ],
    ids=["parameters between", "tied", "trainable slope", "an explicit call"],
)
def test_what_is_not_understood_is_counted_and_said(module, rows, parameters):
    call = (lambda m, X: m[0](X)) if isinstance(module, nn.ModuleList) else None
    found = rank_bound(module.double(), inputs(50, 4, 0), call=call)
    assert not found.recognised
    assert found.counts == {"rows": rows, "parameters": parameters}


def test_the_module_is_left_alone():
    module = nn.Sequential(nn.Linear(3, 5), nn.LeakyReLU(inplace=True), nn.Linear(5, 1)).double()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    X = inputs(10, 3, 0)
    copy = X.clone()
    assert rank_bound(module, X).num_symmetries == 5
    assert torch.equal(X, copy)
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())


@pytest.mark.parametrize("activation", [nn.ReLU, nn.LeakyReLU])
def test_values_that_vanish_do_not_make_a_kink_linear(activation):
    # With bias 0 the inputs 0, 1, 2 give z = 0, 1, 2 = sigma(z): equal to the identity's values,
    # but not its slopes, which differ on the two sides of zero and make the rank three.
    module = nn.Sequential(nn.Linear(1, 1), activation(), nn.Linear(1, 1)).double()
    for parameter, value in zip(module.parameters(), (1.0, 0.0, 1.0, 0.0), strict=True):
        nn.init.constant_(parameter, value)
    X = torch.tensor([[0.0], [1.0], [2.0]], dtype=torch.float64)
    assert rank_bound(module, X).bound >= explicit_rank(module, X) == 3
