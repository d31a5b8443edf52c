"""The whole book as one PDF, with contents, page numbers, an outline and links that work.

All pages are put one after the other into a single document, so that references between them
become links inside the PDF, and Chromium prints it. What is folded on the site is open on paper;
a figure with sliders shows its first values. The reference of the library stays on the site.

    python -m tools.print _build/html _build/companion.pdf
"""

import argparse
import io
import posixpath
import sys
from collections.abc import Iterator
from html import escape
from pathlib import Path
from urllib.parse import urldefrag, urlsplit

from bs4 import BeautifulSoup, Tag
from pypdf import PdfReader

from tools.browser import Browser, BrowserError
from tools.slides import own_world

LEFT_OUT = "reference/api/"
ON_THE_SITE_ALONE = ".headerlink, .figure-data, .copybtn, .toggle-button, .deck-only, .notes"
COLUMN = 658  # CSS pixels between the margins of A4
MARGIN = 18 / 25.4  # inches
FOOTER = (
    '<div style="width: 100%; text-align: center; font: 8px sans-serif; color: #555">'
    '<span class="pageNumber"></span></div>'
)

PRINT = """<!DOCTYPE html>
<html lang="en" data-theme="light" data-mode="light" data-content_root="./">
<head>
<meta charset="utf-8">
<title>{title}</title>
{styles}
<link rel="stylesheet" href="_static/print.css">
<script>
window.MathJax = {{ options: {{ processHtmlClass: "math", ignoreHtmlClass: "bd-article" }} }};
</script>
<script defer src="_static/mathjax/tex-chtml-full.js"></script>
</head>
<body class="printed"><div class="bd-content"><div class="bd-article">
<header class="cover"><h1>{title}</h1><p>{author}</p></header>
<nav class="toc-of-sheets"><h1>Contents</h1>{contents}</nav>
{pages}
</div></div></body>
</html>
"""

# A formula wider than the column is made smaller, as a careful typesetter would.
FIT = """document.querySelectorAll("mjx-container[display='true']").forEach((box) => {
  const room = box.parentElement.clientWidth - (box.parentElement.querySelector(".eqno")
    ? 60 : 0);
  const width = box.querySelector("mjx-math").getBoundingClientRect().width;
  if (width > room) box.style.fontSize = `${Math.floor(95 * room / width)}%`;
})"""
NUMBER = """((numbers) => document.querySelectorAll(".toc-of-sheets .page").forEach((place, k) => {
  place.textContent = numbers[k];
}))"""


class Leaf:
    """One page of the site on its way into the printed book."""

    def __init__(self, path: Path, name: str, number: int) -> None:
        self.soup = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        self.name, self.key = name, f"page-{number}"
        self.article = self.soup.select_one("article")

    @property
    def next(self) -> str | None:
        link = self.soup.select_one("a.right-next")
        return posixpath.normpath(posixpath.join(self.name, "..", link["href"])) if link else None

    @property
    def title(self) -> str:
        heading = self.article.select_one("h1") if self.article else None
        return heading.get_text().removesuffix("#").strip() if heading else self.name

    @property
    def depth(self) -> int:
        if not self.name.startswith("chapters/"):
            return 0
        return 1 if self.name.endswith("/index.html") else 2

    def printed(self, keys: dict[str, str]) -> Tag:
        """The article, with every address turned into a place inside the printed book."""
        for thing in self.article.select(ON_THE_SITE_ALONE):
            thing.decompose()
        for folded in self.article.select("details"):
            folded["open"] = ""
        for folded in self.article.select(".dropdown"):
            folded["class"] = [name for name in folded["class"] if name != "dropdown"]
        for thing in self.article.find_all(True):
            if "id" in thing.attrs and not own_world(thing):
                thing["id"] = f"{self.key}-{thing['id']}"
            if "src" in thing.attrs:
                thing["src"] = self._path(thing["src"])
            if "href" in thing.attrs:
                self._point(thing, keys)
        self.article.name, self.article["id"] = "section", self.key
        return self.article

    def _path(self, address: str) -> str:
        if urlsplit(address).scheme:
            return address
        return posixpath.normpath(posixpath.join(self.name, "..", address))

    def _point(self, thing: Tag, keys: dict[str, str]) -> None:
        address, fragment = urldefrag(thing["href"])
        if urlsplit(address).scheme:
            return
        key = keys.get(self._path(address)) if address else self.key
        if key is None:
            del thing["href"]  # leads to what stays on the site
        else:
            thing["href"] = f"#{key}-{fragment}" if fragment else f"#{key}"


def leaves(site: Path) -> Iterator[Leaf]:
    """The pages of the book in order, from the first one, following `next`."""
    start = BeautifulSoup((site / "index.html").read_text(encoding="utf-8"), "html.parser")
    refresh = start.select_one("meta[http-equiv]")
    name = refresh["content"].split("url=")[-1].strip("'\" ") if refresh else "index.html"
    number = 1
    while name:
        leaf = Leaf(site / name, name, number)
        if not name.startswith(LEFT_OUT) or name == f"{LEFT_OUT}index.html":
            yield leaf
        name, number = leaf.next or "", number + 1


def document(site: Path) -> tuple[str, list[str]]:
    """The printed book as HTML, and the titles of its parts."""
    found = list(leaves(site))
    keys = {leaf.name: leaf.key for leaf in found}
    styles = {
        leaf._path(link["href"].split("?")[0]): None
        for leaf in found
        for link in leaf.soup.select("link[rel=stylesheet]")
    }
    contents = "".join(
        f'<p class="depth-{leaf.depth}"><a href="#{leaf.key}">{escape(leaf.title)}</a>'
        f'<span class="page">000</span></p>'
        for leaf in found
    )
    author = found[0].soup.select_one(".component-author")
    text = PRINT.format(
        title=escape(found[0].soup.title.get_text().split("\N{EM DASH}")[-1].strip()),
        author=escape(author.get_text().strip()) if author else "",
        styles="\n".join(f'<link rel="stylesheet" href="{path}">' for path in styles),
        contents=contents,
        pages="\n".join(str(leaf.printed(keys)) for leaf in found),
    )
    return text, [leaf.title for leaf in found]


def print_book(site: Path, target: Path) -> int:
    """Print the book; the number of its sheets."""
    site = site.resolve()
    text, titles = document(site)
    page = site / "print.html"
    page.write_text(text, encoding="utf-8")
    target.parent.mkdir(parents=True, exist_ok=True)
    settings = {
        "paperWidth": 210 / 25.4,
        "paperHeight": 297 / 25.4,
        **{f"margin{side}": MARGIN for side in ("Top", "Bottom", "Left", "Right")},
        "printBackground": True,
        "displayHeaderFooter": True,
        "headerTemplate": "<span></span>",
        "footerTemplate": FOOTER,
        "generateTaggedPDF": True,
        "generateDocumentOutline": True,
    }
    try:
        with Browser(COLUMN, 1000) as browser:
            browser.call("Emulation.setEmulatedMedia", media="print")
            browser.open(page.as_uri())
            browser.evaluate(FIT)
            browser.pdf(target, **settings)
            # Its own outline says on which sheet each part begins; the second print knows it.
            browser.evaluate(f"{NUMBER}({first_sheets(target.read_bytes(), len(titles))})")
            browser.pdf(target, **settings)
    finally:
        page.unlink()
    return len(PdfReader(target).pages)


def first_sheets(pdf: bytes, parts: int) -> list[int]:
    """On which sheet each part of the book begins; its headings are the outline's first level."""
    reader = PdfReader(io.BytesIO(pdf))
    top = [entry for entry in reader.outline if not isinstance(entry, list)]
    return [1 + (reader.get_destination_page_number(entry) or 0) for entry in top[-parts:]]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Print the book.")
    parser.add_argument("site", type=Path, help="folder of the built site")
    parser.add_argument("target", type=Path, help="the PDF to write")
    options = parser.parse_args(arguments)
    if not (options.site / "index.html").is_file():
        print(f"There is no site in {options.site}. Build it: make book", file=sys.stderr)
        return 2
    try:
        sheets = print_book(options.site, options.target)
    except BrowserError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{sheets} sheets: {options.target}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
