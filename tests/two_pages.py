"""The book of two pages in tests/book/two_pages, and what tests do with a copy of it."""

import shutil
from pathlib import Path

from tools.notebooks import work
from tools.notebooks.book import Book
from tools.notebooks.library import Library
from tools.notebooks.register import Register

SOURCE = Path(__file__).parent / "book" / "two_pages"
ADDRESS = "https://example.org/book"
CUP, PLATE = "chapters/heat/cup", "chapters/heat/plate"


def copy(source, target):
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    return Book(target, ADDRESS)


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def text_of(book, name):
    return book.text_root / f"{name}.md"


def notebook_of(book, name):
    return book.text_root / f"{name}.ipynb"


def stale(book):
    """Why each stale page is stale."""
    found, _ = work.states(book.pages, Register(book.register), Library(book.library_root))
    return {state.page.name: state.why for state in found if state.is_stale}


def problems(book):
    return work.check(book, Library(book.library_root))


def forbid_kernels(monkeypatch):
    def refuse(*arguments, **options):
        raise AssertionError("a kernel was started")

    monkeypatch.setattr(work, "execute", refuse)
