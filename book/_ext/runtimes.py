"""`{runtimes}`: what every page cost when it was last executed, from book/executed.yml."""

import sys
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).resolve().parents[2]
REGISTER = ROOT / "book" / "executed.yml"


class Runtimes(SphinxDirective):
    def run(self):
        # The tools are not installed with the library; they stand at the top of the repository.
        if str(ROOT) not in sys.path:
            sys.path.insert(0, str(ROOT))
        from tools.notebooks import runtimes_table

        self.env.note_dependency(str(REGISTER))
        holder = nodes.container()
        lines = runtimes_table(REGISTER).splitlines()
        self.state.nested_parse(StringList(lines, source=str(REGISTER)), 0, holder)
        return holder.children


def setup(app):
    app.add_directive("runtimes", Runtimes)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
