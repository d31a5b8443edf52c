"""The library as text: every rule of this room reads it, none imports it."""

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Module:
    """One file of the library, or a text that stands for one."""

    name: str  # without the package: `kernels.spectrum`; the package itself is empty
    text: str = field(repr=False)

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def room(self) -> str:
        return self.name.split(".")[0]


def library_modules() -> list[Module]:
    source = ROOT / "src" / "companion"
    modules = []
    for path in sorted(source.rglob("*.py")):
        parts = path.relative_to(source).with_suffix("").parts
        name = ".".join(part for part in parts if part != "__init__")
        modules.append(Module(name, path.read_text(encoding="utf-8")))
    return modules


@pytest.fixture(scope="session")
def modules() -> list[Module]:
    found = library_modules()
    assert len(found) > 10, "the library was not found; every rule would hold of nothing"
    return found


@pytest.fixture
def module_of():
    """Makes a module of a text, to plant a violation in."""
    return Module


@pytest.fixture
def none_of():
    """Fails with every problem on a line of its own."""

    def check(problems: Iterable[str]) -> None:
        if found := list(problems):
            pytest.fail(f"{len(found)} problems:\n" + "\n".join(found), pytrace=False)

    return check
