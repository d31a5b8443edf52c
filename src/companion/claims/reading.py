"""Reads one ledger file strictly: what is wrong is named with file, line and row.

The file is taken as a tree of YAML nodes, not as Python objects, because the nodes know their
lines; nothing in it can construct an object, and a text that YAML would turn into a number or
a date is reported instead of converted.
"""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import NoReturn

import yaml

from companion.claims.rows import UNSUPPORTED, VERDICTS, Claim, Document

SCHEMA = 1
"""Version of the file format that this module reads."""

_REQUIRED = ("id", "place", "statement", "verdict")
_OPTIONAL = ("evidence", "correction", "reason")
_HEAD = ("schema", "order", "prefix", "title", "authors", "source", "rows")


class LedgerError(ValueError):
    """A ledger file that cannot be read, or a row that breaks a rule."""


def read_document(path: Path) -> Document:
    """Read and validate one ledger file.

    Parameters
    ----------
    path
        File ``<slug>.yml``.

    Returns
    -------
    The document with its rows, in the order of the file.

    Raises
    ------
    LedgerError
        If the file cannot be read, is not of schema 1, has an unknown, missing or doubled
        field, a field of the wrong type, an unknown verdict, a verdict without the evidence,
        correction or reason that it needs, or an id that is doubled or lacks the prefix.
    """
    root = _root(path)
    _check_schema(root, path)
    head = dict(_fields(root, path, known=_HEAD))
    for name in _HEAD:
        if name not in head:
            raise LedgerError(f"{path.name}: the field `{name}` is missing.")
    prefix = _text(head["prefix"], "prefix", path)
    if not isinstance(head["rows"], yaml.SequenceNode):
        _fail(path, head["rows"], "`rows` must be a list of rows.")
    return Document(
        slug=path.stem,
        order=_integer(head["order"], "order", path),
        prefix=prefix,
        title=_text(head["title"], "title", path),
        authors=_text(head["authors"], "authors", path),
        source=_text(head["source"], "source", path),
        claims=tuple(_rows(head["rows"], prefix, path)),
    )


def _root(path: Path) -> yaml.Node:
    try:
        text = path.read_text(encoding="utf-8")
        root = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (OSError, UnicodeDecodeError) as error:
        raise LedgerError(f"{path.name} cannot be read: {error}.") from error
    except yaml.YAMLError as error:
        detail = " ".join(str(error).split())
        raise LedgerError(f"{path.name} is not valid YAML: {detail}.") from error
    if root is None:
        raise LedgerError(f"{path.name} is empty; it must begin with `schema: {SCHEMA}`.")
    return root


def _check_schema(root: yaml.Node, path: Path) -> None:
    # Before anything else: a newer format may have other fields, and its remedy is an update.
    pairs = root.value if isinstance(root, yaml.MappingNode) else []
    node = next((value for key, value in pairs if key.value == "schema"), None)
    if node is None:
        raise LedgerError(f"{path.name}: the field `schema` is missing; write `schema: {SCHEMA}`.")
    schema = _integer(node, "schema", path)
    if schema > SCHEMA:
        rule = f"`schema` must be at most {SCHEMA}; got {schema}."
        _fail(path, node, f"{rule} The file is of a newer version of this library: update it.")
    if schema != SCHEMA:
        _fail(path, node, f"`schema` must be {SCHEMA}; got {schema}.")


def _rows(sequence: yaml.SequenceNode, prefix: str, path: Path) -> Iterator[Claim]:
    seen: dict[str, Claim] = {}
    for node in sequence.value:
        claim = _row(node, prefix, path)
        earlier = seen.setdefault(claim.anchor, claim)
        if earlier is not claim:
            _fail(path, node, f"the id is taken by the row in line {earlier.line}.", claim.id)
        yield claim


def _row(node: yaml.Node, prefix: str, path: Path) -> Claim:
    fields = dict(_fields(node, path, known=_REQUIRED + _OPTIONAL))
    if "id" not in fields:
        _fail(path, node, "the field `id` is missing.")
    name = _text(fields["id"], "id", path)
    for field in _REQUIRED:
        if field not in fields:
            _fail(path, node, f"the field `{field}` is missing.", name)
    text = {field: _text(fields[field], field, path, name) for field in _REQUIRED}
    note = {field: _optional(fields.get(field), field, path, name) for field in _OPTIONAL}
    claim = Claim(
        id=name,
        document=path.stem,
        place=text["place"],
        statement=text["statement"],
        verdict=text["verdict"],
        evidence=note["evidence"],
        correction=note["correction"],
        reason=note["reason"],
        line=_line(node),
    )
    if not re.fullmatch(rf"{re.escape(prefix)}(-\S|\d)\S*", name):
        form = f"`id` must be {prefix} and a hyphen or digit, and hold no space; got {name!r}."
        _fail(path, fields["id"], form, name)
    rule = _broken_rule(claim)
    if rule:
        _fail(path, fields["verdict"], rule, name)
    return claim


def _broken_rule(claim: Claim) -> str | None:
    if claim.verdict not in VERDICTS:
        near = get_close_matches(claim.verdict, list(VERDICTS), n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        return f"`verdict` must be one of {', '.join(VERDICTS)}; got {claim.verdict!r}.{hint}"
    if claim.verdict not in UNSUPPORTED and claim.evidence is None:
        return f"the verdict {claim.verdict} needs `evidence`, the label of a page."
    if claim.verdict in ("constant", "corrected") and claim.correction is None:
        return f"the verdict {claim.verdict} needs `correction`, saying what is true instead."
    if claim.verdict == "open" and claim.reason is None:
        return "the verdict open needs `reason`, saying why it cannot be checked here."
    return None


def _fields(
    node: yaml.Node, path: Path, *, known: tuple[str, ...]
) -> Iterator[tuple[str, yaml.Node]]:
    if not isinstance(node, yaml.MappingNode):
        _fail(path, node, f"here must stand the fields {', '.join(known)}.")
    seen = set()
    for key, value in node.value:
        if key.value not in known:
            near = get_close_matches(str(key.value), known, n=1)
            hint = f" Did you mean `{near[0]}`?" if near else ""
            _fail(path, key, f"unknown field `{key.value}`.{hint}")
        if key.value in seen:
            _fail(path, key, f"the field `{key.value}` stands twice.")
        seen.add(key.value)
        yield key.value, value


def _text(node: yaml.Node, field: str, path: Path, row: str | None = None) -> str:
    if node.tag != "tag:yaml.org,2002:str":
        _fail(path, node, f"`{field}` must be text; got {_shown(node)}. Put it in quotes.", row)
    text = str(node.value).strip()
    if not text:
        _fail(path, node, f"`{field}` must not be empty.", row)
    return text


def _optional(node: yaml.Node | None, field: str, path: Path, row: str) -> str | None:
    if node is None or node.tag == "tag:yaml.org,2002:null":
        return None
    return _text(node, field, path, row)


def _integer(node: yaml.Node, field: str, path: Path) -> int:
    if node.tag != "tag:yaml.org,2002:int":
        _fail(path, node, f"`{field}` must be a whole number; got {_shown(node)}.")
    return int(node.value)


def _shown(node: yaml.Node) -> str:
    return repr(node.value) if isinstance(node, yaml.ScalarNode) else "a list or a mapping"


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _fail(path: Path, node: yaml.Node, message: str, row: str | None = None) -> NoReturn:
    where = f"{path.name}, line {_line(node)}" + (f", row {row}" if row else "")
    raise LedgerError(f"{where}: {message}")
