"""Curves over time and over size: runs, families of decays with bounds, and fitted power laws."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from companion.figures.style import REFERENCE, new_figure


def draw_trajectory(data: xr.Dataset) -> Figure:
    """Loss of a run above, its dissipation rate below, over logarithmic time.

    Parameters
    ----------
    data
        A dataset of kind ``"trajectory"``. A recorded smallest eigenvalue is drawn as the lower
        bound that it is for the rate.

    Returns
    -------
    The figure.

    Scale
    -----
    Both axes are logarithmic; the record at time 0 and points that are not positive are left out.
    """
    figure, (above, below) = new_figure(2, share_x=True)
    _plot(above, data["t"], data["loss"])
    _plot(below, data["t"], data["dissipation_rate"], label="dissipation rate")
    if "lambda_min" in data:
        _plot(below, data["t"], data["lambda_min"], **REFERENCE)
        below.legend(frameon=False)
    above.set(xscale="log", yscale="log", ylabel=_label(data["loss"]))
    below.set(xscale="log", yscale="log", xlabel=_label(data["t"]), ylabel="rate (1/time)")
    return figure


def draw_curves(
    data: xr.Dataset,
    *,
    x: str,
    names: Sequence[str],
    bounds: Sequence[str] = (),
    ylabel: str = "",
    log: str = "xy",
) -> Figure:
    """Several variables over one coordinate.

    Parameters
    ----------
    data
        A dataset in which every name is a variable over ``x`` alone.
    x
        The coordinate.
    names
        Variables drawn as curves; their ``long_name`` goes into the legend.
    bounds
        Variables drawn as thin dotted lines: what is claimed, not what was measured.
    ylabel
        Name of the vertical axis.
    log
        Letters of the axes that are logarithmic.

    Returns
    -------
    The figure.

    Scale
    -----
    On a logarithmic axis points that are not positive are left out.
    """
    figure, axes = new_figure()
    for name in names:
        _plot(axes, data[x], data[name], log=log)
    for name in bounds:
        _plot(axes, data[x], data[name], log=log, **REFERENCE)
    _scale(axes, log)
    axes.set(xlabel=_label(data[x]), ylabel=ylabel)
    axes.legend(frameon=False)
    return figure


def draw_family(
    data: xr.Dataset,
    *,
    x: str,
    y: str,
    family: str,
    bounds: Sequence[str] = (),
    log: str = "y",
) -> Figure:
    """One curve for every value of a coordinate, for example decays at several widths.

    Parameters
    ----------
    data
        A dataset in which ``y`` is a variable over ``x`` and ``family``.
    x, y
        Horizontal and vertical quantity.
    family
        The coordinate whose values tell the curves apart.
    bounds
        Variables over ``x`` alone, drawn as thin dotted lines.
    log
        Letters of the axes that are logarithmic.

    Returns
    -------
    The figure.

    Scale
    -----
    On a logarithmic axis points that are not positive are left out.
    """
    figure, axes = new_figure()
    members = data[family]
    title = members.attrs.get("long_name", family)
    for value in members.values:
        label = f"{title} {value.item() if hasattr(value, 'item') else value}"
        _plot(axes, data[x], data[y].sel({family: value}), log=log, label=label)
    for name in bounds:
        _plot(axes, data[x], data[name], log=log, **REFERENCE)
    _scale(axes, log)
    axes.set(xlabel=_label(data[x]), ylabel=_label(data[y]))
    axes.legend(frameon=False)
    return figure


def _plot(axes: Axes, x: xr.DataArray, y: xr.DataArray, *, log: str = "xy", **style: Any) -> None:
    shown = np.isfinite(y.values)
    if "x" in log:
        shown &= x.values > 0
    if "y" in log:
        shown &= y.values > 0
    axes.plot(x.values[shown], y.values[shown], **{"label": _name(y), **style})


def _scale(axes: Axes, log: str) -> None:
    if "x" in log:
        axes.set_xscale("log")
    if "y" in log:
        axes.set_yscale("log")


def _name(variable: xr.DataArray) -> str:
    return str(variable.attrs.get("long_name", variable.name))


def _label(variable: xr.DataArray) -> str:
    units = variable.attrs.get("units", "1")
    # Time has the unit of the flow, which has no name of its own.
    return _name(variable) if units in ("1", "time") else f"{_name(variable)} ({units})"
