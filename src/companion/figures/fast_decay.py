"""Eigenvalues that fall faster than any power, and what they do to a flow."""

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from companion.figures.style import PANEL_HEIGHT, REFERENCE, STYLES, new_figure

_LAST = 64  # degrees shown where every activation is still a number
_SHOWN = ("gelu", "erf", "tanh", "softplus")


def draw_smooth_spectra(data: xr.Dataset) -> Figure:
    """Eigenvalues against the degree above, their local power below, for two hidden layers.

    Parameters
    ----------
    data
        Variable ``deep_log_eigenvalue`` over ``activation``, ``network`` and ``deep_degree``.

    Returns
    -------
    The figure: at most four activations, on the degrees that their kernels have, and dotted the
    powers 3, 5 and 7 of the degree.

    Scale
    -----
    Above both axes logarithmic; below the degree is.
    """
    figure, (above, below) = new_figure(2, height=2 * PANEL_HEIGHT, share_x=True)
    logs = data["deep_log_eigenvalue"].sel(network="two layers")
    names = [name for name in _SHOWN if name in logs["activation"].values]
    degree = data["deep_degree"].values
    for name, style in zip(names, STYLES, strict=False):
        values = logs.sel(activation=name).values
        # From degree 2 on, odd degrees where even ones vanish.
        shown = np.arange(2 if np.isfinite(values[2]) else 3, min(_LAST, degree[-1]) + 1, 2)
        log_mu, log_k = values[shown], np.log(degree[shown])
        drawn = {**style, "markersize": 4, "label": name}
        above.plot(degree[shown], np.exp(log_mu), **drawn)
        middle = np.exp((log_k[1:] + log_k[:-1]) / 2)
        below.plot(middle, np.diff(log_mu) / np.diff(log_k), **drawn)
    ends = np.array([2.0, float(min(_LAST, degree[-1]))])
    for power in (3, 5, 7):
        label = "powers 3, 5, 7 of the degree" if power == 3 else f"_power {power}"
        above.plot(ends, 0.1 * (ends / 2) ** -power, **REFERENCE, label=label)
        below.plot(ends, np.full(2, -power), **REFERENCE, label=f"_power {power}")
    above.set(xscale="log", yscale="log", ylabel="eigenvalue")
    below.set(xlabel="degree", ylabel="local power of the degree")
    above.legend(frameon=False)
    return figure


def draw_laplacian_bounds(data: xr.Dataset) -> Figure:
    """Eigenvalues of one kernel under its bounds by powers of the Laplacian.

    Parameters
    ----------
    data
        Variables ``log_bound`` over ``laplacian_order`` and ``deep_degree``, and
        ``deep_log_eigenvalue``.

    Returns
    -------
    The figure, for the first activation and two hidden layers.

    Scale
    -----
    Both axes logarithmic.
    """
    figure, axes = new_figure()
    degree = data["deep_degree"].values
    shown = slice(2, min(_LAST, int(degree[-1])) + 1)
    one = data["deep_log_eigenvalue"].sel(network="two layers").isel(activation=0)
    name = str(one["activation"].item())
    axes.plot(degree[shown], np.exp(one.values[shown]), **STYLES[0], label=f"{name}, eigenvalue")
    for order in data["laplacian_order"].values:
        bound = np.exp(data["log_bound"].sel(laplacian_order=order).values[shown])
        label = f"bound, power {2 * order}"
        axes.plot(degree[shown], bound, **REFERENCE, label=label)
    axes.set(xscale="log", yscale="log", xlabel="degree", ylabel="eigenvalue", ylim=(1e-40, 1e4))
    axes.legend(frameon=False)
    return figure


def draw_rounding_floor(data: xr.Dataset) -> Figure:
    """Ordered eigenvalues of networks in two precisions beside those of the limit, for GELU.

    Parameters
    ----------
    data
        Variables ``eigenvalue`` over ``activation``, ``width``, ``precision``, ``draw`` and
        ``index``, and ``limit`` over ``activation`` and ``index``.

    Returns
    -------
    The figure: the first draw of the smallest width in both precisions.

    Scale
    -----
    Both axes logarithmic.
    """
    figure, axes = new_figure()
    gelu = data.sel(activation="gelu")
    width, index = int(data["width"][0]), data["index"].values
    for precision, style in zip(data["precision"].values, STYLES, strict=False):
        values = gelu["eigenvalue"].sel(precision=precision, width=width, draw=0).values
        label = f"width {width}, {precision} precision"
        axes.plot(index, values, **style, markevery=0.08, label=label)
    limit = gelu["limit"].values
    axes.plot(index[limit > 1e-30], limit[limit > 1e-30], **REFERENCE, label="infinite width")
    axes.set(
        xscale="log",
        yscale="log",
        xlabel="number of the eigenvalue",
        ylabel="eigenvalue",
        ylim=(1e-22, 1),
    )
    axes.legend(frameon=False)
    return figure


def draw_logarithmic_flow(data: xr.Dataset) -> Figure:
    """Error against the logarithm of time at infinite width.

    Parameters
    ----------
    data
        Variables ``error`` and ``log_t`` over ``smooth`` and ``step``, and ``predicted_power``.

    Returns
    -------
    The figure: a curve for each activation, dotted the power of log t of its law, through its
    last point.

    Scale
    -----
    Both axes logarithmic; the horizontal one shows the logarithm of time.
    """
    figure, axes = new_figure()
    for name, style in zip(data["smooth"].values, STYLES, strict=False):
        one = data.sel(smooth=name)
        log_t, error = one["log_t"].values, one["error"].values
        axes.plot(log_t, error, **style, markevery=0.15, label=str(name))
        law = error[-1] * (log_t / log_t[-1]) ** one["predicted_power"].item()
        axes.plot(log_t, law, **REFERENCE, label=f"_law, {name}")
    axes.set(xscale="log", yscale="log", xlabel="logarithm of time", ylabel="L2 error")
    axes.legend(frameon=False)
    return figure


def draw_scaled_coefficients(data: xr.Dataset) -> Figure:
    """Coefficients of kernels of splines times their power, which stay up, and those of GELU.

    Parameters
    ----------
    data
        Variables ``log_coefficient`` over ``order``, ``depth`` and ``n``, and
        ``smooth_log_coefficient`` over ``n``.

    Returns
    -------
    The figure, for the smallest depth.

    Scale
    -----
    Both axes logarithmic.
    """
    figure, axes = new_figure()
    n = data["n"].values
    depth = int(data["depth"][0])
    for order, style in zip(data["order"].values, STYLES, strict=False):
        values = np.exp(data["log_coefficient"].sel(order=order, depth=depth).values)
        axes.plot(n, values, **{**style, "marker": ""}, label=f"spline of order {order}")
    smooth = data["smooth_log_coefficient"].values
    shown = smooth > np.log(1e-6)
    axes.plot(n[shown], np.exp(smooth[shown]), **{**STYLES[3], "marker": ""}, label="GELU")
    axes.set(
        xscale="log",
        yscale="log",
        xlabel="power of the inner product",
        ylabel="coefficient, scaled",
        ylim=(1e-6, 1e3),
    )
    axes.legend(frameon=False)
    return figure
