"""What an executed page saw, as hashes, and what has changed since."""

import ast
import hashlib
import json
from dataclasses import asdict, dataclass
from typing import NamedTuple

from tools.notebooks.book import Page, PageError
from tools.notebooks.library import Library
from tools.notebooks.pair import called, code_cells, tags, text_cells


class Reason(NamedTuple):
    """Why a page is stale, and whether only an execution mends it."""

    what: str
    execute: bool = True


@dataclass(frozen=True)
class Inputs:
    """Hashes of all that decides a page. `code` is the part of `text` that is executed."""

    text: str
    code: str
    lock: str
    modules: dict[str, str]
    records: dict[str, str]

    def as_entry(self) -> dict:
        return asdict(self)


def inputs(page: Page, library: Library) -> Inputs:
    """What the page would see if it were executed now."""
    cells = code_cells(text_cells(page))
    code = [[cell.source, "raises-exception" in tags(cell)] for cell in cells]
    modules: set[str] = set()
    for number, cell in enumerate(cells, start=1):
        try:
            modules |= library.executed_by(ast.parse(cell.source))
        except SyntaxError as error:
            raise PageError(
                f"{page.name}, {called(number, cell)}: a cell must be plain Python; {error.msg}."
            ) from None
    return Inputs(
        text=_hash(page.text.encode()),
        code=_hash(json.dumps(code).encode()),
        lock=_hash(_pins(page).encode()),
        # A package without code of its own, which is most of them, would only be noise.
        modules={
            module: digest
            for module in sorted(modules)
            if (digest := library.hash_of(module)) != _hash(b"")
        },
        records={record: _record(page, record) for record in sorted(page.records)},
    )


def changes(seen: dict, now: Inputs) -> list[Reason]:
    """How the inputs differ from those of the last execution; `seen` is its entry."""
    if not seen:
        return [Reason("never executed")]
    reasons = []
    if seen["code"] != now.code:
        reasons.append(Reason("text"))
    elif seen["text"] != now.text:
        reasons.append(Reason("text (its prose only)", execute=False))
    for kind, old, new in (
        ("module", seen["modules"], now.modules),
        ("record", seen["records"], now.records),
    ):
        names = sorted({*old, *new})
        reasons += [Reason(f"{kind} {name}") for name in names if old.get(name) != new.get(name)]
    if seen["lock"] != now.lock:
        reasons.append(Reason("lock"))
    return reasons


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]


def _pins(page: Page) -> str:
    # Order and comments of the lock install nothing.
    lines = (line.split("#")[0].strip() for line in page.book.lock.read_text().splitlines())
    return "\n".join(sorted(filter(None, lines)))


def _record(page: Page, record: str) -> str:
    path = page.book.records / record
    if not path.is_file():
        folder = page.book.records.relative_to(page.book.root).as_posix()
        raise PageError(
            f"{page.name}: the front matter lists the record {record!r}, which is not there. "
            f"Name it by its path inside {folder}/."
        )
    return _hash(path.read_bytes())
