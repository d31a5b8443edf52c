"""A ledger file is read exactly, and each way of breaking it is named with file, line and row."""

import pytest

from companion.claims.reading import LedgerError, read_document

HEAD_LINES = 7  # the rows begin in the line after


def read(folder, name="a_document"):
    return read_document(folder / f"{name}.yml")


def test_a_good_file_is_read_as_it_stands(written):
    document = read(written())
    assert (document.slug, document.order, document.prefix) == ("a_document", 1, "AB")
    assert (document.title, document.authors, document.source) == (
        "A title",
        "An Author",
        "nowhere",
    )
    first, second = document.claims
    assert (first.id, first.place, first.verdict) == ("AB-Thm1", "Section 1", "holds")
    assert (first.evidence, first.correction, first.reason) == ("sec-root", None, None)
    assert first.statement == "There is $x$ with $x^2=2$."
    assert second.statement == "Two lines become one."
    assert (first.line, second.line) == (HEAD_LINES + 1, HEAD_LINES + 6)
    assert first.document == "a_document"


ROW = """\
- id: AB-1
  place: Section 1
  statement: A statement.
  verdict: unchecked
"""

BROKEN_ROWS = {
    "unknown verdict": (
        ROW.replace("unchecked", "hold"),
        r"line 11, row AB-1: `verdict` must be one of exact, .*; got 'hold'. Did you mean holds\?",
    ),
    "missing id": (ROW.replace("id: AB-1\n  ", ""), r"line 8: the field `id` is missing"),
    "missing place": (
        ROW.replace("  place: Section 1\n", ""),
        r"line 8, row AB-1: the field `place` is missing",
    ),
    "missing statement": (
        ROW.replace("  statement: A statement.\n", ""),
        r"line 8, row AB-1: the field `statement` is missing",
    ),
    "missing verdict": (
        ROW.replace("  verdict: unchecked\n", ""),
        r"line 8, row AB-1: the field `verdict` is missing",
    ),
    "unknown field": (
        ROW + "  evidense: x\n",
        r"line 12: unknown field `evidense`. Did you mean `evidence`\?",
    ),
    "doubled field": (ROW + "  place: Section 2\n", r"line 12: the field `place` stands twice"),
    "number for text": (
        ROW.replace("Section 1", "2.1"),
        r"line 9, row AB-1: `place` must be text; got '2.1'. Put it in quotes",
    ),
    "list for text": (
        ROW.replace("Section 1", "[1]"),
        r"line 9, row AB-1: `place` must be text; got a list or a mapping",
    ),
    "date for text": (ROW.replace("Section 1", "2020-01-01"), r"row AB-1: `place` must be text"),
    "empty text": (ROW.replace("Section 1", "' '"), r"row AB-1: `place` must not be empty"),
    "null for text": (ROW.replace("Section 1", "null"), r"row AB-1: `place` must be text"),
    "wrong prefix": (
        ROW.replace("AB-1", "BA-1"),
        r"line 8, row BA-1: `id` must be AB and a hyphen or digit",
    ),
    "doubled id": (ROW + ROW, r"line 12, row AB-1: the id is taken by the row in line 8"),
    "id in another case": (
        ROW.replace("AB-1", "AB-x") + ROW.replace("AB-1", "AB-X"),
        r"line 12, row AB-X: the id is taken by the row in line 8",
    ),
    "row that is no mapping": ("- AB-1\n", r"line 8: here must stand the fields id, "),
    "constant without correction": (
        ROW.replace("unchecked", "constant\n  evidence: x"),
        r"row AB-1: the verdict constant needs `correction`",
    ),
    "corrected without correction": (
        ROW.replace("unchecked", "corrected\n  evidence: x"),
        r"row AB-1: the verdict corrected needs `correction`",
    ),
    "open without reason": (
        ROW.replace("unchecked", "open"),
        r"line 11, row AB-1: the verdict open needs `reason`",
    ),
}


@pytest.mark.parametrize("case", BROKEN_ROWS)
def test_a_broken_row_is_named_with_file_line_and_row(case, written):
    rows, message = BROKEN_ROWS[case]
    with pytest.raises(LedgerError, match=message) as caught:
        read(written(rows))
    assert str(caught.value).startswith("a_document.yml, line ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "verdict", ["exact", "holds", "constant", "corrected", "fails", "illustrated"]
)
def test_a_verdict_needs_a_label(verdict, written):
    row = ROW.replace("unchecked", f"{verdict}\n  correction: another constant")
    with pytest.raises(LedgerError, match=rf"row AB-1: the verdict {verdict} needs `evidence`"):
        read(written(row))
    assert read(written(row + "  evidence: a-label\n")).claims[0].evidence == "a-label"


def test_open_needs_a_reason_and_no_label(written):
    row = ROW.replace("unchecked", "open\n  reason: It is a belief.")
    claim = read(written(row)).claims[0]
    assert (claim.reason, claim.evidence) == ("It is a belief.", None)


HEAD = """\
schema: 1
order: 1
prefix: AB
title: A title
authors: An Author
source: nowhere
rows: []
"""

BROKEN_HEADS = {
    "newer schema": (
        HEAD.replace("schema: 1", "schema: 2"),
        r"line 1: `schema` must be at most 1; got 2. .* newer version",
    ),
    "older schema": (HEAD.replace("schema: 1", "schema: 0"), r"`schema` must be 1; got 0"),
    "schema no number": (
        HEAD.replace("schema: 1", "schema: one"),
        r"`schema` must be a whole number; got 'one'",
    ),
    "no schema": (HEAD.replace("schema: 1\n", ""), r"the field `schema` is missing"),
    "no title": (HEAD.replace("title: A title\n", ""), r"the field `title` is missing"),
    "rows no list": (HEAD.replace("[]", "none"), r"line 7: `rows` must be a list of rows"),
    "unknown field": (HEAD + "note: x\n", r"line 8: unknown field `note`"),
    "no mapping": ("- a\n- b\n", r"the field `schema` is missing; write `schema: 1`"),
    "empty": ("", r"is empty; it must begin with `schema: 1`"),
    "no YAML": ("schema: [1\n", r"is not valid YAML: .*line 2"),
    "an object": ("schema: !!python/object:os.system {}\n", r"`schema` must be a whole number"),
}


@pytest.mark.parametrize("case", BROKEN_HEADS)
def test_a_broken_file_is_named(case, written):
    head, message = BROKEN_HEADS[case]
    with pytest.raises(LedgerError, match=message) as caught:
        read(written("", head=head))
    assert str(caught.value).startswith("a_document.yml")
    assert "\n" not in str(caught.value)


def test_a_newer_file_is_refused_before_its_fields_are_read(written):
    # A newer format may have other fields; the remedy is an update, not another spelling.
    head = HEAD.replace("schema: 1", "schema: 2") + "invented_later: true\n"
    with pytest.raises(LedgerError, match="newer version"):
        read(written("", head=head))


def test_an_unreadable_file_is_named(tmp_path):
    with pytest.raises(LedgerError, match=r"missing\.yml cannot be read: .*No such file"):
        read_document(tmp_path / "missing.yml")
    (tmp_path / "latin.yml").write_bytes(b"schema: 1\ntitle: \xe9\n")
    with pytest.raises(LedgerError, match=r"latin\.yml cannot be read: .*utf-8"):
        read_document(tmp_path / "latin.yml")
