"""One set of requirements in three files: pyproject.toml, constraints.txt, environment.yml.

pyproject.toml says which versions may work, constraints.txt which were proved together, and
environment.yml which ones Binder takes from conda-forge. This holds the three against each other
and against the imports of the library and of the pages.

    python tools/environment.py
"""

import ast
import os
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import jupytext
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
# Where conda-forge's name differs from the one on the Python Package Index.
CONDA_NAMES = {"torch": "pytorch-cpu", "matplotlib": "matplotlib-base"}
OURS = {"companion", "benchmarks", "book", "tools", "tests"}


class Requirements:
    """What the three files say, by canonical distribution name."""

    def __init__(self, root: Path) -> None:
        project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        self.python = SpecifierSet(project["requires-python"])
        self.library = _by_name(project["dependencies"])
        self.declared = dict(self.library)
        for extra in project["optional-dependencies"].values():
            self.declared |= _by_name(extra)
        lines = (root / "constraints.txt").read_text(encoding="utf-8").splitlines()
        self.lock = _by_name(line for line in lines if line and not line.startswith("#"))

        self.recipe = yaml.safe_load((root / "environment.yml").read_text(encoding="utf-8"))
        listed = self.recipe["dependencies"]
        conda = [line for line in listed if isinstance(line, str)]
        pip = [line for entry in listed if isinstance(entry, dict) for line in entry["pip"]]
        pypi_names = {conda_name: name for name, conda_name in CONDA_NAMES.items()}
        self.binder = {pypi_names.get(name, name): spec for name, spec in _by_name(conda).items()}
        self.binder |= _by_name(pip)


def _by_name(lines: Iterator[str] | list[str]) -> dict[str, SpecifierSet]:
    # conda writes one `=` where Python's standard has `==`.
    parsed = (Requirement(re.sub(r"^([\w.-]+)=(?!=)", r"\1==", line)) for line in lines)
    return {canonicalize_name(one.name): one.specifier for one in parsed}


def imported_names(code: str) -> set[str]:
    """Top-level names that a piece of code imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names - sys.stdlib_module_names - OURS


def imports_of_modules(folder: Path) -> dict[str, Path]:
    """Imported name -> one file that imports it, over the Python files of a folder."""
    local = {path.stem for path in folder.glob("*.py")}
    local |= {path.name for path in folder.glob("**/src/*")}  # the library of a fixture book
    return {
        name: path.relative_to(folder.parent)
        for path in sorted(folder.rglob("*.py"))
        for name in imported_names(path.read_text(encoding="utf-8")) - local
    }


def imports_of_pages(book: Path) -> dict[str, Path]:
    """Imported name -> one page that imports it, over the code cells of the pages."""
    found: dict[str, Path] = {}
    for path in sorted(book.rglob("*.md")):
        text = path.read_text(encoding="utf-8")
        if "_build" in path.parts or "kernelspec:" not in text:
            continue
        for cell in jupytext.reads(text, fmt="md:myst").cells:
            if cell.cell_type == "code":
                # A line of IPython (%magic, !shell) imports nothing.
                code = re.sub(r"(?m)^(\s*)[%!].*$", r"\1pass", cell.source)
                found |= dict.fromkeys(imported_names(code), path.relative_to(book.parent))
    return found


@cache
def installed_distributions() -> Mapping[str, list[str]]:
    """Import name -> the distributions that provide it."""
    return packages_distributions()


def unprovided(imports: dict[str, Path], offered: dict, by: str) -> list[str]:
    """Imports that no distribution on offer provides."""
    distributions = installed_distributions()
    problems = []
    for name, path in sorted(imports.items()):
        providers = {canonicalize_name(one) for one in distributions.get(name, [name])}
        if not providers & set(offered):
            known = ", ".join(sorted(providers))
            problems.append(f"{path}: imports {name} ({known}), which {by} lacks")
    return problems


def problems(root: Path) -> list[str]:
    """Every disagreement, one sentence each; nothing if the files agree."""
    needs = Requirements(root)
    library, pages = imports_of_modules(root / "src"), imports_of_pages(root / "book")
    found = unprovided(library, needs.library, "`dependencies` of pyproject.toml")
    found += unprovided(library | pages, needs.binder, "environment.yml")
    for folder in ("tests", "tools", "book/_ext"):
        imports = imports_of_modules(root / folder)
        found += unprovided(imports, needs.declared, "pyproject.toml")
    for name, allowed in sorted(needs.declared.items()):
        pins = [spec.version for spec in needs.lock.get(name, ())]
        if not pins:
            found.append(f"constraints.txt: lacks {name}, which pyproject.toml asks for")
        elif not allowed.contains(pins[0], prereleases=True):
            found.append(f"constraints.txt: {name} {pins[0]} is outside pyproject's {allowed}")
    for name in sorted(set(needs.library) - set(needs.binder)):
        found.append(f"environment.yml: lacks {name}, which the library depends on")
    for name, allowed in sorted(needs.binder.items()):
        if name in needs.declared and allowed != needs.declared[name]:
            theirs = needs.declared[name]
            found.append(f"environment.yml: {name}{allowed}, but pyproject.toml says {theirs}")
    return found + _binder_rules(root, needs)


def _binder_rules(root: Path, needs: Requirements) -> list[str]:
    found = []
    if needs.recipe["channels"] != ["conda-forge", "nodefaults"]:
        found.append("environment.yml: channels must be conda-forge and nodefaults")
    pin = str(needs.binder["python"])
    if not re.fullmatch(r"==3\.\d+", pin) or not needs.python.contains(f"{pin[2:]}.0"):
        found.append(f"environment.yml: python must be one minor within {needs.python}; got {pin}")
    script = root / "postBuild"
    if "pip install --no-deps -e ." not in script.read_text(encoding="utf-8"):
        found.append("postBuild: must install the package by `pip install --no-deps -e .`")
    if not os.access(script, os.X_OK):
        found.append("postBuild: must be executable (chmod +x postBuild)")
    return found


if __name__ == "__main__":
    complaints = problems(ROOT)
    print("\n".join(complaints) or "pyproject.toml, constraints.txt and environment.yml agree.")
    sys.exit(bool(complaints))
