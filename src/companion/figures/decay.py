"""Losses along flows beside the decay that is claimed for them."""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from companion.figures.style import INK, PANEL_HEIGHT, REFERENCE, STYLES, new_figure

_LEAST = 1e-4  # a loss; what the claimed line does further down is of no interest


def draw_loss_floor(data: xr.Dataset) -> Figure:
    """Loss at several widths above, beside the claim; its distance from the floor below.

    Parameters
    ----------
    data
        Variables ``loss`` and ``excess`` over ``width``, ``draw`` and ``t``, ``shifted_loss`` over
        ``draw`` and ``t``, and ``claimed_loss`` over ``t``.

    Returns
    -------
    The figure: one curve for every width and draw, and the mean for the shifted sigmoid.

    Scale
    -----
    Logarithmic losses, linear time.
    """
    figure, (above, below) = new_figure(2, share_x=True)
    for axes, name in ((above, "loss"), (below, "excess")):
        for width, style in zip(data["width"].values, STYLES, strict=False):
            for draw, run in enumerate(data[name].sel(width=width).transpose("draw", "t")):
                label = f"width {width}" + (f", draw {draw + 1}" if draw else "")
                axes.plot(
                    data["t"].values,
                    run.values,
                    **_thin(style),
                    label=label if not draw else f"_{label}",
                )
        axes.set_yscale("log")
    shifted = data["shifted_loss"].mean("draw").values
    above.plot(data["t"].values, shifted, **_thin(STYLES[4]), label="shifted sigmoid, mean")
    above.plot(data["t"].values, data["claimed_loss"].values, **REFERENCE, label="claimed")
    above.set(ylabel="loss", ylim=(_LEAST, 3))
    below.set(xlabel=_name(data["t"]), ylabel="loss minus 1/2")
    above.legend(frameon=False)
    return figure


def draw_decay_by_target(data: xr.Dataset) -> Figure:
    """Loss for every target: at infinite width above, of networks below, beside the claim.

    Parameters
    ----------
    data
        Variables ``kernel_loss``, ``network_loss`` and ``claimed_loss`` over ``target``, ``draw``
        and ``t``, for one sample size; of several the largest is drawn.

    Returns
    -------
    The figure: geometric means over the draws with bands of two standard errors of the logarithm.
    The claimed line starts at the largest initial loss.

    Scale
    -----
    Logarithmic losses, linear time.

    Raises
    ------
    ValueError
        If there are fewer than two draws, so that a standard error does not exist.
    """
    if data.sizes["draw"] < 2:
        raise ValueError(
            f"`data` must hold at least two draws; got {data.sizes['draw']}. "
            "Raise the number of seeds."
        )
    if "num_samples" in data.dims:
        data = data.isel(num_samples=-1)
    figure, panels = new_figure(2, height=2.1 * PANEL_HEIGHT, share_x=True)
    t = data["t"].values
    claim = data["claimed_loss"].isel(t=0).max() * _share(data["claimed_loss"])
    for axes, name in zip(panels, ("kernel_loss", "network_loss"), strict=True):
        for target, style in zip(data["target"].values, STYLES, strict=False):
            logarithm = np.log(data[name].sel(target=target).transpose("draw", "t").values)
            mean, error = logarithm.mean(axis=0), logarithm.std(axis=0, ddof=1)
            error *= 2 / np.sqrt(len(logarithm))
            axes.plot(t, np.exp(mean), **_thin(style, width=1.8), label=str(target))
            axes.fill_between(
                t,
                np.exp(mean - error),
                np.exp(mean + error),
                color=style["color"],
                alpha=0.18,
                linewidth=0,
                label=f"_two standard errors, {target}",
            )
        axes.plot(t, claim.mean(("target", "draw")).values, **REFERENCE, label="claimed")
        axes.set(ylabel=_name(data[name]), ylim=(_LEAST, 3))
        axes.set_yscale("log")
    panels[1].set(xlabel=_name(data["t"]))
    panels[1].legend(frameon=False, ncols=2)
    return figure


def draw_rate_by_dimension(data: xr.Dataset) -> Figure:
    """Rate of decay of networks against the dimension, with its prediction and the claim.

    Parameters
    ----------
    data
        Variables ``network_rate`` over ``input_dim`` and ``draw``; ``sphere_rate`` and
        ``claimed_rate`` over ``input_dim``.

    Returns
    -------
    The figure: means with two standard errors, and two lines.

    Scale
    -----
    Both axes logarithmic.

    Raises
    ------
    ValueError
        If there are fewer than two draws, so that a standard error does not exist.
    """
    count = data.sizes["draw"]
    if count < 2:
        raise ValueError(
            f"`data` must hold at least two draws; got {count}. Raise the number of seeds."
        )
    figure, axes = new_figure()
    d, rate = data["input_dim"].values, data["network_rate"]
    axes.errorbar(
        d,
        rate.mean("draw").values,
        yerr=2 * rate.std("draw", ddof=1).values / np.sqrt(count),
        fmt="o",
        color=STYLES[0]["color"],
        capsize=4,
        label="networks",
    )
    axes.plot(
        d,
        data["sphere_rate"].values,
        color=INK,
        linestyle="-",
        linewidth=1.2,
        marker="",
        label="infinite width, uniform sphere",
    )
    axes.plot(d, data["claimed_rate"].values, **REFERENCE, label="claimed")
    axes.set(
        xlabel=_name(data["input_dim"]), ylabel="rate of the loss", xscale="log", yscale="log"
    )
    axes.legend(frameon=False)
    return figure


def _share(loss: xr.DataArray) -> xr.DataArray:
    return loss / loss.isel(t=0)


def _thin(style: dict[str, Any], *, width: float = 1.3) -> dict[str, Any]:
    return {**style, "marker": "", "linewidth": width}


def _name(variable: xr.DataArray) -> str:
    return str(variable.attrs.get("long_name", variable.name))
