"""The table behind each figure, as a file beside the site and a link under the figure.

A published figure carries its table inside its PNG (see companion.figures.tables), so that the
numbers travel with the notebook and cannot differ from the picture.
"""

import posixpath
from pathlib import Path

from docutils import nodes

from companion.figures.tables import read_table, slider_table

FOLDER = "_data"
LINK = "Data (CSV)"


def link_tables(app, doctree, docname):
    if app.builder.format != "html":
        return
    for figure in doctree.findall(nodes.figure):
        table = next(filter(None, (table_in(app, node) for node in figure.children)), None)
        if table is None or not figure["ids"]:
            continue
        label = figure["ids"][0]
        target = posixpath.join(FOLDER, posixpath.dirname(docname), f"{label}.csv")
        _write(Path(app.outdir) / target, table)
        address = posixpath.relpath(target, posixpath.dirname(docname) or ".")
        figure += nodes.legend("", _link(address, label))


def table_in(app, node):
    """The table that an image or the HTML of a figure carries; None if it carries none."""
    if isinstance(node, nodes.raw):
        return slider_table(node.astext())
    if not isinstance(node, nodes.image):
        return None
    path = Path(app.srcdir) / node["uri"]
    return read_table(path.read_bytes()) if path.suffix == ".png" and path.is_file() else None


def _write(path, table):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(table, encoding="utf-8", newline="")


def _link(address, label):
    html = f'<a class="figure-data" href="{address}" download="{label}.csv">{LINK}</a>'
    return nodes.paragraph("", "", nodes.raw("", html, format="html"), classes=["figure-data"])


def setup(app):
    app.connect("doctree-resolved", link_tables)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
