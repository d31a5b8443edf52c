"""What Wu's theorems on wide networks say, as corrected, against flows and sampled kernels."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn

from companion.certificates.certify import certify
from companion.dynamics.gradient_flow import gradient_flow


def unit_points(rng, n, d):
    X = rng.standard_normal((n, d))
    return X / np.linalg.norm(X, axis=1, keepdims=True)


def slides_network(rng, width, d, *, outer=0.0, activation=None):
    """The slides' network: no factor, inner weights on the sphere, outer weights zero."""
    module = nn.Sequential(
        nn.Linear(d, width, bias=False), activation or nn.ReLU(), nn.Linear(width, 1, bias=False)
    ).double()
    with torch.no_grad():
        module[0].weight.copy_(torch.tensor(unit_points(rng, width, d)))
        module[2].weight.fill_(outer)
    return module


def limit_kernel(X):
    d = X.shape[1]
    angle = np.arccos(np.clip(X @ X.T, -1, 1))
    return (np.sin(angle) + (np.pi - angle) * np.cos(angle)) / (2 * np.pi * d)


def obeys(run, rate):
    residual = np.sqrt(run.loss)
    # The loss is followed to a relative 1e-6 per step, and kinks cost a few digits of it.
    return bool((residual <= np.exp(-rate * run.t) * residual[0] * (1 + 1e-3)).all())


@pytest.mark.parametrize("weight", [1.0, 0.2])
def test_theorem_10_from_the_slides_start(weight, rng):
    X, y = unit_points(rng, 4, 8), 0.3 * rng.standard_normal((4, 1))
    nu = np.full(4, weight)
    module = slides_network(rng, 800, 8)
    found = certify(module, X, y, nu=nu)
    row = found.theorem("LW-Thm10")
    assert row.verdict == "applies", row.reason
    assert obeys(
        gradient_flow(module, X, y, nu=nu, t_end=6 / row.promised_rate), row.promised_rate
    )
    # At a = 0 only the outer weights move the outputs: the whole eigenvalue is theirs.
    assert row.promised_rate <= found.facts.spectrum.lambda_min[1]
    assert row.promised_rate > 0.8 * found.facts.spectrum.lambda_min[0]
    star = np.linalg.eigvalsh(limit_kernel(X))[0]
    assert_allclose(dict(row.numbers)["rate of the document, in the time of (0.20)"],
                    800 * star / 2, rtol=1e-9)  # fmt: skip


@pytest.mark.parametrize("bias", [False, True])
def test_theorem_10_with_both_layers_moving_and_two_outputs(bias, rng):
    torch.manual_seed(3)
    X = unit_points(rng, 3, 6)
    module = nn.Sequential(
        nn.Linear(6, 500, bias=bias), nn.Tanh(), nn.Linear(500, 2, bias=bias)
    ).double()
    with torch.no_grad():
        y = module(torch.tensor(X)).numpy() + 0.05 * rng.standard_normal((3, 2))
    row = certify(module, X, y).theorem("LW-Thm10")
    assert row.verdict == "applies", row.reason
    assert obeys(gradient_flow(module, X, y, t_end=4 / row.promised_rate), row.promised_rate)


def test_theorem_10_promises_nothing_where_the_features_can_be_lost(rng):
    X = unit_points(rng, 4, 8)
    row = certify(slides_network(rng, 20, 8), X, 3 * np.ones((4, 1))).theorem("LW-Thm10")
    assert row.verdict == "does not apply" and "is kept" in row.reason
    module = slides_network(rng, 20, 8)
    module[2].requires_grad_(False)
    row = certify(module, X, np.ones((4, 1))).theorem("LW-Thm10")
    assert row.verdict == "does not apply" and "outer weights trained" in row.reason


def test_lemma_11_from_its_corrected_width(rng):
    X = unit_points(rng, 3, 8)
    star = np.linalg.eigvalsh(limit_kernel(X))[0]
    asked = 8 * np.linalg.norm(X, 2) ** 2 * np.log(3 / 0.05) / star
    wide = certify(slides_network(rng, int(asked) + 1, 8), X, np.ones((3, 1)))
    row = wide.theorem("LW-Lem11")
    assert row.verdict == "applies"
    assert_allclose(dict(row.numbers)["smallest eigenvalue of K"], star, rtol=1e-9)
    assert dict(row.numbers)["lambda_min(G) / (m lambda_min(K))"] >= 0.5
    narrow = certify(slides_network(rng, int(asked) - 1, 8), X, np.ones((3, 1)))
    row = narrow.theorem("LW-Lem11")
    assert row.verdict == "does not apply" and "wide enough" in row.reason


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"outer": 0.1}, "outer weights zero"),
        ({"activation": nn.Tanh()}, "ReLU"),
    ],
)
def test_the_slides_start_is_recognised(change, reason, rng):
    row = certify(
        slides_network(rng, 50, 5, **change), unit_points(rng, 2, 5), np.ones((2, 1))
    ).theorem("LW-Lem11")
    assert row.verdict == "does not apply" and reason in row.reason


def test_an_unnamed_constant_leaves_theorem_13_open(rng):
    row = certify(slides_network(rng, 50, 5), unit_points(rng, 2, 5), np.ones((2, 1))).theorem(
        "LW-Thm13"
    )
    assert row.verdict == "cannot be decided" and "does not name" in row.reason


@pytest.mark.parametrize("change", ["weights", "frozen"])
def test_the_share_of_lemma_11_is_that_of_the_plain_outer_kernel(change, rng):
    X, module = unit_points(rng, 3, 6), slides_network(rng, 200, 6)
    nu = np.full(3, 0.01) if change == "weights" else None
    module[2].weight.requires_grad_(change != "frozen")
    row = certify(module, X, np.ones((3, 1)), nu=nu).theorem("LW-Lem11")
    hidden = np.maximum(X @ module[0].weight.detach().numpy().T, 0)
    share = np.linalg.eigvalsh(hidden @ hidden.T)[0] / (
        200 * dict(row.numbers)["smallest eigenvalue of K"]
    )
    assert_allclose(dict(row.numbers)["lambda_min(G) / (m lambda_min(K))"], share, rtol=1e-9)
