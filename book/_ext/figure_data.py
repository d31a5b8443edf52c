"""The table behind each figure, as a file beside the site and a link under the figure.

A published figure carries its table inside its PNG (see companion.figures.tables), so that the
numbers travel with the notebook and cannot differ from the picture.
"""

import posixpath
from pathlib import Path

from docutils import nodes

from companion.figures.tables import read_table

FOLDER = "_data"
LINK = "Data (CSV)"


def link_tables(app, doctree, docname):
    if app.builder.format != "html":
        return
    for image in list(doctree.findall(nodes.image)):
        path = Path(app.srcdir) / image["uri"]
        if path.suffix != ".png" or not path.is_file():
            continue
        table = read_table(path.read_bytes())
        if table is None:
            continue
        figure = image.parent if isinstance(image.parent, nodes.figure) else None
        label = figure["ids"][0] if figure is not None and figure["ids"] else path.stem[:16]
        target = posixpath.join(FOLDER, posixpath.dirname(docname), f"{label}.csv")
        _write(Path(app.outdir) / target, table)
        link = _link(posixpath.relpath(target, posixpath.dirname(docname) or "."), label)
        if figure is not None:
            figure += nodes.legend("", link)
        else:
            image.parent.insert(image.parent.index(image) + 1, link)


def _write(path, table):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(table, encoding="utf-8", newline="")


def _link(address, label):
    html = f'<a class="figure-data" href="{address}" download="{label}.csv">{LINK}</a>'
    return nodes.paragraph("", "", nodes.raw("", html, format="html"), classes=["figure-data"])


def setup(app):
    app.connect("doctree-resolved", link_tables)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
