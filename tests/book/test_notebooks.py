"""Execution, staleness and pairing of pages, on a book of two pages with a library of its own."""

import math
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import jupytext
import nbformat
import pytest
from jupytext.config import load_jupytext_config

from tools.notebooks import execution, register, work
from tools.notebooks.__main__ import main
from tools.notebooks.book import Book
from tools.notebooks.library import Library, code_of
from tools.notebooks.register import Register, runtimes_table, settled, total_cpu_seconds

ROOT = Path(__file__).resolve().parents[2]
TWO_PAGES = Path(__file__).parent / "two_pages"
CUP, PLATE = "chapters/heat/cup", "chapters/heat/plate"


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """The two pages after their first run; tests work on copies."""
    root = tmp_path_factory.mktemp("book") / "executed"
    shutil.copytree(TWO_PAGES, root, ignore=shutil.ignore_patterns("__pycache__"))
    assert main(["run", "-j", "2"], book=Book(root, "https://example.org/book")) == 0
    return root


@pytest.fixture
def book(executed, tmp_path):
    shutil.copytree(executed, tmp_path / "book")
    return Book(tmp_path / "book", "https://example.org/book")


def stale(book):
    """Why each stale page is stale."""
    library = Library(book.library_root)
    found, _ = work.states(book.pages, Register(book.register), library)
    return {state.page.name: state.why for state in found if state.is_stale}


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def text_of(book, name):
    return book.text_root / f"{name}.md"


def notebook_of(book, name):
    return book.text_root / f"{name}.ipynb"


def problems(book):
    return work.check(book, Library(book.library_root))


def forbid_kernels(monkeypatch):
    def refuse(*arguments, **options):
        raise AssertionError("a kernel was started")

    monkeypatch.setattr(work, "execute", refuse)


# A run --------------------------------------------------------------------------------------


def test_a_run_stores_numbers_and_leaves_nothing_stale(book):
    # exp(-1/2 * 2) and 1.25 * 2 * 1.5
    assert f"{math.exp(-1):.4f}" in notebook_of(book, CUP).read_text()
    assert "heat: 3.750" in notebook_of(book, PLATE).read_text()
    assert stale(book) == {}
    assert problems(book) == []


def test_a_page_without_code_has_no_notebook(book):
    assert [page.name for page in book.pages] == [CUP, PLATE]
    assert not notebook_of(book, "how-to-read").exists()


def test_a_second_run_gives_the_same_bytes(book):
    files = [notebook_of(book, CUP), notebook_of(book, PLATE), book.register]
    before = [path.read_bytes() for path in files]
    assert main(["run", "--all"], book=book) == 0
    assert [path.read_bytes() for path in files] == before


def test_a_run_with_nothing_stale_starts_no_kernel(book, monkeypatch, capsys):
    forbid_kernels(monkeypatch)
    assert main(["run"], book=book) == 0
    assert "2 pages up to date" in capsys.readouterr().out


def test_only_the_named_page_is_run(book, capsys):
    edit(book.lock, "scipy==1.17.1", "scipy==1.17.2")
    assert main(["run", "heat/cup.md"], book=book) == 0
    assert stale(book) == {PLATE: "lock"}
    assert "1 of 1 page to execute: about" in capsys.readouterr().out


def test_an_unknown_page_is_named_with_its_neighbours(book, capsys):
    assert main(["run", "heat/cups"], book=book) == 2
    error = capsys.readouterr().err
    assert "got 'heat/cups'" in error
    assert CUP in error


@pytest.mark.parametrize("jobs", ["0", "two"])
def test_the_number_of_jobs_is_checked(jobs, book, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["run", "-j", jobs], book=book)
    assert stop.value.code == 2
    assert f"must be a positive integer; got '{jobs}'" in capsys.readouterr().err


def test_kernels_run_on_one_thread_with_the_library_of_the_book(book):
    edit(
        text_of(book, CUP),
        "from cooling.newton import temperature",
        "import os\n\nimport cooling.newton as newton\n"
        'print(os.environ["OMP_NUM_THREADS"], newton.__file__)\n'
        "from cooling.newton import temperature",
    )
    assert main(["run"], book=book) == 0
    notebook = nbformat.read(notebook_of(book, CUP), as_version=4)
    assert notebook.cells[2].outputs[0].text == f"1 {book.library_root}/cooling/newton.py\n"


# What makes a page stale --------------------------------------------------------------------


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


# Failures -----------------------------------------------------------------------------------


def test_a_raising_cell_fails_and_leaves_the_old_notebook(book, capsys):
    files = [notebook_of(book, CUP), book.register]
    before = [path.read_bytes() for path in files]
    edit(text_of(book, CUP), "assert temperature(0) == 1", "assert temperature(0) == 2, 'cold'")
    assert main(["run"], book=book) == 1
    output = capsys.readouterr()
    assert "FAILED: code cell 3 (\"assert temperature(0) == 2, 'cold'\")" in output.out
    assert "raised AssertionError: cold" in output.out
    assert "1 page failed" in output.err
    assert [path.read_bytes() for path in files] == before


def test_a_cell_that_is_meant_to_raise_may(book):
    edit(
        text_of(book, CUP),
        "```{code-cell} ipython3\nassert temperature(0) == 1",
        "```{code-cell} ipython3\n:tags: [raises-exception]\n\nassert temperature(0) == 2",
    )
    assert main(["run"], book=book) == 0
    assert problems(book) == []


@pytest.mark.parametrize(
    ("code", "limit", "message"),
    [
        ("while True: pass", {"cpu_seconds": 1.5}, "used more than 1.5 s of CPU time"),
        ("import time; time.sleep(60)", {"wall_seconds": 2}, "used more than 2 s by the clock"),
        ("x = b'x' * 600_000_000", {"peak_megabytes": 500}, "used more than 500 MB of memory"),
        ("import os; os._exit(3)", {}, "ended the kernel"),
    ],
    ids=["cpu", "clock", "memory", "death"],
)
def test_a_page_over_its_limits_is_stopped_and_named(code, limit, message, book, monkeypatch):
    before = notebook_of(book, CUP).read_bytes()
    edit(text_of(book, CUP), "assert temperature(0) == 1", code)
    library = Library(book.library_root)
    found, _ = work.states(book.named([CUP]), Register(book.register), library)
    failures = work.run(
        found,
        Register(book.register),
        jobs=1,
        limits=execution.Limits(**limit),
        report=lambda line: None,
    )
    assert len(failures) == 1
    assert failures[0].startswith(f"{CUP}: ")
    assert message in failures[0]
    assert f"code cell 3 ({code!r})" in failures[0] or "the page used" in failures[0]
    assert notebook_of(book, CUP).read_bytes() == before


# The pair -----------------------------------------------------------------------------------


@pytest.mark.parametrize("newer", ["text", "notebook"])
def test_drift_is_seen_whichever_half_is_newer(newer, book):
    edit(notebook_of(book, CUP), "After two hours", "After ten hours")
    for kind, path in (("text", text_of(book, CUP)), ("notebook", notebook_of(book, CUP))):
        time = 2_000_000_000 if kind == newer else 1_000_000_000
        os.utime(path, (time, time))
    assert problems(book) == [f"{CUP}: cell 3 of the notebook is not the one of the text"]


@pytest.mark.parametrize("newer", ["text", "notebook"])
def test_equal_halves_are_fresh_whichever_is_newer(newer, book):
    for page in book.pages:
        path = page.path if newer == "text" else page.notebook
        os.utime(path, (2_000_000_000, 2_000_000_000))
    assert problems(book) == []
    assert stale(book) == {}


def test_a_notebook_whose_code_was_edited_is_executed_again(book):
    edit(notebook_of(book, CUP), "temperature(2)", "temperature(3)")
    assert stale(book) == {CUP: "notebook (not as it was executed)"}
    assert main(["run"], book=book) == 0
    assert problems(book) == []


def test_a_new_address_is_written_without_a_kernel(book, monkeypatch):
    forbid_kernels(monkeypatch)
    moved = Book(book.root, "https://example.org/moved")
    assert [problem.split(": ")[1] for problem in problems(moved)] == [
        "the notebook's set-up cell for Colab is out of date"
    ] * 2
    assert main(["run"], book=moved) == 0
    assert problems(moved) == []
    assert "https://example.org/moved" in notebook_of(moved, CUP).read_text()
    assert "https://example.org" not in text_of(moved, CUP).read_text()


@pytest.mark.parametrize("there_already", [False, True])
def test_the_set_up_cell_acts_on_colab_alone(there_already, book, monkeypatch):
    commands, folders = [], []
    monkeypatch.setattr(subprocess, "run", lambda command, check: commands.append(command))
    monkeypatch.setattr(os, "chdir", folders.append)
    monkeypatch.setattr(os.path, "isdir", lambda name: there_already)
    code = nbformat.read(notebook_of(book, CUP), as_version=4).cells[0].source
    exec(code, {})
    assert (commands, folders) == ([], [])
    monkeypatch.setitem(sys.modules, "google.colab", object())
    exec(code, {})
    assert folders == ["/content", "repository/book/chapters/heat"]
    if there_already:
        assert commands == []
    else:
        clone, install = commands
        assert clone[:2] == ["git", "clone"]
        assert clone[-2:] == ["https://example.org/book", "repository"]
        assert install[1:4] == ["-m", "pip", "install"]
        assert install[-1] == "./repository"


def test_saving_in_an_editor_changes_no_text_and_costs_no_execution(book, monkeypatch):
    # What jupytext does in JupyterLab: cells from the text, outputs from the notebook, which has
    # a cell more; then both halves are written.
    text, path = text_of(book, PLATE), notebook_of(book, PLATE)
    config = load_jupytext_config(str(ROOT / "book/chapters/page.md"))
    assert config.outdated_text_notebook_margin > 1e8
    before = text.read_text()
    opened = jupytext.combine.combine_inputs_with_outputs(
        jupytext.reads(before, fmt="md:myst", config=config),
        nbformat.read(path, as_version=4),
        fmt="md:myst",
    )
    assert [len(cell.get("outputs", [])) for cell in opened.cells] == [0, 0, 1]
    opened.metadata["language_info"] = {"name": "python", "pygments_lexer": "ipython3"}
    text.write_text(jupytext.writes(opened, fmt="md:myst", config=config))
    nbformat.write(opened, path)

    assert text.read_text() == before
    assert problems(book) == [f"{PLATE}: the notebook lacks its set-up cell for Colab"]
    forbid_kernels(monkeypatch)
    assert main(["run"], book=book) == 0
    assert problems(book) == []


# Stored outputs -----------------------------------------------------------------------------


def nbval(book):
    """Strict nbval over the book, with the settings of the project's own run."""
    command = re.search(r"NOTEBOOKS := (.*?)\n\n", (ROOT / "Makefile").read_text(), re.DOTALL)[1]
    options = re.findall(r"--nbval\S*(?: [^-\s]\S*)?", command.replace("\\\n", " "))
    assert "--nbval" in {option.split()[0] for option in options}
    arguments = " ".join(options).replace("tests/", f"{ROOT}/tests/").split()
    arguments = [item for item in arguments if item != "book"]
    settings = ["-c", f"{ROOT}/pyproject.toml", f"--rootdir={book.root}", "-p", "no:cacheprovider"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *settings, *arguments, str(book.text_root)],
        env={**os.environ, "PYTHONPATH": str(book.library_root)},
        cwd=book.root,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_nbval_passes_as_stored_and_fails_on_a_changed_key_number(book):
    number = f"{math.exp(-1):.4f}"
    assert (passed := nbval(book)).returncode == 0, passed.stdout
    assert "7 passed" in passed.stdout
    edit(notebook_of(book, CUP), number, number[:-1] + "0")
    failed = nbval(book)
    assert failed.returncode == 1
    assert "1 failed, 6 passed" in failed.stdout
    assert "Cell outputs differ" in failed.stdout


@pytest.mark.parametrize("counts_too", [False, True])
def test_stripped_outputs_fail_and_are_healed(counts_too, book):
    path = notebook_of(book, CUP)
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
            if counts_too:
                cell.execution_count = None
    nbformat.write(notebook, path)
    found = "\n".join(problems(book))
    assert "Unrun: 0 outputs stored where the run gave 1" in found
    assert ("Unrun: the cells were not executed once each" in found) == counts_too
    assert "no key number" in found
    assert main(["run"], book=book) == 0
    assert problems(book) == []


# The register -------------------------------------------------------------------------------


def test_small_differences_of_measurement_are_noise():
    old = {"cpu_seconds": 10, "wall_seconds": 12, "peak_megabytes": 300}
    near = {"cpu_seconds": 12.9, "wall_seconds": 9.1, "peak_megabytes": 380.0}
    assert settled(old, near) == old
    far = {"cpu_seconds": 13.24, "wall_seconds": 8.0, "peak_megabytes": 404.0}
    assert settled(old, far) == {"cpu_seconds": 13, "wall_seconds": 8, "peak_megabytes": 400}
    # Below a second, ten times as much is still nothing.
    assert settled({"cpu_seconds": 0.1}, {"cpu_seconds": 1.0}) == {"cpu_seconds": 0.1}


def test_the_table_of_run_times_shows_every_page_and_the_sum(book, capsys):
    entries = Register(book.register).entries()
    for name, seconds in ((CUP, 12), (PLATE, 7.5)):
        measured = {"cpu_seconds": seconds, "wall_seconds": seconds + 1, "peak_megabytes": 300}
        Register(book.register).record(name, entries[name] | {"measured": measured})
    assert total_cpu_seconds(book.register) == 19.5
    lines = runtimes_table(book.register).splitlines()
    assert lines[2:] == [
        f"| {{doc}}`/{CUP}` | 13 | 12 | 300 |",
        f"| {{doc}}`/{PLATE}` | 8.5 | 7.5 | 300 |",
        "| all pages, one after another | 21.5 | 19.5 | 300 |",
    ]
    assert main(["status", "--markdown"], book=book) == 0
    assert capsys.readouterr().out.splitlines() == lines


def test_the_expected_time_comes_from_the_last_measurement(book, capsys):
    entry = Register(book.register).entry(CUP)
    measured = {"cpu_seconds": 40, "wall_seconds": 42, "peak_megabytes": 300}
    Register(book.register).record(CUP, entry | {"measured": measured})
    edit(book.library_root / "cooling/constants.py", "RATE = 0.5", "RATE = 0.6")
    assert main(["status"], book=book) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{CUP}: module cooling.constants",
        "1 of 2 pages to execute: about 42 s.",
    ]


def test_a_page_measured_over_its_limit_fails_the_check(book):
    entry = Register(book.register).entry(CUP)
    measured = {"cpu_seconds": 75, "wall_seconds": 80, "peak_megabytes": 300}
    Register(book.register).record(CUP, entry | {"measured": measured})
    assert problems(book) == [
        f"{CUP}: the page used more than 60 s of CPU time, the limit of a page"
    ]


def test_the_register_names_no_time_and_no_machine(book):
    entries = Register(book.register).entries()
    fields = {"code", "lock", "measured", "modules", "outputs", "records", "text"}
    assert all(set(entry) == fields for entry in entries.values())
    assert book.register.read_text().startswith(register.HEADING)
