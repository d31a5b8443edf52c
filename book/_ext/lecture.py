"""`{from-page} LABEL`: a place in a slide where the deck shows something of the same page.

A part marked as a slide cannot enclose a code cell, because the cells of a page are read one by
one. So a slide names the theorem, figure, equation or exercise that it wants, and the deck puts a
copy there. In the page itself the place is empty.
"""

from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

logger = logging.getLogger(__name__)


class FromPage(SphinxDirective):
    required_arguments = 1
    option_spec: ClassVar = {"class": directives.class_option}

    def run(self):
        label = self.arguments[0].strip()
        place = nodes.container(classes=["from-page", *self.options.get("class", [])])
        place["companion-label"] = label
        place["names"] = []
        self.set_source_info(place)
        return [place]


def resolve(app, doctree, docname):
    """Write the name of each place's target into the page, where the deck finds it."""
    if app.builder.format != "html":
        return
    present = {identifier for node in doctree.findall(nodes.Element) for identifier in node["ids"]}
    for place in list(doctree.findall(nodes.container)):
        if "companion-label" not in place:
            continue
        label = place["companion-label"]
        identifier = next(
            (known for known in (label, f"equation-{label}") if known in present), None
        )
        if identifier is None:
            logger.warning("{from-page} %s: no such label on this page", label, location=place)
            place.parent.remove(place)
            continue
        html = f'<div class="from-page" data-from-page="{identifier}"></div>'
        # Not replace_self, which would hand on the class and so wrap the place once more.
        place.parent.replace(place, nodes.raw("", html, format="html"))


def setup(app):
    app.add_directive("from-page", FromPage)
    app.connect("doctree-resolved", resolve)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
