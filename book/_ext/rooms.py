"""`{room} NAME`: the reference of one package of the library, module by module.

The modules are found, not listed, so that a new one is in the reference the day it exists.
"""

import pkgutil
import re
from importlib import import_module

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import nested_parse_with_titles

REFERENCE = re.compile(r"^\.\. \[(\d+)\] (.*)")
CITATION = re.compile(r"\[(\d+)\]_")
QUOTED = re.compile(r"(``.*?``|(?::[\w:]+:)?`.*?`)")
BLOCK = re.compile(r"::\s*$")  # a formula or an example: left as it is


def modules(name):
    """A module's own name and, for a package, those of all modules inside it."""
    module = import_module(name)
    inside = getattr(module, "__path__", None)
    found = [] if inside is None else [m.name for m in pkgutil.walk_packages(inside, f"{name}.")]
    public = [inner for inner in found if not inner.rsplit(".", 1)[1].startswith("_")]
    return [name, *sorted(public)]


class Room(SphinxDirective):
    required_arguments = 1

    def run(self):
        room, *inner = modules(self.arguments[0].strip())
        lines = _entry(room)
        for name in inner:
            lines += ["", f"## `{name.removeprefix('companion.')}`", "", *_entry(name)]
        section = nodes.section()
        section.document = self.state.document
        nested_parse_with_titles(self.state, StringList(lines, source=room), section)
        return section.children


def _entry(name):
    # Docstrings are reStructuredText, pages are MyST.
    # A value may be a path of the machine that built the site.
    lines = [f".. automodule:: {name}", "   :members:", "   :no-value:"]
    return ["```{eval-rst}", *lines, "```"]


def readable(app, what, name, thing, options, lines):
    """Make a docstring that is read in an editor readable on a page of many docstrings.

    Its references, counted from 1, become a list: as footnotes of one page they would collide.
    Its bars stay bars: |x| is a norm here, and nowhere a substitution. What a module sets off by
    indentation, such as aligned formulas, is shown as it stands.
    """
    out, block, listed = [], None, False
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if block is not None and (not line.strip() or indent > block):
            out.append(line)
            continue
        if what == "module" and line.strip() and indent >= 4 and out and not out[-1].strip():
            out += ["::", "", line]
            block = 0
            continue
        block = indent if BLOCK.search(line) else None
        if found := REFERENCE.match(line):
            out.append(f"- [{found[1]}] {_escaped(found[2])}")
            listed = True
            continue
        listed = listed and line.startswith(" ")
        out.append(f"  {_escaped(line.strip())}" if listed else _escaped(line))
    lines[:] = out


def _escaped(line):
    parts = QUOTED.split(CITATION.sub(r"[\1]", line))
    return "".join(part if k % 2 else part.replace("|", "\\|") for k, part in enumerate(parts))


def setup(app):
    app.add_directive("room", Room)
    app.connect("autodoc-process-docstring", readable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
