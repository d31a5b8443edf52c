"""Bands over repetitions: the drawn numbers are the means and standard errors of the data."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose

from companion.figures.bands import draw_bands
from companion.figures.style import STYLES


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


@pytest.fixture
def repeated(rng):
    values = np.exp(rng.standard_normal((2, 5, 3)))
    return xr.Dataset(
        {
            "error": (("width", "t", "draw"), values, {"long_name": "error", "units": "1"}),
            "predicted": (("width", "t"), np.arange(10.0).reshape(2, 5) + 1),
            "limit": ("t", np.full(5, 9.0), {"long_name": "limit", "units": "1"}),
        },
        coords={"width": [10, 20], "t": np.arange(5.0)},
    )


def test_lines_are_means_and_bands_two_standard_errors(repeated):
    axes = draw_bands(repeated, x="t", y="error", family="width", log="").axes[0]
    values = repeated.error.values[1]
    error = 2 * values.std(axis=1, ddof=1) / np.sqrt(3)
    assert_allclose(axes.lines[1].get_ydata(), values.mean(axis=1), rtol=1e-14)
    corners = axes.collections[1].get_paths()[0].vertices
    # matplotlib repeats the ends of the polygon; the extremes are those of the band.
    assert_allclose(corners[:, 1].max(), (values.mean(axis=1) + error).max(), rtol=1e-14)
    assert_allclose(corners[:, 1].min(), (values.mean(axis=1) - error).min(), rtol=1e-14)


def test_logarithmic_axes_leave_out_what_they_cannot_show(repeated):
    axes = draw_bands(repeated, x="t", y="error", family="width", log="xy").axes[0]
    assert_allclose(axes.lines[0].get_xdata(), [1, 2, 3, 4])  # the time zero is gone
    assert axes.get_xscale() == axes.get_yscale() == "log"
    assert (axes.collections[0].get_paths()[0].vertices[:, 1] > 0).all()


def test_predictions_and_bounds_are_drawn_and_only_bounds_are_named(repeated):
    figure = draw_bands(
        repeated, x="t", y="error", family="width", prediction="predicted", bounds=("limit",)
    )
    texts = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert texts == ["width 10", "width 20", "limit"]
    assert_allclose(figure.axes[0].lines[1].get_ydata(), [2, 3, 4, 5])


def test_every_curve_has_a_style_of_its_own(repeated):
    figure = draw_bands(repeated, x="t", y="error", family="width", prediction="predicted")
    curves = [line for line in figure.axes[0].lines if not line.get_label().startswith("_")]
    assert [line.get_color() for line in curves] == [style["color"] for style in STYLES[:2]]
    many = repeated.isel(width=[0] * 8).assign_coords(width=range(8))
    with pytest.raises(ValueError, match=r"`family` must have at most 7 values"):
        draw_bands(many, x="t", y="error", family="width")


def test_one_repetition_has_no_standard_error(repeated):
    with pytest.raises(ValueError, match=r"`data` must hold at least two repetitions .*; got 1"):
        draw_bands(repeated.isel(draw=[0]), x="t", y="error", family="width")
