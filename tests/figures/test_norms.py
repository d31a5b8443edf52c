"""Norms along runs and rates beside bounds: the drawn numbers are those of the data."""

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose

from companion.figures.norms import draw_norms, draw_rates, draw_sampled_error
from companion.figures.tables import figure_table


def labelled(dims, values, long_name):
    return (dims, values, {"long_name": long_name, "units": "1"})


@pytest.fixture
def norms(rng):
    dims, shape = ("input_dim", "activation", "width", "draw", "t"), (2, 2, 2, 3, 5)
    names = ("negative_norm", "l2_norm", "positive_norm", "bound")
    return xr.Dataset(
        {name: labelled(dims, np.exp(-rng.random(shape)), name) for name in names},
        coords={
            "input_dim": [2, 3],
            "activation": ["relu", "gelu"],
            "width": [8, 16],
            "t": labelled("t", np.array([0.0, 0.1, 1.0, 10.0, 100.0]), "flow time"),
        },
    )


@pytest.fixture
def rates(rng):
    names = [f"{sign}_{kind}" for sign in ("negative", "positive") for kind in ("rate", "bound")]
    return xr.Dataset(
        {name: labelled(("width", "t"), rng.standard_normal((2, 4)), name) for name in names},
        coords={
            "width": [8, 16],
            "t": labelled("t", np.array([0.0, 0.1, 1.0, 10.0]), "flow time"),
        },
    )


def test_norms_are_geometric_means_of_the_widest(norms):
    above, below = draw_norms(norms, activation="gelu").axes
    for axes, dim in ((above, 2), (below, 3)):
        for line, name in zip(
            axes.lines, ("positive_norm", "l2_norm", "negative_norm", "bound"), strict=True
        ):
            values = norms[name].sel(input_dim=dim, activation="gelu", width=16).values[:, 1:]
            assert_allclose(line.get_ydata(), np.exp(np.log(values).mean(axis=0)), rtol=1e-13)
    assert above.get_xscale() == above.get_yscale() == "log"
    assert below.get_xlabel() == "flow time" and above.get_xlabel() == ""


def test_one_sphere_has_one_panel(norms):
    (axes,) = draw_norms(norms.isel(input_dim=[1])).axes
    assert axes.get_ylabel() == "norm of the residual, d = 3"


def test_rates_stand_beside_their_bounds(rates):
    figure = draw_rates(rates)
    above, below = figure.axes
    for axes, sign in ((above, "negative"), (below, "positive")):
        rate, bound = axes.lines[2], axes.lines[3]  # of the second width
        assert_allclose(rate.get_ydata(), rates[f"{sign}_rate"].sel(width=16).values[1:])
        assert_allclose(bound.get_ydata(), rates[f"{sign}_bound"].sel(width=16).values[1:])
        assert rate.get_color() == bound.get_color()
    table = figure_table(figure)
    assert "bound, width 16" in table and "_zero" not in table


def test_errors_and_their_range(rng):
    draws = rng.random((4, 3))
    data = xr.Dataset(
        {
            "sampled": labelled(("num_points", "draw"), draws, "at the points"),
            "whole": labelled(("num_points", "draw"), draws + 1, "on the circle"),
        },
        coords={"num_points": labelled("num_points", np.array([9, 17, 33, 65]), "points")},
    )
    (axes,) = draw_sampled_error(data).axes
    sampled, whole = axes.lines
    assert_allclose(sampled.get_ydata(), draws.mean(axis=1))
    assert_allclose(whole.get_ydata(), draws.mean(axis=1) + 1)
    outline = axes.collections[0].get_paths()[0].vertices
    assert_allclose(outline[:, 1].max(), draws.max())
    assert_allclose(outline[:, 1].min(), draws.min())
    assert axes.get_ylim()[0] == 0
