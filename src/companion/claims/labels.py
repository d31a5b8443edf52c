"""Labels of the book: the places in its pages that a row of the ledger can point to.

They are read from the MyST sources, so that no built book is needed to see what is missing.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

_TARGET = re.compile(r"\((?P<label>[^()\s]+)\)=")
_EQUATION = re.compile(r"\$\$\s*\((?P<label>[^()\s]+)\)")
_FENCE = re.compile(r"(?P<fence>`{3,}|:{3,}|~{3,})\s*(?:\{(?P<directive>[^}]+)\})?.*")
_OPTION = re.compile(r":(?:label|name):\s*(?P<label>\S+)")


@dataclass(frozen=True)
class Label:
    """A place in the book that a row can point to.

    Attributes
    ----------
    name
        The label.
    page
        Source file, relative to the folder of the book.
    line
        Line of the source file.
    fragment
        Identifier of the place in the built page.
    """

    name: str
    page: str
    line: int
    fragment: str

    @property
    def address(self) -> str:
        """Address in the built site, relative to its root."""
        return f"{Path(self.page).with_suffix('.html').as_posix()}#{self.fragment}"


def page_labels(book: Path) -> dict[str, Label]:
    """Labels of the pages of a book.

    Parameters
    ----------
    book
        Folder of the MyST sources; what lies in folders that begin with ``_`` is no page.

    Returns
    -------
    The labels by name: targets ``(label)=``, options ``:label:`` and ``:name:`` of directives
    (theorems, figures, equations, exercises), names of figures in the headers of code cells.

    Notes
    -----
    A fence without a directive is code and is skipped, as is the body of a code cell, where
    ``name: str`` would be an annotation.
    """
    labels: dict[str, Label] = {}
    for path in sorted(book.rglob("*.md")):
        page = path.relative_to(book)
        if any(part.startswith(("_", ".")) for part in page.parts):
            continue
        for label, line, directive in _labels(path.read_text(encoding="utf-8").splitlines()):
            found = Label(label, page.as_posix(), line, _fragment(label, directive))
            labels.setdefault(label, found)
    return labels


def _fragment(label: str, directive: str) -> str:
    # sphinx-proof takes a label as it is; docutils makes an identifier of any other.
    if directive.startswith("prf:"):
        return label
    identifier = re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")
    return f"equation-{identifier}" if directive == "math" else identifier


def _labels(lines: list[str]) -> Iterator[tuple[str, int, str]]:
    fences: list[tuple[str, str | None]] = []  # open fences with their directives
    header: list[str] | None = None  # a "---" block of options that is being read
    options = False  # whether lines ":key: value" may stand here
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        directive = fences[-1][1] if fences else ""
        verbatim = directive is None or directive.startswith("code")
        fence = _FENCE.fullmatch(text)
        if header is not None:
            if text != "---":
                header.append(line)
                continue
            for label in _names(yaml.safe_load("\n".join(header))):
                yield label, number, str(directive)
            header = None
        elif fences and _closes(text, fences[-1][0]):
            fences.pop()
            options = False
        elif fence and not verbatim:
            fences.append((fence["fence"], fence["directive"]))
            options = fence["directive"] is not None
        elif options and text == "---":
            header, options = [], False
        elif options and text.startswith(":"):
            match = _OPTION.fullmatch(text)
            if match:
                yield match["label"], number, str(directive)
        else:
            options = False
            target, equation = _TARGET.fullmatch(text), _EQUATION.fullmatch(text)
            if target and not verbatim:
                yield target["label"], number, ""
            elif equation and not verbatim:
                yield equation["label"], number, "math"


def _names(options: object) -> Iterator[str]:
    if isinstance(options, dict):
        for key, value in options.items():
            if key in ("name", "label") and isinstance(value, str):
                yield value
            yield from _names(value)


def _closes(text: str, opened: str) -> bool:
    return set(text) == {opened[0]} and len(text) >= len(opened)
