"""The ledger: every claim of every document, with the verdict that this project supports.

One YAML file per document stands in the folder ``ledger`` beside this module. What backs a
verdict, the label of a page and the tests that name the row, is checked by
:mod:`companion.claims.evidence`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from companion.claims.reading import LedgerError, read_document
from companion.claims.rows import VERDICTS, Claim, Document

FOLDER = Path(__file__).parent / "ledger"
"""Where the ledger files of this library stand."""


@dataclass(frozen=True)
class Ledger:
    """All documents with their rows, in the order of the documents."""

    documents: tuple[Document, ...]

    @property
    def claims(self) -> tuple[Claim, ...]:
        """All rows, document after document."""
        return tuple(claim for document in self.documents for claim in document.claims)

    def document(self, name: str) -> Document:
        """The document of this slug or prefix.

        Parameters
        ----------
        name
            Slug (``two_layer_flow``) or prefix (``LL``), in any case.

        Raises
        ------
        ValueError
            If no document has this name; the nearest names are given.
        """
        for document in self.documents:
            if name.lower() in (document.slug, document.prefix.lower()):
                return document
        known = [word for item in self.documents for word in (item.prefix, item.slug)]
        raise ValueError(
            f"`document` must be one of {', '.join(known)}; got {name!r}.{_hint(name, known)}"
        )

    def claim(self, name: str) -> Claim:
        """The row of this id.

        Parameters
        ----------
        name
            Id of the row, in any case.

        Raises
        ------
        ValueError
            If no row has this id; the nearest ids are given.
        """
        claims = {claim.id.lower(): claim for claim in self.claims}
        if name.lower() in claims:
            return claims[name.lower()]
        hint = _hint(name, [claim.id for claim in claims.values()])
        raise ValueError(f"`id` must name a row of the ledger; got {name!r}.{hint}")

    def select(
        self,
        ids: Iterable[str] = (),
        document: str | None = None,
        verdict: str | None = None,
    ) -> tuple[Claim, ...]:
        """The rows that meet every condition given.

        Parameters
        ----------
        ids
            Ids of rows; none means all rows.
        document
            Slug or prefix of a document.
        verdict
            One of :data:`companion.claims.rows.VERDICTS`.

        Returns
        -------
        The rows in the order of ``ids``, or of the ledger where no id is given.

        Raises
        ------
        ValueError
            If an id, the document or the verdict is unknown; the nearest names are given.
        """
        if verdict is not None and verdict not in VERDICTS:
            raise ValueError(
                f"`verdict` must be one of {', '.join(VERDICTS)}; got {verdict!r}."
                + _hint(verdict, VERDICTS)
            )
        slug = None if document is None else self.document(document).slug
        named = tuple(dict.fromkeys(self.claim(name) for name in ids))
        return tuple(
            claim
            for claim in named or self.claims
            if slug in (None, claim.document) and verdict in (None, claim.verdict)
        )

    def counts(self) -> dict[str, dict[str, int]]:
        """Number of rows by slug and verdict, zeros included."""
        return {
            document.slug: {
                verdict: sum(claim.verdict == verdict for claim in document.claims)
                for verdict in VERDICTS
            }
            for document in self.documents
        }


def load_ledger(folder: Path | None = None) -> Ledger:
    """Read and validate all ledger files of a folder.

    Parameters
    ----------
    folder
        Folder of files ``<slug>.yml``; by default the one of this library.

    Returns
    -------
    The ledger, its documents sorted by their field ``order``.

    Raises
    ------
    LedgerError
        If the folder holds no ledger file, a file breaks a rule (see
        :func:`companion.claims.reading.read_document`), or two files share a prefix, an order
        or a row id.
    """
    folder = FOLDER if folder is None else folder
    paths = sorted(folder.glob("*.yml"))
    if not paths:
        raise LedgerError(f"`folder` must hold ledger files <slug>.yml; got {str(folder)!r}.")
    documents = sorted(map(read_document, paths), key=lambda document: document.order)
    for name in ("order", "prefix"):
        _refuse_doubles(
            [(str(getattr(item, name)), f"{item.slug}.yml") for item in documents], name
        )
    ledger = Ledger(tuple(documents))
    _refuse_doubles(
        [
            (claim.anchor, f"{claim.document}.yml, line {claim.line}, row {claim.id}")
            for claim in ledger.claims
        ],
        "id",
    )
    return ledger


def _refuse_doubles(pairs: list[tuple[str, str]], field: str) -> None:
    seen: dict[str, str] = {}
    for key, place in pairs:
        if key in seen:
            raise LedgerError(f"{place}: `{field}` is taken by {seen[key]}.")
        seen[key] = place


def _hint(word: str, known: Iterable[str]) -> str:
    lower = {name.lower(): name for name in known}
    near = get_close_matches(word.lower(), list(lower), n=3, cutoff=0.5)
    return f" Nearest: {', '.join(lower[name] for name in near)}." if near else ""
