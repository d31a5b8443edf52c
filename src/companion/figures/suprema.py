"""Largest values over the sphere and over samples, against dimension or width."""

from typing import Literal

import xarray as xr
from matplotlib.figure import Figure

from companion.figures.bands import draw_bands


def draw_kernel_distance(
    data: xr.Dataset,
    *,
    kernel: str = "outer",
    against: Literal["input_dim", "width"] = "input_dim",
) -> Figure:
    """Largest distance of a kernel from its limit, over the sphere and over samples.

    Parameters
    ----------
    data
        Variable ``distance`` over ``kernel``, ``input_dim``, ``width``, ``domain`` and ``draw``,
        and the bounds ``lower`` and ``upper`` of the outer kernel over dimension and width.
    kernel
        Which kernel; the bounds are drawn for the outer one only.
    against
        The size along the horizontal axis; the other one is at its largest value.

    Returns
    -------
    The figure: means over the draws, with bands of two standard errors.

    Scale
    -----
    Both axes are logarithmic.
    """
    other = "width" if against == "input_dim" else "input_dim"
    chosen = data.sel(kernel=kernel).isel({other: -1})
    bounds = ("lower", "upper") if kernel == "outer" else ()
    figure = draw_bands(chosen, x=against, y="distance", family="domain", bounds=bounds)
    return _with_legend_above(figure)


def draw_network_size(data: xr.Dataset, *, law: str = "gaussian") -> Figure:
    """Sizes of the initial network against the dimension, for one law of its weights.

    Parameters
    ----------
    data
        Variable ``size`` over ``law``, ``quantity``, ``input_dim`` and ``draw``, and the bounds
        ``witness`` and ``bound`` over the dimension.
    law
        The law of the weights.

    Returns
    -------
    The figure: means over the draws, with bands of two standard errors.

    Scale
    -----
    Both axes are logarithmic.
    """
    chosen = data.sel(law=law)
    figure = draw_bands(
        chosen, x="input_dim", y="size", family="quantity", bounds=("witness", "bound")
    )
    return _with_legend_above(figure)


def _with_legend_above(figure: Figure) -> Figure:
    # The curves fill the panel, and the text of the legend would lie on them.
    (axes,) = figure.axes
    axes.legend().remove()
    figure.set_figheight(1.25 * figure.get_figheight())
    figure.legend(frameon=False, loc="outside upper left", ncols=2)
    return figure
