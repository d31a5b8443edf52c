"""What under-parametrised networks reach against their width, and what they cannot reach."""

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from companion.figures.bands import draw_bands
from companion.figures.style import REFERENCE, STYLES, new_figure

RUNS = {
    "error": "network",
    "linear_error": "linearised",
    "linear_floor": "linearised, at infinity",
}
CLASSICAL = {"fourier_error": "Fourier sum", "spline_error": "linear spline"}


def draw_width_rates(data: xr.Dataset, *, exponent: float | None = None) -> Figure:
    """Errors at the end of runs against the width, beside classical methods and a power.

    Parameters
    ----------
    data
        Variables ``error`` and ``linear_error`` over ``width``, ``draw`` and ``t``,
        ``linear_floor``, ``fourier_error`` and ``spline_error`` over ``width`` and ``draw``; of
        activations and trained layers the first is drawn.
    exponent
        A power of the width, drawn as a dotted line through the first point of the networks.

    Returns
    -------
    The figure: means over draws, and a dot for every draw of the networks.

    Scale
    -----
    Both axes logarithmic.
    """
    one = data.isel(activation=0, trained=0, missing_dims="ignore")
    figure, axes = new_figure(height=4.6)
    width = one["width"].values
    shown = {**RUNS, **CLASSICAL}
    for (name, label), style in zip(shown.items(), STYLES, strict=False):
        values = one[name].isel(t=-1) if "t" in one[name].dims else one[name]
        axes.plot(width, values.mean("draw").values, **style, label=label)
    draws = one["error"].isel(t=-1).transpose("width", "draw").values
    dots = {"color": STYLES[0]["color"], "marker": ".", "linestyle": "none", "alpha": 0.6}
    axes.plot(width, draws, **dots, label="_one draw")
    if exponent is not None:
        first = float(one["error"].isel(t=-1, width=0).mean("draw"))
        line = first * (width / width[0]) ** exponent
        axes.plot(width, line, **REFERENCE, label=f"power {exponent:.3f}")
    axes.set(xlabel=_name(one["width"]), ylabel="L2 error, relative", xscale="log", yscale="log")
    axes.set_xticks(width, [str(one) for one in width])
    axes.minorticks_off()
    figure.legend(loc="outside lower center", frameon=False, ncols=2)
    return figure


def draw_span(data: xr.Dataset) -> Figure:
    """Dimension of the span of tangent features above, distance of a target from it below.

    Parameters
    ----------
    data
        Variables ``dimension`` and ``distance`` over ``activation``, ``width``, ``draw`` and
        ``cut``, ``num_weights`` and ``fourier_error`` over ``width``. The finest cut is drawn.

    Returns
    -------
    The figure: means over draws.

    Scale
    -----
    All axes logarithmic.
    """
    finest = data.isel(cut=int(np.argmin(data["cut"].values)))
    figure, (above, below) = new_figure(2, share_x=True)
    width = data["width"].values
    for name, style in zip(data["activation"].values, STYLES, strict=False):
        chosen = finest.sel(activation=name).mean("draw")
        above.plot(width, chosen["dimension"].values, **style, label=str(name))
        below.plot(width, chosen["distance"].values, **style, label=f"distance, {name}")
    above.plot(width, data["num_weights"].values, **REFERENCE, label="weights, or Fourier sum")
    below.plot(width, data["fourier_error"].values, **REFERENCE, label="Fourier sum")
    above.set(ylabel="dimension", xscale="log", yscale="log")
    below.set(xlabel=_name(data["width"]), ylabel="distance, relative", yscale="log")
    below.set_xticks(width, [str(one) for one in width])
    for axes in (above, below):
        axes.tick_params(axis="x", which="minor", bottom=False, labelbottom=False)
    handles, labels = above.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", frameon=False, ncols=2)
    return figure


def draw_noise(data: xr.Dataset) -> Figure:
    """Errors at the end of runs on a smooth target and on noise against the number of samples.

    Parameters
    ----------
    data
        Variables ``error`` over ``target``, ``ratio``, ``draw`` and ``t``, ``noise_floor`` over
        ``ratio``.

    Returns
    -------
    The figure; bands are two standard errors of the mean over draws.

    Scale
    -----
    The number of samples is logarithmic.
    """
    return draw_bands(
        data.isel(t=-1),
        x="ratio",
        y="error",
        family="target",
        bounds=("noise_floor",),
        log="x",
    )


def _name(variable: xr.DataArray) -> str:
    return str(variable.attrs.get("long_name", variable.name))
