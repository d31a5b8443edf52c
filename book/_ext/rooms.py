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
        names, *inner = self.arguments[0].strip(), *modules(self.arguments[0].strip())[1:]
        lines = [f".. automodule:: {names}", "   :members:", ""]
        for name in inner:
            title = f"``{name.removeprefix('companion.')}``"
            lines += [title, "-" * len(title), "", f".. automodule:: {name}", "   :members:", ""]
        section = nodes.section()
        section.document = self.state.document
        nested_parse_with_titles(self.state, StringList(lines, source=names), section)
        return section.children


def plain_references(app, what, name, thing, options, lines):
    """Turn the numbered references of a docstring into a list.

    Each docstring counts from 1; as footnotes of one page they would collide.
    """
    out, inside = [], False
    for line in lines:
        if found := REFERENCE.match(line):
            out.append(f"- [{found[1]}] {found[2]}")
            inside = True
            continue
        inside = inside and line.startswith(" ")
        out.append(f"  {line.strip()}" if inside else CITATION.sub(r"[\1]", line))
    lines[:] = out


def setup(app):
    app.add_directive("room", Room)
    app.connect("autodoc-process-docstring", plain_references)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
