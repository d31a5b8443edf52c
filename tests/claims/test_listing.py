"""The command's text: everything is there, nothing is wider than the terminal."""

import json

import pytest

from companion.claims import listing
from companion.claims.ledger import load_ledger
from companion.claims.listing import claims_report


@pytest.fixture
def small(written, monkeypatch):
    """The report on a small ledger, outside of any checkout unless a test says otherwise."""
    ledger = load_ledger(written())
    monkeypatch.setattr(listing, "load_ledger", lambda: ledger)
    monkeypatch.setattr(listing, "checkout", lambda: None)


@pytest.fixture
def working_copy(small, tmp_path, monkeypatch):
    """A checkout in which a page and a test back the row AB-Thm1."""
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "a-page.md").write_text("# Title\n\n(sec-root)=\n## A root\n")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_root.py").write_text(
        'import pytest\n\n\n@pytest.mark.claim("AB-Thm1")\ndef test_it():\n    pass\n'
    )
    monkeypatch.setattr(listing, "checkout", lambda: tmp_path)


@pytest.mark.parametrize("width", [10, 50, 80, 200])
def test_a_table_fits_the_terminal(width):
    text = claims_report(width=width)
    longest = max(load_ledger().claims, key=lambda claim: max(map(len, claim.statement.split())))
    word = max(map(len, longest.statement.split()))  # a formula without a space is not cut
    assert max(map(len, text.splitlines())) <= max(width, 40, word + 40)
    assert "\x1b" not in text
    assert text.count("\nLL-") == len(load_ledger().document("LL").claims)


def test_a_table_shows_every_row_and_counts_them(small):
    lines = claims_report(width=80).splitlines()
    assert lines[0] == "AB-Thm1  holds      There is $x$ with $x^2=2$."
    assert lines[1] == "AB-2.1   unchecked  Two lines become one."
    assert lines[-1] == "2 rows: 1 holds, 1 unchecked."


def test_conditions_narrow_the_table(small):
    assert claims_report(verdict="holds").splitlines()[-1] == "1 row: 1 holds."
    assert claims_report(verdict="exact").splitlines()[-1] == "0 rows."
    assert claims_report(document="AB") == claims_report()


def test_json_is_a_list_of_rows(small):
    rows = json.loads(claims_report(as_json=True))
    assert [(row["id"], row["document"], row["verdict"]) for row in rows] == [
        ("AB-Thm1", "a_document", "holds"),
        ("AB-2.1", "a_document", "unchecked"),
    ]
    assert json.loads(claims_report(verdict="exact", as_json=True)) == []


def test_a_row_in_full_names_its_page_and_tests(working_copy):
    text = claims_report(["ab-thm1"])
    for part in (
        "AB-Thm1  holds",
        "An Author, A title: Section 1",
        "There is $x$ with $x^2=2$.",
        "page: book/a-page.md, line 3, label sec-root",
        "built: a-page.html#sec-root",
        "ledger: ledger.html#claim-ab-thm1",
        "test: tests/test_root.py::test_it",
    ):
        assert part in text
    (row,) = json.loads(claims_report(["AB-Thm1"], as_json=True))
    assert row["tests"] == ["tests/test_root.py::test_it"]
    assert row["page"]["address"] == "a-page.html#sec-root"


def test_a_row_without_support_says_so(working_copy):
    text = claims_report(["AB-2.1"])
    assert "page: none yet" in text and "tests: none yet" in text
    (row,) = json.loads(claims_report(["AB-2.1"], as_json=True))
    assert row["page"] is None and row["tests"] == []


def test_outside_a_checkout_the_tests_are_not_known(small):
    text = claims_report(["AB-Thm1"])
    assert "page: label sec-root" in text
    assert "tests: known only in a checkout of the repository" in text
    (row,) = json.loads(claims_report(["AB-Thm1"], as_json=True))
    assert row["tests"] is None


def test_an_unknown_id_is_answered_with_the_nearest(small):
    with pytest.raises(ValueError, match=r"got 'AB-Thm7'. Nearest: AB-Thm1"):
        claims_report(["AB-Thm7"])
