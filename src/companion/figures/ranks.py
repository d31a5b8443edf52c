"""Ranks of tangent kernels against their bounds, and how often a start is singular."""

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from companion.figures.style import INK, REFERENCE, STYLES, new_figure


def draw_attained_rank(data: xr.Dataset) -> Figure:
    """Largest ranks found against the bound, one panel for each of two activations.

    Parameters
    ----------
    data
        Variables ``found`` and ``bound`` over ``network`` and ``activation``, ``counted`` over
        ``network``. The first two activations are drawn.

    Returns
    -------
    The figure. On the dotted diagonal the bound is attained.

    Scale
    -----
    Numbers of dimensions.
    """
    figure, panels = new_figure(2, share_x=True)
    points = {"linestyle": "none", "markersize": 4, "markevery": None}
    for axes, name in zip(panels, data["activation"].values[:2], strict=True):
        one = data.sel(activation=name)
        bound = one["bound"].values
        axes.plot(
            bound,
            one["counted"].values,
            **{**STYLES[1], **points, "markersize": 3},
            label="min(nM, P), as in the document",
        )
        axes.plot(
            bound,
            one["found"].values,
            **{**STYLES[0], **points},
            label="largest rank found",
        )
        ends = np.array([0, one["counted"].values.max()])
        axes.plot(ends, ends, **REFERENCE, label="bound R")
        axes.set(ylabel=f"rank, {name}")
    panels[-1].set(xlabel="bound R")
    shown = panels[0].get_legend_handles_labels()
    figure.legend(*shown, loc="outside lower center", frameon=False, ncols=2)
    return figure


def draw_singular_starts(data: xr.Dataset) -> Figure:
    """Fractions of singular starts with their intervals, a row for each network.

    Parameters
    ----------
    data
        Variables ``singular``, ``low``, ``high`` and ``closed_form`` over ``case``.

    Returns
    -------
    The figure; crosses are probabilities in closed form.

    Scale
    -----
    Fractions from 0 to 1.
    """
    figure, axes = new_figure(height=0.8 + 0.36 * data.sizes["case"])
    row = np.arange(data.sizes["case"])[::-1]
    middle = data["singular"].values
    for y, low, high in zip(row, data["low"].values, data["high"].values, strict=True):
        axes.plot(
            [low, high],
            [y, y],
            color=STYLES[0]["color"],
            linestyle="-",
            marker="",
            label="_interval",
        )
    dots = {**STYLES[0], "linestyle": "none", "markevery": None}
    axes.plot(middle, row, **dots, label="measured, with interval")
    closed = np.isfinite(data["closed_form"].values)
    axes.plot(
        data["closed_form"].values[closed],
        row[closed],
        color=INK,
        marker="x",
        linestyle="none",
        markeredgewidth=1.5,
        markevery=None,
        label="closed form",
    )
    names = [str(case).replace(":", ", n = ") for case in data["case"].values]
    axes.set_yticks(row, names)
    axes.set(
        ylabel="widths",
        xlabel="fraction of singular starts",
        xlim=(-0.02, 1.02),
        ylim=(-0.6, len(row) - 0.4),
    )
    figure.legend(loc="outside lower center", frameon=False, ncols=2)
    return figure


def draw_window(data: xr.Dataset) -> Figure:
    """Fractions of singular starts against the number of samples, around two thresholds.

    Parameters
    ----------
    data
        Variables ``singular`` and ``bound`` over ``activation`` and ``num_samples``, a number
        ``num_params``. The first activation is the one that R limits most.

    Returns
    -------
    The figure; the shaded part is what P >= nM admits and R forbids.

    Scale
    -----
    The vertical axis is a fraction.
    """
    figure, axes = new_figure()
    n = data["num_samples"].values
    for name, style in zip(data["activation"].values, STYLES, strict=False):
        values = data["singular"].sel(activation=name).values
        axes.plot(n, values, **{**style, "markevery": None}, label=str(name))
    first = data["bound"].isel(activation=0).values
    params = int(data["num_params"])
    axes.axvspan(
        float(first.max()) + 0.5,
        params + 0.5,
        color=INK,
        alpha=0.12,
        linewidth=0,
        label="R < nM, yet nM <= P",
    )
    axes.set(xlabel="number of samples", ylabel="fraction of singular starts", ylim=(-0.05, 1.05))
    axes.xaxis.get_major_locator().set_params(integer=True)
    figure.legend(loc="outside lower center", frameon=False, ncols=3)
    return figure


def draw_ranks_by_width(data: xr.Dataset) -> Figure:
    """Largest ranks of several networks against the number of their parameters.

    Parameters
    ----------
    data
        Variables ``rank`` and ``num_params`` over ``network`` and ``width``, ``dimension`` over
        ``network``, a number ``num_samples``.

    Returns
    -------
    The figure; dotted are the dimensions that no width passes.

    Scale
    -----
    The number of parameters is logarithmic.
    """
    figure, axes = new_figure()
    ends = [data["num_params"].values.min(), data["num_params"].values.max()]
    for name, style in zip(data["network"].values, STYLES, strict=False):
        one = data.sel(network=name)
        axes.plot(one["num_params"].values, one["rank"].values, **style, label=str(name))
        level = float(one["dimension"])
        if np.isfinite(level):
            axes.plot(ends, [level, level], **REFERENCE, label=f"_dimension, {name}")
    rows = int(data["num_samples"])
    axes.plot(ends, [rows, rows], color=INK, linewidth=1, marker="", label="rows nM")
    axes.set(xlabel="parameters P", ylabel="largest rank", xscale="log")
    figure.legend(loc="outside lower center", frameon=False, ncols=2)
    return figure


def draw_floors(data: xr.Dataset) -> Figure:
    """Losses along flows for several widths of the last hidden layer, each with its floor.

    Parameters
    ----------
    data
        Variables ``loss`` over ``narrow`` and ``t``, ``floor`` over ``narrow``.

    Returns
    -------
    The figure; floors are dotted.

    Scale
    -----
    Both axes logarithmic, the loss from a thousandth of the largest floor on.
    """
    figure, axes = new_figure()
    t = data["t"].values
    for narrow, style in zip(data["narrow"].values, STYLES, strict=False):
        one = data.sel(narrow=narrow)
        axes.plot(t[1:], one["loss"].values[1:], **style, label=f"last hidden width {narrow}")
        floor = float(one["floor"])
        if floor > 0:
            axes.plot(t[[1, -1]], [floor, floor], **REFERENCE, label=f"_floor, {narrow}")
    lowest = float(data["floor"].max()) / 1000
    axes.set(xlabel="time", ylabel="loss", xscale="log", yscale="log")
    axes.set_ylim(bottom=lowest)
    figure.legend(loc="outside lower center", frameon=False, ncols=2)
    return figure
