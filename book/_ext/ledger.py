"""`{claims} DOCUMENT`, `{claims-counts}`, `{claims-filter}`: the ledger on pages of the book.

A table of claims stands on the index page of a chapter and once more on the page of the whole
ledger, which carries the option `home`: there the rows are at their permanent address, and
`` {ref}`claim-ll-thm1` `` on any page leads there. The filter is a form that a script of ours
brings to life; without the script it stays hidden and the tables are complete.
"""

import html
import re
from pathlib import Path
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from companion.claims.ledger import FOLDER, load_ledger
from companion.claims.rows import VERDICTS

TOKEN = re.compile(r"\\(?:begin|end)\{\w+\}|\\[A-Za-z]+|\\.|.", re.DOTALL)
OPENING = {"{", r"\left", r"\begin{smallmatrix}"}
CLOSING = {"}", r"\right", r"\end{smallmatrix}"}
RELATIONS = {"=", r"\le", r"\ge", r"\lesssim", r"\gtrsim", r"\to", r"\succeq", r"\sim"}
SILENT = {"{", "}", "^", "_", "&", r"\,", r"\;", r"\frac", r"\tfrac", r"\mathbb", r"\mathcal"}
ZERO_WIDTH_SPACE = "\u200b"  # a line may break here and otherwise nothing shows

ASSETS = Path(__file__).resolve().parents[1] / "assets"

logger = logging.getLogger(__name__)


class evidence_link(nodes.inline):
    """A place for the link to a label, which can be made when all pages have been read."""


class LedgerDirective(SphinxDirective):
    """What the directives share: the ledger, and tables built cell by cell."""

    def ledger(self):
        folder = Path(self.config.ledger_folder)
        for path in sorted(folder.glob("*.yml")):
            self.env.note_dependency(str(path))
        return self.or_error(load_ledger, folder)

    def or_error(self, function, argument):
        try:
            return function(argument)
        except ValueError as error:
            raise self.error(str(error)) from error

    def table(self, heads, rows, *, widths, classes):
        table = nodes.table(classes=classes)
        group = nodes.tgroup(cols=len(heads))
        group += [nodes.colspec(colwidth=width) for width in widths]
        head = nodes.row("", *(nodes.entry("", nodes.paragraph(text=text)) for text in heads))
        group += nodes.thead("", head)
        group += nodes.tbody("", *rows)
        table += group
        return table


class Claims(LedgerDirective):
    """The rows of one document."""

    required_arguments = 1
    option_spec: ClassVar = {"home": directives.flag}

    def run(self):
        ledger = self.ledger()
        document = self.or_error(ledger.document, self.arguments[0].strip())
        found = ledger.counts()[document.slug]
        counts = ", ".join(f"{number} {name}" for name, number in found.items() if number)
        lead = nodes.paragraph("", "", *self.inline_text(document), classes=["claims-lead"])
        lead += nodes.Text(f". {len(document.claims)} rows: {counts}.")
        rows = [self.row(claim) for claim in document.claims]
        heads = ("Claim and verdict", "What the document says")
        return [lead, self.table(heads, rows, widths=(25, 75), classes=["claims"])]

    def inline_text(self, document):
        return [
            nodes.Text(f"{document.authors}, "),
            nodes.emphasis(text=document.title),
            nodes.Text(f", {document.source}"),
        ]

    def row(self, claim):
        classes = [f"claim-of-{claim.document.replace('_', '-')}", f"claim-is-{claim.verdict}"]
        row = nodes.row(ids=[claim.anchor], classes=classes)
        if "home" in self.options:
            standard = self.env.get_domain("std")
            standard.note_hyperlink_target(claim.anchor, self.env.docname, claim.anchor, claim.id)
        name = nodes.reference("", claim.id, refid=claim.anchor, internal=True)
        row += nodes.entry(
            "",
            nodes.paragraph("", "", name, classes=["claim-id"]),
            nodes.paragraph(text=claim.place, classes=["claim-place"]),
            *self.verdict(claim),
        )
        statement = nodes.container("", *self.statement(claim), classes=["claim-statement"])
        row += nodes.entry("", statement)
        return row

    def statement(self, claim):
        found = self.parse_text_to_nodes(claim.statement)
        for word, text in (("Correction", claim.correction), ("Remark", claim.reason)):
            if text:
                found += self.parse_text_to_nodes(f"**{word}.** {text}")
        for formula in [math for node in found for math in node.findall(nodes.math)]:
            parts = []
            for piece in pieces(formula.astext()):
                parts += [nodes.Text(ZERO_WIDTH_SPACE)] if parts else []
                parts.append(nodes.math(piece, piece))
            formula.replace_self(parts)
        return found

    def verdict(self, claim):
        found = [nodes.paragraph("", "", badge(claim.verdict))]
        if claim.evidence:
            link = evidence_link("", claim.evidence, label=claim.evidence, row=claim.id)
            found.append(nodes.paragraph("", "", link, classes=["claim-evidence"]))
        return found


class ClaimsCounts(LedgerDirective):
    """What each verdict means, and how many rows of each document have it."""

    def run(self):
        ledger = self.ledger()
        counts = ledger.counts()
        rows = [
            self.row(verdict, meaning, [counts[one.slug][verdict] for one in ledger.documents])
            for verdict, meaning in VERDICTS.items()
        ]
        totals = [len(document.claims) for document in ledger.documents]
        rows.append(self.row("", "all rows", totals))
        heads = ("Verdict", *(one.prefix for one in ledger.documents), "All")
        widths = (58, *(7 for _ in totals), 7)
        return [self.table(heads, rows, widths=widths, classes=["claims-counts"])]

    def row(self, verdict, meaning, numbers):
        first = nodes.paragraph(text=f" {meaning}" if verdict else meaning)
        if verdict:
            first.insert(0, badge(verdict))
        numbers = [str(number) for number in (*numbers, sum(numbers))]
        cells = [first, *(nodes.paragraph(text=number) for number in numbers)]
        return nodes.row("", *(nodes.entry("", cell) for cell in cells))


class ClaimsFilter(LedgerDirective):
    """The form that the script fills with life: words, document, verdict."""

    def run(self):
        documents = [
            (f"claim-of-{one.slug.replace('_', '-')}", f"{one.prefix}: {one.authors}")
            for one in self.ledger().documents
        ]
        verdicts = [(f"claim-is-{verdict}", verdict) for verdict in VERDICTS]
        form = (
            '<form class="claims-filter" role="search" aria-label="Filter the claims" hidden>'
            '<label>Words <input type="search" name="words" autocomplete="off"></label>'
            f"<label>Document {select('document', documents)}</label>"
            f"<label>Verdict {select('verdict', verdicts)}</label>"
            '<button type="reset">Show all</button>'
            '<output name="shown" aria-live="polite"></output>'
            "</form>"
        )
        return [nodes.raw("", form, format="html")]


def pieces(latex):
    """A formula cut where a line may break: MathJax does not break inside one, a phone is narrow.

    The cuts stand before a relation or a sign outside all braces, with something on the line
    already; an empty group gives the symbol back the space that it has inside a formula.
    """
    found, piece, symbols, depth = [], "", 0, 0
    for token in TOKEN.findall(latex):
        depth += token in OPENING
        depth -= token in CLOSING
        enough = 8 if token in RELATIONS else 20 if token in ("+", "-") else None
        if enough is not None and depth == 0 and symbols >= enough:
            found.append(piece)
            piece, symbols = "{}", 0
        piece += token
        symbols += not token.isspace() and token not in SILENT
    return [*found, piece]


def badge(verdict):
    return nodes.inline(text=verdict, classes=["verdict", f"verdict-{verdict}"])


def select(name, options):
    lines = [f'<option value="{value}">{html.escape(text)}</option>' for value, text in options]
    return f'<select name="{name}"><option value="">all</option>{"".join(lines)}</select>'


def place_of(env, label):
    """Page, identifier and name of a label, wherever the book's extensions keep it."""
    standard = env.get_domain("std")
    if label in standard.labels:
        return standard.labels[label]
    if label in standard.anonlabels:
        page, identifier = standard.anonlabels[label]
        return page, identifier, env.titles[page].astext()
    if label in getattr(env, "proof_list", {}):
        proof = env.proof_list[label]
        numbers = env.toc_fignumbers.get(proof["docname"], {}).get(proof["countertype"], {})
        number = ".".join(str(part) for part in numbers.get(label, ()))
        return proof["docname"], label, f"{proof['realtype'].title()} {number}".strip()
    if label in getattr(env, "sphinx_exercise_registry", {}):
        exercise = env.sphinx_exercise_registry[label]
        return exercise["docname"], label, "Exercise"
    equation = env.get_domain("math").equations.get(label)
    if equation:
        return equation[0], f"equation-{label}", f"Equation ({equation[1]})"
    return None


def link_evidence(app, doctree, docname):
    for node in list(doctree.findall(evidence_link)):
        place = place_of(app.env, node["label"])
        if place is None:
            message = "ledger row %s: no page of the book has the label %s"
            logger.warning(message, node["row"], node["label"], location=docname)
            node.replace_self(nodes.literal(text=node["label"]))
            continue
        page, identifier, name = place
        uri = app.builder.get_relative_uri(docname, page) if page != docname else ""
        node.replace_self(nodes.reference("", name, refuri=f"{uri}#{identifier}", internal=True))


def add_assets(app, pagename, templatename, context, doctree):
    if doctree is None:
        return
    tables = {name for node in doctree.findall(nodes.table) for name in node["classes"]}
    if tables & {"claims", "claims-counts"}:
        app.add_css_file("ledger.css")
        app.add_js_file("ledger.js", loading_method="defer")


def find_assets(app, config):
    known = {(Path(app.confdir) / path).resolve() for path in config.html_static_path}
    if ASSETS not in known:
        config.html_static_path.append(str(ASSETS))


def setup(app):
    app.add_config_value("ledger_folder", str(FOLDER), "env", types=(str,))
    app.add_node(evidence_link, html=(lambda *_: None, lambda *_: None))
    app.add_directive("claims", Claims)
    app.add_directive("claims-counts", ClaimsCounts)
    app.add_directive("claims-filter", ClaimsFilter)
    app.connect("config-inited", find_assets)
    app.connect("doctree-resolved", link_evidence)
    app.connect("html-page-context", add_assets)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
