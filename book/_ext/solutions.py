"""The student edition: the same pages without the solutions of their exercises.

A solution is what stands between `{solution-start}` and `{solution-end}`, text and code alike, or
a `{solution}` block that is text alone. With `SOLUTIONS=no` in the environment it leaves the page,
the search index and the notebook that the page offers for download; the buttons that open the
committed notebook elsewhere go too, because solutions stand in it.

In every edition a page is refused whose marks do not pair up, so that none can leak.
"""

import json
import os
import re
from pathlib import Path

from sphinx.errors import ConfigError
from sphinx.util import logging

TAG = "solution"
FENCE = re.compile(r"^(?P<marks>`{3,}|:{3,})\{(?P<name>[\w:-]+)\}[ \t]*(?P<argument>\S*)")
logger = logging.getLogger(__name__)


class Marks:
    """Walks over the cells of one notebook and knows whether it is inside a solution."""

    def __init__(self):
        self.inside = False
        self.exercises, self.solved, self.problems = [], [], []

    def kept(self, text):
        """The lines of a text cell that are no solution."""
        lines, kept, at = text.splitlines(), [], 0
        while at < len(lines):
            fence = FENCE.match(lines[at])
            name = fence["name"] if fence else None
            block = _block(lines, at, fence["marks"]) if fence else 1
            if name == "exercise" or name == "exercise-start":
                self.exercises += _labels(lines[at : at + block])
            if name in ("solution", "solution-start"):
                self.solved.append(fence["argument"])
                if self.inside:
                    self.problems.append(f"a solution of {fence['argument']} inside another")
                self.inside = name == "solution-start"
                if _labels(lines[at : at + block]):
                    self.problems.append(f"the solution of {fence['argument']} has a label")
            elif name == "solution-end":
                if not self.inside:
                    self.problems.append("a {solution-end} without its {solution-start}")
                self.inside = False
            elif not self.inside:
                kept += lines[at : at + block] if name else [lines[at]]
            at += block
        return "\n".join(kept).strip("\n")

    def check_pairs(self):
        if self.inside:
            self.problems.append(f"the solution of {self.solved[-1]} has no {{solution-end}}")
        for label in self.exercises:
            if (count := self.solved.count(label)) != 1:
                self.problems.append(f"exercise {label} has {count} solutions, not one")
        for label in set(self.solved) - set(self.exercises):
            self.problems.append(f"a solution of {label}, which is no exercise of this page")


def _block(lines, start, marks):
    """How many lines a fenced block takes; it is closed by marks at least as long."""
    for at in range(start + 1, len(lines)):
        line = lines[at].rstrip()
        if line.startswith(marks) and not line.strip(marks[0]):
            return at - start + 1
    return len(lines) - start


def _labels(block):
    return [line.split(":label:")[1].strip() for line in block if line.startswith(":label:")]


def divided(notebook):
    """The notebook without its solutions, and what is wrong with their marks."""
    marks, cells = Marks(), []
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            kept = marks.kept(source)
            if kept:
                cells.append({**cell, "source": kept.splitlines(keepends=True)})
            continue
        tagged = TAG in cell.get("metadata", {}).get("tags", [])
        if tagged != marks.inside and cell["cell_type"] == "code":
            place = "outside a solution" if tagged else "inside a solution"
            tag = "has" if tagged else "lacks"
            marks.problems.append(f"a code cell {place} {tag} the tag `{TAG}`: {source[:60]!r}")
        if not tagged and not marks.inside:
            cells.append(cell)
    marks.check_pairs()
    return {**notebook, "cells": cells}, marks.problems


def wanted():
    """Whether this edition has solutions."""
    value = os.environ.get("SOLUTIONS") or "yes"
    if value not in ("yes", "no"):
        raise ConfigError(f"`SOLUTIONS` must be yes or no; got {value!r}.")
    return value == "yes"


def divide_source(app, docname, source):
    if not str(app.env.doc2path(docname)).endswith(".ipynb"):
        return
    without, problems = divided(json.loads(source[0]))
    for problem in problems:
        logger.warning(problem, location=docname, type="companion", subtype="solutions")
    if not app.config.companion_solutions:
        source[0] = json.dumps(without)


def prepare(app, config):
    config.companion_solutions = wanted()
    if not config.companion_solutions:
        config.html_theme_options = {**config.html_theme_options, "launch_buttons": {}}


def divide_downloads(app, exception):
    if exception is not None or app.config.companion_solutions:
        return
    for path in Path(app.outdir, "_sources").rglob("*.ipynb"):
        without, _ = divided(json.loads(path.read_text(encoding="utf-8")))
        text = json.dumps(without, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
        path.write_text(text, encoding="utf-8")


def setup(app):
    app.add_config_value("companion_solutions", True, "env")
    app.connect("config-inited", prepare, priority=100)
    app.connect("source-read", divide_source)
    app.connect("build-finished", divide_downloads)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
