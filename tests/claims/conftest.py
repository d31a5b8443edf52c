"""Small ledgers to break: one file of two rows, in a folder of its own."""

from pathlib import Path

import pytest

HEAD = """\
schema: 1
order: 1
prefix: AB
title: A title
authors: An Author
source: nowhere
rows:
"""

GOOD = """\
- id: AB-Thm1
  place: Section 1
  statement: There is $x$ with $x^2=2$.
  verdict: holds
  evidence: sec-root
- id: AB-2.1
  place: Section 2
  statement: >-
    Two lines
    become one.
  verdict: unchecked
"""


@pytest.fixture
def written(tmp_path):
    """Writes a ledger file: `written(rows, head, name)` returns its folder."""

    def write(rows: str = GOOD, head: str = HEAD, name: str = "a_document") -> Path:
        folder = tmp_path / "ledger"
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.yml").write_text(head + rows, encoding="utf-8")
        return folder

    return write
