"""How many times faster one thing is than another, row by row."""

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from companion.figures.style import INK, STYLES, TICK_SIZE, new_figure


def draw_ratios(data: xr.Dataset) -> Figure:
    """Measured ratio of every row beside the ratio that was aimed at.

    Parameters
    ----------
    data
        Variables ``name``, ``ratio``, ``goal`` and ``extrapolated`` over ``row``. Rows whose
        ratio is not a number (the peer was not there) are left out.

    Returns
    -------
    The figure: filled markers for peers that ran to their end, open ones for peers that were
    stopped and scaled, strokes for the aims.

    Scale
    -----
    Ratios of processor seconds on a logarithmic axis; larger is faster.
    """
    rows = data.isel(row=np.flatnonzero(np.isfinite(data["ratio"].values)))
    rows = rows.sortby("ratio")
    place = np.arange(rows.sizes["row"], dtype=float)
    figure, axes = new_figure(height=1.1 + 0.26 * max(len(place), 3))
    stopped = rows["extrapolated"].values.astype(bool)
    ratio = rows["ratio"].values
    shape = {"linestyle": "", "marker": "o", "color": STYLES[0]["color"], "markevery": 1}
    for chosen, label, face in (
        (~stopped, "measured", STYLES[0]["color"]),
        (stopped, "peer stopped early and scaled", "white"),
    ):
        if chosen.any():
            axes.plot(
                ratio[chosen],
                place[chosen],
                **shape,
                markerfacecolor=face,
                markeredgewidth=1.4,
                label=label,
            )
    axes.plot(
        rows["goal"].values,
        place,
        linestyle="",
        marker="|",
        markersize=12,
        markeredgewidth=1.8,
        markevery=1,
        color=STYLES[1]["color"],
        label="aim",
    )
    axes.axvline(1, color=INK, linewidth=1, label="_equal")
    axes.set_yticks(place, [str(name).replace("_", " ") for name in rows["name"].values])
    axes.tick_params(axis="y", labelsize=TICK_SIZE - 2.5, length=0)
    axes.set(xlabel="times faster than the peer", ylabel="row of the table", xscale="log")
    figure.legend(loc="outside lower center", frameon=False, ncols=3)
    return figure
