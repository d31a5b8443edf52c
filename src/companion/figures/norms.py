"""Sobolev norms of residuals: along runs, their rates beside bounds, and errors of two kinds."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from companion.figures.style import INK, REFERENCE, STYLES, new_figure


def draw_norms(data: xr.Dataset, *, activation: str = "relu") -> Figure:
    """Three norms and the bound of the middle one, a panel for each sphere.

    Parameters
    ----------
    data
        Variables ``negative_norm``, ``l2_norm``, ``positive_norm`` and ``bound`` over
        ``input_dim``, ``activation``, ``width``, ``draw`` and ``t``. The largest width is drawn.
    activation
        The activation that is drawn.

    Returns
    -------
    The figure: geometric means over the draws.

    Scale
    -----
    Both axes are logarithmic; the record at time 0 is left out.
    """
    chosen = data.sel(activation=activation).isel(width=-1)
    figure, panels = new_figure(data.sizes["input_dim"], share_x=True)
    for axes, dim in zip(np.atleast_1d(panels), data["input_dim"].values, strict=True):
        t = data["t"].values
        for name in ("positive_norm", "l2_norm", "negative_norm"):
            curve = chosen[name].sel(input_dim=dim)
            axes.plot(t[1:], _geometric_mean(curve)[1:], label=_name(data[name]))
        bound = _geometric_mean(chosen["bound"].sel(input_dim=dim))
        axes.plot(t[1:], bound[1:], **REFERENCE, label="bound of the L2 norm")
        axes.set(xscale="log", yscale="log", ylabel=f"norm of the residual, d = {dim}")
        axes.set_xlabel(_name(data["t"]) if axes is np.atleast_1d(panels)[-1] else "")
    np.atleast_1d(panels)[0].legend(frameon=False)
    return figure


def draw_rates(data: xr.Dataset) -> Figure:
    """Rates of two norms above and below, each beside the upper bound of the inequalities.

    Parameters
    ----------
    data
        Variables ``negative_rate``, ``negative_bound``, ``positive_rate`` and
        ``positive_bound`` over ``width`` and ``t``.

    Returns
    -------
    The figure: solid what was measured, dotted its bound, a colour for each width.

    Scale
    -----
    Logarithmic time without its beginning, linear rates.
    """
    figure, panels = new_figure(2, share_x=True)
    t = data["t"].values[1:]
    for axes, sign in zip(panels, ("negative", "positive"), strict=True):
        for width, style in zip(data["width"].values, STYLES, strict=False):
            chosen = data.sel(width=width)
            rate, bound = (chosen[f"{sign}_{kind}"].values[1:] for kind in ("rate", "bound"))
            axes.plot(
                t, rate, color=style["color"], marker=style["marker"], label=f"width {width}"
            )
            dotted = {**REFERENCE, "color": style["color"]}
            axes.plot(t, bound, **dotted, label=f"bound, width {width}")
        axes.axhline(0.0, color=INK, linewidth=0.8, label="_zero")
        axes.set(xscale="log", ylabel=f"rate of the {sign} norm (1/time)")
    panels[1].set_xlabel(_name(data["t"]))
    panels[0].legend(frameon=False)
    return figure


def draw_sampled_error(data: xr.Dataset) -> Figure:
    """Error at the training points and on the whole sphere, against the number of points.

    Parameters
    ----------
    data
        Variables ``sampled`` and ``whole`` over ``num_points`` and ``draw``.

    Returns
    -------
    The figure: means over the draws with bands from the least to the largest.

    Scale
    -----
    Logarithmic numbers of points, linear errors from zero on.
    """
    figure, axes = new_figure()
    for name in ("sampled", "whole"):
        _with_range(axes, data["num_points"].values, data[name])
    axes.set(xscale="log", xlabel=_name(data["num_points"]), ylabel="error after training")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)
    return figure


def _with_range(axes: Axes, x: np.ndarray, values: xr.DataArray) -> None:
    (line,) = axes.plot(x, values.mean("draw").values, label=_name(values))
    axes.fill_between(
        x,
        values.min("draw").values,
        values.max("draw").values,
        color=line.get_color(),
        alpha=0.2,
        linewidth=0,
        label=f"_all draws, {_name(values)}",
    )


def _geometric_mean(values: xr.DataArray) -> np.ndarray:
    return np.asarray(np.exp(np.log(values.transpose("draw", "t").values).mean(axis=0)))


def _name(variable: xr.DataArray) -> str:
    return str(variable.attrs.get("long_name", variable.name))
