"""Families of means over repetitions, each with a band of standard errors."""

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from companion.figures.style import REFERENCE, STYLES, new_figure


def draw_bands(
    data: xr.Dataset,
    *,
    x: str,
    y: str,
    family: str,
    over: str = "draw",
    prediction: str | None = None,
    bounds: tuple[str, ...] = (),
    log: str = "xy",
) -> Figure:
    """One mean curve with its band for every value of a coordinate.

    Parameters
    ----------
    data
        A dataset in which ``y`` is a variable over ``x``, ``family`` and ``over``.
    x, y
        Horizontal and vertical quantity.
    family
        The coordinate whose values tell the curves apart.
    over
        The dimension of the repetitions.
    prediction
        A variable over ``x`` and ``family``, drawn as a thin dotted line beside each curve.
    bounds
        Variables over ``x`` alone, drawn as thin dotted lines with their names in the legend.
    log
        Letters of the axes that are logarithmic.

    Returns
    -------
    The figure. Bands are two standard errors of the mean to either side.

    Scale
    -----
    On a logarithmic axis points that are not positive are left out, and so is the part of a band
    that would reach zero.

    Raises
    ------
    ValueError
        If there are fewer than two repetitions, so that a standard error does not exist, or more
        curves than line styles.
    """
    if data.sizes[family] > len(STYLES):
        raise ValueError(
            f"`family` must have at most {len(STYLES)} values, one for each line style; "
            f"got {data.sizes[family]}. Select some of them."
        )
    count = data.sizes[over]
    if count < 2:
        raise ValueError(
            f"`data` must hold at least two repetitions along {over!r}; got {count}. "
            "Raise the number of seeds."
        )
    figure, axes = new_figure()
    title = data[family].attrs.get("long_name", family)
    for value, style in zip(data[family].values, STYLES, strict=False):
        chosen = data.sel({family: value})
        mean = chosen[y].mean(over).transpose(x).values
        error = 2 * (chosen[y].std(over, ddof=1) / np.sqrt(count)).transpose(x).values
        shown = np.ones(mean.shape, dtype=bool)
        if "x" in log:
            shown &= chosen[x].values > 0
        if "y" in log:
            shown &= mean > 0
        at, low = chosen[x].values[shown], (mean - error)[shown]
        (line,) = axes.plot(at, mean[shown], label=f"{title} {value}", **style)
        low = np.where(low > 0, low, mean[shown]) if "y" in log else low
        axes.fill_between(
            at,
            low,
            (mean + error)[shown],
            color=line.get_color(),
            alpha=0.2,
            linewidth=0,
            label=f"_two standard errors, {title} {value}",
        )
        if prediction is not None:
            axes.plot(
                at,
                chosen[prediction].transpose(x).values[shown],
                **REFERENCE,
                label=f"_predicted, {title} {value}",
            )
    for name in bounds:
        axes.plot(data[x].values, data[name].values, **REFERENCE, label=_name(data[name]))
    if "x" in log:
        axes.set_xscale("log")
    if "y" in log:
        axes.set_yscale("log")
    axes.set(xlabel=_name(data[x]), ylabel=_name(data[y]))
    axes.legend(frameon=False)
    return figure


def _name(variable: xr.DataArray) -> str:
    return str(variable.attrs.get("long_name", variable.name))
