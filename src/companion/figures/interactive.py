"""Figures with sliders that need no kernel, no network and no library of scripts.

The result is a piece of HTML: a picture, drawn here for the first values of the sliders, all the
data, and a small script that redraws the curves when a slider moves. Without the script, and in
print, the picture stays. It works in a page opened from a folder, in JupyterLab and in a deck.
"""

import re
from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from companion.figures.coordinates import Scale, axis_for
from companion.figures.slider_page import Curve, Slider, SliderPage

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_MOST_CURVES = 6


class SliderFigure:
    """A figure with sliders as a notebook shows it: HTML, and a sentence where there is none."""

    def __init__(self, html: str, label: str) -> None:
        self._html = html
        self._label = label

    def _repr_html_(self) -> str:
        return self._html

    def __repr__(self) -> str:
        return f"Figure with sliders. {self._label}"


def slider_figure(
    data: xr.Dataset,
    *,
    x: str,
    sliders: Sequence[str],
    name: str,
    label: str,
    curves: Sequence[str] | None = None,
    start: Mapping[str, float] | None = None,
    x_scale: Scale = "linear",
    y_scale: Scale = "linear",
    y_label: str | None = None,
) -> SliderFigure:
    r"""Curves :math:`y(x; p, q)` with one slider for :math:`p` and, if wanted, one for :math:`q`.

    Parameters
    ----------
    data
        Variables with the dimension ``x`` and any of the dimensions of the sliders, all with
        coordinates. Labels come from the attributes ``long_name`` and ``units``.
    x
        Dimension along the horizontal axis.
    sliders
        One or two dimensions to slide along.
    name
        Identifier of the figure, unique in the book: lower case, with hyphens.
    label
        What a reader who does not see the picture is told: what is drawn, and what to notice.
    curves
        Variables to draw, in this order of colours; by default all.
    start
        Value of each slider that is shown first and in print; by default its first.
    x_scale, y_scale
        ``"linear"`` or ``"log"``. On a logarithmic axis values that are not positive leave a gap.
    y_label
        Label of the vertical axis; by default that of the first curve.

    Returns
    -------
    An object that a notebook shows as the figure.

    Scale
    -----
    Data coordinates, rounded to five significant digits. The axes have room for all values of
    the sliders and do not move with them, so that curves can be compared.

    Raises
    ------
    ValueError
        If a dimension, a variable or a value does not exist, a variable has another dimension,
        there are no or more than two sliders, no or more than six curves, or nothing to draw.
    """
    chosen = [str(one) for one in (data.data_vars if curves is None else curves)]
    _check(data, x, sliders, chosen, name, label)
    first = dict(start or {})
    if unknown := set(first) - set(sliders):
        raise ValueError(f"`start` must name sliders; got {min(unknown)!r}, not in {sliders}.")
    arrays = [data[one].transpose(*sliders, x, missing_dims="ignore") for one in chosen]
    everything = np.concatenate([np.asarray(array, float).ravel() for array in arrays])
    page = SliderPage(
        name=name,
        label=label,
        x=axis_for(np.asarray(data[x], float), x_scale, _title(data[x]), margin=False),
        y=axis_for(everything, y_scale, y_label or _title(arrays[0])),
        points=np.asarray(data[x], float),
        sliders=[_slider(data[one], first.get(one)) for one in sliders],
        curves=[
            Curve(_title(array, units=False), np.asarray(array, float), _along(array, sliders))
            for array in arrays
        ],
    )
    return SliderFigure(page.html(), label)


def _check(
    data: xr.Dataset, x: str, sliders: Sequence[str], curves: list[str], name: str, label: str
) -> None:
    if isinstance(sliders, str) or not 1 <= len(sliders) <= 2:
        raise ValueError(f"`sliders` must be a list of one or two dimensions; got {sliders!r}.")
    if not 1 <= len(curves) <= _MOST_CURVES:
        raise ValueError(f"`curves` must name 1 to {_MOST_CURVES} variables; got {len(curves)}.")
    for argument, one in (("x", x), *(("sliders", one) for one in sliders)):
        if one not in data.dims or one not in data.coords:
            known = ", ".join(str(dim) for dim in data.dims if dim in data.coords)
            raise ValueError(
                f"`{argument}` must name a dimension with coordinates; got {one!r}. "
                f"The dataset has: {known}."
            )
    for one in curves:
        if one not in data.data_vars:
            raise ValueError(
                f"`curves` must name variables; got {one!r}. "
                f"The dataset has: {', '.join(map(str, data.data_vars))}."
            )
        other = set(data[one].dims) - {x, *sliders}
        if other or x not in data[one].dims:
            raise ValueError(
                f"`curves` must depend on `x` and the sliders alone; {one!r} has the dimensions "
                f"{data[one].dims}. Select a value or take a mean first."
            )
    if not _NAME.fullmatch(name):
        raise ValueError(f"`name` must be lower-case words joined by hyphens; got {name!r}.")
    if len(label.split()) < 4:
        raise ValueError(
            f"`label` must say what the picture shows; got {label!r}. Write a sentence."
        )


def _slider(coordinate: xr.DataArray, start: float | None) -> Slider:
    values = np.asarray(coordinate, float)
    if start is not None and not np.isclose(values, start).any():
        known = ", ".join(f"{value:g}" for value in values)
        raise ValueError(f"`start` must be one of {coordinate.name!r}: {known}; got {start!r}.")
    at = 0 if start is None else int(np.argmax(np.isclose(values, start)))
    return Slider(_title(coordinate), values, at)


def _along(array: xr.DataArray, sliders: Sequence[str]) -> list[bool]:
    return [one in array.dims for one in sliders]


def _title(array: xr.DataArray, *, units: bool = True) -> str:
    name = str(array.attrs.get("long_name", array.name))
    unit = str(array.attrs.get("units", ""))
    return f"{name} ({unit})" if units and unit not in ("", "1") else name
