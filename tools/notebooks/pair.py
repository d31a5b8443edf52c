"""A page's text as a notebook, and the comparison of the two halves of a pair.

The notebook opens with a cell that the text does not have: on Colab, which opens nothing but the
notebook, it fetches the repository and installs the library. It is made here, so that no author
types it and the repository's address stands in one place.
"""

import hashlib
import os
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode

from tools.notebooks.book import Page, PageError

SET_UP_TAG = "colab"
# Cell metadata that editors and kernels add and that say nothing about the page.
EDITOR_METADATA = ("execution", "trusted", "collapsed", "editable")

SET_UP = """\
import sys

if "google.colab" in sys.modules:  # anywhere else this cell does nothing
    import os
    import subprocess

    os.chdir("/content")
    if not os.path.isdir("repository"):
        clone = ["git", "clone", "--quiet", "--depth", "1", "{address}", "repository"]
        subprocess.run(clone, check=True)
        install = [sys.executable, "-m", "pip", "install", "--quiet", "./repository"]
        subprocess.run(install, check=True)
    os.chdir(os.path.join("repository", "{folder}"))"""


def tags(cell: NotebookNode) -> list[str]:
    return cell.metadata.get("tags", [])


def text_cells(page: Page) -> NotebookNode:
    """The notebook that the text alone describes."""
    try:
        return jupytext.reads(page.text, fmt="md:myst")
    except Exception as error:
        raise PageError(f"{page.name}: the text cannot be read: {error}") from None


def unexecuted(page: Page) -> NotebookNode:
    """The notebook of a page before execution, the same bytes every time."""
    notebook = text_cells(page)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for position, cell in enumerate(notebook.cells):
        name = f"{page.path.stem}:{position}"
        cell["id"] = hashlib.sha256(name.encode()).hexdigest()[:8]
    notebook.cells.insert(0, _set_up_cell(page))
    notebook.metadata.pop("language_info", None)
    notebook.metadata["jupytext"] = {"default_lexer": "ipython3"}
    return notebook


def _set_up_cell(page: Page) -> NotebookNode:
    folder = page.path.parent.relative_to(page.book.root).as_posix()
    cell = nbformat.v4.new_code_cell(
        SET_UP.format(address=page.book.address, folder=folder),
        metadata={"tags": [SET_UP_TAG, "remove-cell"]},
    )
    cell["id"] = "colab-set-up"
    return cell


def is_set_up(cell: NotebookNode) -> bool:
    return cell.cell_type == "code" and SET_UP_TAG in tags(cell)


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """The code cells that stand in the text."""
    return [cell for cell in notebook.cells if cell.cell_type == "code" and not is_set_up(cell)]


def called(number: int, cell: NotebookNode) -> str:
    """How a message names a code cell: by its place among them and its first line."""
    first_line = cell.source.strip().split("\n")[0]
    return f"code cell {number} ({first_line[:50]!r})"


def stored(page: Page) -> NotebookNode:
    try:
        return nbformat.read(page.notebook, as_version=4)
    except FileNotFoundError:
        raise PageError(f"{page.name}: there is no {page.notebook.name} yet.") from None
    except Exception as error:
        raise PageError(f"{page.name}: {page.notebook.name} cannot be read: {error}") from None


def drift(page: Page, notebook: NotebookNode) -> list[str]:
    """Where the stored notebook does not say what the text says. Time stamps play no part."""
    wanted = unexecuted(page)
    if len(wanted.cells) != len(notebook.cells):
        without_set_up = sum(not is_set_up(cell) for cell in notebook.cells)
        if without_set_up == len(notebook.cells) and len(wanted.cells) == without_set_up + 1:
            return ["the notebook lacks its set-up cell for Colab"]
        return [
            f"the notebook has {without_set_up} cells where the text has {len(wanted.cells) - 1}"
        ]
    problems = [
        f"cell {number} of the notebook is not the one of the text"
        if number
        else "the notebook's set-up cell for Colab is out of date"
        for number, (ours, theirs) in enumerate(zip(wanted.cells, notebook.cells, strict=True))
        if _content(ours) != _content(theirs)
    ]
    if _header(wanted) != _header(notebook):
        problems.append("the notebook's metadata are not the front matter of the text")
    return problems


def _content(cell: NotebookNode) -> tuple:
    metadata = {key: value for key, value in cell.metadata.items() if key not in EDITOR_METADATA}
    return cell.cell_type, cell.source, metadata


def _header(notebook: NotebookNode) -> dict:
    editor = ("jupytext", "language_info", "widgets")
    return {key: value for key, value in notebook.metadata.items() if key not in editor}


def with_stored_outputs(page: Page, notebook: NotebookNode) -> NotebookNode | None:
    """The page as it would be stored with the outputs it has; None if they are not its own."""
    fresh = unexecuted(page)
    new, old = code_cells(fresh), code_cells(notebook)
    counts = [cell.execution_count for cell in old]
    # Executed in order, after a set-up cell or, in an editor that hides it, without one.
    in_order = not counts or counts == list(range(counts[0] or 0, (counts[0] or 0) + len(counts)))
    if not in_order or [cell.source for cell in new] != [cell.source for cell in old]:
        return None
    fresh.cells[0].execution_count = 1
    for count, (target, source) in enumerate(zip(new, old, strict=True), start=2):
        target.outputs, target.execution_count = source.outputs, count
    return fresh


def write(notebook: NotebookNode, path: Path) -> None:
    """Replace the notebook at once, so that a killed run leaves the old one as it was."""
    nbformat.validate(notebook)
    beginning = path.with_name(f".{path.name}.part")
    beginning.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")
    os.replace(beginning, path)
