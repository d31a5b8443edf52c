"""The repository's address: kept in one place, written into every link from there.

It stands in pyproject.toml, [project.urls], because that is where Python's own tools look for it
and where it needs nothing but the standard library to be read. Every other copy (configuration of
the site, README, citation file, launch links) is made from it.

    python tools/repository.py check
    python tools/repository.py set https://github.com/OWNER/NAME
"""

import argparse
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = "pyproject.toml"
# Colab and the short links of Binder open repositories on GitHub alone.
ADDRESS = re.compile(r"https://github\.com/([\w.-]+/[\w.-]*\w)")
PLACEHOLDER = "https://github.com/OWNER/companion"

# The forms in which a file can speak of the repository that it stands in; group 1 is OWNER/NAME.
NAME = r"([\w.-]+/[\w-]+(?:\.[\w-]+)*)"
LINKS = {
    "Binder link": re.compile(rf"mybinder\.org/(?:v2/gh|badge)/{NAME}"),
    "Colab link": re.compile(rf"colab\.research\.google\.com/github/{NAME}"),
    "clone command": re.compile(rf"git clone [^\n]*?https?://github\.com/{NAME}"),
    "install command": re.compile(rf"git\+https?://github\.com/{NAME}"),
    "link to issues or runs": re.compile(
        rf"https?://github\.com/{NAME}/(?:issues|actions|discussions|releases|compare)\b"
    ),
    "`url` of the site": re.compile(rf"(?m)^\s+url:\s*[\"']?https?://github\.com/{NAME}"),
    "`repository-code`": re.compile(rf"(?m)^repository-code:\s*[\"']?https?://github\.com/{NAME}"),
}
# Files that must name the repository, because readers and services look for it there.
HOLDERS = ("README.md", "CITATION.cff", "_config.yml")


class AddressError(Exception):
    """What is wrong with an address, and the remedy."""


def address(root: Path = ROOT) -> str:
    """The repository's address, without a slash or `.git` at its end."""
    project = tomllib.loads((root / SOURCE).read_text(encoding="utf-8"))["project"]
    try:
        return checked(project["urls"]["Repository"])
    except KeyError:
        raise AddressError(f"{SOURCE} must name the Repository under [project.urls].") from None


def checked(url: str) -> str:
    if not ADDRESS.fullmatch(url) or url.endswith(".git"):
        raise AddressError(
            f"`URL` must be of the form https://github.com/OWNER/NAME; got {url!r}. "
            "Colab and Binder's short links open repositories on GitHub alone."
        )
    return url


def texts(root: Path) -> dict[str, str]:
    """Every text file that git tracks or would track, by its path."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found = {}
    for name in filter(None, listed.split("\0")):
        try:
            found[name] = (root / name).read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError):
            continue  # an image or a dataset; a file deleted but not yet from the index
    return found


def disagreements(root: Path) -> list[str]:
    """Every link to this repository that is not made from its address, with file and line."""
    slug = ADDRESS.fullmatch(address(root))[1]
    problems, found = [], texts(root)
    for name, text in found.items():
        if name.startswith("tests/"):
            continue  # examples of wrong links stand there
        for form, pattern in LINKS.items():
            for match in pattern.finditer(text):
                if match[1].removesuffix(".git") != slug:
                    line = text.count("\n", 0, match.start(1)) + 1
                    problems.append(f"{name}:{line}: {form} names {match[1]}, not {slug}")
    for name in HOLDERS:
        if address(root) not in found.get(name, ""):
            problems.append(f"{name}: does not name {address(root)}")
    return problems


def rewrite(root: Path, new: str) -> list[str]:
    """Make `new` the address, in its one place and in every link; the files that changed."""
    new, old = checked(new), address(root)
    new_slug, old_slug = ADDRESS.fullmatch(new)[1], ADDRESS.fullmatch(old)[1]
    # Not the beginning of a longer name; `.git` may follow.
    whole = re.compile(re.escape(old) + r"(?![\w-])(?!\.(?!git\b)\w)")
    changed = []
    for name, text in texts(root).items():
        if name.startswith("tests/") or name == "tools/repository.py":
            continue
        result = whole.sub(new, text)
        for pattern in LINKS.values():
            result = pattern.sub(lambda found: _with_slug(found, old_slug, new_slug), result)
        if result != text:
            (root / name).write_text(result, encoding="utf-8")
            changed.append(name)
    return changed


def _with_slug(found: re.Match, old: str, new: str) -> str:
    if found[1].removesuffix(".git") != old:
        return found[0]
    start, end = found.start(1) - found.start(), found.end(1) - found.start()
    return found[0][:start] + found[1].replace(old, new) + found[0][end:]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="The repository's address.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("check", help="fail when a link disagrees with the address")
    commands.add_parser("set", help="write a new address into every link").add_argument("url")
    options = parser.parse_args(arguments)
    try:
        if options.command == "set":
            changed = rewrite(ROOT, options.url)
            print(f"{len(changed)} files changed. {' '.join(changed)}")
        problems = disagreements(ROOT)
    except AddressError as error:
        print(error, file=sys.stderr)
        return 2
    for problem in problems:
        print(problem, file=sys.stderr)
    if not problems:
        placeholder = " (a placeholder: make address URL=...)" * (address() == PLACEHOLDER)
        print(f"Every link names {address()}{placeholder}.")
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
