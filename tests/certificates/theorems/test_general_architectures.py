"""What Jakhmola's theorems say, as corrected, where counting parameters misleads and where not."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from companion.certificates.certify import certify


def chain(*widths, activation=nn.Tanh, seed=0):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        parts = [nn.Linear(widths[0], widths[1])]
        for before, after in pairwise(widths[1:]):
            parts += [activation(), nn.Linear(before, after)]
        return nn.Sequential(*parts).double()


def verdicts(found, *ids):
    return [found.theorem(f"YJ-{one}").verdict for one in ids]


def test_enough_parameters_are_not_enough(rng):
    # Leaky ReLU 1-1-1 on four points: P = n q = 4, but the rank is at most 3 for all parameters.
    module = chain(1, 1, 1, activation=nn.LeakyReLU)
    found = certify(module, rng.standard_normal((4, 1)), rng.standard_normal((4, 1)))
    assert found.facts.overparametrised and found.facts.rank_bound <= 3
    row = found.theorem("YJ-Thm3.1")
    assert row.verdict == "does not apply" and "the layers allow" in row.reason
    assert found.facts.spectrum.numerical_rank <= 3


def test_too_few_parameters_decide_everything(rng):
    found = certify(chain(2, 2, 1), rng.standard_normal((20, 2)), rng.standard_normal((20, 1)))
    row = found.theorem("YJ-Lem3.2a")
    assert row.verdict == "does not apply"
    assert row.reason == (
        "not met: at least as many parameters as outputs on the data (P = 9, n q = 20)"
    )


def test_a_full_rank_is_seen_with_its_gap(rng):
    found = certify(chain(3, 12, 1), rng.standard_normal((5, 3)), rng.standard_normal((5, 1)))
    row = found.theorem("YJ-Lem3.2a")
    assert row.verdict == "applies"
    assert dict(row.numbers)["numerical rank"] == 5 and dict(row.numbers)["gap"] > 100


@pytest.mark.parametrize(
    ("activation", "ids"),
    [(nn.ReLU, ("Cor3.1.1",)), (nn.Sigmoid, ("Cor3.1.2",)), (nn.Tanh, ())],
    ids=["relu", "sigmoid", "tanh"],
)
def test_corollaries_are_about_their_activations(activation, ids, rng):
    found = certify(
        chain(3, 12, 1, activation=activation),
        rng.standard_normal((4, 3)),
        rng.standard_normal((4, 1)),
    )
    for one in ("Cor3.1.1", "Cor3.1.2"):
        reason = found.theorem(f"YJ-{one}").reason
        assert ("every activation is" in reason) == (one not in ids)


def test_relu_is_certified_where_no_gate_can_change(rng):
    module = chain(3, 12, 1, activation=nn.ReLU)
    X = rng.standard_normal((3, 3))
    with torch.no_grad():
        module[0].bias.fill_(30.0)
        y = module(torch.tensor(X)).numpy() + 1e-3 * rng.standard_normal((3, 1))
    found = certify(module, X, y)
    assert verdicts(found, "Cor3.1.1", "Thm3.1") == ["applies", "applies"]
    assert found.theorem("YJ-Cor3.1.1").promised_rate == found.convergence.rate
    far = certify(module, X, y + 1000)
    assert far.theorem("YJ-Cor3.1.1").verdict != "applies"


def test_architectures_are_told_apart(rng):
    X, y = rng.standard_normal((2, 3)), rng.standard_normal((2, 3))
    found = certify(chain(3, 3, 3), X, y)
    rows = {one: found.theorem(f"YJ-Cor3.2.1({one})") for one in (1, 2, 3)}
    assert rows[1].hypotheses[0].met and rows[2].hypotheses[0].met
    assert rows[3].verdict == "does not apply"
    uneven = certify(chain(3, 4, 3), X, y)
    assert uneven.theorem("YJ-Cor3.2.1(2)").hypotheses[0].met is False


def test_a_frozen_layer_is_not_the_documents_network(rng):
    module = chain(3, 8, 1)
    module[0].requires_grad_(False)
    found = certify(module, rng.standard_normal((2, 3)), np.ones((2, 1)))
    assert found.theorem("YJ-Cor3.2.1(1)").hypotheses[0].met is False
    # It is linear in what is left, and converges.
    assert found.theorem("YJ-Thm3.1").verdict == "applies"


def test_an_unknown_module_leaves_the_architecture_open(rng):
    class Own(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(3, 2)

        def forward(self, X):
            return torch.sin(self.layer(X))

    found = certify(Own().double(), rng.standard_normal((2, 3)), np.zeros((2, 2)))
    for part in (1, 2, 3):
        assert found.theorem(f"YJ-Cor3.2.1({part})").hypotheses[0].met is None
    assert found.theorem("YJ-Cor3.1.1").hypotheses[0].met is None


def test_a_residual_network_has_all_its_biases(rng):
    module = nn.Sequential(nn.Linear(3, 3, bias=False), nn.Tanh(), nn.Linear(3, 3)).double()
    found = certify(module, rng.standard_normal((2, 3)), rng.standard_normal((2, 3)))
    row = found.theorem("YJ-Cor3.2.1(2)")
    assert [h.met for h in row.hypotheses[:2]] == [True, False]
