"""Where the parts of a book stand, and its pages."""

import difflib
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import yaml

FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)
BUILT = {"_build", ".ipynb_checkpoints"}


class PageError(Exception):
    """What is wrong with a page, in words for its author."""


@dataclass(frozen=True)
class Book:
    """A book under `root`; `address` is where Colab finds the repository."""

    root: Path
    address: str

    @property
    def text_root(self) -> Path:
        return self.root / "book"

    @property
    def library_root(self) -> Path:
        return self.root / "src"

    @property
    def lock(self) -> Path:
        return self.root / "constraints.txt"

    @property
    def records(self) -> Path:
        return self.text_root / "records"

    @property
    def register(self) -> Path:
        return self.text_root / "executed.yml"

    @property
    def texts(self) -> list["Page"]:
        """Every text, those without code too."""
        return [Page(self, path) for path in self._files("*.md")]

    @property
    def pages(self) -> list["Page"]:
        """The texts that are paired with a notebook."""
        return [page for page in self.texts if page.is_paired]

    @property
    def orphans(self) -> list[Path]:
        """Notebooks without a text."""
        texts = {page.notebook for page in self.pages}
        return [path for path in self._files("*.ipynb") if path not in texts]

    def named(self, names: list[str]) -> list["Page"]:
        """The pages of these names; a name is a path with or without `book/` and suffix."""
        known = {page.name: page for page in self.pages}
        return [self._page_named(name, known) for name in names]

    def _page_named(self, name: str, known: dict[str, "Page"]) -> "Page":
        short = re.sub(r"\.(md|ipynb)$", "", Path(name).as_posix())
        # Absolute paths, paths from the root and paths inside the book end in the same way.
        matches = [key for key in known if key == short or f"/{short}".endswith(f"/{key}")]
        matches = matches or [key for key in known if key.endswith(f"/{short}")]
        if len(matches) == 1:
            return known[matches[0]]
        near = matches or difflib.get_close_matches(short, known, n=3, cutoff=0.4)
        remedy = f" Near: {', '.join(near)}." if near else ""
        raise PageError(f"`PAGE` must name one page; got {name!r}.{remedy}")

    def _files(self, pattern: str) -> list[Path]:
        found = self.text_root.rglob(pattern)
        return sorted(
            path for path in found if not BUILT & set(path.relative_to(self.text_root).parts)
        )


@dataclass(frozen=True)
class Page:
    """One text of a book. Read once: what is hashed is what is executed."""

    book: Book = field(repr=False)
    path: Path

    @property
    def name(self) -> str:
        """Path inside the book without suffix; the site's name of the page."""
        return self.path.relative_to(self.book.text_root).with_suffix("").as_posix()

    @property
    def notebook(self) -> Path:
        return self.path.with_suffix(".ipynb")

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def front_matter(self) -> dict:
        match = FRONT_MATTER.match(self.text)
        try:
            header = yaml.safe_load(match[1]) if match else {}
        except yaml.YAMLError as error:
            problem = getattr(error, "problem", None) or error
            raise PageError(f"{self.name}: the front matter is not YAML: {problem}.") from None
        return header if isinstance(header, dict) else {}

    @property
    def is_paired(self) -> bool:
        return "kernelspec" in self.front_matter

    @cached_property
    def records(self) -> list[str]:
        """The data files that the page reads, as paths inside the folder of records."""
        section = self.front_matter.get("companion") or {}
        records = section.get("records") or [] if isinstance(section, dict) else None
        if not isinstance(records, list) or not all(isinstance(item, str) for item in records):
            raise PageError(
                f"{self.name}: `companion` in the front matter must be of the form "
                "{records: [PATH, ...]}."
            )
        return records
