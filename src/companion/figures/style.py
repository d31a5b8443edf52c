"""One place for sizes, colours, line styles and fonts.

A figure is drawn 5.2 inches wide with type of 10 to 11 points. Shown 600 pixels wide on a desk its
type is as large as the text around it; on a phone, 360 pixels wide, it is still about 10 pixels
high. That is why panels are stacked rather than set side by side.
"""

from typing import Any

import numpy as np
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

WIDTH = 5.2  # inches
PANEL_HEIGHT = 3.3  # inches
DOTS_PER_INCH = 200

LABEL_SIZE = 11  # points
TICK_SIZE = 10
LINE_WIDTH = 1.8
MARKER_SIZE = 5.5
INK = "#262626"
GRID = "#dedede"

# The palette of Okabe and Ito, which readers with any of the usual colour deficiencies can tell
# apart, without its yellow, which is lost on white, darkest first. Each colour has its own line
# style and marker, so that nothing depends on colour: the figures are read in grey, too.
STYLES: tuple[dict[str, Any], ...] = (
    {"color": "#0072B2", "linestyle": "-", "marker": "o"},
    {"color": "#D55E00", "linestyle": (0, (5, 2)), "marker": "s"},
    {"color": "#009E73", "linestyle": (0, (5, 1.6, 1.2, 1.6)), "marker": "^"},
    {"color": "#CC79A7", "linestyle": (0, (1.4, 1.4)), "marker": "D"},
    {"color": "#E69F00", "linestyle": (0, (9, 3)), "marker": "v"},
    {"color": "#56B4E9", "linestyle": (0, (7, 1.6, 1.2, 1.6, 1.2, 1.6)), "marker": "P"},
    {"color": "#000000", "linestyle": (0, (3, 3)), "marker": "X"},
)

# For what is said rather than measured: a bound, a slope, a level to compare with.
REFERENCE: dict[str, Any] = {
    "color": INK,
    "linestyle": (0, (1, 1.4)),
    "marker": "None",
    "linewidth": 1.3,
}


def new_figure(
    rows: int = 1, columns: int = 1, *, height: float | None = None, share_x: bool = False
) -> tuple[Figure, Any]:
    """An empty figure in the style of the book, and its axes.

    Parameters
    ----------
    rows, columns
        Panels. Prefer rows: columns become narrow on a phone, and more than two are refused.
    height
        Height in inches; by default each row of panels gets the usual height.
    share_x
        Whether the panels of a column share their horizontal axis.

    Returns
    -------
    The figure, and one axes object, or an array of them with the axes row by row.

    Scale
    -----
    Inches and points of print; the width is always the same, so type has one size in the book.

    Raises
    ------
    ValueError
        If there is no panel, or more than two stand side by side.
    """
    if rows < 1:
        raise ValueError(f"`rows` must be at least 1; got {rows}.")
    if columns not in (1, 2):
        raise ValueError(f"`columns` must be 1 or 2; got {columns}. Stack panels with `rows`.")
    if height is None:
        height = rows * PANEL_HEIGHT / (1 if columns == 1 else 1.25)
    # Not made by pyplot: no global state, and no second copy shown by a notebook.
    figure = Figure(figsize=(WIDTH, height), dpi=DOTS_PER_INCH, layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, sharex="col" if share_x else False)
    for panel in axes.flat:
        _dress(panel)
    return figure, axes.flat[0] if axes.size == 1 else np.asarray(axes.flat)


def _dress(axes: Axes) -> None:
    lines: Any = cycler(
        color=[style["color"] for style in STYLES],
        linestyle=[style["linestyle"] for style in STYLES],
        marker=[style["marker"] for style in STYLES],
    )
    # Markers at equal distances along a line: few on a dense curve, all of them on a sparse one.
    shape: Any = cycler(
        linewidth=[LINE_WIDTH], markersize=[MARKER_SIZE], markevery=[0.08], markeredgewidth=[0.0]
    )
    axes.set_prop_cycle(lines * shape)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(INK)
    axes.grid(True, color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(which="both", labelsize=TICK_SIZE, color=INK, labelcolor=INK)
    for axis in (axes.xaxis, axes.yaxis):
        axis.label.set_fontsize(LABEL_SIZE)
        axis.label.set_color(INK)
        axis.get_offset_text().set_fontsize(TICK_SIZE)


def settle_labels(figure: Figure) -> None:
    """Break the labels of axes that are longer than their panel into lines.

    Parameters
    ----------
    figure
        A figure that is about to be saved; it is changed in place.

    Scale
    -----
    Points of print, in the layout that the figure has before.
    """
    figure.draw_without_rendering()
    for panel in figure.axes:
        for axis, side in ((panel.xaxis, "width"), (panel.yaxis, "height")):
            label, room = axis.label, getattr(panel.get_window_extent(), side)
            length = getattr(label.get_window_extent(), side)
            words = label.get_text().split(" ")
            if length > room and len(words) > 1:
                lines = min(len(words), int(np.ceil(1.1 * length / room)))
                label.set_text(_broken(words, lines))


def _broken(words: list[str], lines: int) -> str:
    # The narrowest text of so many lines: every place to break is tried at every length.
    for longest in range(max(map(len, words)), len(" ".join(words)) + 1):
        text, line = [], ""
        for word in words:
            if line and len(line) + 1 + len(word) > longest:
                text.append(line)
                line = word
            else:
                line = f"{line} {word}".strip()
        if len(text) < lines:
            return "\n".join([*text, line])
    return " ".join(words)


def settle_ticks(figure: Figure) -> None:
    """Give logarithmic axes labels that do not run into each other.

    Parameters
    ----------
    figure
        A figure whose data are drawn, so that its limits are known; it is changed in place.

    Scale
    -----
    Over less than two decades the labels are plain numbers 1, 2, 5, 10, ...; beyond that, powers
    of ten. Axes whose ticks were placed by hand are left as they are.
    """
    for panel in figure.axes:
        for axis in (panel.xaxis, panel.yaxis):
            if axis.get_scale() != "log" or not isinstance(axis.get_major_locator(), LogLocator):
                continue
            low, high = axis.get_view_interval()
            axis.set_minor_formatter(NullFormatter())
            if high / low < 100:
                axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
                axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
