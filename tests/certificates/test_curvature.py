"""Bounds of the turning of the Jacobian against second derivatives computed in full."""

import math

import pytest
import torch
from torch import nn
from torch.func import functional_call, jacrev

from companion.certificates.chain import chain_of
from companion.certificates.curvature import ChainCurvature, two_layer_curvature
from companion.networks.two_layer import TwoLayerNetwork
from companion.tangent.predictor import Predictor

NETWORKS = {
    "tanh": lambda: nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 1)),
    "no bias, two outputs": lambda: nn.Sequential(
        nn.Linear(3, 4, bias=False), nn.SiLU(), nn.Linear(4, 2)
    ),
    "three layers": lambda: nn.Sequential(
        nn.Linear(3, 4), nn.GELU(), nn.Linear(4, 3), nn.Sigmoid(), nn.Linear(3, 2)
    ),
    "linear": lambda: nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 2, bias=False)),
    "frozen in the middle": lambda: frozen(
        nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 4), nn.ELU(), nn.Linear(4, 1)), 2
    ),
}


def frozen(module, index):
    module[index].requires_grad_(False)
    return module


def made(name, seed=0):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        module = NETWORKS[name]().double()
        X = torch.randn(4, 3, dtype=torch.float64)
        return module, X, torch.rand(4, dtype=torch.float64)


def second_derivatives(predictor, theta, nu):
    """Every second derivative of every weighted output, shape (nq, p, p)."""

    def outputs(flat):
        return functional_call(predictor.module, predictor.split(flat), (predictor.X,)).reshape(-1)

    root = torch.repeat_interleave(nu**0.5, predictor.output_dim)
    return root[:, None, None] * jacrev(jacrev(outputs))(theta)


def largest_turning(D, starts=4, rounds=40):
    """Power iteration for the bilinear form: a lower bound of its norm, close to it."""
    best = 0.0
    for start in range(starts):
        v = torch.randn(D.shape[2], generator=torch.Generator().manual_seed(start)).double()
        for _ in range(rounds):
            _, S, Vh = torch.linalg.svd(D @ (v / v.norm()), full_matrices=False)
            v = Vh[0]
        best = max(best, float(S[0]))
    return best


@pytest.mark.parametrize("name", NETWORKS)
def test_bounds_second_derivatives_everywhere_in_the_ball(name):
    module, X, nu = made(name)
    predictor = Predictor(module, X)
    bound = ChainCurvature(chain_of(predictor), nu)
    assert largest_turning(second_derivatives(predictor, predictor.theta_0, nu)) <= bound(0.0)
    for seed, radius in enumerate((0.1, 1.0, 3.0)):
        u = torch.randn(
            predictor.num_params, generator=torch.Generator().manual_seed(seed)
        ).double()
        theta = predictor.theta_0 + radius * u / u.norm()
        found = largest_turning(second_derivatives(predictor, theta, nu), starts=2)
        assert found <= bound(radius)
        assert bound(radius) >= bound(0.0)


def test_two_layers_by_hand():
    # One neuron, one point: f = a tanh(w x + b). The mixed derivative is tanh'(0) |(x, 1)| = 5,
    # as is X; the pure one a sup|tanh''| 25 on the ball of radius 1 has a <= 3.
    module = nn.Sequential(nn.Linear(2, 1), nn.Tanh(), nn.Linear(1, 1, bias=False)).double()
    with torch.no_grad():
        module[0].weight.zero_()
        module[0].bias.zero_()
        module[2].weight.fill_(2.0)
    X = torch.tensor([[0.0, math.sqrt(24.0)]]).double()
    chain = chain_of(Predictor(module, X))
    C = 3 * 4 / (3 * math.sqrt(3)) * 25
    expected = (C + math.sqrt(C**2 + 4 * 25)) / 2
    # sup|tanh''| is rounded up in its seventh digit.
    found = two_layer_curvature(chain, torch.ones(1).double(), 1.0)
    assert found == pytest.approx(expected, rel=1e-6)


def test_is_nearly_attained_by_relu_away_from_kinks():
    # Without sigma'' the form is the mixed one alone, and Cauchy's inequality is sharp if all
    # gates are open.
    module = nn.Sequential(nn.Linear(3, 2), nn.ReLU(), nn.Linear(2, 1)).double()
    with torch.no_grad():
        module[0].bias.fill_(10.0)
    X = torch.randn(4, 3, generator=torch.Generator().manual_seed(0)).double()
    nu = torch.ones(4).double()
    predictor = Predictor(module, X)
    bound = ChainCurvature(chain_of(predictor), nu)
    exact = largest_turning(second_derivatives(predictor, predictor.theta_0, nu))
    assert bound(0.1) == pytest.approx(exact, rel=1e-6)
    assert bound(100.0) == math.inf  # far enough to close a gate


@pytest.mark.parametrize(
    "module",
    [
        nn.Linear(3, 2),
        frozen(nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1)), 0),
        frozen(nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 1)), 1),
    ],
)
def test_linear_models_do_not_turn(module):
    X = torch.ones(2, 3).double()
    bound = ChainCurvature(chain_of(Predictor(module.double(), X)), torch.ones(2).double())
    assert bound(5.0) == 0


def test_falls_with_the_square_root_of_the_width(rng):
    X, nu = torch.tensor(rng.standard_normal((3, 2))), torch.ones(3).double()
    found = []
    for width in (100, 10_000):
        W, a = rng.standard_normal((width, 2)), rng.choice([-1.0, 1.0], width)
        network = TwoLayerNetwork(W, a, activation=torch.tanh)
        found.append(ChainCurvature(chain_of(Predictor(network, X)), nu)(0.0))
    assert found[0] / found[1] == pytest.approx(10, rel=1e-12)


def test_points_without_weight_do_not_count():
    module, X, nu = made("three layers")
    alone = ChainCurvature(chain_of(Predictor(module, X[:2])), nu[:2])(0.5)
    nu[2:] = 0
    assert ChainCurvature(chain_of(Predictor(module, X)), nu)(0.5) == pytest.approx(alone)


def test_more_layers_than_two_have_no_closed_form():
    module, X, nu = made("three layers")
    with pytest.raises(ValueError, match="`chain` must have two affine maps; got 3"):
        two_layer_curvature(chain_of(Predictor(module, X)), nu, 0.0)


def test_between_kinks_the_bend_counts_until_a_kink_is_within_reach():
    # One neuron, one point, f = 3 elu(2 w) with elu'' = 2 exp below 0; the kink is 1/4 away.
    module = nn.Sequential(nn.Linear(1, 1, bias=False), nn.ELU(2.0), nn.Linear(1, 1)).double()
    with torch.no_grad():
        module[0].weight.fill_(-0.25)
        module[2].weight.fill_(3.0)
    module[2].requires_grad_(False)
    predictor, nu = Predictor(module, torch.full((1, 1), 2.0).double()), torch.ones(1).double()
    bound = ChainCurvature(chain_of(predictor), nu)
    exact = second_derivatives(predictor, predictor.theta_0, nu).item()
    assert exact == pytest.approx(24 * math.exp(-0.5), rel=1e-12)
    assert bound(0.24) == pytest.approx(24, rel=1e-8)  # attained at the kink; rounded up by 1e-9
    assert bound(0.26) == math.inf
