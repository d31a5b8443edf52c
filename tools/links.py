"""Every local link of the site leads somewhere, and nothing a page shows comes from outside.

python -m tools.links _build/html
"""

import argparse
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

# What a page fetches by itself; an outside address there needs a network to read the book.
SHOWN = {
    "script": ("src",),
    "img": ("src", "srcset"),
    "link": ("href",),
    "source": ("src", "srcset"),
    "iframe": ("src",),
    "video": ("src", "poster"),
    "audio": ("src",),
    "object": ("data",),
    "embed": ("src",),
    "use": ("href",),
    "image": ("href",),
}
FETCHED_LINKS = {"stylesheet", "preload", "prefetch", "modulepreload", "icon", "preconnect"}
STYLED = re.compile(r"""(?:url\(|@import)\s*["']?([^"')\s]+)""")
OUTSIDE = ("http://", "https://", "//")


class Page(HTMLParser):
    """The addresses that a page names, and the identifiers that it has."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.shown: list[str] = []
        self.targets: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.targets |= {attributes[name] for name in ("id", "name") if name in attributes}
        if tag in ("a", "area") and "href" in attributes:
            self.links.append(attributes["href"])
        if tag == "link" and not FETCHED_LINKS & set(attributes.get("rel", "").split()):
            return
        for name in SHOWN.get(tag, ()):
            value = attributes.get(name, "")
            # A set of sources is a list of addresses, each followed by its size.
            parts = value.split(",") if name == "srcset" else [value]
            found = [part.split()[0] for part in parts if part.strip()]
            self.shown += [address for address in found if not address.startswith("data:")]

    handle_startendtag = handle_starttag


def problems(site: Path) -> list[str]:
    """What is wrong with the links of all pages under a folder."""
    templates = site / "_static"
    files = [path for path in sorted(site.rglob("*.html")) if templates not in path.parents]
    pages = {path.resolve(): Page(path.read_text(encoding="utf-8")) for path in files}
    found = []
    for path, page in pages.items():
        name = path.relative_to(site.resolve())
        for address in page.shown:
            if address.startswith(OUTSIDE):
                found.append(f"{name}: shows {address}, which is not part of the site")
            elif complaint := broken(path, address, pages):
                found.append(f"{name}: {complaint}")
        for address in page.links:
            if not urlsplit(address).scheme and not address.startswith("//"):
                if complaint := broken(path, address, pages):
                    found.append(f"{name}: {complaint}")
    for style in sorted(site.rglob("*.css")):
        for address in STYLED.findall(style.read_text(encoding="utf-8")):
            if address.startswith(OUTSIDE):
                found.append(f"{style.relative_to(site)}: shows {address}, not part of the site")
    return list(dict.fromkeys(found))


def broken(path: Path, address: str, pages: dict[Path, Page]) -> str | None:
    """What is wrong with one local address on a page; None if it leads somewhere."""
    place, fragment = urldefrag(address)
    place = urlsplit(place).path
    target = (path.parent / unquote(place)).resolve() if place else path
    if target.is_dir():
        target = target / "index.html"
    if not target.is_file():
        return f"{address} leads to no file"
    if fragment and target in pages and unquote(fragment) not in pages[target].targets:
        return f"{address} leads to a page without that place"
    return None


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Check the links of the site.")
    parser.add_argument("site", type=Path, help="folder of the built site")
    site = parser.parse_args(arguments).site
    if not (site / "index.html").is_file():
        print(f"There is no site in {site}. Build it: make book", file=sys.stderr)
        return 2
    found = problems(site)
    print("\n".join(found), file=sys.stderr, end="\n" if found else "")
    if not found:
        print("Every link of the site leads somewhere, and nothing is fetched from outside.")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
