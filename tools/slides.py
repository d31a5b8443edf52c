"""One deck per chapter, made of the marked parts of its built pages.

Theorems, numbers, figures and links are those of the book, because they are taken from its pages.
The decks need nothing beside the site: they use its MathJax and a copy of reveal.js.

    python -m tools.slides _build/html
"""

import argparse
import posixpath
import shutil
import sys
from collections.abc import Iterator
from html import escape
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from bs4 import BeautifulSoup, Tag

FOLDER = "slides"
REVEAL = (
    "dist/reveal.css",
    "dist/reset.css",
    "dist/reveal.js",
    "plugin/notes/notes.js",
    "LICENSE",
)
# What a page needs and a slide does not.
LEFT_BEHIND = ".headerlink, .legend, .copybtn, .admonition-title a.headerlink"

DECK = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="stylesheet" href="../_static/reveal/dist/reset.css">
<link rel="stylesheet" href="../_static/reveal/dist/reveal.css">
<link rel="stylesheet" href="../_static/pygments.css">
<link rel="stylesheet" href="../_static/deck.css">
<script>
window.MathJax = {{
  options: {{ processHtmlClass: "math", ignoreHtmlClass: "slides" }},
  chtml: {{ matchFontHeight: false, scale: 1.1 }},
  startup: {{
    pageReady: () => MathJax.startup.defaultPageReady().then(() => Reveal.initialize({{
      width: 1280, height: 720, margin: 0, center: false, hash: true,
      slideNumber: "c/t", transition: "none", plugins: [RevealNotes],
    }})),
  }},
}};
</script>
<script defer src="../_static/reveal/dist/reveal.js"></script>
<script defer src="../_static/reveal/plugin/notes/notes.js"></script>
<script defer src="../_static/mathjax/tex-chtml-full.js"></script>
</head>
<body>
<div class="reveal"><div class="slides">
{slides}
</div></div>
</body>
</html>
"""


class SlidesError(Exception):
    """What is wrong with a marked part of a page."""


class Page:
    """A built page, and how its addresses read from the folder of the decks."""

    def __init__(self, site: Path, path: Path) -> None:
        self.name = path.relative_to(site).as_posix()
        self.soup = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")

    @property
    def title(self) -> str:
        heading = self.soup.select_one("article h1")
        if heading is None:
            return self.name
        return "".join(heading.find_all(string=True, recursive=False)).strip() or heading.text

    def address(self, link: str) -> str:
        """A link of the page as it reads in a deck."""
        if urlsplit(link).scheme or link.startswith("//"):
            return link
        if link.startswith("#"):
            return f"../{self.name}{link}"
        return posixpath.join("..", posixpath.normpath(posixpath.join(self.name, "..", link)))

    def slides(self) -> Iterator[Tag]:
        """Its marked parts, each a section of a deck."""
        for part in self.soup.select("article .slide"):
            yield self._section(part)

    def _section(self, part: Tag) -> Tag:
        slide = fresh(part)
        slide.name, slide["class"] = "section", []
        for place in slide.select("[data-from-page]"):
            place.replace_with(self._copy(place["data-from-page"]))
        title = slide.find(class_="rubric")
        if title is None:
            raise SlidesError(f"{self.name}: a slide without a title (### Title) at its top")
        title.name, title["class"] = "h2", []
        for notes in slide.select(".notes"):
            notes.name, notes["class"] = "aside", ["notes"]
        self._make_local(slide)
        source = f'<p class="source"><a href="../{self.name}">{escape(self.title)}</a></p>'
        slide.append(BeautifulSoup(source, "html.parser"))
        return framed(slide)

    def _copy(self, identifier: str) -> Tag:
        found = self.soup.find(id=identifier)
        if found is None or found.find_parent(class_="slide"):
            raise SlidesError(f"{self.name}: a slide asks for {identifier}, not found in the page")
        return fresh(found)

    def _make_local(self, slide: Tag) -> None:
        for thing in slide.select(LEFT_BEHIND):
            thing.decompose()
        for inner in slide.find_all("section"):
            inner.name = "div"  # reveal.js takes every section for a slide
        for thing in slide.find_all(True):
            for name in ("href", "src"):
                if name in thing.attrs:
                    thing[name] = self.address(thing[name])
            # An identifier belongs to the page; the parts of an interactive figure need theirs.
            if "id" in thing.attrs and not own_world(thing):
                del thing["id"]


def framed(slide: Tag) -> Tag:
    """A slide whose margins are its own: reveal.js takes those of a section away in print."""
    frame = BeautifulSoup('<div class="frame"></div>', "html.parser").div
    frame.extend([child for child in list(slide.children) if child.name != "aside"])
    slide.insert(0, frame)
    return slide


def own_world(thing: Tag) -> bool:
    """Whether something belongs to a figure with sliders, whose parts know each other by name."""
    classes = thing.get("class") or []
    return "slider-figure" in classes or thing.find_parent(class_="slider-figure") is not None


def fresh(tag: Tag) -> Tag:
    """A copy that can be changed."""
    copy = BeautifulSoup(str(tag), "html.parser").find(True)
    assert isinstance(copy, Tag)
    return copy


def pages_of(site: Path, chapter: Path) -> list[Page]:
    """The pages of a chapter in the order of the book: from its index, following `next`."""
    pages, path = [], chapter / "index.html"
    while path.parent == chapter and path.is_file():
        pages.append(Page(site, path))
        link = pages[-1].soup.select_one("a.right-next")
        path = (path.parent / str(link["href"])).resolve() if link else Path()
    return pages


def deck_of(pages: list[Page]) -> tuple[str, int] | None:
    """The deck of a chapter and the number of its slides; None if nothing is marked."""
    slides = [slide for page in pages for slide in page.slides()]
    if not slides:
        return None
    first, book = pages[0], pages[0].soup.select_one("title")
    name = book.text.split("\N{EM DASH}")[-1].strip() if book else ""
    opening = (
        f'<section><div class="frame opening"><h1>{escape(first.title)}</h1>'
        f'<p>{escape(name)}</p><p><a href="../{first.name}">The chapter</a></p></div>'
        '<aside class="notes">S opens this view, F fills the screen, O shows all slides.</aside>'
        "</section>"
    )
    text = "\n".join([opening, *map(str, slides)])
    return DECK.format(title=escape(f"{first.title}: slides"), slides=text), len(slides) + 1


def copy_reveal(site: Path) -> None:
    spec = find_spec("sphinx_revealjs")
    if spec is None or not spec.submodule_search_locations:
        raise SlidesError("sphinx-revealjs must be installed. Run make env.")
    source = Path(spec.submodule_search_locations[0]) / "_static" / "revealjs"
    for name in REVEAL:
        target = site / "_static" / "reveal" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / name, target)


def write_decks(site: Path) -> dict[str, int]:
    """Write the deck of each chapter; the number of slides by its file."""
    site, written = site.resolve(), {}
    for chapter in sorted(path for path in (site / "chapters").glob("*") if path.is_dir()):
        deck = deck_of(pages_of(site, chapter))
        if deck is None:
            continue
        path = site / FOLDER / f"{chapter.name}.html"
        path.parent.mkdir(exist_ok=True)
        path.write_text(deck[0], encoding="utf-8")
        written[path.relative_to(site).as_posix()] = deck[1]
    if written:
        copy_reveal(site)
    return written


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Make the decks of the site.")
    parser.add_argument("site", type=Path, help="folder of the built site")
    site = parser.parse_args(arguments).site
    if not (site / "index.html").is_file():
        print(f"There is no site in {site}. Build it: make book", file=sys.stderr)
        return 2
    try:
        written = write_decks(site)
    except SlidesError as error:
        print(error, file=sys.stderr)
        return 1
    for name, number in written.items():
        print(f"{number} slides: {site / name}")
    if not written:
        print("No page of a chapter has a part marked as a slide.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
