"""The printed table fits its columns; the HTML is a table for every reader."""

import dataclasses
from html.parser import HTMLParser

import numpy as np
import pytest
import torch
from torch import nn

from companion.certificates.certify import certify
from companion.certificates.findings import EqualPointsWarning
from companion.certificates.report import WIDTH, html_report, text_report


@pytest.fixture(scope="module")
def certificate():
    rng = np.random.default_rng(0)
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1)).double()
    X = rng.standard_normal((4, 3))
    X[2] = X[0]
    with pytest.warns(EqualPointsWarning):
        return certify(module, X, rng.standard_normal((4, 1)))


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.seen, self.text = [], [], []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def parsed(markup):
    tags = Tags()
    tags.feed(markup)
    assert not tags.open
    return tags


def test_text_fits_its_columns_and_has_every_row(certificate):
    text = str(certificate)
    assert text == text_report(certificate)
    assert max(map(len, text.splitlines())) <= WIDTH
    for row in certificate.theorems:
        (line,) = [one for one in text.splitlines() if one.startswith(f"{row.id} ")]
        assert row.verdict in line
    assert text.startswith("Warnings\n  * points 0 and 2 are equal")


def test_a_measured_curvature_is_marked_as_an_estimate(certificate):
    seen = dataclasses.replace(certificate.convergence, curvature=None, curvature_seen=2.5)
    text = text_report(dataclasses.replace(certificate, convergence=seen))
    assert "at least 2.5, an ESTIMATE: it can refute, not prove" in text


def test_numbers_that_are_not_known_are_said_to_be_unknown(certificate):
    unknown = dataclasses.replace(
        certificate.convergence, curvature=None, curvature_seen=None, ratio=None
    )
    text = " ".join(text_report(dataclasses.replace(certificate, convergence=unknown)).split())
    assert "beta, Lipschitz constant of J not known" in text
    assert "unknown; below 1 is asked" in text


def test_html_has_captions_and_headed_rows_and_columns(certificate):
    tags = parsed(certificate._repr_html_())
    tables = [one for one in tags.seen if one[0] == "table"]
    captions = [one for one in tags.seen if one[0] == "caption"]
    heads = [attrs for tag, attrs in tags.seen if tag == "th"]
    assert len(tables) == len(captions) == 3
    assert all(attrs["scope"] in ("row", "col") for attrs in heads)
    assert sum(attrs["scope"] == "col" for attrs in heads) == 5


def test_html_escapes_every_text(certificate):
    nasty = '<script>alert("x")</script> & more'
    row = dataclasses.replace(certificate.theorems[0], reason=nasty, title=nasty, differs=nasty)
    facts = dataclasses.replace(certificate.facts, architecture=nasty)
    changed = dataclasses.replace(
        certificate, theorems=(row,), facts=facts, warnings=(nasty,), meaning=(nasty,)
    )
    tags = parsed(html_report(changed))
    assert "script" not in {tag for tag, _ in tags.seen}
    assert sum(nasty in one for one in tags.text) == 5
