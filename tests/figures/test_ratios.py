"""Ratios as drawn are those of the table, and an absent peer is not drawn."""

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_array_equal

from companion.catalogue import draw
from companion.figures.ratios import draw_ratios
from companion.figures.tables import publish


@pytest.fixture
def data():
    return xr.Dataset(
        {
            "name": ("row", ["gram_small", "flow_tanh", "flow_sigmoid", "gram_jax"]),
            "ratio": ("row", [60.0, 3000.0, 110.0, np.nan]),
            "goal": ("row", [60.0, 3000.0, 100.0, 2.5]),
            "extrapolated": ("row", [0, 1, 0, 0]),
        },
        attrs={"kind": "benchmarks"},
    )


def test_each_row_stands_where_its_name_is(data):
    axes = draw_ratios(data).axes[0]
    measured, stopped, aims = axes.lines[:3]
    assert_array_equal(measured.get_xdata(), [60.0, 110.0])
    assert_array_equal(stopped.get_xdata(), [3000.0])
    assert_array_equal(aims.get_xdata(), [60.0, 100.0, 3000.0])
    assert stopped.get_markerfacecolor() == "white"
    labels = [text.get_text() for text in axes.get_yticklabels()]
    assert labels == ["gram small", "flow sigmoid", "flow tanh"]
    assert_array_equal(stopped.get_ydata(), [labels.index("flow tanh")])


def test_the_catalogue_draws_it_and_its_table_has_every_ratio(data):
    figure = draw(data)
    assert publish(figure)._repr_png_().startswith(b"\x89PNG")
    assert figure.axes[0].get_xscale() == "log"


def test_no_peer_at_all_is_an_empty_picture(data):
    axes = draw_ratios(data.isel(row=[3])).axes[0]
    assert_array_equal(axes.lines[0].get_xdata(), [])
