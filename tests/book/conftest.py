"""A small book that was executed once, for tests of the machinery."""

import pytest

from tools.notebooks.__main__ import main
from two_pages import SOURCE, copy


@pytest.fixture(scope="session")
def executed_two_pages(tmp_path_factory):
    book = copy(SOURCE, tmp_path_factory.mktemp("two_pages") / "executed")
    assert main(["run", "-j", "2"], book=book) == 0
    return book


@pytest.fixture
def book(executed_two_pages, tmp_path):
    return copy(executed_two_pages.root, tmp_path / "book")
