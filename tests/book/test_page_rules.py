"""The rules of a page, each broken once, on a book of two pages that keeps them all."""

import random
import shutil

import nbformat
import pytest

from tools.notebooks import rules
from tools.notebooks.__main__ import main
from tools.notebooks.register import Register
from two_pages import CUP, edit, problems

LAST = "assert temperature(0) == 1"


@pytest.fixture
def cup(book):
    return book.text_root / f"{CUP}.md"


def text_problems(book):
    return {page.name: found for page in book.texts if (found := rules.text_problems(page))}


def cell(code, *tags):
    header = f":tags: [{', '.join(tags)}]\n\n" if tags else ""
    return f"```{{code-cell}} ipython3\n{header}{code}\n```\n"


# The text -----------------------------------------------------------------------------------


def test_the_pages_keep_every_rule(book):
    assert text_problems(book) == {}
    assert problems(book) == []


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("def f(): pass", "`def` belongs in the library or an exercise"),
        ("async def f(): pass", "`async def` belongs in the library or an exercise"),
        ("class C: pass", "`class` belongs in the library or an exercise"),
        ("for t in (1, 2): print(t)", "`for` belongs in the library or an exercise"),
        ("while False: pass", "`while` belongs in the library or an exercise"),
        ("\n".join(["x = 1"] * 13), "13 lines; at most 12"),
        (f"x = {'1' * 76}", "a line of more than 79 columns is cut in print"),
        ("%matplotlib inline", "a cell must be plain Python; invalid syntax"),
        ("__import__('cooling')", "import by a statement, so that the page's inputs are known"),
        (
            "import importlib\nimportlib.import_module('cooling')",
            "import by a statement, so that the page's inputs are known",
        ),
        (
            "path = '../../records/run.nc'",
            "the record '../../records/run.nc' is not listed in the front matter",
        ),
        (
            "# NBVAL_SKIP",
            "nbval may ignore an output (tag `nbval-ignore-output`), not a cell",
        ),
        ("", "empty"),
    ],
)
def test_a_cell_that_breaks_a_rule_is_named(code, problem, book, cup):
    edit(cup, LAST, code)
    first_line = code.strip().split("\n")[0][:50]
    assert text_problems(book) == {CUP: [f"code cell 3 ({first_line!r}): {problem}"]}


@pytest.mark.parametrize(
    ("tags", "problem"),
    [
        (
            ["nbval-skip"],
            "nbval may ignore an output (tag `nbval-ignore-output`), not a cell",
        ),
        (["key-number", "nbval-ignore-output"], "a key number must be compared"),
    ],
)
def test_tags_that_hide_a_cell_from_nbval_are_refused(tags, problem, book, cup):
    edit(cup, cell(LAST), cell(LAST, *tags))
    assert text_problems(book) == {CUP: [f"code cell 3 ({LAST!r}): {problem}"]}


@pytest.mark.parametrize("tag", ["exercise", "solution"])
def test_exercises_may_define_and_loop(tag, book, cup):
    code = "def f():\n    for t in (1, 2):\n        print(t)\n" + "x = 1\n" * 27
    edit(cup, cell(LAST), cell(code.strip(), tag))
    assert text_problems(book) == {}
    edit(cup, "x = 1\n```", "x = 1\nx = 1\n```")
    (problem,) = text_problems(book)[CUP]
    assert problem.endswith("31 lines; at most 30")


def test_a_listed_record_may_be_read(book, cup):
    edit(cup, LAST, "path = '../../records/heat/run.nc'")
    edit(cup, "---\njupytext", "---\ncompanion:\n  records: [heat/run.nc]\njupytext")
    assert text_problems(book) == {}


def test_at_most_twelve_cells_and_exercises_are_not_counted(book, cup):
    twelve = cell(LAST) + cell("x = 1") * 9
    edit(cup, cell(LAST), twelve + cell("y = 2", "solution"))
    assert text_problems(book) == {}
    edit(cup, cell("y = 2", "solution"), cell("y = 2"))
    assert text_problems(book) == {CUP: ["13 code cells; at most 12, exercises not counted"]}


def test_a_cell_inside_another_directive_is_noticed(book, cup):
    edit(cup, cell(LAST), f"````{{note}}\n{cell(LAST)}````\n")
    problem = "a code cell inside another directive would never be executed"
    assert text_problems(book) == {CUP: [problem]}


def test_a_code_cell_needs_the_header_of_a_notebook(book):
    page = book.text_root / "how-to-read.md"
    page.write_text(page.read_text() + cell("x = 1"))
    (problem,) = text_problems(book)["how-to-read"]
    assert problem.startswith("a page with code cells needs the header of a notebook")


def test_the_set_up_cell_does_not_belong_in_the_text(book, cup):
    edit(cup, cell(LAST), cell("import sys", "colab", "remove-cell"))
    problem = "the set-up cell for Colab is made by the tool; delete it from the text"
    assert text_problems(book) == {CUP: [problem]}


@pytest.mark.parametrize(
    ("header", "problem", "status"),
    [
        ("companion: [a, b]", "`companion` in the front matter must be of the form", 1),
        ("companion: {records: run.nc}", "`companion` in the front matter must be of the form", 1),
        # Without its front matter it is not known whether the text is a page at all.
        ("companion: {records: [a", "the front matter is not YAML", 2),
    ],
)
def test_a_wrong_front_matter_is_named(header, problem, status, book, cup, capsys):
    edit(cup, "---\njupytext", f"---\n{header}\njupytext")
    assert main(["status"], book=book) == status
    error = capsys.readouterr().err
    assert error.startswith(f"{CUP}: ")
    assert problem in error


# The notebook -------------------------------------------------------------------------------


@pytest.fixture
def stored(book):
    """The stored notebook of the first page, and what `check` says of it after a change."""
    path = book.text_root / f"{CUP}.ipynb"
    notebook = nbformat.read(path, as_version=4)

    def found():
        nbformat.write(notebook, path)
        page = next(page for page in book.pages if page.name == CUP)
        return rules.notebook_problems(page, Register(book.register).entry(CUP))

    return notebook, found


def stream(text, name="stdout"):
    return nbformat.v4.new_output("stream", name=name, text=text)


def display(data):
    return nbformat.v4.new_output("display_data", data=data)


KEY = "code cell 2 ('print(f\"temperature after two hours: {temperature(')"


@pytest.mark.parametrize(
    ("output", "problems"),
    [
        (stream("rate 0.5\n"), []),
        (display({"application/papermill.record/text/plain": "'0.5'"}), []),
        (
            stream("small\n"),
            ["no key number: a cell tagged `key-number` must print or glue a number"],
        ),
        (
            # The size of a picture is no key number.
            display({"image/png": "iVBORw0K", "text/plain": "<Figure size 640x480>"}),
            ["no key number: a cell tagged `key-number` must print or glue a number"],
        ),
        (
            stream("0.36787944117144233\n"),
            [f"{KEY}: an unrounded number (0.36787944117144233...); print the stable digits"],
        ),
        (
            stream("1 <object at 0x7f3c5e1f>\n"),
            [f"{KEY}: an object's address in the output, which no other run repeats"],
        ),
        (
            nbformat.v4.new_output("error", ename="E", evalue="", traceback=[]),
            [
                f"{KEY}: a stored error; tag the cell `raises-exception` if it is meant",
                "no key number: a cell tagged `key-number` must print or glue a number",
            ],
        ),
    ],
    ids=["print", "glue", "words", "picture", "unrounded", "address", "error"],
)
def test_what_a_key_number_may_be(output, problems, stored):
    notebook, found = stored
    notebook.cells[4].outputs = [output]
    assert found() == problems


def test_output_on_stderr_is_refused(stored):
    notebook, found = stored
    notebook.cells[4].outputs = [stream("0.5\n"), stream("careful\n", name="stderr")]
    problems = found()
    assert problems[0].endswith("output on stderr; mend the warning or silence it where it arises")


def test_an_extra_output_is_noticed(stored):
    notebook, found = stored
    notebook.cells[5].outputs = [stream("1\n")]
    assert found() == [f"code cell 3 ({LAST!r}): Unrun: 1 outputs stored where the run gave 0"]


@pytest.mark.parametrize("count", [None, 7])
def test_cells_out_of_order_are_noticed(count, stored):
    notebook, found = stored
    notebook.cells[4].execution_count = count
    assert found() == ["Unrun: the cells were not executed once each, in their order"]


def test_a_notebook_without_its_text_is_noticed(book):
    shutil.copy(book.text_root / f"{CUP}.ipynb", book.text_root / "chapters/heat/lost.ipynb")
    assert problems(book) == ["chapters/heat/lost.ipynb: a notebook without a paired text"]


def test_a_missing_or_broken_notebook_is_named(book):
    path = book.text_root / f"{CUP}.ipynb"
    page = next(page for page in book.pages if page.name == CUP)
    path.write_text("{")
    (problem,) = rules.notebook_problems(page, {})
    assert problem.startswith("cup.ipynb cannot be read: ")
    path.unlink()
    assert rules.notebook_problems(page, {}) == ["there is no cup.ipynb yet."]
    assert main(["run"], book=book) == 0
    assert path.exists()


def test_a_notebook_has_at_most_400_kilobytes(stored):
    notebook, found = stored
    noise = random.Random(0).randbytes(200_500).hex()
    notebook.cells[4].outputs = [stream("0.5\n"), display({"image/png": noise})]
    assert found()[-1].startswith("the notebook has 40")
    assert found()[-1].endswith(" KB; at most 400")
