"""A site of two pages with one of everything, built with the book's own configuration."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import jupytext
import nbformat
import yaml
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[1]
SOURCE = Path(__file__).resolve().parent / "book" / "site_pages"


def make_book(folder: Path) -> Path:
    """The sources with executed notebooks, and the book's configuration beside them."""
    book = folder / "book"
    shutil.copytree(SOURCE, book)
    shutil.copytree(ROOT / "book" / "assets", book / "assets")
    shutil.copy(ROOT / "book" / "references.bib", book)
    for page in book.rglob("*.md"):
        if "kernelspec:" in page.read_text(encoding="utf-8"):
            execute(page)
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    config["title"] = "Two pages"
    extensions = config["sphinx"]["local_extensions"]
    extensions.update({name: str(ROOT / place) for name, place in extensions.items()})
    (folder / "_config.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    (book / "_toc.yml").rename(folder / "_toc.yml")
    return folder


def execute(page: Path) -> None:
    notebook = jupytext.read(page)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    NotebookClient(
        notebook, kernel_name="python3", resources={"metadata": {"path": str(page.parent)}}
    ).execute()
    nbformat.write(notebook, page.with_suffix(".ipynb"))


def build(folder: Path, *, solutions: str = "yes") -> subprocess.CompletedProcess:
    """Build as `make book` does; the site stands in `_build/html`."""
    command = [str(Path(sys.executable).with_name("jupyter-book")), "build", str(folder / "book")]
    command += ["--config", str(folder / "_config.yml"), "--toc", str(folder / "_toc.yml")]
    command += ["--path-output", str(folder), "--all", "-W", "--keep-going", "-n", "-q"]
    return subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "SOLUTIONS": solutions, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )


def site_of(folder: Path) -> Path:
    return folder / "_build" / "html"
