"""The certificate as data: a schema that programs may rely on."""

import dataclasses
import json
import math

import numpy as np
import pytest
import torch
from torch import nn

from companion.certificates.certify import certify
from companion.claims.ledger import load_ledger

KEYS = {
    "schema", "facts", "theorems", "convergence", "warnings", "meaning", "seconds",
}  # fmt: skip
ROW = {
    "id", "title", "statement", "differs", "hypotheses", "verdict", "reason", "promised_rate",
    "measured_rate", "numbers",
}  # fmt: skip


@pytest.fixture(scope="module")
def certificate():
    rng = np.random.default_rng(0)
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1)).double()
    return certify(module, rng.standard_normal((4, 3)), rng.standard_normal((4, 1)))


def test_schema_is_stable(certificate):
    found = certificate.to_dict()
    assert set(found) == KEYS and found["schema"] == 1
    assert all(set(row) == ROW for row in found["theorems"])
    assert {"num_params", "num_rows", "rank_bound", "spectrum", "points"} < set(found["facts"])


def test_json_is_standard_and_says_the_same(certificate):
    text = certificate.to_json()
    assert json.loads(text, parse_constant=lambda word: pytest.fail(word)) == certificate.to_dict()
    assert "\n" not in certificate.to_json(indent=None)


def test_numbers_that_are_not_finite_become_none(certificate):
    assert certificate.convergence.curvature == math.inf  # ReLU, and kinks within reach
    assert certificate.to_dict()["convergence"]["curvature"] is None


def test_every_row_is_in_the_ledger(certificate):
    known = {claim.id for claim in load_ledger().claims}
    assert {row.id for row in certificate.theorems} <= known


def test_every_document_has_its_rows(certificate):
    prefixes = {row.id.split("-")[0] for row in certificate.theorems}
    assert prefixes == {"W", "LL", "YJ", "CH", "LW"}


def test_a_row_is_found_by_its_id(certificate):
    assert certificate.theorem("LL-Thm1").id == "LL-Thm1"
    with pytest.raises(KeyError, match="no theorem 'XX-1'; known: W-D1"):
        certificate.theorem("XX-1")


def test_it_says_what_it_does_not_mean(certificate):
    text = " ".join(certificate.meaning)
    for word in ("Stochastic gradient descent", "Adam", "Cross-entropy", "not in the data"):
        assert word in text


def test_it_cannot_be_changed(certificate):
    with pytest.raises(dataclasses.FrozenInstanceError):
        certificate.seconds = 0.0


def test_its_repr_is_one_line_that_names_what_applies(certificate):
    rows = certificate.theorems
    applies = ", ".join(row.id for row in rows if row.verdict == "applies")
    expected = f"Certificate(applies: [{applies}], {len(rows)} rows, P = 41)"  # 3 * 8 + 8 + 8 + 1
    assert repr(certificate) == expected
    assert "\n" in str(certificate)
