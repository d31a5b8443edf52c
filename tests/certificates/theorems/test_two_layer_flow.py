"""What Li's theorem says, as corrected, about networks whose fate is known."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from companion.activations import GAUSSIAN_BUMP, RELU, SIGMOID, TANH
from companion.certificates.certify import certify
from companion.claims.two_layer_flow_corrected import fixed_sample_width, kernel_drift_bound
from companion.dynamics.gradient_flow import gradient_flow
from companion.networks.two_layer import TwoLayerNetwork


def network(rng, width, d, *, activation=SIGMOID, outer=1.0):
    W, a = rng.standard_normal((width, d)), outer * rng.choice([-1.0, 1.0], width)
    return TwoLayerNetwork(W, a, activation=activation)


def near_targets(module, X, size, rng):
    with torch.no_grad():
        return module(torch.tensor(X)).numpy() + size * rng.standard_normal(len(X))


def test_applies_to_few_points_near_the_start_and_the_flow_obeys(rng):
    X = rng.standard_normal((2, 5))
    module = network(rng, 2000, 5)
    y = near_targets(module, X, 1e-3, rng)
    nu = np.array([0.5, 1.5])
    row = certify(module, X, y, nu=nu).theorem("LL-Thm1")
    assert row.verdict == "applies", row.reason
    rate = row.promised_rate
    run = gradient_flow(module, X, y, nu=nu, t_end=2 / rate)
    residual = np.sqrt(run.loss)
    # The loss is followed to a relative 1e-6 per step.
    assert (residual <= np.exp(-rate * run.t) * residual[0] * (1 + 1e-4)).all()


def test_the_width_at_which_it_begins_to_apply_is_that_of_the_claim(rng):
    # For weights of sum one and a kernel already at its limit the claim asks for the drift
    # of lambda / 4; here the start is measured, and half is left to lose.
    X, y = np.array([[1.0, 0.0]]), np.array([0.3])
    module = network(rng, 4000, 2)
    found = certify(module, X, y)
    low = found.facts.spectrum.lambda_min[0]
    norm = found.facts.residual_norm
    drift = kernel_drift_bound(2 * norm / low, width=4000, activation=SIGMOID, radius=1.0)
    row = found.theorem("LL-Thm1")
    assert (row.verdict == "applies") == (drift <= low / 2)
    asked = fixed_sample_width(low, residual_norm=norm, activation=SIGMOID, radius=1.0)
    assert asked > 1
    wide = network(rng, 4 * asked, 2)
    assert (
        certify(wide, X, near_targets(wide, X, 0.0, rng) + norm).theorem("LL-Thm1").verdict
        == "applies"
    )


def test_four_points_keep_half_of_the_loss_at_every_width(rng):
    x, z = rng.standard_normal((2, 3))
    X, y = np.stack([x, -x, z, -z]), np.array([1.0, 1.0, -1.0, -1.0])
    nu = np.full(4, 0.25)
    for width in (10, 500):
        module = network(rng, width, 3)
        found = certify(module, X, y, nu=nu)
        row = found.theorem("LL-Thm1")
        assert row.verdict == "does not apply"
        assert_allclose(dict(row.numbers)["loss that antipodal points keep"], 0.5, rtol=1e-12)
        assert any("points 0 and 1 are antipodal" in one for one in found.warnings)
        assert gradient_flow(module, X, y, nu=nu, t_end=60.0).loss.min() >= 0.5 - 1e-9


def test_floor_with_unequal_weights_is_the_least_over_all_outputs_of_the_form(rng):
    # f(x) + f(-x) = C: minimise over the four outputs directly, by weighted least squares.
    x, z = rng.standard_normal((2, 3))
    X, y, nu = np.stack([x, -x, z, -z]), rng.standard_normal(4), rng.random(4) + 0.1
    basis = np.array([[1.0, 0, 0], [-1, 0, 1], [0, 1, 0], [0, -1, 1]])  # f(x), f(z), C
    root = np.sqrt(nu)
    best, *_ = np.linalg.lstsq(root[:, None] * basis, root * y, rcond=None)
    expected = (nu * (basis @ best - y) ** 2).sum() / 2
    row = certify(network(rng, 5, 3), X, y, nu=nu).theorem("LL-Thm1")
    assert_allclose(dict(row.numbers)["loss that antipodal points keep"], expected, rtol=1e-10)


@pytest.mark.parametrize(
    ("activation", "sign", "floor"),
    [(TANH, 1, True), (GAUSSIAN_BUMP, -1, True), (RELU, 1, False)],
    ids=["odd", "even", "neither"],
)
def test_floor_of_odd_and_even_activations(activation, sign, floor, rng):
    x = rng.standard_normal(3)
    X, y = np.stack([x, -x]), np.array([1.0, 0.5])
    row = certify(network(rng, 8, 3, activation=activation), X, y).theorem("LL-Thm1")
    if not floor:
        assert not row.numbers
        return
    expected = (y[0] + sign * y[1]) ** 2 / 4
    assert_allclose(dict(row.numbers)["loss that antipodal points keep"], expected, rtol=1e-12)


def test_a_bias_removes_the_floor(rng):
    x = rng.standard_normal(3)
    module = TwoLayerNetwork(
        rng.standard_normal((8, 3)), np.ones(8), activation=SIGMOID, bias=rng.standard_normal(8)
    )
    row = certify(module, np.stack([x, -x]), np.array([1.0, 2.0])).theorem("LL-Thm1")
    assert not row.numbers and "no bias" in row.reason


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"outer": 2.0}, "outer weights plus or minus one"),
        ({"activation": TANH}, "activation non-negative"),
        ({"activation": RELU}, "activation non-negative"),
    ],
)
def test_each_hypothesis_can_fail(change, reason, rng):
    X = rng.standard_normal((2, 5))
    row = certify(network(rng, 50, 5, **change), X, np.ones(2)).theorem("LL-Thm1")
    assert row.verdict == "does not apply" and reason in row.reason
    assert row.promised_rate is None


def test_the_corollary_is_about_no_data_set(rng):
    row = certify(network(rng, 5, 3), np.eye(3), np.ones(3)).theorem("LL-Cor1")
    assert row.verdict == "does not apply" and "all continuous functions" in row.reason
