"""The student edition: solutions leave text, code, search and download, and nothing else does."""

import json
import shutil

import pytest

from book._ext.solutions import divided, wanted
from small_site import build, site_of

PAGE = "chapters/cooling/newton"
SECRETS = ("thermoscope", "warmer = min", "The exponential is at most one", "the cup with rate")


def notebook(*cells):
    made = []
    for kind, source, *tags in cells:
        made.append({"cell_type": kind, "source": source, "metadata": {"tags": list(tags)}})
    return {"cells": made, "metadata": {"kept": True}}


def text_of(book):
    return "\n---\n".join("".join(cell["source"]) for cell in book["cells"])


EXERCISE = "```{exercise} Two; easy\n:label: ex-two\nHow much?\n```"
START, END = "```{solution-start} ex-two\n:class: dropdown\n```", "```{solution-end}\n```"


def test_what_stands_between_the_gates_goes():
    whole = notebook(
        ("markdown", f"Before.\n\n{EXERCISE}\n\n{START}\n\nSecret one."),
        ("code", "secret = 2", "solution"),
        ("markdown", f"Secret three.\n\n{END}\n\nAfter."),
        ("code", "print(1)"),
    )
    without, problems = divided(whole)
    assert problems == []
    assert text_of(without) == f"Before.\n\n{EXERCISE}\n---\nAfter.\n---\nprint(1)"
    assert without["metadata"] == whole["metadata"]


def test_a_solution_that_is_text_alone_goes():
    solution = "````{solution} ex-two\n:class: dropdown\n```python\nsecret\n```\n````"
    without, problems = divided(notebook(("markdown", f"{EXERCISE}\n\n{solution}\n\nAfter.")))
    assert problems == []
    assert "secret" not in text_of(without) and "After." in text_of(without)


def test_a_cell_of_nothing_but_a_solution_leaves_no_empty_cell():
    whole = notebook(
        ("markdown", EXERCISE),
        ("markdown", START),
        ("code", "1", "solution"),
        ("markdown", END),
    )
    assert len(divided(whole)[0]["cells"]) == 1


def test_blocks_inside_a_solution_do_not_end_it():
    inner = "```{prf:lemma}\n:label: secret\nx\n```\n\n:::{div} slide\nSecret.\n:::"
    without, problems = divided(notebook(("markdown", f"{EXERCISE}\n{START}\n{inner}\n{END}")))
    assert problems == []
    assert text_of(without) == EXERCISE


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        ([("markdown", f"{EXERCISE}\n{START}")], "has no {solution-end}"),
        ([("markdown", END)], "without its {solution-start}"),
        ([("markdown", EXERCISE)], "exercise ex-two has 0 solutions"),
        ([("markdown", f"{START}\n{END}")], "a solution of ex-two, which is no exercise"),
        (
            [("markdown", f"{EXERCISE}\n{START}\n{END}\n{START}\n{END}")],
            "exercise ex-two has 2 solutions",
        ),
        (
            [("markdown", f"{EXERCISE}\n{START}"), ("code", "1"), ("markdown", END)],
            "inside a solution lacks the tag",
        ),
        (
            [("markdown", f"{EXERCISE}\n{START}\n{END}"), ("code", "1", "solution")],
            "outside a solution has the tag",
        ),
        (
            [("markdown", f"{EXERCISE}\n```{{solution}} ex-two\n:label: sol\nx\n```")],
            "the solution of ex-two has a label",
        ),
        ([("markdown", f"{EXERCISE}\n{START}\n{START}\n{END}")], "inside another"),
    ],
)
def test_marks_that_do_not_pair_up_are_named(cells, problem):
    _, problems = divided(notebook(*cells))
    assert any(problem in one for one in problems)


@pytest.mark.parametrize(
    ("value", "answer"), [(None, True), ("", True), ("yes", True), ("no", False)]
)
def test_the_switch(monkeypatch, value, answer):
    monkeypatch.delenv("SOLUTIONS", raising=False)
    if value is not None:
        monkeypatch.setenv("SOLUTIONS", value)
    assert wanted() is answer


def test_the_switch_knows_two_words(monkeypatch):
    monkeypatch.setenv("SOLUTIONS", "maybe")
    with pytest.raises(Exception, match="`SOLUTIONS` must be yes or no; got 'maybe'"):
        wanted()


@pytest.fixture(scope="module")
def editions(small_site, tmp_path_factory):
    student = tmp_path_factory.mktemp("student") / "book"
    shutil.copytree(small_site.parents[1], student, ignore=shutil.ignore_patterns("_build"))
    result = build(student, solutions="no")
    assert result.returncode == 0, result.stdout + result.stderr
    return small_site, site_of(student)


def test_the_student_edition_says_no_solution_anywhere(editions):
    full, student = editions
    for secret in SECRETS:
        holders = {
            site: [path for path in site.rglob("*") if path.is_file() and secret in readable(path)]
            for site in editions
        }
        assert holders[full], f"{secret!r} is not even in the full edition"
        assert holders[student] == []


def readable(path):
    return path.read_bytes().decode("utf-8", errors="ignore")


def test_exercises_numbers_and_the_rest_stay(editions):
    full, student = (site.joinpath(f"{PAGE}.html").read_text("utf-8") for site in editions)
    for kept in ("Exercise 1.1", "Exercise 1.2", "13.86", "Fig. 1.2", "cooling-explorer"):
        assert kept in full and kept in student


def test_the_students_notebook_is_the_notebook_without_solutions(editions):
    full, student = (
        json.loads(site.joinpath("_sources", f"{PAGE}.ipynb").read_text("utf-8"))
        for site in editions
    )
    assert student["cells"] == divided(full)[0]["cells"]
    assert len(student["cells"]) < len(full["cells"])
    assert not any("solution" in cell["metadata"].get("tags", []) for cell in student["cells"])


def test_the_student_edition_does_not_open_the_notebook_with_solutions(editions):
    full, student = (site.joinpath(f"{PAGE}.html").read_text("utf-8") for site in editions)
    assert "mybinder.org" in full and "colab.research" in full
    assert "mybinder.org" not in student and "colab.research" not in student


def test_a_page_whose_marks_do_not_pair_up_is_not_built(editions, tmp_path):
    folder = tmp_path / "broken"
    book = editions[0].parents[1]
    shutil.copytree(book, folder, ignore=shutil.ignore_patterns("_build"))
    page = folder / "book" / f"{PAGE}.ipynb"
    text = page.read_text("utf-8")
    assert text.count('"solution"') == 1
    page.write_text(text.replace('"solution"', '"solved"'), "utf-8")
    result = build(folder)
    assert result.returncode != 0
    assert (
        "a code cell inside a solution lacks the tag `solution`" in result.stdout + result.stderr
    )
