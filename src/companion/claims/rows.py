"""What the ledger is made of: a verdict, a claim, a document.

A claim is one row: a definition, assumption, theorem, lemma, equation, figure or experiment of
a document, in our words, with the verdict that the tests and pages of this project support.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

VERDICTS: Mapping[str, str] = MappingProxyType(
    {
        "exact": "true, and checked to rounding error",
        "holds": "true, and checked within the range stated beside it",
        "constant": "true with another constant or after mending a slip; see its correction",
        "corrected": "not true as stated; the corrected form given beside it is true",
        "fails": "not true as stated, in substance: there is a counterexample",
        "illustrated": "not a statement that a check can settle; the page shows what it means",
        "open": "not checkable here; the reason is given",
        "unchecked": "checkable, and not checked yet",
    }
)
"""Every verdict with its meaning, the strongest first."""

UNSUPPORTED = frozenset({"open", "unchecked"})
"""The verdicts that need neither a page nor a test."""


@dataclass(frozen=True)
class Claim:
    """One row of the ledger.

    Attributes
    ----------
    id
        Permanent name, beginning with the prefix of its document (``LL-Lem5``).
    document
        Slug of the document.
    place
        Where the document says it: section, equation, page.
    statement
        The claim at its strongest, in our words, as MyST text with LaTeX between dollar signs.
    verdict
        One of :data:`VERDICTS`.
    evidence
        Label of the place in the book that shows the check; None where there is none yet.
    correction
        What is true instead, or which constant or slip is mended; None where nothing is.
    reason
        Why the row is open, or what limits the check; None where nothing needs saying.
    line
        Line of the ledger file at which the row begins.
    """

    id: str
    document: str
    place: str
    statement: str
    verdict: str
    evidence: str | None
    correction: str | None
    reason: str | None
    line: int

    @property
    def anchor(self) -> str:
        """Permanent address of the row on a page (``claim-ll-lem5``)."""
        return "claim-" + re.sub(r"[^a-z0-9]+", "-", self.id.lower()).strip("-")

    def as_dict(self) -> dict[str, str | None]:
        """The row as a program would read it: every field but the line, and the anchor."""
        return {
            "id": self.id,
            "document": self.document,
            "place": self.place,
            "statement": self.statement,
            "verdict": self.verdict,
            "evidence": self.evidence,
            "correction": self.correction,
            "reason": self.reason,
            "anchor": self.anchor,
        }


@dataclass(frozen=True)
class Document:
    """One document with its rows.

    Attributes
    ----------
    slug
        Name of the document in this project, which is the stem of its ledger file.
    order
        Its place among the documents.
    prefix
        Letters with which its row ids begin.
    title, authors, source
        Bibliographic data, as printed on pages.
    claims
        Its rows in the order of the file.
    """

    slug: str
    order: int
    prefix: str
    title: str
    authors: str
    source: str
    claims: tuple[Claim, ...]
