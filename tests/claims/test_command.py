"""`companion claims`: what it prints, and one line with exit code 2 for what it cannot find."""

import json
import subprocess
import sys
from pathlib import Path

from companion.claims.ledger import load_ledger


def claims(*arguments):
    program = Path(sys.executable).with_name("companion")
    return subprocess.run([program, "claims", *arguments], capture_output=True, text=True)


def test_json_is_a_list_of_rows():
    done = claims("--document", "ll", "--json")
    rows = json.loads(done.stdout)
    assert done.returncode == 0
    document = load_ledger().document("LL")
    assert [row["id"] for row in rows] == [claim.id for claim in document.claims]
    assert {"id", "document", "verdict", "place", "statement"} <= set(rows[0])
    assert {row["document"] for row in rows} == {"two_layer_flow"}


def test_an_id_gives_the_whole_row_with_page_and_tests():
    done = claims("LL-2.6")
    assert done.returncode == 0
    assert done.stdout.startswith("LL-2.6  ")
    assert "ledger: ledger.html#claim-ll-2-6" in done.stdout
    assert "test: tests/tangent/test_gram.py::" in done.stdout


def test_what_is_unknown_ends_in_one_line_and_code_two():
    done = claims("LL-Lem55")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (
        "Error: `id` must name a row of the ledger; got 'LL-Lem55'."
        " Nearest: LL-Lem5, LL-Lem4, LL-Lem3.\n"
    )
