"""Drawings of ranks and singular starts show the numbers of their datasets."""

import numpy as np
import xarray as xr
from numpy.testing import assert_allclose

from companion.figures.ranks import (
    draw_attained_rank,
    draw_floors,
    draw_ranks_by_width,
    draw_singular_starts,
    draw_window,
)


def curves(axes):
    return {line.get_label(): line.get_xydata() for line in axes.lines}


def test_ranks_lie_over_their_bounds():
    data = xr.Dataset(
        {
            "bound": (("network", "activation"), [[3, 4], [9, 12]]),
            "found": (("network", "activation"), [[3, 4], [8, 12]]),
            "counted": ("network", [4, 15]),
        },
        coords={"network": [0, 1], "activation": ["leaky", "other"]},
    )
    figure = draw_attained_rank(data)
    first, second = (curves(axes) for axes in figure.axes)
    assert_allclose(first["largest rank found"], [[3, 3], [9, 8]])
    assert_allclose(second["largest rank found"], [[4, 4], [12, 12]])
    assert_allclose(first["min(nM, P), as in the document"], [[3, 4], [9, 15]])
    assert_allclose(first["bound R"], [[0, 0], [15, 15]])
    assert len(figure.legends[0].get_texts()) == 3


def test_each_network_has_its_interval_and_some_a_closed_form():
    data = xr.Dataset(
        {
            "singular": ("case", [0.7, 0.2]),
            "low": ("case", [0.6, 0.1]),
            "high": ("case", [0.8, 0.3]),
            "closed_form": ("case", [0.75, np.nan]),
        },
        coords={"case": ["1-1-1:3", "2-4-1:5"]},
    )
    axes = draw_singular_starts(data).axes[0]
    lines = curves(axes)
    assert_allclose(lines["measured, with interval"], [[0.7, 1], [0.2, 0]])
    assert_allclose(lines["closed form"], [[0.75, 1]])
    intervals = [line for line in axes.lines if line.get_label() == "_interval"]
    assert_allclose(intervals[1].get_xdata(), [0.1, 0.3])
    assert [text.get_text() for text in axes.get_yticklabels()] == ["1-1-1, n = 3", "2-4-1, n = 5"]


def test_the_window_is_shaded_between_the_two_counts():
    n = [25, 26, 27, 31, 32]
    data = xr.Dataset(
        {
            "singular": (("activation", "num_samples"), [[0.5, 0.6, 1, 1, 1], [0, 0, 0, 0, 1]]),
            "bound": (("activation", "num_samples"), [[25, 26, 26, 26, 26], [25, 26, 27, 31, 31]]),
            "num_params": 31,
        },
        coords={"activation": ["leaky", "tanh"], "num_samples": n},
    )
    axes = draw_window(data).axes[0]
    assert_allclose(curves(axes)["tanh"][:, 1], [0, 0, 0, 0, 1])
    band = axes.patches[0]
    assert (band.get_x(), band.get_x() + band.get_width()) == (26.5, 31.5)


def test_ranks_stop_at_their_dimension():
    data = xr.Dataset(
        {
            "rank": (("network", "width"), [[3, 3], [4, 9]]),
            "num_params": (("network", "width"), [[5, 50], [5, 50]]),
            "dimension": ("network", [3.0, np.nan]),
            "num_samples": 12,
        },
        coords={"network": ["identity", "leaky"], "width": [1, 12]},
    )
    lines = curves(draw_ranks_by_width(data).axes[0])
    assert_allclose(lines["leaky"], [[5, 4], [50, 9]])
    assert_allclose(lines["_dimension, identity"], [[5, 3], [50, 3]])
    assert "_dimension, leaky" not in lines
    assert_allclose(lines["rows nM"][:, 1], 12)


def test_floors_are_drawn_where_there_are_any():
    data = xr.Dataset(
        {"loss": (("narrow", "t"), [[9, 6, 5.0], [9, 1, 1e-9]]), "floor": ("narrow", [5.0, 0.0])},
        coords={"narrow": [1, 4], "t": [0.0, 1.0, 10.0]},
    )
    axes = draw_floors(data).axes[0]
    lines = curves(axes)
    assert_allclose(lines["_floor, 1"], [[1, 5], [10, 5]])
    assert "_floor, 4" not in lines
    assert_allclose(lines["last hidden width 4"], [[1, 1], [10, 1e-9]])
    assert axes.get_ylim()[0] == 0.005
