"""A page and its notebook cannot drift apart, whatever the time stamps say."""

import os
import subprocess
import sys
from pathlib import Path

import jupytext
import nbformat
import pytest
from jupytext.config import load_jupytext_config

from tools.notebooks.__main__ import main
from tools.notebooks.book import Book
from two_pages import CUP, PLATE, edit, forbid_kernels, notebook_of, problems, stale, text_of

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("newer", ["text", "notebook"])
def test_drift_is_seen_whichever_half_is_newer(newer, book):
    edit(notebook_of(book, CUP), "After two hours", "After ten hours")
    for kind, path in (("text", text_of(book, CUP)), ("notebook", notebook_of(book, CUP))):
        time = 2_000_000_000 if kind == newer else 1_000_000_000
        os.utime(path, (time, time))
    assert problems(book) == [f"{CUP}: cell 3 of the notebook is not the one of the text"]


@pytest.mark.parametrize("newer", ["text", "notebook"])
def test_equal_halves_are_fresh_whichever_is_newer(newer, book):
    for page in book.pages:
        path = page.path if newer == "text" else page.notebook
        os.utime(path, (2_000_000_000, 2_000_000_000))
    assert problems(book) == []
    assert stale(book) == {}


def test_a_notebook_whose_code_was_edited_is_executed_again(book):
    edit(notebook_of(book, CUP), "temperature(2)", "temperature(3)")
    assert stale(book) == {CUP: "notebook (not as it was executed)"}
    assert main(["run"], book=book) == 0
    assert problems(book) == []


def test_a_notebook_with_a_cell_out_of_order_is_executed_again(book):
    path = notebook_of(book, CUP)
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[4].execution_count = 9
    nbformat.write(notebook, path)
    assert stale(book) == {CUP: "notebook (not as it was executed)"}


def test_a_new_address_is_written_without_a_kernel(book, monkeypatch):
    forbid_kernels(monkeypatch)
    moved = Book(book.root, "https://example.org/moved")
    assert [problem.split(": ")[1] for problem in problems(moved)] == [
        "the notebook's set-up cell for Colab is out of date"
    ] * 2
    assert main(["run"], book=moved) == 0
    assert problems(moved) == []
    assert "https://example.org/moved" in notebook_of(moved, CUP).read_text()
    assert "https://example.org" not in text_of(moved, CUP).read_text()


@pytest.mark.parametrize("there_already", [False, True])
def test_the_set_up_cell_acts_on_colab_alone(there_already, book, monkeypatch):
    commands, folders = [], []
    monkeypatch.setattr(subprocess, "run", lambda command, check: commands.append(command))
    monkeypatch.setattr(os, "chdir", folders.append)
    monkeypatch.setattr(os.path, "isdir", lambda name: there_already)
    code = nbformat.read(notebook_of(book, CUP), as_version=4).cells[0].source
    exec(code, {})
    assert (commands, folders) == ([], [])
    monkeypatch.setitem(sys.modules, "google.colab", object())
    exec(code, {})
    assert folders == ["/content", "repository/book/chapters/heat"]
    if there_already:
        assert commands == []
    else:
        clone, install = commands
        assert clone[:2] == ["git", "clone"]
        assert clone[-2:] == ["https://example.org/book", "repository"]
        assert install[1:4] == ["-m", "pip", "install"]
        assert install[-1] == "./repository"


def test_saving_in_an_editor_changes_no_text_and_costs_no_execution(book, monkeypatch):
    # What jupytext does in JupyterLab: cells from the text, outputs from the notebook, which has
    # a cell more; then both halves are written.
    text, path = text_of(book, PLATE), notebook_of(book, PLATE)
    config = load_jupytext_config(str(ROOT / "book/chapters/page.md"))
    assert config.outdated_text_notebook_margin > 1e8
    before = text.read_text()
    opened = jupytext.combine.combine_inputs_with_outputs(
        jupytext.reads(before, fmt="md:myst", config=config),
        nbformat.read(path, as_version=4),
        fmt="md:myst",
    )
    assert [len(cell.get("outputs", [])) for cell in opened.cells] == [0, 0, 1]
    opened.metadata["language_info"] = {"name": "python", "pygments_lexer": "ipython3"}
    text.write_text(jupytext.writes(opened, fmt="md:myst", config=config))
    nbformat.write(opened, path)

    assert text.read_text() == before
    assert problems(book) == [f"{PLATE}: the notebook lacks its set-up cell for Colab"]
    forbid_kernels(monkeypatch)
    assert main(["run"], book=book) == 0
    assert problems(book) == []
