"""Smallest eigenvalues as drawn are those of the data, and rounding is not drawn as data."""

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose

from companion.figures.spectra import draw_smallest_eigenvalues
from companion.figures.tables import figure_table, publish


@pytest.fixture
def data(rng):
    cells = ("input_dim", "num_samples", "draw")
    values = 10.0 ** -(3 + 2 * rng.random((3, 4, 2)))
    values[0] = -1e-17  # the whole first dimension lies below rounding
    values[1, 2:, 1] = 1e-16  # and one draw of two cells
    label = {"long_name": "x", "units": "1/time"}
    return xr.Dataset(
        {
            "outer": (cells, values, label),
            "rounding": (cells, np.full(values.shape, 3e-16), label),
            "trace_bound": ("num_samples", 1 / np.array([10.0, 20.0, 40.0, 80.0]), label),
            "claimed": ((), 0.1, label),
        },
        coords={
            "input_dim": [2, 3, 5],
            "num_samples": ("num_samples", [10, 20, 40, 80], {"long_name": "number of points M"}),
        },
    )


def test_cells_that_rounding_hides_are_left_out(data):
    figure = draw_smallest_eigenvalues(data)
    axes = figure.axes[0]
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["d = 3", "d = 5", "claimed", "trace bound 1/M"]
    assert_allclose(axes.lines[0].get_xdata(), [10, 20])
    assert_allclose(axes.lines[1].get_xdata(), [10, 20, 40, 80])


def test_curves_are_geometric_means_and_bands_the_range_of_draws(data):
    axes = draw_smallest_eigenvalues(data).axes[0]
    values = data["outer"].values[2]
    assert_allclose(axes.lines[1].get_ydata(), np.sqrt(values.prod(axis=1)), rtol=1e-12)
    corners = axes.collections[1].get_paths()[0].vertices[:, 1]
    assert_allclose([corners.min(), corners.max()], [values.min(), values.max()], rtol=1e-12)


def test_claim_and_trace_bound_are_drawn(data):
    axes = draw_smallest_eigenvalues(data).axes[0]
    assert_allclose(axes.lines[2].get_ydata(), [0.1] * 4)
    assert_allclose(axes.lines[3].get_ydata(), data["trace_bound"])


def test_can_be_published_with_its_table(data):
    figure = draw_smallest_eigenvalues(data)
    assert publish(figure)._repr_png_()
    assert "d = 5" in figure_table(figure) and "rounding" not in figure_table(figure)
