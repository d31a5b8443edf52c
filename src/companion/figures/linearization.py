"""How close the tangent kernel is to its limit, how it moves, and how far the weights go."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from companion.figures.bands import draw_bands
from companion.figures.style import REFERENCE, STYLES, new_figure


def draw_concentration(data: xr.Dataset) -> Figure:
    """Distance of kernels from their limit in the Sobolev norm, against the width.

    Parameters
    ----------
    data
        Variable ``distance`` over ``norm``, ``activation``, ``depth``, ``width`` and ``draw``;
        the first depth is drawn.

    Returns
    -------
    The figure: means with bands of two standard errors, and a line that falls like the root.

    Scale
    -----
    Both axes are logarithmic.
    """
    chosen = data.sel(norm="Sobolev operator").isel(depth=0)
    width = chosen["width"].astype(float)
    start = float(chosen["distance"].isel(width=0).mean())
    law = start * (width / width[0]) ** -0.5
    law.attrs["long_name"] = "the power -1/2 of the width"
    return draw_bands(
        chosen.assign(law=law), x="width", y="distance", family="activation", bounds=("law",)
    )


def draw_kernel_changes(data: xr.Dataset) -> Figure:
    """Change of the kernel against the displacement: at random above, at worst below.

    Parameters
    ----------
    data
        Variable ``change`` over ``direction``, ``norm``, ``activation``, ``displacement`` and
        ``draw``, and ``switched`` over the last three.

    Returns
    -------
    The figure: means over the draws, above as operators on L2, below in the supremum norm with
    the derived worst change of the diagonal for ReLU.

    Scale
    -----
    All axes are logarithmic.
    """
    figure, (above, below) = new_figure(2, share_x=True)
    random = data["change"].sel(direction="random", norm="L2 operator")
    worst = data["change"].sel(direction="worst at a point", norm="supremum")
    _draw_means(above, random)
    _draw_means(below, worst)
    if "relu" in data["activation"].values:
        derived = data["switched"].sel(activation="relu").mean("draw")
        label = "derived for relu"
        below.plot(data["displacement"].values, derived.values, **REFERENCE, label=label)
    above.set(ylabel="change at random")
    below.set(ylabel="change at worst", xlabel=str(data["displacement"].attrs["long_name"]))
    for axes in (above, below):
        axes.set(xscale="log", yscale="log")
    below.legend(frameon=False)
    return figure


def draw_displacement(data: xr.Dataset) -> Figure:
    """Relative displacement of the weights at the end of the runs, against the width.

    Parameters
    ----------
    data
        Variables ``displacement`` and ``bound`` over ``activation``, ``depth``, ``width``,
        ``target_norm``, ``draw`` and ``t``; the last depth and the first target are drawn.

    Returns
    -------
    The figure: means with bands of two standard errors; dotted, the mean of the bound.

    Scale
    -----
    Both axes are logarithmic.
    """
    chosen = data.isel(t=-1, target_norm=0, depth=-1)
    mean_bound = chosen["bound"].mean("draw")
    return draw_bands(
        chosen.assign(mean_bound=mean_bound),
        x="width",
        y="displacement",
        family="activation",
        prediction="mean_bound",
    )


def _draw_means(axes: Axes, values: xr.DataArray) -> None:
    at = values["displacement"].values
    for name, style in zip(values["activation"].values, STYLES, strict=False):
        mean = values.sel(activation=name).mean("draw").values
        axes.plot(at, np.where(mean > 0, mean, np.nan), label=str(name), **style)
