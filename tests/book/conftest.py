"""Small books that were executed and built once, for tests of the machinery."""

import pytest

from small_site import build, make_book, site_of
from tools import slides
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


@pytest.fixture(scope="session")
def small_site(tmp_path_factory):
    """The site of two pages with one of everything; its book stands two folders above."""
    folder = make_book(tmp_path_factory.mktemp("small") / "book")
    result = build(folder)
    assert result.returncode == 0, result.stdout + result.stderr
    slides.write_decks(site_of(folder))
    return site_of(folder)
