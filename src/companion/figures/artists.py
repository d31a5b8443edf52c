"""The numbers of a figure, read back from what was drawn.

Lines, scatters, bars and error bars count when their label does not begin with an underscore;
bands made by ``fill_between``, images and meshes always count.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection, PolyCollection, QuadMesh
from matplotlib.container import BarContainer, ErrorbarContainer
from matplotlib.image import AxesImage

NONE = float("nan")


class Point(NamedTuple):
    """One point of a series in data coordinates; what it does not have is NaN."""

    series: str
    x: float
    y: float = NONE
    low: float = NONE
    high: float = NONE
    value: float = NONE


def points(panel: Axes) -> Iterator[Point]:
    """Every point drawn in one panel.

    Parameters
    ----------
    panel
        Axes with data.

    Returns
    -------
    The points of its lines, then of its error bars, bars, scatters, bands and images.

    Scale
    -----
    Data coordinates as drawn: a logarithmic axis changes nothing.

    Raises
    ------
    ValueError
        If a band, an error bar or an image is of a kind that has no table.
    """
    for line in panel.lines:
        if _public(line.get_label()):
            for x, y in zip(*map(_numbers, line.get_data(orig=False)), strict=True):
                yield Point(str(line.get_label()), x, y)
    for container in panel.containers:
        if isinstance(container, ErrorbarContainer) and _public(container.get_label()):
            yield from _error_bars(container)
        elif isinstance(container, BarContainer) and _public(container.get_label()):
            yield from _bars(container)
    bands = 0
    for collection in panel.collections:
        name = str(collection.get_label())
        if isinstance(collection, PathCollection) and _public(name):
            yield from (Point(name, x, y) for x, y in _numbers(collection.get_offsets()))
        elif isinstance(collection, QuadMesh):
            yield from _mesh(collection)
        elif isinstance(collection, PolyCollection):
            bands += 1
            yield from _band(collection, name if _public(name) else f"band {bands}")
    for image in panel.images:
        yield from _image(image)


def _public(label: object) -> bool:
    return bool(label) and not str(label).startswith("_")


def _numbers(values: Any) -> np.ndarray:
    return np.asarray(np.ma.filled(np.ma.asarray(values, dtype=float), NONE))


def _error_bars(container: ErrorbarContainer) -> Iterator[Point]:
    name, (line, _, bars) = str(container.get_label()), container.lines
    if line is None or not container.has_yerr or container.has_xerr:
        raise ValueError(
            f"`figure` must have error bars on marked points, along the vertical axis; got others "
            f"in {name!r}. Use yerr=... alone, and not fmt='none'."
        )
    for (x, y), ends in zip(_numbers(line.get_xydata()), bars[0].get_segments(), strict=True):
        yield Point(name, x, y, *((ends[:, 1].min(), ends[:, 1].max()) if len(ends) else ()))


def _bars(container: BarContainer) -> Iterator[Point]:
    name = str(container.get_label())
    for bar in container.patches:
        box = bar.get_bbox()
        if container.orientation == "horizontal":
            yield Point(name, float(bar.get_width()), float(box.y0 + box.y1) / 2)
        else:
            yield Point(name, float(box.x0 + box.x1) / 2, float(bar.get_height()))


def _band(band: PolyCollection, name: str) -> Iterator[Point]:
    for path in band.get_paths():
        # The outline runs along the one side and back along the other, with a corner at each
        # turn: corner, n points, corner, n points backwards, and the first corner again.
        outline = _numbers(path.vertices)
        count = (len(outline) - 3) // 2
        there, back = outline[1 : count + 1], outline[count + 2 : 2 * count + 2][::-1]
        if len(outline) != 2 * count + 3 or not np.array_equal(there[:, 0], back[:, 0]):
            raise ValueError(
                f"`figure` must have bands between two values at each point; {name!r} is none. "
                "Draw it by fill_between."
            )
        for (x, one), (_, other) in zip(there, back, strict=True):
            yield Point(name, x, low=min(one, other), high=max(one, other))


def _image(image: AxesImage) -> Iterator[Point]:
    values = _numbers(image.get_array())
    if values.ndim != 2:
        raise ValueError(
            f"`figure` must have images of numbers; got one of shape {values.shape}. "
            "Pass the values, and let the colour map colour them."
        )
    left, right, bottom, top = image.get_extent()
    (rows, columns), lower = values.shape, image.origin == "lower"
    x = left + (np.arange(columns) + 0.5) * (right - left) / columns
    y = bottom + (np.arange(rows) + 0.5) * (top - bottom) / rows
    across, along = np.meshgrid(x, y if lower else y[::-1])
    yield from _cells(across, along, values, _colour_name(image))


def _mesh(mesh: QuadMesh) -> Iterator[Point]:
    values, corners = _numbers(mesh.get_array()), _numbers(mesh.get_coordinates())
    if corners.shape[:2] == values.shape:  # shading="gouraud": the values sit on the corners
        centres = corners
    else:
        centres = (corners[1:, 1:] + corners[1:, :-1] + corners[:-1, 1:] + corners[:-1, :-1]) / 4
    yield from _cells(centres[..., 0], centres[..., 1], values, _colour_name(mesh))


def _cells(x: np.ndarray, y: np.ndarray, values: np.ndarray, name: str) -> Iterator[Point]:
    for column, row, value in zip(x.ravel(), y.ravel(), values.ravel(), strict=True):
        yield Point(name, column, row, value=value)


def _colour_name(artist: AxesImage | QuadMesh) -> str:
    label = "" if artist.colorbar is None else str(artist.colorbar.ax.get_ylabel())
    return label or "image"
