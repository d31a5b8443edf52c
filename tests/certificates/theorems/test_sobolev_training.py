"""What Cocola and Hand's theorems say on values alone, against kernels and ReLU flows."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from companion.activations import RELU, TANH
from companion.certificates.certify import certify
from companion.dynamics.gradient_flow import gradient_flow
from companion.networks.two_layer import TwoLayerNetwork


def unit_points(rng, n, d):
    X = rng.standard_normal((n, d))
    return X / np.linalg.norm(X, axis=1, keepdims=True)


def network(rng, width, d, *, activation=RELU, fixed=True):
    W, a = rng.standard_normal((width, d)), rng.choice([-1.0, 1.0], width)
    module = TwoLayerNetwork(W, a, activation=activation)
    module.a.requires_grad_(not fixed)
    return module


def near_targets(module, X, size, rng):
    with torch.no_grad():
        return module(torch.tensor(X)).numpy() + size * rng.standard_normal(len(X))


def test_the_proposition_bounds_the_eigenvalue_at_infinite_width(rng):
    X = unit_points(rng, 6, 4)
    row = certify(network(rng, 10, 4), X, np.ones(6)).theorem("CH-Prop1")
    numbers = dict(row.numbers)
    cosine = np.clip(X @ X.T, -1, 1)
    gram = (np.pi - np.arccos(cosine)) / (2 * np.pi) * cosine
    star = np.linalg.eigvalsh(gram)[0]
    assert row.verdict == "applies"
    # The arc cosine here loses half of the digits of a small angle.
    assert_allclose(numbers["smallest eigenvalue at infinite width"], star, rtol=1e-7)
    assert numbers["its lower bound"] <= star


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda X: 2 * X, "points of norm one"),
        (lambda X: np.vstack([X[:-1], X[:1]]), "separated"),
        (lambda X: np.vstack([X[:-1], -X[:1]]), "separated"),
    ],
    ids=["norm", "equal", "antipodal"],
)
@pytest.mark.filterwarnings("ignore::companion.certificates.findings.EqualPointsWarning")
def test_the_proposition_needs_separated_unit_points(spoil, reason, rng):
    X = spoil(unit_points(rng, 4, 3))
    row = certify(network(rng, 10, 3), X, np.ones(4)).theorem("CH-Prop1")
    assert row.verdict == "does not apply" and reason in row.reason


@pytest.mark.parametrize("weight", [1.0, 0.25])
def test_where_few_neurons_may_flip_the_flow_obeys(weight, rng):
    X = unit_points(rng, 3, 8)
    module = network(rng, 1000, 8)
    y, nu = near_targets(module, X, 0.01, rng), np.full(3, weight)
    found = certify(module, X, y, nu=nu)
    row = found.theorem("CH-Thm1")
    assert row.verdict == "applies", row.reason
    assert_allclose(row.promised_rate, found.facts.spectrum.lambda_min[0] / 2)
    run = gradient_flow(module, X, y, nu=nu, t_end=4 / row.promised_rate, keep_path=True)
    residual = np.sqrt(run.loss)
    # The loss is followed to a relative 1e-6 per step, and kinks cost a few digits of it.
    bound = np.exp(-row.promised_rate * run.t) * residual[0]
    assert (residual <= bound * (1 + 1e-3)).all()


def test_counts_the_gates_that_may_change(rng):
    # The bound against all gate patterns of three neurons that are near a kink.
    X = unit_points(rng, 2, 3)
    module = network(rng, 400, 3)
    y = near_targets(module, X, 0.1, rng)
    found = certify(module, X, y)
    hypothesis = found.theorem("CH-Thm1").hypotheses[-1]
    lost = float(hypothesis.number.split("at most ")[1].split(",")[0])
    low = found.facts.spectrum.lambda_min[0]
    z, a = X @ module.W.detach().numpy().T, 400**-0.5
    reach = 2 * a * np.linalg.norm(X, 2) * found.facts.residual_norm / low
    near = np.abs(z) <= reach  # points have norm one
    assert near.any() and f"{near.mean():.2%}" in hypothesis.number
    worst = 0.0
    gates = (z > 0).astype(float)
    before = a**2 * (gates @ gates.T) * (X @ X.T)
    for _ in range(300):
        flipped = np.where(near & (rng.random(z.shape) < 0.5), 1 - gates, gates)
        after = a**2 * (flipped @ flipped.T) * (X @ X.T)
        worst = max(worst, float(np.linalg.norm(after - before, 2)))
    assert worst <= lost * (1 + 5e-3)  # printed with three digits


def test_far_targets_may_flip_too_many(rng):
    X = unit_points(rng, 3, 8)
    row = certify(network(rng, 200, 8), X, 5 * np.ones(3)).theorem("CH-Thm1")
    assert row.verdict == "does not apply" and "may change side" in row.reason


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"fixed": False}, "outer weights fixed"), ({"activation": TANH}, "ReLU, no biases")],
)
def test_hypotheses_on_the_network(change, reason, rng):
    X = unit_points(rng, 2, 5)
    row = certify(network(rng, 50, 5, **change), X, np.ones(2)).theorem("CH-Thm1")
    assert row.verdict == "does not apply" and reason in row.reason


def test_directions_are_not_in_this_loss(rng):
    row = certify(network(rng, 5, 3), np.eye(3), np.ones(3)).theorem("CH-Thm2")
    assert row.verdict == "does not apply" and "directional derivatives" in row.reason
