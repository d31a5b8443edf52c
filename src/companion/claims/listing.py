"""The ledger on a terminal: a table of rows, one row in full, or JSON."""

import json
import textwrap
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from companion.claims.evidence import checkout
from companion.claims.labels import page_labels
from companion.claims.ledger import Ledger, load_ledger
from companion.claims.markers import Marker, claim_markers
from companion.claims.rows import VERDICTS, Claim

_NARROWEST = 40


def claims_report(
    ids: Iterable[str] = (),
    *,
    document: str | None = None,
    verdict: str | None = None,
    as_json: bool = False,
    width: int = 80,
) -> str:
    """The rows asked for, as text.

    Parameters
    ----------
    ids
        Ids of rows, which are then shown in full with their page and tests; none means a table.
    document
        Slug or prefix of a document.
    verdict
        Only rows with this verdict.
    as_json
        A JSON list instead of text.
    width
        Columns of the terminal.

    Returns
    -------
    Text without colour codes, or JSON.

    Raises
    ------
    ValueError
        If an id, the document or the verdict is unknown, or a ledger file is broken.
    """
    ids = tuple(ids)
    ledger = load_ledger()
    claims = ledger.select(ids, document, verdict)
    width = max(width, _NARROWEST)
    if not ids:
        rows = [claim.as_dict() for claim in claims]
        return _json(rows) if as_json else _table(claims, width)
    full = [_full(claim, ledger) for claim in claims]
    return _json(full) if as_json else "\n\n".join(_entry(row, width) for row in full)


def _json(rows: list) -> str:
    return json.dumps(rows, indent=2, ensure_ascii=False)


def _table(claims: tuple[Claim, ...], width: int) -> str:
    names = max((len(claim.id) for claim in claims), default=0)
    verdicts = max((len(claim.verdict) for claim in claims), default=0)
    margin = names + verdicts + 4
    if width - margin < _NARROWEST:  # too narrow for columns: the statement goes underneath
        lines = [
            f"{claim.id}  {claim.verdict}\n{_wrapped(claim.statement, width, '    ')}"
            for claim in claims
        ]
    else:
        lines = [
            f"{claim.id:<{names}}  {claim.verdict:<{verdicts}}  "
            + _wrapped(claim.statement, width, " " * margin).lstrip()
            for claim in claims
        ]
    tally = Counter(claim.verdict for claim in claims)
    counts = ", ".join(f"{tally[verdict]} {verdict}" for verdict in VERDICTS if tally[verdict])
    rows = f"{len(claims)} row{'' if len(claims) == 1 else 's'}"
    return "\n".join([*lines, "", f"{rows}: {counts}." if counts else f"{rows}."])


def _wrapped(text: str, width: int, indent: str) -> str:
    return textwrap.fill(
        text,
        width,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _full(claim: Claim, ledger: Ledger) -> dict:
    root = checkout()
    label = page_labels(root / "book").get(claim.evidence) if root and claim.evidence else None
    page = label and {
        "file": f"book/{label.page}",
        "line": label.line,
        "label": label.name,
        "address": label.address,
    }
    document = ledger.document(claim.document)
    return claim.as_dict() | {
        "title": document.title,
        "authors": document.authors,
        "source": document.source,
        "page": page,
        "ledger_address": f"ledger.html#{claim.anchor}",
        "tests": None if root is None else _tests(claim, root),
    }


def _tests(claim: Claim, root: Path) -> list[str]:
    def names(marker: Marker) -> bool:
        return marker.fault is None and claim.id in marker.ids

    return [marker.test for marker in claim_markers(root) if names(marker)]


def _entry(row: dict, width: int) -> str:
    lines = [
        f"{row['id']}  {row['verdict']} ({VERDICTS[row['verdict']]})",
        _wrapped(f"{row['authors']}, {row['title']}: {row['place']}", width, "  "),
        "",
        _wrapped(row["statement"], width, "  "),
        "",
    ]
    for field in ("correction", "reason"):
        if row[field]:
            lines.append(_wrapped(f"{field}: {row[field]}", width, "  "))
    if row["page"]:
        page = row["page"]
        lines.append(f"  page: {page['file']}, line {page['line']}, label {page['label']}")
        lines.append(f"  built: {page['address']}")
    elif row["evidence"]:
        lines.append(f"  page: label {row['evidence']}")
    else:
        lines.append("  page: none yet")
    lines.append(f"  ledger: {row['ledger_address']}")
    if row["tests"] is None:
        lines.append("  tests: known only in a checkout of the repository")
    else:
        lines += [f"  test: {test}" for test in row["tests"]] or ["  tests: none yet"]
    return "\n".join(lines)
