"""The reference: every module has its place, and docstrings survive on a page of many."""

from pathlib import Path

import yaml
from docutils import nodes

import companion
from book._ext.identifiers import drop_repeated
from book._ext.rooms import modules, readable

ROOT = Path(__file__).resolve().parents[2]


def shown(text, what="function"):
    lines = text.splitlines()
    readable(None, what, "name", None, None, lines)
    return lines


def test_every_room_of_the_library_has_a_page_in_the_contents():
    package = Path(companion.__file__).parent
    rooms = {path.stem for path in package.iterdir() if (path / "__init__.py").is_file()}
    rooms |= {path.stem for path in package.glob("*.py") if path.stem not in ("__init__", "cli")}
    contents = (ROOT / "_toc.yml").read_text(encoding="utf-8")
    for room in rooms:
        page = ROOT / "book" / "reference" / "api" / f"{room}.md"
        assert f"{{room}} companion.{room}\n" in page.read_text(encoding="utf-8")
        assert f"reference/api/{room}\n" in contents
    assert yaml.safe_load(contents)["root"] == "intro"


def test_modules_are_found():
    found = modules("companion.figures")
    assert found[0] == "companion.figures"
    assert {"companion.figures.style", "companion.figures.tables"} <= set(found)
    assert modules("companion.records") == ["companion.records"]


def test_references_become_a_list():
    text = 'See [1]_.\n\n.. [1] A. Author, "Title",\n       2020, |x|.\n.. [2] B.\n\nEnd.'
    listed = ['- [1] A. Author, "Title",', "  2020, \\|x\\|.", "- [2] B."]
    assert shown(text) == ["See [1].", "", *listed, "", "End."]


def test_bars_are_bars_except_in_code_and_formulas():
    assert shown("|x| and ``|y|`` and :math:`|z|`.") == ["\\|x\\| and ``|y|`` and :math:`|z|`."]
    formula = ".. math::\n    |x|\n\n    |y|"
    assert shown(f"{formula}\n|z|") == [*formula.splitlines(), "\\|z\\|"]


def test_what_a_module_indents_is_shown_as_it_stands():
    text = "Two orders:\n\n    order 0   |x|\n    order 1   y\n\nAnd text."
    assert shown(text, "module") == [
        "Two orders:",
        "",
        "::",
        "",
        "    order 0   |x|",
        "    order 1   y",
        "",
        "And text.",
    ]


def test_repeated_identifiers_are_dropped():
    first, second = nodes.section(ids=["a", "proof-content"]), nodes.container(ids=["a", "b"])
    titled = nodes.section("", nodes.title(text="My content"), ids=["my-content"])
    tree = nodes.container("", first, second, titled)
    drop_repeated(None, tree, "page")
    assert [node["ids"] for node in (first, second, titled)] == [["a"], ["b"], ["my-content"]]
