"""Executing pages, on a book of two: the notebooks, the limits, nbval, the register."""

import math
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import nbformat
import psutil
import pytest

from tools.notebooks import execution, register, work
from tools.notebooks.__main__ import main
from tools.notebooks.library import Library
from tools.notebooks.register import Register, runtimes_table, settled, total_cpu_seconds
from two_pages import CUP, PLATE, edit, forbid_kernels, notebook_of, problems, stale, text_of

ROOT = Path(__file__).resolve().parents[2]


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
        'print(os.environ["OMP_NUM_THREADS"], flush=True)\n'
        "print(newton.__file__)\n"
        "from cooling.newton import temperature",
    )
    assert main(["run"], book=book) == 0
    notebook = nbformat.read(notebook_of(book, CUP), as_version=4)
    # One output however the kernel divided it, or no two runs would give the same bytes.
    (output,) = notebook.cells[2].outputs
    assert output.text == f"1\n{book.library_root}/cooling/newton.py\n"


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
        (
            "x = b'x' * 600_000_000; import time; time.sleep(60)",
            {"peak_megabytes": 500},
            "used more than 500 MB of memory",
        ),
        # Over before anyone looks: the page is named, not the cell.
        ("len(b'x' * 600_000_000)", {"peak_megabytes": 500}, "used more than 500 MB of memory"),
        ("import os; os._exit(3)", {}, "ended the kernel"),
    ],
    ids=["cpu", "clock", "memory", "short peak", "death"],
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
    assert f"code cell 3 ({code[:50]!r})" in failures[0] or code.startswith("len")
    assert notebook_of(book, CUP).read_bytes() == before


def test_an_interrupt_ends_the_kernel_and_keeps_what_is_finished(book):
    edit(text_of(book, CUP), "assert temperature(0) == 1", "import time; time.sleep(60)")
    edit(text_of(book, PLATE), "density = ", "density = 2 * ")
    start = (
        "import signal, sys; from pathlib import Path; "
        "signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from tools.notebooks.__main__ import main; from tools.notebooks.book import Book; "
        f"book = Book(Path({str(book.root)!r}), {book.address!r}); "
        "sys.exit(main(['run', '-j', '2'], book=book))"
    )
    command = subprocess.Popen(
        [sys.executable, "-u", "-c", start],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    first = [command.stdout.readline(), command.stdout.readline()]
    assert first[1].startswith(f"[1/2] {PLATE}: ")
    (kernel,) = psutil.Process(command.pid).children()
    command.send_signal(signal.SIGINT)
    rest, error = command.communicate(timeout=30)
    assert command.returncode == 130
    assert (rest, error) == ("", "Interrupted; the pages that were finished are kept.\n")
    psutil.wait_procs([kernel], timeout=10)
    assert not kernel.is_running()
    assert set(stale(book)) == {CUP}


# Stored outputs -----------------------------------------------------------------------------


def nbval(book):
    """Strict nbval over the book, with the settings of the project's own run."""
    command = re.search(r"NOTEBOOKS := (.*?)\n\n", (ROOT / "Makefile").read_text(), re.DOTALL)[1]
    options = re.findall(r"--nbval\S*(?: [^-\s]\S*)?", command.replace("\\\n", " "))
    assert "--nbval" in {option.split()[0] for option in options}
    words = [word for word in " ".join(options).split() if word != "book"]
    arguments = [word.replace("tests/", f"{ROOT}/tests/") for word in words]
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
