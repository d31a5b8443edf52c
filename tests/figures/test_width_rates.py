"""Drawings of under-parametrised runs show the numbers of their datasets."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose

from companion.figures.width_rates import draw_noise, draw_span, draw_width_rates


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


@pytest.fixture
def runs(rng):
    cells = ("activation", "trained", "width", "draw")
    along = {
        name: ((*cells, "t"), rng.uniform(0.1, 1, (1, 1, 3, 2, 4)))
        for name in ("error", "linear_error")
    }
    return xr.Dataset(
        along
        | {
            "linear_floor": (cells, rng.uniform(0.1, 1, (1, 1, 3, 2))),
            "fourier_error": (cells[2:], rng.uniform(0.1, 1, (3, 2))),
            "spline_error": (cells[2:], rng.uniform(0.1, 1, (3, 2))),
        },
        coords={"width": [4, 8, 16]},
    )


def line(axes, label):
    return next(one for one in axes.lines if one.get_label() == label)


def test_ends_of_runs_are_drawn_against_the_width(runs):
    axes = draw_width_rates(runs).axes[0]
    end = runs.error.isel(activation=0, trained=0, t=-1)
    assert_allclose(line(axes, "network").get_ydata(), end.mean("draw"))
    floor = runs.linear_floor.isel(activation=0, trained=0).mean("draw")
    assert_allclose(line(axes, "linearised, at infinity").get_ydata(), floor)
    assert_allclose(line(axes, "linear spline").get_ydata(), runs.spline_error.mean("draw"))
    assert not any(one.get_label().startswith("power") for one in axes.lines)


def test_a_power_passes_through_the_first_point(runs):
    axes = draw_width_rates(runs, exponent=-0.5).axes[0]
    drawn = line(axes, "power -0.500").get_ydata()
    first = float(runs.error.isel(activation=0, trained=0, t=-1, width=0).mean("draw"))
    assert_allclose(drawn, [first, first / 2**0.5, first / 2], rtol=1e-12)


def test_spans_show_the_finest_cut(rng):
    cells = ("activation", "width", "draw", "cut")
    data = xr.Dataset(
        {
            "dimension": (cells, rng.integers(1, 50, (2, 3, 2, 2))),
            "distance": (cells, rng.uniform(0.1, 1, (2, 3, 2, 2))),
            "num_weights": ("width", [16, 64, 256]),
            "fourier_error": ("width", [0.3, 0.2, 0.1]),
        },
        coords={"activation": ["relu", "elu"], "width": [4, 8, 16], "cut": [1e-3, 1e-9]},
    )
    above, below = draw_span(data).axes
    finest = data.sel(cut=1e-9, activation="elu").mean("draw")
    assert_allclose(line(above, "elu").get_ydata(), finest.dimension)
    assert_allclose(line(below, "distance, elu").get_ydata(), finest.distance)
    assert_allclose(line(above, "weights, or Fourier sum").get_ydata(), [16, 64, 256])


def test_noise_is_drawn_at_the_end_of_runs(rng):
    data = xr.Dataset(
        {
            "error": (("target", "ratio", "draw", "t"), rng.uniform(0.1, 1, (2, 3, 4, 5))),
            "noise_floor": ("ratio", np.array([0.5, 0.8, 0.9])),
        },
        coords={"target": ["smooth", "noise"], "ratio": [1, 4, 16]},
    )
    axes = draw_noise(data).axes[0]
    expected = data.error.sel(target="noise").isel(t=-1).mean("draw")
    assert_allclose(axes.lines[1].get_ydata(), expected)
