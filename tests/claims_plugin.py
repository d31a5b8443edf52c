"""The marker `claim`: it must name rows of the ledger, and a test that carries it must run.

That every verdict has its test and its label is checked in tests/book/test_ledger.py, over all
files at once; this plugin speaks up already when a single file is run.
"""

import pytest

from companion.claims.ledger import load_ledger


def pytest_collection_modifyitems(items):
    marked = [(item, mark) for item in items for mark in item.iter_markers("claim")]
    known = {claim.id for claim in load_ledger().claims} if marked else set()
    faults = {f"{item.nodeid}: the marker names no row" for item, mark in marked if not mark.args}
    faults |= {
        f"{item.nodeid}: the ledger has no row {name!r}"
        for item, mark in marked
        for name in mark.args
        if name not in known
    }
    if faults:
        raise pytest.UsageError("\n".join(sorted(faults)))


# First of all, so that it sees what other plugins make of a skipped or expected failure.
@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item, call):
    report = yield
    # A verdict rests on tests that pass; one that was skipped, or expected to fail, supports none.
    if report.skipped and item.get_closest_marker("claim"):
        report.outcome = "failed"
        report.longrepr = f"a test that checks a claim must run and pass: {report.longrepr}"
    return report
