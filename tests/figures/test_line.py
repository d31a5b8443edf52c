"""Errors on the line: what is drawn are medians, quantiles and the references of the data."""

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose

from companion.figures.line import draw_line_errors, draw_line_variants
from companion.figures.tables import figure_table, publish

TARGETS = ["bump", "step"]


def labelled(dims, values, long_name):
    return (dims, values, {"long_name": long_name, "units": "1"})


@pytest.fixture
def data(rng):
    cells = ("target", "width")
    splines = np.array([[0.1, 0.01], [0.0, 0.0]])
    return xr.Dataset(
        {
            "l2_error": labelled((*cells, "draw"), rng.random((2, 2, 9)) + 0.5, "L2 error"),
            "floor": labelled((*cells, "draw"), rng.random((2, 2, 9)) / 4, "floor"),
            "uniform_spline": labelled(cells, splines + 0.1, "spline"),
            "free_knot_spline": labelled(cells, splines, "spline"),
            "proven": labelled(cells, np.ones((2, 2)), "slope"),
        },
        coords={"target": TARGETS, "width": labelled("width", [10, 100], "width")},
    )


def test_each_target_has_a_panel_with_its_medians(data):
    figure = draw_line_errors(data)
    for axes, target in zip(figure.axes, TARGETS, strict=True):
        chosen = data.sel(target=target)
        lines = {str(line.get_label()): line.get_ydata() for line in axes.lines}
        assert_allclose(lines[f"networks: {target}"], chosen["l2_error"].median("draw"))
        assert_allclose(lines[f"floor: {target}"], chosen["floor"].median("draw"))
        assert_allclose(lines[f"slope -1/24: {target}"], [1, 1])
        assert axes.get_xscale() == axes.get_yscale() == "log"
    # Zero has no place on a logarithmic axis: no curve, rather than one that stops.
    assert "spline, placed kinks: step" not in lines
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [
        "networks",
        "floor",
        "spline, uniform kinks",
        "spline, placed kinks",
        "slope -1/24",
    ]


def test_the_band_holds_nine_of_ten_draws(data):
    figure = draw_line_errors(data, targets=["step"])
    (axes,) = figure.axes
    band = axes.collections[0].get_paths()[0].vertices
    errors = data["l2_error"].sel(target="step").values
    for width, row in zip((10, 100), errors, strict=True):
        ends = band[band[:, 0] == width][:, 1]
        assert_allclose([ends.min(), ends.max()], np.quantile(row, [0.05, 0.95]), rtol=1e-12)


def test_variants_of_one_target(data, rng):
    errors = rng.random((3, 2, 2, 4)) + 0.1
    cells = ("variant", "target", "width", "draw")
    runs = xr.Dataset(
        {"l2_error": labelled(cells, errors, "L2 error")},
        coords={
            "variant": labelled("variant", ["a", "b", "c"], "run"),
            "target": TARGETS,
            "width": labelled("width", [10, 100], "width"),
        },
    )
    for target, column in ((None, 0), ("step", 1)):
        (axes,) = draw_line_variants(runs, target=target).axes
        assert [line.get_label() for line in axes.lines] == ["run a", "run b", "run c"]
        assert_allclose(axes.lines[2].get_ydata(), errors[2, column].mean(axis=-1))


def test_figures_have_tables(data):
    figure = draw_line_errors(data)
    assert publish(figure)._repr_png_()
    rows = figure_table(figure)
    assert "networks: bump" in rows and "band" in rows
