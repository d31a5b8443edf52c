"""What backs a verdict: labels on the pages of the book, and the tests that name a row.

Labels are read from the MyST sources and markers from the syntax trees of the tests, so that
neither a built book nor a run of the tests is needed to see what is missing.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from companion.claims.ledger import Ledger
from companion.claims.rows import UNSUPPORTED

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


@dataclass(frozen=True)
class Marker:
    """One use of ``pytest.mark.claim``.

    Attributes
    ----------
    ids
        The rows that it names.
    test
        The test that carries it, as pytest writes it (``tests/x/test_y.py::test_z``).
    line
        Line of the file.
    fault
        What is wrong with the marker itself; None where nothing is.
    """

    ids: tuple[str, ...]
    test: str
    line: int
    fault: str | None


def checkout() -> Path | None:
    """Root of the working copy that this package runs from; None where it was installed."""
    root = Path(__file__).resolve().parents[3]
    return root if (root / "tests").is_dir() and (root / "book").is_dir() else None


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
        for label, line, proof in _labels(path.read_text(encoding="utf-8").splitlines()):
            # sphinx-proof takes a label as it is; docutils makes an identifier of the others.
            fragment = label if proof else re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")
            labels.setdefault(label, Label(label, page.as_posix(), line, fragment))
    return labels


def claim_markers(root: Path) -> tuple[Marker, ...]:
    """Every use of the marker ``claim`` in the tests of a working copy.

    Parameters
    ----------
    root
        The working copy; its folder ``tests`` is read.

    Returns
    -------
    The markers, in the order of files and lines. A marker that names no row, a row by anything
    but a literal, or that stands where pytest collects nothing carries a fault.
    """
    markers = []
    for path in sorted((root / "tests").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
        file = path.relative_to(root).as_posix()
        collected = path.name.startswith("test_")
        markers += [
            Marker(*found, line=node.lineno, fault=_fault(node, found, collected))
            for node, found in _markers(tree, file)
        ]
    return tuple(markers)


def unsupported(
    ledger: Ledger, labels: Mapping[str, Label], markers: Iterable[Marker]
) -> list[str]:
    """What is missing or wrong between the ledger, the pages and the tests.

    Parameters
    ----------
    ledger
        The rows.
    labels
        The labels of the book, by name.
    markers
        The markers of the tests.

    Returns
    -------
    One sentence for each verdict without a test, label that does not exist, and faulty marker;
    empty if every verdict is backed.
    """
    markers = tuple(markers)
    known = {claim.id for claim in ledger.claims}
    tested = {name for marker in markers if marker.fault is None for name in marker.ids}
    found = [
        f"{marker.test}, line {marker.line}: {marker.fault}" for marker in markers if marker.fault
    ]
    found += [
        f"{marker.test}, line {marker.line}: the ledger has no row {name!r}."
        for marker in markers
        for name in marker.ids
        if name not in known
    ]
    for claim in ledger.claims:
        where = f"{claim.document}.yml, line {claim.line}, row {claim.id}"
        if claim.verdict not in UNSUPPORTED and claim.id not in tested:
            found.append(
                f"{where}: the verdict {claim.verdict} needs a test marked "
                f'@pytest.mark.claim("{claim.id}").'
            )
        if claim.evidence is not None and claim.evidence not in labels:
            found.append(f"{where}: no page of the book has the label {claim.evidence!r}.")
    return found


def _labels(lines: list[str]) -> Iterator[tuple[str, int, bool]]:
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
                yield label, number, str(directive).startswith("prf:")
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
                yield match["label"], number, str(directive).startswith("prf:")
        else:
            options = False
            match = None if verbatim else _TARGET.fullmatch(text) or _EQUATION.fullmatch(text)
            if match:
                yield match["label"], number, False


def _names(options: object) -> Iterator[str]:
    if isinstance(options, dict):
        for key, value in options.items():
            if key in ("name", "label") and isinstance(value, str):
                yield value
            yield from _names(value)


def _closes(text: str, opened: str) -> bool:
    return set(text) == {opened[0]} and len(text) >= len(opened)


def _markers(
    tree: ast.AST, file: str, inside: tuple[str, ...] = ()
) -> Iterator[tuple[ast.expr, tuple[tuple[str, ...], str]]]:
    for node in ast.iter_child_nodes(tree):
        named = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        deeper = (*inside, node.name) if named else inside
        if isinstance(node, ast.Call) and _is_marker(node.func):
            ids = tuple(
                item.value
                for item in node.args
                if isinstance(item, ast.Constant) and isinstance(item.value, str)
            )
            yield node, (ids, "::".join((file, *inside)))
        elif isinstance(node, ast.expr) and _is_marker(node):
            yield node, ((), "::".join((file, *inside)))
        else:
            yield from _markers(node, file, deeper)


def _is_marker(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and node.attr == "claim"
        and isinstance(node.value, ast.Attribute)
        and node.value.attr == "mark"
    )


def _fault(node: ast.expr, found: tuple[tuple[str, ...], str], collected: bool) -> str | None:
    ids, test = found
    if not isinstance(node, ast.Call) or not (node.args or node.keywords):
        return "the marker names no row."
    if node.keywords or len(ids) != len(node.args):
        return "the marker must name its rows as literal strings."
    names = test.split("::")[1:]
    if not collected or not all(name.startswith(("test", "Test")) for name in names):
        return "the marker stands where pytest collects no test."
    return None
