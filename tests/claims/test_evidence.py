"""Nothing but a label and a test backs a verdict, and what is missing is named with its row."""

import pytest

from companion.claims.evidence import checkout, unsupported
from companion.claims.labels import Label
from companion.claims.ledger import load_ledger
from companion.claims.markers import Marker

LABELS = {"sec-root": Label("sec-root", "page.md", 1, "sec-root")}
TEST = Marker(("AB-Thm1",), "tests/test_a.py::test_root", 3, None)


@pytest.fixture
def ledger(written):
    """One row that holds by the label sec-root, one unchecked."""
    return load_ledger(written())


def test_a_backed_ledger_has_no_complaint(ledger):
    assert unsupported(ledger, LABELS, [TEST]) == []


def test_a_verdict_without_a_test_is_named(ledger):
    (found,) = unsupported(ledger, LABELS, [])
    assert found.startswith("a_document.yml, line 8, row AB-Thm1: the verdict holds needs a test")


def test_a_faulty_marker_backs_nothing(ledger):
    faulty = Marker(("AB-Thm1",), "tests/test_a.py::helper", 3, "the marker stands elsewhere.")
    found = unsupported(ledger, LABELS, [faulty])
    assert "tests/test_a.py::helper, line 3: the marker stands elsewhere." in found
    assert any("row AB-Thm1" in complaint for complaint in found)


def test_a_label_that_does_not_exist_is_named(ledger):
    (found,) = unsupported(ledger, {}, [TEST])
    assert found.startswith("a_document.yml, line 8, row AB-Thm1: no page")
    assert "'sec-root'" in found


def test_a_label_is_asked_of_unchecked_rows_too(written):
    row = "- id: AB-1\n  place: p\n  statement: s\n  verdict: unchecked\n  evidence: nowhere\n"
    (found,) = unsupported(load_ledger(written(row)), LABELS, [])
    assert "row AB-1: no page of the book has the label 'nowhere'" in found


def test_an_unknown_row_is_named(ledger):
    other = Marker(("AB-Thm1", "AB-Thm9"), "tests/test_a.py::test_b", 9, None)
    (found,) = unsupported(ledger, LABELS, [other])
    assert found == "tests/test_a.py::test_b, line 9: the ledger has no row 'AB-Thm9'."


def test_this_is_a_checkout():
    root = checkout()
    assert root is not None and (root / "pyproject.toml").is_file()
