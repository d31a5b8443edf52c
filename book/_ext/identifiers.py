"""No identifier stands twice on a page.

The extensions for theorems and exercises give every block the same few identifiers, such as
`proof-content`. Those lead nowhere that a reader could mean, and a page with repeated identifiers
is not valid.
"""

from docutils import nodes

GENERIC = {"proof", "exercise-content", "solution-content"}


def drop_repeated(app, doctree, docname):
    seen = set()
    for node in doctree.findall(nodes.Element):
        kept = [
            identifier
            for identifier in node["ids"]
            if identifier not in seen | GENERIC and not identifier.endswith("-content")
        ]
        # Headings that happen to end so are targets, the first time.
        if isinstance(node, nodes.section) and isinstance(node.next_node(), nodes.title):
            kept = [identifier for identifier in node["ids"] if identifier not in seen]
        seen.update(kept)
        node["ids"] = kept


def setup(app):
    app.connect("doctree-resolved", drop_repeated, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
