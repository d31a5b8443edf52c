"""Constants and symmetries of activations against their graphs on a fine grid."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from companion.activations import GAUSSIAN_BUMP, RELU, SHIFTED_SIGMOID, SIGMOID, TANH
from companion.certificates.activation_facts import IDENTITY, activation_facts

MODULES = [
    nn.Identity(),
    nn.ReLU(),
    nn.LeakyReLU(0.1),
    nn.LeakyReLU(-0.5),
    nn.LeakyReLU(-1.0),
    nn.LeakyReLU(2.0),
    nn.Sigmoid(),
    nn.Tanh(),
    nn.GELU(),
    nn.SiLU(),
    nn.Softplus(),
    nn.Softplus(beta=3.0),
    nn.ELU(),
    nn.ELU(0.5),
    nn.CELU(2.0),
    nn.Hardtanh(),
    nn.ReLU6(),
    nn.Softsign(),
    SIGMOID,
    SHIFTED_SIGMOID,
    TANH,
    RELU,
    GAUSSIAN_BUMP,
]
GRID = torch.linspace(-12, 12, 240_001, dtype=torch.float64)  # step 1e-4
AWAY = 3e-4  # from a kink, on this grid


def derivatives(activation):
    z = GRID.clone().requires_grad_()
    value = activation(z * 1.0)
    (slope,) = torch.autograd.grad(value.sum(), z, create_graph=True)
    if not slope.requires_grad:
        return value.detach(), slope, torch.zeros_like(slope)
    (bend,) = torch.autograd.grad(slope.sum(), z)
    return value.detach(), slope.detach(), bend


def name_of(one):
    return repr(one) if isinstance(one, nn.Module) else one.name


@pytest.mark.parametrize("activation", MODULES, ids=name_of)
def test_suprema_are_those_of_the_graph(activation):
    facts = activation_facts(activation)
    value, slope, bend = derivatives(activation)
    away = torch.ones_like(GRID, dtype=torch.bool)
    for kink in facts.kinks:
        away &= (GRID - kink).abs() > AWAY
    # Rounded up in the seventh digit, and attained on the grid or in its limits up to 1e-3.
    assert float(slope.abs().max()) <= facts.lipschitz * (1 + 1e-7)
    assert float(slope.abs().max()) >= facts.lipschitz * 0.999
    if facts.bound < math.inf:
        assert 0.9 * facts.bound < float(value.abs().max()) <= facts.bound
    else:
        assert float(value.abs().max()) > 5
    if facts.derivative_lipschitz < math.inf:
        assert float(bend.abs().max()) <= facts.derivative_lipschitz * (1 + 1e-7)
        assert float(bend.abs().max()) >= facts.derivative_lipschitz * 0.999
    else:
        assert facts.kinks
    if facts.piecewise_linear:
        assert float(bend[away].abs().max()) == 0


@pytest.mark.parametrize("activation", MODULES, ids=name_of)
def test_symmetries_are_those_of_the_graph(activation):
    facts = activation_facts(activation)
    value = activation(GRID.clone())
    mirrored = value.flip(0)  # the grid is symmetric about zero
    assert facts.nonnegative == bool((value >= 0).all())
    assert facts.positive_at_zero == bool(value[120_000] > 1e-9)
    sums = value + mirrored
    constant = float((sums - sums[0]).abs().max()) < 1e-12
    assert (facts.centre is not None) == constant
    if facts.centre is not None:
        assert float(sums[0]) == pytest.approx(2 * facts.centre, abs=1e-12)
    assert facts.even == (float((value - mirrored).abs().max()) < 1e-12)
    stretched = activation(2 * GRID)
    homogeneous = float((stretched - 2 * value).abs().max()) < 1e-12
    assert facts.homogeneous == homogeneous


@pytest.mark.parametrize("activation", MODULES, ids=name_of)
def test_kinks_are_where_the_slope_jumps(activation):
    facts = activation_facts(activation)
    _, slope, _ = derivatives(activation)
    jumps = GRID[:-1][(slope.diff().abs() > 0.05)]
    for kink in facts.kinks:
        assert float((jumps - kink).abs().min()) <= AWAY
    for jump in jumps.tolist():
        assert min(abs(jump - kink) for kink in facts.kinks) <= AWAY
    assert (facts.continuous_derivatives == 0) == bool(len(jumps))


@pytest.mark.parametrize(
    ("function", "module"),
    [(torch.tanh, nn.Tanh()), (F.relu, nn.ReLU()), (F.gelu, nn.GELU()), (torch.sigmoid, SIGMOID)],
)
def test_functions_have_the_facts_of_their_modules(function, module):
    found, expected = activation_facts(function), activation_facts(module)
    assert found.lipschitz == pytest.approx(expected.lipschitz)
    assert found.derivative_lipschitz == pytest.approx(expected.derivative_lipschitz, rel=1e-6)


def test_what_is_not_known_is_not_guessed():
    class MyTanh(nn.Tanh):
        def forward(self, z):
            return 2 * super().forward(z)

    watched = nn.Tanh()
    watched.register_forward_hook(lambda *_: None)
    for unknown in (
        MyTanh(),
        watched,
        nn.PReLU(),
        nn.GELU(approximate="tanh"),
        nn.Linear(2, 2),
        lambda z: z,
        [],
    ):
        assert activation_facts(unknown) is None


def test_facts_are_told_in_a_few_words():
    assert activation_facts(nn.ReLU()).summary == (
        "unbounded, |sigma'| <= 1, kinks at 0, non-negative, homogeneous"
    )
    assert activation_facts(nn.Sigmoid()).summary == (
        "|sigma| <= 1, |sigma'| <= 0.25, analytic, non-negative, a constant plus an odd function"
    )
    assert "1 continuous derivative," in activation_facts(nn.ELU()).summary + ","


def test_a_leaky_unit_of_slope_one_is_the_identity():
    assert activation_facts(nn.LeakyReLU(1.0)) is IDENTITY


@pytest.mark.parametrize(
    "layer", [nn.Softplus(threshold=0.5), nn.Softplus(beta=-1.0), nn.Softplus(beta=0.0)]
)
def test_softplus_with_a_jump_or_a_sign_is_unknown(layer):
    assert activation_facts(layer) is None


def test_a_forward_or_a_hook_of_its_own_makes_a_layer_unknown():
    patched, watched = nn.Tanh(), nn.Tanh()
    patched.forward = torch.sin
    watched.register_full_backward_hook(lambda *_: None)
    assert activation_facts(patched) is None and activation_facts(watched) is None
