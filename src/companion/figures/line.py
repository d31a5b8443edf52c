"""Errors of networks on the line against the width: by target and by how they were trained."""

from collections.abc import Sequence

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from companion.figures.bands import draw_bands
from companion.figures.style import REFERENCE, STYLES, new_figure

_PANEL = 2.5  # inches; three panels stand on one page

# Variable, its style, and how its label in the panel of a target begins.
_CURVES = (
    ("l2_error", STYLES[0], "networks"),
    ("floor", STYLES[1], "floor"),
    ("uniform_spline", STYLES[2], "spline, uniform kinks"),
    ("free_knot_spline", STYLES[3], "spline, placed kinks"),
)


def draw_line_errors(data: xr.Dataset, *, targets: Sequence[str] | None = None) -> Figure:
    """Error against width for each target, with splines, floors and the proven slope.

    Parameters
    ----------
    data
        Variables ``l2_error`` and ``floor`` over ``target``, ``width`` and ``draw``;
        ``uniform_spline``, ``free_knot_spline`` and ``proven`` over target and width.
    targets
        Values of the coordinate ``target``, one for each panel; the first three by default.

    Returns
    -------
    The figure: medians over the draws, for the networks with a band that holds nine of ten draws.

    Scale
    -----
    Both axes are logarithmic; values that are not positive are left out.
    """
    shown = list(data["target"].values[:3] if targets is None else targets)
    figure, panels = new_figure(len(shown), height=_PANEL * len(shown) + 0.8, share_x=True)
    for axes, target in zip(np.atleast_1d(panels), shown, strict=True):
        _draw_panel(axes, data.sel(target=target), str(target))
    np.atleast_1d(panels)[-1].set_xlabel(str(data["width"].attrs.get("long_name", "width")))
    # One legend for all panels: the curves of a kind look alike, and one stands for all.
    kinds = {_kind(line): line for axes in figure.axes for line in axes.lines}
    figure.legend(
        list(kinds.values()), list(kinds), frameon=False, loc="outside upper center", ncols=2
    )
    return figure


def draw_line_variants(data: xr.Dataset, *, target: str | None = None) -> Figure:
    """Error against width for every way to train, for one target.

    Parameters
    ----------
    data
        Variable ``l2_error`` over ``variant``, ``target``, ``width`` and ``draw``.
    target
        The target; the first by default.

    Returns
    -------
    The figure: means over the draws with bands of two standard errors.

    Scale
    -----
    Both axes are logarithmic.
    """
    chosen = data.sel(target=data["target"].values[0] if target is None else target)
    return draw_bands(chosen, x="width", y="l2_error", family="variant")


def _draw_panel(axes: Axes, data: xr.Dataset, target: str) -> None:
    width = data["width"].values
    errors = data["l2_error"].transpose("draw", "width").values
    low, high = np.quantile(errors, [0.05, 0.95], axis=0)
    axes.fill_between(
        width,
        low,
        high,
        color=STYLES[0]["color"],
        alpha=0.2,
        linewidth=0,
        label=f"_nine of ten draws, {target}",
    )
    for name, style, kind in _CURVES:
        values = data[name].median("draw") if "draw" in data[name].dims else data[name]
        positive = values.values > 0
        if positive.any():
            axes.plot(
                width[positive],
                values.values[positive],
                **{**style, "markevery": 1},
                label=f"{kind}: {target}",
            )
    axes.plot(width, data["proven"].values, **REFERENCE, label=f"slope -1/24: {target}")
    axes.set(xscale="log", yscale="log", ylabel=f"L2 error, {target}")


def _kind(line: Line2D) -> str:
    return str(line.get_label()).partition(":")[0]
