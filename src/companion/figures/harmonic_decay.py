"""Eigenvalues by degree of spherical harmonics, beside what theory predicts of them."""

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from companion.figures.style import INK, REFERENCE, STYLES, new_figure


def draw_kink_accuracy(data: xr.Dataset) -> Figure:
    r"""How far eigenvalues are from their prediction by the kink, against the degree.

    Parameters
    ----------
    data
        Variables ``eigenvalue`` and ``prediction`` over ``activation``, ``kernel``, ``depth``,
        ``input_dim`` and ``degree``. The first activation and kernel and the last dimension are
        drawn, a curve for every depth, even degrees only, so that one hidden layer is there too.

    Returns
    -------
    The figure, with a dotted line of slope -2.

    Scale
    -----
    Both axes logarithmic; relative distance.
    """
    figure, axes = new_figure()
    one = data.isel(activation=0, kernel=0, input_dim=-1).sel(degree=data["degree"] % 2 == 0)
    one = one.sel(degree=one["degree"] >= 4)
    degrees = one["degree"].values
    for depth in one["depth"].values:
        chosen = one.sel(depth=depth)
        distance = np.abs(chosen["eigenvalue"].values / chosen["prediction"].values - 1)
        seen = np.isfinite(distance)
        axes.plot(degrees[seen], distance[seen], label=f"L = {depth}")
    slope = 4.0 * (degrees / degrees[0]) ** -2.0
    axes.plot(degrees, slope, **REFERENCE, label="slope -2")
    axes.set(
        xscale="log",
        yscale="log",
        xlabel=str(data["degree"].attrs["long_name"]),
        ylabel="relative distance from the prediction",
    )
    axes.legend(frameon=False)
    return figure


def draw_orders_of_kinks(data: xr.Dataset) -> Figure:
    """Eigenvalues for several activations as points, their predictions as dotted lines.

    Parameters
    ----------
    data
        As for :func:`draw_kink_accuracy`. The first kernel, the last depth and the first dimension
        are drawn; a point for every resolved degree.

    Returns
    -------
    The figure.

    Scale
    -----
    Both axes logarithmic.
    """
    figure, axes = new_figure(height=4.2)
    one = data.isel(kernel=0, depth=-1, input_dim=0).sel(degree=data["degree"] >= 3)
    degrees = one["degree"].values
    for name, style in zip(one["activation"].values, STYLES, strict=False):
        chosen = one.sel(activation=name)
        seen = np.isfinite(chosen["eigenvalue"].values)
        points = {**style, "linestyle": "none"}
        axes.plot(
            degrees[seen],
            chosen["eigenvalue"].values[seen],
            **points,
            markevery=1,
            label=str(name).replace("_", " "),
        )
        predicted = {**REFERENCE, "color": style["color"]}
        axes.plot(
            degrees[seen],
            chosen["prediction"].values[seen],
            **predicted,
            label=f"{name} predicted".replace("_", " "),
        )
    axes.set(
        xscale="log",
        yscale="log",
        xlabel=str(data["degree"].attrs["long_name"]),
        ylabel=str(data["eigenvalue"].attrs["long_name"]),
    )
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(handles[::2], labels[::2], frameon=False)
    return figure


def draw_weighted_coercivity(data: xr.Dataset) -> Figure:
    """Smallest quotients of weighted kernels against the frequency of the weighting.

    Parameters
    ----------
    data
        The variable ``smallest`` over ``order`` and ``frequency``.

    Returns
    -------
    The figure: a curve for every order that is not negative, and the level zero below which
    there is no coercivity. Orders of both signs have the same quotient, by duality.

    Scale
    -----
    Horizontal axis linear in the position of the frequency, vertical axis symmetric logarithmic,
    linear below 0.01.
    """
    figure, axes = new_figure()
    frequencies = data["frequency"].values
    for order in data["order"].values[data["order"].values >= 0]:
        values = data["smallest"].sel(order=order).values
        axes.plot(np.arange(len(frequencies)), values, label=f"order S = {order:g}", markevery=1)
    axes.axhline(0, color=INK, linewidth=0.8, label="_zero")
    axes.set_yscale("symlog", linthresh=0.01)
    axes.margins(y=0.1)
    axes.set_xticks(np.arange(len(frequencies)), [str(m) for m in frequencies])
    axes.set(
        xlabel=str(data["frequency"].attrs["long_name"]),
        ylabel=str(data["smallest"].attrs["long_name"]),
    )
    axes.legend(frameon=False)
    return figure
