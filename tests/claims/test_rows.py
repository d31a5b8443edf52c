"""A row keeps its permanent address and says everything that a program would ask."""

import dataclasses

import pytest

from companion.claims.rows import UNSUPPORTED, VERDICTS, Claim

CLAIM = Claim(
    id="YJ-Cor3.2.1(2)",
    document="general_architectures",
    place="Section 3",
    statement="A statement.",
    verdict="unchecked",
    evidence=None,
    correction=None,
    reason=None,
    line=7,
)


@pytest.mark.parametrize(
    ("name", "anchor"),
    [
        ("LL-Thm1", "claim-ll-thm1"),
        ("LL-2.3", "claim-ll-2-3"),
        ("YJ-Cor3.2.1(2)", "claim-yj-cor3-2-1-2"),
        ("W-D1", "claim-w-d1"),
        ("W1", "claim-w1"),
    ],
)
def test_addresses_are_permanent(name, anchor):
    assert dataclasses.replace(CLAIM, id=name).anchor == anchor


def test_as_dict_holds_every_field_but_the_line():
    fields = {field.name for field in dataclasses.fields(Claim)} - {"line"}
    answer = CLAIM.as_dict()
    assert set(answer) == fields | {"anchor"}
    assert answer["id"] == CLAIM.id and answer["evidence"] is None


def test_rows_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        CLAIM.verdict = "exact"


def test_the_verdicts_are_the_agreed_ones():
    agreed = "exact holds constant corrected fails illustrated open unchecked"
    assert list(VERDICTS) == agreed.split()
    assert {"open", "unchecked"} == UNSUPPORTED
