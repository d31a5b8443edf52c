"""The front door on networks whose answer is known, on strangers, and on bad input."""

import copy

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn

import companion
from companion.activations import SHIFTED_SIGMOID, TANH
from companion.certificates.certify import certify
from companion.dynamics.gradient_flow import gradient_flow
from companion.networks.two_layer import TwoLayerNetwork
from strangers import NAMES, stranger


def unit_points(rng, n, d):
    X = rng.standard_normal((n, d))
    return X / np.linalg.norm(X, axis=1, keepdims=True)


def lazy_network(rng, *, width=600, n=4, d=6, size=0.02, activation=TANH):
    """A wide network with targets so close to its start that it must stay near it."""
    X = unit_points(rng, n, d)
    W, a = rng.standard_normal((width, d)), rng.choice([-1.0, 1.0], width)
    network = TwoLayerNetwork(W, a, activation=activation)
    with torch.no_grad():
        start = network(torch.tensor(X)).numpy()
    return network, X, start + size * rng.standard_normal(n)


def obeys(trajectory, rate):
    """Whether the residual falls at least at that rate along the whole run."""
    residual = np.sqrt(2 * trajectory.loss)
    # The loss is followed to a relative 1e-6 per step.
    return bool((residual <= np.exp(-rate * trajectory.t) * residual[0] * (1 + 1e-4)).all())


# Facts and rates ---------------------------------------------------------------------------


def test_facts_of_a_linear_model_are_those_of_its_matrix(rng):
    X, y, nu = rng.standard_normal((4, 6)), rng.standard_normal((4, 2)), rng.random(4) + 0.1
    module = nn.Linear(6, 2, bias=False).double()
    found = certify(module, X, y, nu=nu)
    values = np.linalg.eigvalsh(np.sqrt(nu)[:, None] * (X @ X.T) * np.sqrt(nu))
    residual = X @ module.weight.detach().numpy().T - y
    gradient = (nu[:, None] * residual).T @ X
    facts = found.facts
    assert (facts.num_params, facts.num_rows, facts.overparametrised) == (12, 8, True)
    low, high = facts.spectrum.lambda_min
    assert low <= values[0] <= high and high - low < 1e-12 * values[-1]
    assert facts.spectrum.numerical_rank == 8
    assert_allclose(facts.loss, (nu[:, None] * residual**2).sum() / 2, rtol=1e-13)
    assert_allclose(facts.gradient_norm, np.linalg.norm(gradient), rtol=1e-13)
    assert_allclose(facts.dissipation_rate, (gradient**2).sum() / (2 * facts.loss), rtol=1e-13)
    # Linear in its parameters: no curvature, and the eigenvalue is the rate.
    assert found.convergence.curvature == 0
    assert_allclose(found.convergence.rate, values[0], rtol=1e-9)
    assert found.theorem("LW-Thm2").verdict == "applies"


@pytest.mark.parametrize("weight", [1.0, 0.25])
def test_where_the_certificate_applies_the_flow_obeys_it(weight, rng):
    network, X, y = lazy_network(rng)
    nu = np.full(len(y), weight)
    found = certify(network, X, y, nu=nu)
    rate = found.convergence.rate
    assert found.convergence.verdict == "applies" and rate is not None
    assert found.facts.spectrum.lambda_min[0] / 2 < rate <= found.facts.dissipation_rate
    run = gradient_flow(network, X, y, nu=nu, t_end=6 / rate)
    assert obeys(run, rate)
    assert run.distance.max() <= found.convergence.radius
    assert not obeys(run, 3 * found.facts.dissipation_rate)  # the check can fail


def test_weights_change_the_unit_of_time_and_nothing_else(rng):
    network, X, y = lazy_network(rng)
    one = certify(network, X, y)
    quarter = certify(network, X, y, nu=np.full(4, 0.25))
    assert_allclose(quarter.convergence.rate, one.convergence.rate / 4, rtol=1e-9)
    assert_allclose(quarter.convergence.ratio, one.convergence.ratio, rtol=1e-9)
    assert_allclose(quarter.convergence.radius, one.convergence.radius, rtol=1e-9)


def test_points_of_weight_zero_do_not_count(rng):
    network, X, y = lazy_network(rng)
    nu = np.array([1.0, 0.0, 1.0, 1.0])
    kept = nu > 0
    found, alone = certify(network, X, y, nu=nu), certify(network, X[kept], y[kept])
    assert found.facts.spectrum.num_rows == 3
    assert_allclose(found.convergence.rate, alone.convergence.rate, rtol=1e-9)


def test_far_targets_refute_it_with_a_measured_curvature(rng):
    network, X, y = lazy_network(rng, width=30)
    found = certify(network, X, y + 50).convergence
    assert found.verdict == "does not apply" and found.rate is None
    assert found.curvature_seen > 0 and found.ratio >= 1


def test_a_network_that_cannot_converge_is_not_certified(rng):
    # One neuron on six points: too few parameters for any rate.
    X = unit_points(rng, 6, 2)
    network = TwoLayerNetwork(rng.standard_normal((1, 2)), np.ones(1), activation=SHIFTED_SIGMOID)
    found = certify(network, X, rng.standard_normal(6))
    assert not found.facts.overparametrised
    assert found.convergence.verdict == "does not apply"
    assert found.theorem("YJ-Thm3.1").reason.startswith("not met: at least as many parameters")


class Dips(nn.Module):
    """A slope that is one at the start and at the distance R, and zero half way."""

    def __init__(self, R):
        super().__init__()
        self.R, self.theta = R, nn.Parameter(torch.zeros(1, dtype=torch.float64))

    def forward(self, X):
        wave = self.R / (4 * torch.pi) * torch.sin(2 * torch.pi * self.theta / self.R)
        return X * (self.theta / 2 + wave)


def test_a_curvature_that_is_not_seen_certifies_nothing():
    # Measured at the distance R nothing has turned, and the measured ratio is zero; but the flow
    # towards R comes to rest half way.
    module, X, y = Dips(0.8), np.ones(1), np.array([0.8])
    found = certify(module, X, y).convergence
    assert found.curvature is None and found.ratio == pytest.approx(0, abs=1e-6)
    assert found.verdict == "cannot be decided" and found.rate is None
    assert gradient_flow(module, X, y, t_end=100.0).loss[-1] > 0.1


def test_activations_are_told_or_said_to_be_unknown(rng):
    module = nn.Sequential(nn.Linear(2, 3), nn.PReLU(), nn.Linear(3, 2), nn.GELU()).double()
    found = certify(module, rng.standard_normal((2, 2)), np.zeros((2, 2)))
    assert [one.name for one in found.facts.activations] == ["gelu"]
    assert found.facts.unknown_activations == ("PReLU",)
    assert "PReLU (unknown); perhaps others" in " ".join(str(found).split())


# Strangers ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_strangers_are_certified_and_left_alone(name):
    module, X = stranger(name)
    with torch.no_grad():
        y = module(X) + 0.1
    before = copy.deepcopy(module.state_dict())
    found = certify(module, X, y)
    for key, value in module.state_dict().items():
        assert torch.equal(value, before[key])
    assert all(p.grad is None for p in module.parameters())
    convergence = found.convergence
    assert convergence.verdict in ("applies", "does not apply", "cannot be decided")
    if convergence.curvature is None:
        assert convergence.verdict != "applies"  # nothing is proved from measurements
    low, high = found.facts.spectrum.lambda_min
    assert 0 <= low <= high
    assert found.facts.dissipation_rate >= low * (1 - 1e-9)
    assert len({row.id for row in found.theorems}) == len(found.theorems)


def test_structured_inputs_go_through_an_explicit_call(rng):
    class Graph(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(3, 2)

        def forward(self, adjacency, X):
            return torch.tanh(adjacency @ self.layer(X))

    graph = (torch.eye(4).double() + 0.5, torch.tensor(rng.standard_normal((4, 3))))
    found = certify(Graph().double(), graph, np.zeros((4, 2)), call=lambda module, X: module(*X))
    assert found.facts.points is None and found.facts.architecture == "unknown"
    assert found.theorem("CH-Prop1").verdict == "cannot be decided"


def test_the_front_door_is_this_function():
    assert companion.certify is certify


# Size --------------------------------------------------------------------------------------


def test_fifty_thousand_outputs_are_certified_by_bounds(rng):
    n, q = 1000, 50
    module = nn.Sequential(nn.Linear(20, 60), nn.Tanh(), nn.Linear(60, q)).double()
    X, y = unit_points(rng, n, 20), rng.standard_normal((n, q))
    found = certify(module, X, y)  # the matrix would take 20 GB
    assert found.facts.num_rows == 50_000
    assert found.facts.spectrum.method == "bounds"
    assert found.facts.spectrum.lambda_min == (0.0, 0.0)  # P = 4,310 parameters decide it
    assert found.theorem("YJ-Lem3.2a").verdict == "does not apply"


def test_memory_decides_between_matrix_and_products(rng):
    network, X, y = lazy_network(rng, width=60, n=60, d=10)
    dense, lean = certify(network, X, y), certify(network, X, y, memory=100_000)
    assert dense.facts.spectrum.method == "dense" and lean.facts.spectrum.method == "bounds"
    assert any("does not fit into the memory" in one for one in lean.warnings)
    low, high = dense.facts.spectrum.lambda_min
    assert lean.facts.spectrum.lambda_min[0] <= high and low <= lean.facts.spectrum.lambda_min[1]
    assert lean.theorem("LW-Thm10").verdict == "cannot be decided"


def test_memory_must_hold_one_sample(rng):
    network, X, y = lazy_network(rng, n=12)
    with pytest.raises(ValueError, match="`memory` must hold the recorded passes over one sample"):
        certify(network, X, y, memory=1000)


# Bad input ---------------------------------------------------------------------------------


def good():
    return nn.Linear(2, 1).double(), np.eye(2), np.ones((2, 1))


def frozen():
    module, X, y = good()
    return module.requires_grad_(False), X, y


def training():
    _, X, y = good()
    return nn.Sequential(nn.Linear(2, 1), nn.Dropout()).double(), X, y


def normalised():
    _, X, y = good()
    return nn.Sequential(nn.Linear(2, 1), nn.BatchNorm1d(1)).double(), X, y


def changed(**values):
    def made():
        module, X, y = good()
        return module, values.get("X", X), values.get("y", y)

    return made


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (frozen, ValueError, "must have a parameter that requires a gradient"),
        (training, ValueError, r"layer '1' \(Dropout\) is in training mode. Call module.eval"),
        (normalised, ValueError, r"layer '1' \(BatchNorm1d\) is in training mode"),
        (changed(y=np.ones(3)), ValueError, r"`y` must have the shape of module\(X\), \(2, 1\)"),
        (changed(y=np.ones((2, 1), int)), TypeError, "`y` must be of a real floating type"),
        (changed(y=np.ones((2, 1), complex)), TypeError, "`y` must be real; got complex128"),
        (changed(X=np.eye(2) * 1j), TypeError, "`X` must be real"),
        (changed(X=np.array([[1, 0], [0, 1]])), TypeError, "`X` must be of a type that"),
        (changed(X=np.array([[1, np.nan], [0, 1]])), ValueError, r"`X` must be finite.*X\[0, 1\]"),
        (changed(y=np.array([[1], [np.inf]])), ValueError, r"`y` must be finite.*y\[1, 0\]"),
    ],
)
def test_bad_input_is_named(make, error, message):
    with pytest.raises(error, match=message):
        certify(*make())


def test_bad_weights_are_named():
    module, X, y = good()
    with pytest.raises(ValueError, match="`nu` must be nonnegative"):
        certify(module, X, y, nu=np.array([1.0, -1.0]))


def test_a_kinked_network_is_not_convex_because_its_neurons_are_far_from_the_kink():
    # f = -relu(w) at w = 10 with the target 5: the flow ends at the kink, and the loss at 1250.
    module = nn.Sequential(
        nn.Linear(1, 1, bias=False), nn.ReLU(), nn.Linear(1, 1, bias=False)
    ).double()
    with torch.no_grad():
        module[0].weight.fill_(10.0)
        module[2].weight.fill_(-1.0)
    module[2].weight.requires_grad_(False)
    X = torch.ones(1, 1).double()
    row = certify(module, X, 5 * X, nu=100 * X[0]).theorem("LW-Thm2")
    assert row.verdict == "cannot be decided" and not row.numbers


def test_frozen_neurons_at_a_kink_do_no_harm():
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(2, 8, bias=False), nn.ELU(2.0), nn.Linear(8, 1)).double()
    module[0].weight.requires_grad_(False)
    X = torch.tensor([[0.0, 0.0], [1.0, 2.0]]).double()
    found = certify(module, X, torch.ones(2, 1).double())
    assert found.convergence.verdict == "applies" and found.convergence.curvature == 0
    assert found.theorem("LW-Thm2").verdict == "applies"


def dead_network(outer):
    torch.manual_seed(1)
    module = nn.Sequential(
        nn.Linear(2, 8),
        nn.Softplus(),
        nn.Linear(8, 8),
        nn.ReLU(),
        nn.Linear(8, 8),
        nn.ReLU(),
        nn.Linear(8, 2, bias=False),
    ).double()
    with torch.no_grad():
        module[-1].weight.mul_(outer)
    module[-1].weight.requires_grad_(False)
    return module


def test_outputs_that_no_parameter_moves_make_the_eigenvalue_zero():
    X = torch.randn(2, 2, generator=torch.Generator().manual_seed(0)).double()
    found = certify(dead_network(0.0), X, torch.ones(2, 2).double())
    assert found.facts.spectrum.lambda_min == found.facts.spectrum.lambda_max == (0, 0)
    assert "eigenvalue of the Gram matrix is zero" in found.convergence.reason


def test_a_ball_in_which_outputs_overflow_leaves_an_answer():
    X = torch.randn(2, 2, generator=torch.Generator().manual_seed(0)).double()
    found = certify(dead_network(1e-150), X, torch.ones(2, 2).double())
    assert found.convergence.verdict == "cannot be decided"
