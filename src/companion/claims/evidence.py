"""What backs a verdict: a label in the book and a test that names the row."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from companion.claims.labels import Label
from companion.claims.ledger import Ledger
from companion.claims.markers import Marker
from companion.claims.rows import UNSUPPORTED


def checkout() -> Path | None:
    """Root of the working copy that this package runs from; None where it was installed."""
    root = Path(__file__).resolve().parents[3]
    return root if (root / "tests").is_dir() and (root / "book").is_dir() else None


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
