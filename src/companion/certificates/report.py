"""A certificate as plain text and as HTML."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

from companion.certificates.facts import Facts
from companion.certificates.points import PointFacts

if TYPE_CHECKING:
    from companion.certificates.certificate import Certificate

WIDTH = 100
_DIFFERENCES = "Where the form that was checked differs from the document's"
_HEADS = ("row", "verdict", "promised", "measured", "why")
_STYLE = (
    "<style>.companion-certificate table{border-collapse:collapse;margin:0 0 1em}"
    ".companion-certificate caption{text-align:left;font-weight:bold;caption-side:top}"
    ".companion-certificate th,.companion-certificate td{text-align:left;vertical-align:top;"
    "padding:.2em .8em .2em 0}</style>"
)

Entry = tuple[str, str]


def text_report(certificate: Certificate) -> str:
    """The certificate as text of at most 100 columns.

    Parameters
    ----------
    certificate
        The certificate.

    Returns
    -------
    Facts, the certificate that does not depend on the length of the run, a table with one row per
    theorem, how their forms differ from the documents', and what the answer means.
    """
    blocks = [
        _text_entries("Network, data and start", _facts(certificate.facts)),
        _text_entries("For ever, from the start alone", _convergence(certificate)),
        _text_table(certificate),
    ]
    if certificate.warnings:
        blocks.insert(0, _text_list("Warnings", certificate.warnings))
    blocks.append(_text_list(_DIFFERENCES, _differences(certificate)))
    blocks.append(_text_list("What this means", certificate.meaning))
    return "\n\n".join(blocks)


def html_report(certificate: Certificate) -> str:
    """The certificate as HTML for a notebook: tables with captions and headed rows and columns.

    Parameters
    ----------
    certificate
        The certificate.

    Returns
    -------
    The markup. Every text is escaped.
    """
    parts = [_STYLE, _html_list("Warnings", certificate.warnings)]
    parts += [
        _html_entries("Network, data and start", _facts(certificate.facts)),
        _html_entries("For ever, from the start alone", _convergence(certificate)),
        _html_table(certificate),
    ]
    parts.append(_html_list(_DIFFERENCES, _differences(certificate)))
    parts.append(_html_list("What this means", certificate.meaning))
    return f'<div class="companion-certificate">{"".join(parts)}</div>'


def _facts(facts: Facts) -> list[Entry]:
    spectrum = facts.spectrum
    rank = "not computed" if spectrum.numerical_rank is None else f"{spectrum.numerical_rank}"
    if spectrum.gap is not None:
        rank += f", gap {_number(spectrum.gap)}"
    compared = ">=" if facts.overparametrised else "<"
    return [
        ("architecture", facts.architecture),
        ("activations", _activations(facts)),
        ("parameters and outputs", f"P = {facts.num_params} {compared} n q = {facts.num_rows} "
         f"(n = {facts.num_samples}, q = {facts.output_dim})"),
        ("rank allowed", f"at most {facts.rank_bound}, the number of {facts.rank_bound_reason}"),
        ("numerical rank", rank),
        ("smallest eigenvalue", _interval(spectrum.lambda_min)),
        ("largest eigenvalue", _interval(spectrum.lambda_max)),
        *_point_entries(facts.points),
        ("loss", _number(facts.loss)),
        ("residual |r|_nu", _number(facts.residual_norm)),
        ("rate at the start", _number(facts.dissipation_rate)),
    ]  # fmt: skip


def _activations(facts: Facts) -> str:
    told = [f"{one.name} ({one.summary})" for one in facts.activations]
    told += [f"{name} (unknown)" for name in facts.unknown_activations]
    if not facts.activations_complete:
        told.append("perhaps others, in the forward pass")
    return "; ".join(told) or "none"


def _point_entries(points: PointFacts | None) -> list[Entry]:
    if points is None:
        return [("points", "unknown: not one array with a row per sample")]
    entries = [
        ("norms of the points", f"{_number(points.smallest_norm)} to "
         f"{_number(points.largest_norm)} in dimension {points.dimension}"),
    ]  # fmt: skip
    if points.separation is not None and points.closest is not None:
        sign = "" if points.exact else "at most "
        pair = f"{points.closest[0]} and {points.closest[1]}"
        entries.append(("separation", f"{sign}{_number(points.separation)} (points {pair})"))
        entries.append(("separation up to sign", f"{sign}{_number(points.separation_up_to_sign)}"))
    entries.append(("equal points", f"{points.num_duplicates}"))
    entries.append(("antipodal pairs", f"{points.num_antipodal}"))
    return entries


def _convergence(certificate: Certificate) -> list[Entry]:
    found = certificate.convergence
    if found.curvature is not None:
        beta = f"{_number(found.curvature)}, a bound on the ball"
    elif found.curvature_seen is not None:
        beta = f"at least {_number(found.curvature_seen)}, an ESTIMATE: it can refute, not prove"
    else:
        beta = "not known"
    entries = [
        ("verdict", found.verdict),
        ("why", found.reason),
        ("|s_0| = |r_0|_nu", _number(found.residual_norm)),
        ("beta, Lipschitz constant of J", beta),
        (
            "2 beta |s_0| / lambda_min",
            f"{_number(found.ratio)}; below 1 is asked, and "
            "1/2 is the condition |r_0| <= sigma_min(J_0)^2 / (4 beta)",
        ),
        (
            "radius of the ball" if found.rate is not None else "smallest ball that could serve",
            _number(found.radius),
        ),
    ]
    if found.curvature is not None and found.curvature_seen is not None:
        seen = f"at least {_number(found.curvature_seen)}"
        entries.insert(4, ("beta as measured", seen))
    if found.rate is not None:
        entries.append(("promised rate", f"|r(t)| <= exp(-{_number(found.rate)} t) |r(0)|"))
    return entries


def _cells(certificate: Certificate) -> list[tuple[str, ...]]:
    return [
        (
            row.id,
            row.verdict,
            _number(row.promised_rate, "-"),
            _number(row.measured_rate, "-"),
            "; ".join([row.reason, *(f"{name} {_number(v)}" for name, v in row.numbers)]),
        )
        for row in certificate.theorems
    ]


def _differences(certificate: Certificate) -> list[str]:
    told: dict[str, list[str]] = {}
    for row in certificate.theorems:
        if row.differs:
            told.setdefault(row.differs, []).append(row.id)
    return [f"{', '.join(ids)}: {text}" for text, ids in told.items()]


def _text_table(certificate: Certificate) -> str:
    table = [_HEADS, *_cells(certificate)]
    widths = [max(len(row[column]) for row in table) for column in range(len(_HEADS) - 1)]
    left = sum(widths) + 2 * len(widths)
    lines = ["Theorems (rates of the residual, 1 / time)"]
    for number, row in enumerate(table):
        head = "".join(f"{cell:{width}}  " for cell, width in zip(row, widths, strict=False))
        lines += _wrapped(row[-1], head, left) or [head.rstrip()]
        if number == 0:
            lines.append("-" * WIDTH)
    return "\n".join(lines)


def _text_entries(title: str, entries: Sequence[Entry]) -> str:
    width = max(len(name) for name, _ in entries)
    lines = [title]
    for name, value in entries:
        head = f"  {name:{width}}  "
        lines += _wrapped(value, head, len(head))
    return "\n".join(lines)


def _text_list(title: str, items: Iterable[str]) -> str:
    lines = [title]
    for item in items:
        lines += _wrapped(item, "  * ", 4)
    return "\n".join(lines)


def _wrapped(text: str, head: str, indent: int) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=head,
        subsequent_indent=" " * indent,
        break_on_hyphens=False,
        break_long_words=False,
    )


def _html_table(certificate: Certificate) -> str:
    heads = "".join(f'<th scope="col">{escape(head)}</th>' for head in _HEADS)
    titles = [row.title for row in certificate.theorems]
    rows = "".join(
        f'<tr><th scope="row" title="{escape(title)}">{escape(first)}</th>'
        + "".join(f"<td>{escape(cell)}</td>" for cell in rest)
        + "</tr>"
        for title, (first, *rest) in zip(titles, _cells(certificate), strict=True)
    )
    return (
        "<table><caption>Theorems (rates of the residual, 1 / time)</caption>"
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _html_entries(title: str, entries: Sequence[Entry]) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>'
        for name, value in entries
    )
    return f"<table><caption>{escape(title)}</caption><tbody>{rows}</tbody></table>"


def _html_list(title: str, items: Sequence[str]) -> str:
    if not items:
        return ""
    listed = "".join(f"<li>{escape(item)}</li>" for item in items)
    return f"<p><strong>{escape(title)}</strong></p><ul>{listed}</ul>"


def _interval(ends: tuple[float, float]) -> str:
    low, high = ends
    if high == float("inf"):
        return f"at least {_number(low)}"
    if low == high or (low > 0 and high - low < 1e-3 * low):
        return _number((low + high) / 2)
    return f"between {_number(low)} and {_number(high)}"


def _number(value: float | None, missing: str = "unknown") -> str:
    return missing if value is None else f"{value:.4g}"
