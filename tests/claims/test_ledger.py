"""Loading and choosing rows on small ledgers, and the shape of the real one."""

import re

import pytest

from companion.claims.ledger import load_ledger
from companion.claims.reading import LedgerError
from companion.claims.rows import VERDICTS

SECOND_HEAD = """\
schema: 1
order: 0
prefix: XY
title: Another title
authors: Another Author
source: somewhere
rows:
"""
SECOND_ROWS = """\
- id: XY-Def1
  place: Section 1
  statement: A definition.
  verdict: open
  reason: Nothing follows from it.
"""


@pytest.fixture
def two(written):
    """A ledger of two documents, of which the second file comes first."""
    written()
    return load_ledger(written(SECOND_ROWS, SECOND_HEAD, "other_document"))


# Small ledgers ----------------------------------------------------------------------------------


def test_documents_stand_in_their_order(two):
    assert [document.prefix for document in two.documents] == ["XY", "AB"]
    assert [claim.id for claim in two.claims] == ["XY-Def1", "AB-Thm1", "AB-2.1"]


def test_rows_are_chosen_by_id_document_and_verdict(two):
    def ids(**conditions):
        return [claim.id for claim in two.select(**conditions)]

    assert ids() == ["XY-Def1", "AB-Thm1", "AB-2.1"]
    assert ids(ids=["ab-2.1", "XY-Def1", "AB-2.1"]) == ["AB-2.1", "XY-Def1"]
    assert ids(document="AB") == ids(document="a_document") == ["AB-Thm1", "AB-2.1"]
    assert ids(verdict="open") == ["XY-Def1"]
    assert ids(document="AB", verdict="holds") == ["AB-Thm1"]
    assert ids(ids=["AB-2.1"], document="XY") == []
    assert ids(verdict="exact") == []


def test_counts_name_every_verdict(two):
    counts = two.counts()
    assert set(counts) == {"a_document", "other_document"}
    assert all(list(row) == list(VERDICTS) for row in counts.values())
    assert counts["a_document"]["holds"] == counts["a_document"]["unchecked"] == 1
    assert sum(map(sum, (row.values() for row in counts.values()))) == len(two.claims)


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ({"ids": ["AB-Thm2"]}, r"`id` must name a row .*; got 'AB-Thm2'. Nearest: AB-Thm1"),
        ({"ids": ["zzzzzzz"]}, r"got 'zzzzzzz'\.$"),
        ({"document": "a_documint"}, r"`document` must be one of XY, .* Nearest: a_document"),
        ({"verdict": "holt"}, r"`verdict` must be one of exact, .*; got 'holt'. Nearest: holds"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(two, conditions, message):
    with pytest.raises(ValueError, match=message):
        two.select(**conditions)


def test_ids_are_unique_across_files(written):
    written()
    row = SECOND_ROWS.replace("XY-Def1", "AB-Thm1")
    head = SECOND_HEAD.replace("prefix: XY", "prefix: AB")
    with pytest.raises(LedgerError, match="`prefix` is taken by"):
        load_ledger(written(row, head, "other_document"))
    # A prefix that begins like another can produce the same address, which is what must differ.
    head = SECOND_HEAD.replace("prefix: XY", "prefix: AB-Thm")
    row = SECOND_ROWS.replace("XY-Def1", "AB-Thm1")
    taken = r"a_document\.yml, line 8, row AB-Thm1: `id` is taken by other_document\.yml, line 8"
    with pytest.raises(LedgerError, match=taken):
        load_ledger(written(row, head, "other_document"))


def test_two_files_cannot_share_their_place(written):
    written()
    head = SECOND_HEAD.replace("order: 0", "order: 1")
    with pytest.raises(LedgerError, match=r"other_document\.yml: `order` is taken by a_document"):
        load_ledger(written(SECOND_ROWS, head, "other_document"))


def test_an_empty_folder_is_named(tmp_path):
    with pytest.raises(LedgerError, match="`folder` must hold ledger files"):
        load_ledger(tmp_path)


# The real ledger --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ledger():
    return load_ledger()


def test_the_five_documents_are_there(ledger):
    assert [(document.prefix, document.slug) for document in ledger.documents] == [
        ("W", "sphere_approximation"),
        ("LL", "two_layer_flow"),
        ("YJ", "general_architectures"),
        ("CH", "sobolev_training"),
        ("LW", "training_dynamics"),
    ]


@pytest.mark.parametrize(
    ("document", "numbered"),
    [
        ("LL", "A1 A2 A3 Thm1 Cor1 Lem1a Lem1b Lem2 Lem3 Lem4 Lem5 Prop1 4-scaling"),
        ("LL", "1.1 1.2 1.3 2.1 2.2 2.3 2.4 2.5 2.6 2.7 3.3 3.4 3.5 3.6 3.7 3.10 3.11 3.14"),
        ("LL", "A1eq A3eq A4 A5 A6 A7 A8 A9"),
        ("YJ", "Thm1.1 Lem2.1 Thm3.1 Cor3.1.1 Cor3.1.2 Lem3.2a Lem3.2b Fig1 Fig2 Fig3a Fig3b"),
        ("YJ", "Cor3.2.1(1) Cor3.2.1(2) Cor3.2.1(3) ThmA.1 ThmA.2 ThmA.3 ThmA.4 Tab1 Fig3c"),
        ("CH", "Asm1 Asm2 Def1 Def2 Def3 Prop1 Prop2 Prop3 Thm1 Thm2 Thm3"),
        ("CH", "Lem1 Lem2 Lem3 Lem4 Lem5 Lem6 Eq1 Eq5 Eq6 Eq9 Eq10 Eq11 Eq12 Eq14 Eq15"),
        ("LW", "Thm1 Thm2 Thm3 Thm4 Thm5 Thm7 Thm8 Thm10 Thm13 Lem11 Lem12 Lem14 Cor9 Def6"),
        ("LW", "0.1 0.2 0.3 0.4 0.5 0.6 0.8 0.9 0.10 0.11 0.13 0.14 0.15 0.16 0.17 0.18 0.19"),
        ("LW", "0.20 0.21 0.22 0.23 0.24 0.25 0.27 Fig1 Fig2 Fig3"),
    ],
)
def test_every_numbered_statement_has_its_row(ledger, document, numbered):
    ids = {claim.id for claim in ledger.document(document).claims}
    assert {f"{document}-{number}" for number in numbered.split()} <= ids


def test_our_claims_on_the_sphere_are_there(ledger):
    ids = [claim.id for claim in ledger.document("W").claims]
    assert [name for name in ids if not name.startswith("W-D")] == [f"W{k}" for k in range(1, 19)]


def test_formulas_are_balanced(ledger):
    broken = [
        f"{claim.id}: {fault}"
        for claim in ledger.claims
        for text in (claim.statement, claim.correction or "", claim.reason or "")
        for fault in formula_faults(text)
    ]
    assert not broken


def formula_faults(text):
    """What is unbalanced in the LaTeX of a text."""
    if text.count("$") % 2:
        yield "an odd number of dollar signs"
    outside, inside = text.split("$")[::2], text.split("$")[1::2]
    if any("\\" in part for part in outside):
        yield "a command outside of a formula"
    for formula in inside:
        if not formula.strip():
            yield "an empty formula"
        depth = 0
        for brace in re.findall(r"\\.|[{}]", formula):
            depth += {"{": 1, "}": -1}.get(brace, 0)
            if depth < 0:
                break
        if depth:
            yield f"unbalanced braces in {formula}"
        for opening, closing in ((r"\\left\b", r"\\right\b"), (r"\\begin\{", r"\\end\{")):
            if len(re.findall(opening, formula)) != len(re.findall(closing, formula)):
                yield f"unbalanced {opening} in {formula}"
        for size in ("big", "Big", "bigg", "Bigg"):
            left, right = (len(re.findall(rf"\\{size}{side}(?![a-z])", formula)) for side in "lr")
            if left != right:
                yield f"unbalanced {size} in {formula}"
        plain = re.sub(r"\\[()\[\]]|\[0,T\)|\[0,1\)", "", formula)
        for pair in ("()", "[]"):
            if plain.count(pair[0]) != plain.count(pair[1]):
                yield f"unbalanced {pair} in {formula}"


@pytest.mark.parametrize(
    "text",
    ["a $x", r"a \alpha", "$ $", "${x$", "$x}$", "$}x{$", r"$\left(x$", r"$\bigl(x)$", "$(x$"],
)
def test_unbalanced_formulas_are_noticed(text):
    assert list(formula_faults(text))


def test_places_are_plain_text(ledger):
    assert not [claim.id for claim in ledger.claims if re.search(r"[$\\`*]", claim.place)]
