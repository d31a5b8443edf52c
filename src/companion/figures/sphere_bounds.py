"""Bounds of the error on the sphere beside what attains them, and decay at infinite width."""

from typing import Any

import xarray as xr
from matplotlib.figure import Figure

from companion.figures.style import REFERENCE, STYLES, new_figure


def draw_plateaus(data: xr.Dataset) -> Figure:
    """Squared error at rest against the displacement: a bound, and a flow that stays there.

    Parameters
    ----------
    data
        Variables ``bound`` and ``attained`` over ``case`` and ``displacement``.

    Returns
    -------
    The figure: a line for the bound of every case, and a dot for every flow.

    Scale
    -----
    Both axes logarithmic.
    """
    figure, axes = new_figure(height=4.4)
    h = data["displacement"].values
    for case, style in zip(data["case"].values, STYLES, strict=False):
        chosen = data.sel(case=case)
        axes.plot(h, chosen["bound"].values, **{**style, "marker": ""}, label=str(case))
        axes.plot(
            h,
            chosen["attained"].values,
            color=style["color"],
            marker=style["marker"],
            linestyle="none",
            markevery=1,
            label=f"_cut kernel, {case}",
        )
    axes.set(
        xlabel=_name(data["displacement"]), ylabel="squared error", xscale="log", yscale="log"
    )
    figure.legend(loc="outside lower center", frameon=False)
    return figure


def draw_theorem_bound(data: xr.Dataset) -> Figure:
    """Bound of the theorem over time for every width, in the first dimension, and its limit.

    Parameters
    ----------
    data
        Variables ``theorem`` over ``input_dim``, ``log_width`` and ``t``, and ``infinite`` over
        ``input_dim`` and ``t``.

    Returns
    -------
    The figure.

    Scale
    -----
    Both axes logarithmic.
    """
    figure, axes = new_figure()
    first = data.isel(input_dim=0)
    t = data["t"].values
    for power, style in zip(data["log_width"].values, _cycled(), strict=False):
        bound = first["theorem"].sel(log_width=power).values
        axes.plot(t, bound, **{**style, "marker": ""}, label=f"width 1e{power}")
    axes.plot(t, first["infinite"].values, **REFERENCE, label=_name(data["infinite"]))
    axes.set(xlabel=_name(data["t"]), ylabel="bound of the L2 error", xscale="log", yscale="log")
    axes.legend(frameon=False)
    return figure


def draw_infinite_width(data: xr.Dataset) -> Figure:
    """Largest error over balls of residuals against time, and that of a polynomial.

    Parameters
    ----------
    data
        Variables ``ball`` over ``smoothness`` and ``step``, ``polynomial`` and ``t`` over
        ``step``, ``predicted_power`` over ``smoothness``. Of several dimensions the first is
        drawn.

    Returns
    -------
    The figure; dotted lines have the predicted powers and pass through the last points.

    Scale
    -----
    Both axes logarithmic; the polynomial is cut where it leaves the range of the others.
    """
    one = data.isel(input_dim=0) if "input_dim" in data.dims else data
    figure, axes = new_figure(height=4.2)
    t = one["t"].values
    for alpha, style in zip(data["smoothness"].values, STYLES, strict=False):
        chosen = one.sel(smoothness=alpha)
        ball = chosen["ball"].values
        axes.plot(t, ball, **style, markevery=6, label=f"smoothness {alpha:g}")
        line = ball[-1] * (t / t[-1]) ** chosen["predicted_power"].item()
        axes.plot(t, line, **REFERENCE, label=f"_predicted power, smoothness {alpha:g}")
    polynomial = one["polynomial"].values
    shown = polynomial > 0.3 * one["ball"].values.min()
    axes.plot(t[shown], polynomial[shown], **STYLES[4], label="polynomial")
    axes.set(xlabel=_name(data["t"]), ylabel="L2 error", xscale="log", yscale="log")
    figure.legend(loc="outside lower center", frameon=False, ncols=2)
    return figure


def _cycled() -> list[dict[str, Any]]:
    return [*STYLES, *STYLES]


def _name(variable: xr.DataArray) -> str:
    return str(variable.attrs.get("long_name", variable.name))
