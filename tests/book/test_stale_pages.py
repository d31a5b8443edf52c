"""What makes a page stale, and what does not."""

import math
import shutil

import pytest

from tools.notebooks import work
from tools.notebooks.__main__ import main
from tools.notebooks.library import Library, code_of
from tools.notebooks.register import Register
from two_pages import CUP, PLATE, edit, forbid_kernels, notebook_of, problems, stale, text_of


def test_a_constant_of_the_library_makes_its_page_stale_and_changes_its_number(book):
    plate = notebook_of(book, PLATE).read_bytes()
    edit(book.library_root / "cooling/constants.py", "RATE = 0.5", "RATE = 0.6")
    assert stale(book) == {CUP: "module cooling.constants"}
    assert problems(book) == [f"{CUP}: stale: module cooling.constants"]
    assert main(["run"], book=book) == 0
    assert f"{math.exp(-1.2):.4f}" in notebook_of(book, CUP).read_text()
    assert notebook_of(book, PLATE).read_bytes() == plate
    assert problems(book) == []


@pytest.mark.parametrize(
    ("path", "old", "new", "reasons"),
    [
        ("src/cooling/plates/sides.txt", "2.0", "2.5", {PLATE: "module cooling.plates"}),
        ("book/records/measured.csv", "1.25", "1.5", {PLATE: "record measured.csv"}),
        ("constraints.txt", "1.17.1", "1.17.2", {CUP: "lock", PLATE: "lock"}),
        (
            "src/cooling/__init__.py",
            '"cooling.plates"}',
            '"cooling.plates", "rate": "cooling.constants"}',
            {CUP: "module cooling", PLATE: "module cooling"},
        ),
        ("book/chapters/heat/cup.md", "temperature(0)", "temperature(0.0)", {CUP: "text"}),
        (
            "book/chapters/heat/cup.md",
            "After two hours",
            "After these hours",
            {CUP: "text (its prose only), notebook (its cells differ from the text)"},
        ),
    ],
    ids=["data of a module", "record", "lock", "parent package", "code", "prose"],
)
def test_exactly_the_dependent_pages_are_stale(path, old, new, reasons, book):
    edit(book.root / path, old, new)
    assert stale(book) == reasons


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("src/cooling/newton.py", "Temperature above", "The temperature above"),
        ("src/cooling/newton.py", "  # the solution of T' = -RATE T", ""),
        ("src/cooling/newton.py", "import math\n", "import math\n\n\n# Exponentials.\n"),
        ("constraints.txt", "# the lock", "# made on Python 3.11"),
    ],
    ids=["docstring", "comment", "blank lines", "comment in the lock"],
)
def test_what_changes_no_result_makes_nothing_stale(path, old, new, book):
    edit(book.root / path, old, new)
    assert stale(book) == {}


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (
            'def f():\n    """Doc."""\n    return """a\n\n# b"""  # why\n',
            'def f():\n    return """a\n\n# b"""',
        ),
        ('"é" # doc\nx = "#"\n', 'x = "#"'),
        ('"é"; x = 1\n', '"é"; x = 1'),
        ('"""Two\n\nlines."""\n\n\nx = 1  \n', "x = 1"),
        ('x = "\x0c"\n# gone\ny = 1\n', 'x = "\x0c"\ny = 1'),
    ],
)
def test_only_what_has_no_effect_is_left_out(source, code):
    assert code_of(source) == code


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("from cooling.constants import RATE", {"cooling", "cooling.constants"}),
        ("from cooling import constants", {"cooling", "cooling.constants"}),
        (
            "import cooling.newton as newton",
            {"cooling", "cooling.constants", "cooling.newton"},
        ),
        # The front door leads to every room.
        (
            "from cooling import temperature",
            {"cooling", "cooling.constants", "cooling.newton", "cooling.plates"},
        ),
        (
            "import cooling.constants",
            {"cooling", "cooling.constants", "cooling.newton", "cooling.plates"},
        ),
        ("import math, json", set()),
    ],
)
def test_imports_are_followed(line, expected, book):
    edit(text_of(book, CUP), "from cooling.newton import temperature", line)
    page = next(page for page in book.pages if page.name == CUP)
    assert set(work.state(page, {}, Library(book.library_root)).inputs.modules) == expected


def test_a_module_that_is_imported_no_longer_is_named(book):
    path = book.library_root / "cooling/newton.py"
    edit(path, "from cooling.constants import RATE", "RATE = 0.5")
    assert stale(book) == {CUP: "module cooling.constants, module cooling.newton"}


def test_a_package_without_code_is_not_listed_until_it_has_some(book):
    laws = book.library_root / "cooling" / "laws"
    laws.mkdir()
    (laws / "__init__.py").write_text('"""Laws."""\n')
    shutil.copy(book.library_root / "cooling/newton.py", laws)
    edit(text_of(book, CUP), "from cooling.newton", "from cooling.laws.newton")
    assert main(["run"], book=book) == 0
    modules = {"cooling", "cooling.constants", "cooling.laws.newton"}
    assert set(Register(book.register).entry(CUP)["modules"]) == modules
    (laws / "__init__.py").write_text('"""Laws."""\n\nLAWS = ["newton"]\n')
    assert stale(book) == {CUP: "module cooling.laws"}


def test_a_record_that_is_not_there_is_named_and_stops_no_other_page(book, capsys):
    (book.records / "measured.csv").unlink()
    edit(text_of(book, CUP), "temperature(0)", "temperature(0.0)")
    assert main(["status"], book=book) == 1
    missing = f"{PLATE}: the front matter lists the record 'measured.csv', which is not there"
    assert missing in capsys.readouterr().err
    assert main(["run"], book=book) == 1
    assert "1 page failed" in capsys.readouterr().err
    assert stale(book) == {}
    (problem,) = problems(book)
    assert problem.startswith(missing)


def test_prose_is_rewritten_without_a_kernel(book, monkeypatch):
    forbid_kernels(monkeypatch)
    edit(text_of(book, CUP), "After two hours little is left.", "Little is left.")
    assert main(["run"], book=book) == 0
    assert "Little is left." in notebook_of(book, CUP).read_text()
    assert f"{math.exp(-1):.4f}" in notebook_of(book, CUP).read_text()
    assert problems(book) == []


def test_a_page_that_is_gone_leaves_the_register(book):
    for path in (text_of(book, PLATE), notebook_of(book, PLATE)):
        path.unlink()
    assert problems(book) == [f"{PLATE}: in the register, but there is no such page"]
    assert main(["run"], book=book) == 0
    assert problems(book) == []
