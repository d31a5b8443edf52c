"""Markers of the tests: which test checks which row of the ledger.

They are read from the syntax trees of the tests, so that no test need be run to find them.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


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

    Raises
    ------
    ValueError
        If a file is not valid Python.
    """
    markers: list[Marker] = []
    for path in sorted((root / "tests").rglob("*.py")):
        file = path.relative_to(root).as_posix()
        try:
            tree = ast.parse(path.read_text(encoding="utf-8"))
        except SyntaxError as error:
            raise ValueError(f"{file} cannot be read as Python: {error}.") from error
        markers += _markers(tree, (file,))
    return tuple(markers)


def _markers(tree: ast.AST, names: tuple[str, ...]) -> Iterator[Marker]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Call) and _is_marker(node.func):
            values = [item.value if isinstance(item, ast.Constant) else None for item in node.args]
            ids = tuple(value for value in values if isinstance(value, str))
            literal = len(ids) == len(values) and not node.keywords
            yield Marker(ids, "::".join(names), node.lineno, _fault(names, ids, literal))
        elif isinstance(node, ast.Attribute) and _is_marker(node):
            yield Marker((), "::".join(names), node.lineno, _fault(names, (), literal=True))
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield from _markers(node, (*names, node.name))
        else:
            yield from _markers(node, names)


def _is_marker(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and ast.unparse(node).endswith("mark.claim")


def _fault(names: tuple[str, ...], ids: tuple[str, ...], literal: bool) -> str | None:
    file, *inside = names
    if not literal:
        return "the marker must name its rows as literal strings."
    if not ids:
        return "the marker names no row."
    # What pytest collects by its own rules: test_*.py, test*, Test*.
    if not file.rpartition("/")[2].startswith("test_") or not all(
        name.startswith(("test", "Test")) for name in inside
    ):
        return "the marker stands where pytest collects no test."
    return None
