"""Every module has one idea, a name that says it, its imports in sight and its own test."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAX_LINES = 300
ROOMS_FOR_ANYTHING = {"utils", "util", "helpers", "helper", "common", "misc", "core", "tools"}
EMPTY_VERBS = ("get_", "compute_", "calc_", "calculate_")


def size_problems(module):
    lines = len(module.text.splitlines())
    return [f"{module.name}: {lines} lines; fewer than {MAX_LINES}"] if lines >= MAX_LINES else []


def name_problems(module):
    found = [
        f"{module.name}: a room for anything; name it for what is in it"
        for part in module.name.split(".")
        if part.strip("_") in ROOMS_FOR_ANYTHING
    ]
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if node.name.lstrip("_").startswith(EMPTY_VERBS):
                found.append(
                    f"{module.name}:{node.lineno}: name `{node.name}` for what it returns"
                )
    return found


def import_problems(module):
    """Imports inside functions hide an arrow from the reader."""
    found = []
    for function in ast.walk(module.tree):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Import | ast.ImportFrom):
                found.append(f"{module.name}:{node.lineno}: imports stand at the top of the file")
    return found


def untested(names, tests):
    """Modules without a test of their own.

    `tests` maps the path of a test file to its text. A module has the file of its name in the
    room of its name; an experiment may be tested with the claims it serves, and is imported there.
    """
    problems = []
    for name in names:
        *rooms, stem = name.split(".")
        wanted = "/".join([*rooms, f"test_{stem}.py"])
        if rooms[:1] == ["experiments"] and len(rooms) > 1:
            package = re.escape(".".join(rooms))
            uses = re.compile(rf"{package}(\.| import [^\n]*\b|.*\([^)]*\b){stem}\b")
            if not any(uses.search(text) for text in tests.values()):
                problems.append(f"{name}: no test imports it")
        elif wanted not in tests:
            problems.append(f"{name}: there is no tests/{wanted}")
    return problems


def test_no_module_is_long(modules, none_of):
    none_of(problem for module in modules for problem in size_problems(module))


def test_names_say_what_is_there(modules, none_of):
    none_of(problem for module in modules for problem in name_problems(module))


def test_imports_stand_at_the_top(modules, none_of):
    none_of(problem for module in modules for problem in import_problems(module))


def test_every_module_has_its_test(modules, none_of):
    # An `__init__.py` that only lists its room has nothing of its own to test.
    source, folder = ROOT / "src" / "companion", ROOT / "tests"
    rooms = {path.parent.relative_to(source).as_posix() for path in source.rglob("__init__.py")}
    names = [module.name for module in modules if module.name.replace(".", "/") not in rooms]
    tests = {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in folder.rglob("test_*.py")
    }
    none_of(untested([name for name in names if name], tests))


def test_a_planted_long_module_is_found(module_of):
    assert not size_problems(module_of("kernels.short", "x = 1\n" * (MAX_LINES - 1)))
    assert size_problems(module_of("kernels.long", "x = 1\n" * MAX_LINES))


def test_a_planted_empty_name_is_found(module_of):
    assert name_problems(module_of("kernels.utils", ""))
    assert name_problems(module_of("kernels.gram", "def compute_gram(): ..."))
    assert not name_problems(module_of("kernels.gram", "def gram(): ..."))


def test_a_planted_hidden_import_is_found(module_of):
    assert import_problems(module_of("numerics.x", "def f():\n    import companion.cli"))
    assert not import_problems(module_of("numerics.x", "import numpy\n\ndef f(): ..."))


def test_a_module_without_a_test_is_found():
    tests = {"kernels/test_gram.py": "", "test_cli.py": ""}
    assert not untested(["kernels.gram", "cli"], tests)
    assert untested(["kernels.gram"], {"networks/test_gram.py": ""})


@pytest.mark.parametrize(
    "line",
    [
        "from companion.experiments.slug import modes",
        "from companion.experiments.slug import decay, modes",
        "from companion.experiments.slug import (\n    decay,\n    modes,\n)",
        "from companion.experiments.slug.modes import run",
        "import companion.experiments.slug.modes",
    ],
)
def test_an_experiment_is_tested_where_it_is_imported(line):
    assert not untested(["experiments.slug.modes"], {"claims_hold/test_x.py": line})
    assert untested(["experiments.slug.mode"], {"claims_hold/test_x.py": line})
