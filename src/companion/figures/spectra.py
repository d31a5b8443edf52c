"""Eigenvalues of kernels on samples."""

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from companion.figures.style import INK, REFERENCE, STYLES, new_figure


def draw_smallest_eigenvalues(data: xr.Dataset) -> Figure:
    """Smallest eigenvalue against the size of the sample, a curve for every dimension.

    Parameters
    ----------
    data
        Variables ``outer`` and ``rounding`` over ``input_dim``, ``num_samples`` and ``draw``,
        ``trace_bound`` over ``num_samples``, and the number ``claimed``.

    Returns
    -------
    The figure: geometric means over the draws with bands from the least to the greatest draw.

    Scale
    -----
    Both axes logarithmic. A cell with a draw below the rounding error is left out: its digits
    mean nothing.
    """
    figure, axes = new_figure(height=4.2)
    counts, rounding = data["num_samples"].values, data["rounding"].max().item()
    for input_dim, style in zip(data["input_dim"].values, STYLES, strict=False):
        values = data["outer"].sel(input_dim=input_dim).transpose("num_samples", "draw").values
        seen = (values > rounding).all(axis=1)
        if not seen.any():
            continue
        mean = np.exp(np.log(values[seen]).mean(axis=1))
        # Every marker: one by distance along the line would leave out a cell that stands alone.
        axes.plot(counts[seen], mean, **style, markevery=1, label=f"d = {input_dim}")
        axes.fill_between(
            counts[seen],
            values[seen].min(axis=1),
            values[seen].max(axis=1),
            color=style["color"],
            alpha=0.18,
            linewidth=0,
            label=f"_range of draws, d = {input_dim}",
        )
    axes.plot(counts, np.full(len(counts), data["claimed"].item()), **REFERENCE, label="claimed")
    axes.plot(
        counts,
        data["trace_bound"].values,
        color=INK,
        linestyle="-",
        linewidth=1.2,
        marker="",
        label="trace bound 1/M",
    )
    axes.axhspan(rounding / 30, rounding, color="0.85", linewidth=0, label="_hidden by rounding")
    axes.set(
        xlabel=str(data["num_samples"].attrs["long_name"]),
        ylabel="smallest eigenvalue of D / M",
        xscale="log",
        yscale="log",
    )
    figure.legend(loc="outside lower center", frameon=False, ncols=3)
    return figure
