"""`{speeds}`: the measured rows of `python -m benchmarks`, from their record in the book.

The argument is `rows` (one line for each comparison), `limits` (what stops each from being
faster) or `scalings` (cost against size).
"""

import json
import math
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

from companion import records

RECORD = Path(__file__).resolve().parents[1] / "records" / "benchmarks" / "ratios.nc"


def cell(text):
    return str(text).replace("|", "\\|").replace("\n", " ").strip()


def table(header, lines):
    rule = ["---"] * len(header)
    return ["| " + " | ".join(map(cell, line)) + " |" for line in (header, rule, *lines)]


def number(value, unit=""):
    return "" if math.isnan(value) else f"{value:.3g}{unit}"


def results(data):
    for index in range(data.sizes["row"]):
        yield {name: data[name].values[index].item() for name in data.data_vars}


def row_lines(data):
    for row in results(data):
        mark = "\\*" if row["extrapolated"] else ""
        times = number(row["seconds"]), number(row["peer_seconds"])
        errors = [f"{row[name]:.0e}" for name in ("error", "peer_error") if row[name] == row[name]]
        absent = math.isnan(row["ratio"])
        missed = "" if absent or row["ratio"] >= row["goal"] else " (missed)"
        yield (
            row["work"],
            row["peer"],
            " / ".join(filter(None, times)) + mark,
            "not measured" if absent else f"**{number(row['ratio'])}**",
            number(row["goal"]) + missed,
            " / ".join(errors),
        )


def limit_lines(data):
    seen = set()
    for row in results(data):
        # Rows that differ only in their peer are bounded alike.
        if row["limit"] and row["work"] not in seen:
            seen.add(row["work"])
            share = row["limit_seconds"] / row["seconds"]
            kind = f"errors: {row['error_kind']}" if row["error_kind"] else ""
            yield (
                row["work"],
                row["limit"],
                number(row["limit_seconds"], " s"),
                f"{share:.0%}",
                "; ".join(filter(None, (row["note"], kind))),
            )


def scaling_lines(data):
    for one in json.loads(data.attrs["scalings"]):
        sizes, seconds = one["size"], one["seconds"]
        yield (
            one["name"].replace("_", " "),
            one["variable"],
            f"{sizes[0]:g} to {sizes[-1]:g}",
            f"{seconds[0]:.2g} to {seconds[-1]:.2g} s",
            f"{one['exponent']:.2f} [{one['low']:.2f}, {one['high']:.2f}]",
        )


TABLES = {
    "rows": (
        ("Work", "Peer", "Seconds, ours / peer", "Ratio", "Aim", "Errors, ours / peer"),
        row_lines,
    ),
    "limits": (("Work", "What bounds it", "Least time", "Share reached", "Remark"), limit_lines),
    "scalings": (("Work", "Size", "Range", "Time", "Exponent, 95 % interval"), scaling_lines),
}


class Speeds(SphinxDirective):
    required_arguments = 1

    def run(self):
        if self.arguments[0] not in TABLES:
            raise self.error(f"`speeds` must be one of {', '.join(TABLES)}")
        header, lines = TABLES[self.arguments[0]]
        self.env.note_dependency(str(RECORD))
        holder = nodes.container()
        text = table(header, lines(records.load(RECORD)))
        self.state.nested_parse(StringList(text, source=str(RECORD)), 0, holder)
        return holder.children


def setup(app):
    app.add_directive("speeds", Speeds)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
