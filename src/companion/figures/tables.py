"""A figure together with the table behind it.

``publish`` reads the numbers back from what was drawn, so that table and picture cannot differ,
and hides them as CSV inside the PNG that the notebook stores. The site writes the CSV beside the
page and links it under the figure.
"""

import csv
import io
import json
import re
import struct
import zlib
from itertools import product
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from companion.figures.artists import Point, points
from companion.figures.style import DOTS_PER_INCH, settle_labels, settle_ticks

KEYWORD = "companion-table"
SLIDER_DATA = re.compile(
    r'class="slider-figure".*?<script type="application/json">(.*?)</script>', re.DOTALL
)
SIGNATURE = b"\x89PNG\r\n\x1a\n"


class PublishedFigure:
    """A figure as a notebook stores it: a PNG that carries its own table.

    The same figure gives the same bytes: no time stamp and no version is written into it.
    """

    def __init__(self, png: bytes, description: str) -> None:
        self._png = png
        self._description = description

    def _repr_png_(self) -> bytes:
        return self._png

    def __repr__(self) -> str:
        return self._description


def publish(figure: Figure) -> PublishedFigure:
    """A figure ready for a page: drawn, and with its table inside.

    Parameters
    ----------
    figure
        From :func:`companion.figures.style.new_figure`, with data and labelled axes.

    Returns
    -------
    An object that a notebook shows as the picture.

    Scale
    -----
    200 dots per inch; numbers in the table have ten significant digits.

    Raises
    ------
    ValueError
        If an axis has no label, a title stands in the picture, or no data can be read from it.

    Notes
    -----
    What counts as data is said in :mod:`companion.figures.artists`. A helper line is left out of
    table and legend by a label that begins with an underscore, or by none.
    """
    table = figure_table(figure)
    description = _description(figure)
    settle_ticks(figure)
    settle_labels(figure)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
    return PublishedFigure(_with_text(_in_few_colours(buffer), table), description)


def figure_table(figure: Figure) -> str:
    """What a figure shows, as CSV: one line for each point of each series.

    Parameters
    ----------
    figure
        A figure with labelled axes.

    Returns
    -------
    CSV with columns for the panel, the series, the horizontal and the vertical coordinate, the
    lower and the upper end of bands and error bars, and the value that a colour stands for.
    Columns that would be empty are left out.

    Scale
    -----
    Data coordinates as drawn: a logarithmic axis changes nothing.

    Raises
    ------
    ValueError
        If an axis has no label, a title stands in the picture, or no data can be read from it.
    """
    panels = [(panel, list(points(panel))) for panel in _panels(figure)]
    for panel, drawn in panels:
        _check(panel, drawn)
    names = [(_label_of(panel, "x"), _label_of(panel, "y")) for panel, _ in panels]
    header = ["panel", "series", "x", "y", "low", "high", "value"]
    for place, shared in enumerate(map(set, zip(*names, strict=True)), start=2):
        if len(shared) == 1:
            header[place] = shared.pop()
    lines = [
        [f"{k}: {y} against {x}" if len(panels) > 1 else "", point.series]
        + [_number(number) for number in point[1:]]
        for k, ((_, drawn), (x, y)) in enumerate(zip(panels, names, strict=True), start=1)
        for point in drawn
    ]
    kept = [column for column in range(len(header)) if any(line[column] for line in lines)]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([line[column] for column in kept] for line in [header, *lines])
    return text.getvalue()


def read_table(png: bytes) -> str | None:
    """The table inside a published figure.

    Parameters
    ----------
    png
        The bytes of a PNG image.

    Returns
    -------
    The table as CSV, or None if the image carries none.

    Scale
    -----
    As written by :func:`publish`.

    Raises
    ------
    ValueError
        If the bytes are no PNG image.
    """
    if not png.startswith(SIGNATURE):
        raise ValueError(f"`png` must be the bytes of a PNG image; got {png[:8]!r}.")
    at = len(SIGNATURE)
    while at + 8 <= len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        content = png[at + 8 : at + 8 + length]
        if kind == b"zTXt" and content.startswith(KEYWORD.encode() + b"\0"):
            return zlib.decompress(content[len(KEYWORD) + 2 :]).decode("utf-8")
        at += length + 12
    return None


def _in_few_colours(png: io.BytesIO) -> bytes:
    # 256 colours hold lines, bands and smooth type in a third of the bytes, and a page with its
    # figures is committed after each change.
    picture = Image.open(png).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    compact = io.BytesIO()
    picture.save(compact, format="png", optimize=True)
    return compact.getvalue()


def slider_table(html: str) -> str | None:
    """The table behind a figure with sliders.

    Parameters
    ----------
    html
        The figure as :func:`companion.figures.interactive.slider_figure` writes it.

    Returns
    -------
    CSV with a column for each slider, for the horizontal coordinate and for each curve, or None
    if the HTML is no such figure.

    Scale
    -----
    Data coordinates with five significant digits.
    """
    found = SLIDER_DATA.search(html)
    if found is None:
        return None
    data = json.loads(found[1])
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    labels = [part["label"] for part in (*data["sliders"], data["x"], *data["curves"])]
    writer.writerow(labels)
    for at in product(*(range(len(slider["values"])) for slider in data["sliders"])):
        chosen = [s["values"][k] for s, k in zip(data["sliders"], at, strict=True)]
        columns = [_chosen(curve, at) for curve in data["curves"]]
        for row in zip(data["points"], *columns, strict=True):
            writer.writerow(["" if value is None else value for value in (*chosen, *row)])
    return text.getvalue()


def _chosen(curve: dict[str, Any], at: tuple[int, ...]) -> list[float | None]:
    values = curve["values"]
    for k, along in zip(at, curve["along"], strict=True):
        values = values[k] if along else values
    return list(values)


def _with_text(png: bytes, text: str) -> bytes:
    # A compressed text chunk, behind the header chunk, which has 25 bytes.
    content = b"zTXt" + KEYWORD.encode() + b"\0\0" + zlib.compress(text.encode("utf-8"), 9)
    chunk = struct.pack(">I", len(content) - 4) + content + struct.pack(">I", zlib.crc32(content))
    start = len(SIGNATURE) + 25
    return png[:start] + chunk + png[start:]


def _check(panel: Axes, drawn: list[Point]) -> None:
    for side in ("x", "y"):
        if not _label_of(panel, side):
            raise ValueError(
                f"`figure` must have a label on each axis; one has no {side} label. "
                f"Call axes.set({side}label=...)."
            )
    if title := panel.get_title():
        raise ValueError(
            f"`figure` must have no title in the picture; got {title!r}. Say it in the caption."
        )
    if not drawn:
        raise ValueError(
            f"`figure` must show data; the panel of {_label_of(panel, 'y')!r} has no labelled "
            "line, scatter, bar or error bar, no band and no image. Give what is drawn a label=..."
        )


def _label_of(panel: Axes, side: str) -> str:
    own = str(panel.get_xlabel() if side == "x" else panel.get_ylabel())
    if own:
        return own
    # Panels with a shared axis carry its label on the outermost of them.
    shared = panel.get_shared_x_axes() if side == "x" else panel.get_shared_y_axes()
    for other in shared.get_siblings(panel):
        if label := other.get_xlabel() if side == "x" else other.get_ylabel():
            return str(label)
    return ""


def _number(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.10g}"


def _panels(figure: Figure) -> list[Axes]:
    return [panel for panel in figure.axes if panel.get_label() != "<colorbar>"]


def _description(figure: Figure) -> str:
    shown = [
        f"{_label_of(panel, 'y')} against {_label_of(panel, 'x')}: "
        + ", ".join(dict.fromkeys(point.series for point in points(panel)))
        for panel in _panels(figure)
    ]
    return "Figure. " + "; ".join(shown) + "."
