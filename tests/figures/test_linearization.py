"""The drawn numbers are those of the datasets."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose

from companion.figures.linearization import (
    draw_concentration,
    draw_displacement,
    draw_kernel_changes,
)

NORMS = ["Sobolev operator", "L2 operator", "supremum"]


def variable(dims, values, name):
    return dims, values, {"long_name": name, "units": "1"}


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


@pytest.fixture
def runs(rng):
    dims = ("activation", "depth", "width", "target_norm", "draw", "t")
    values = np.exp(rng.standard_normal((2, 1, 3, 2, 2, 4)))
    return xr.Dataset(
        {
            name: variable(dims, values * factor, name)
            for name, factor in (("displacement", 1), ("bound", 2))
        },
        coords={
            "activation": ["relu", "gelu"],
            "depth": [2],
            "width": [4, 8, 16],
            "target_norm": [1.0, 4.0],
            "t": np.arange(4.0),
        },
    )


def lines(figure):
    return {str(line.get_label()): line for axes in figure.axes for line in axes.lines}


def test_concentration_shows_the_sobolev_norm_of_the_first_depth(rng):
    distance = np.exp(rng.standard_normal((3, 2, 2, 3, 4)))
    dims = ("norm", "activation", "depth", "width", "draw")
    data = xr.Dataset(
        {"distance": variable(dims, distance, "distance")},
        coords={
            "norm": NORMS,
            "activation": ["relu", "gelu"],
            "depth": [2, 3],
            "width": [16, 64, 256],
        },
    )
    drawn = lines(draw_concentration(data))
    mean = distance[0, 1, 0].mean(axis=-1)
    assert_allclose(drawn["activation gelu"].get_ydata(), mean, rtol=1e-12)
    law = drawn["the power -1/2 of the width"].get_ydata()
    assert_allclose(law / law[0], [1, 0.5, 0.25], rtol=1e-12)


def test_changes_at_random_and_at_worst(rng):
    change = np.exp(rng.standard_normal((2, 3, 2, 3, 4)))
    cells = ("activation", "displacement", "draw")
    data = xr.Dataset(
        {
            "change": variable(("direction", "norm", *cells), change, "change"),
            "switched": variable(cells, change[0, 0], "switched"),
        },
        coords={
            "direction": ["random", "worst at a point"],
            "norm": NORMS,
            "activation": ["relu", "gelu"],
            "displacement": ("displacement", [0.1, 0.2, 0.4], {"long_name": "h", "units": "1"}),
        },
    )
    figure = draw_kernel_changes(data)
    above, below = figure.axes
    random = change[0, 1, 0].mean(axis=-1)
    assert_allclose(above.lines[0].get_ydata(), random, rtol=1e-12)
    worst = change[1, 2, 1].mean(axis=-1)
    assert_allclose(below.lines[1].get_ydata(), worst, rtol=1e-12)
    derived = lines(figure)["derived for relu"]
    assert_allclose(derived.get_ydata(), change[0, 0, 0].mean(axis=-1), rtol=1e-12)
    smooth = draw_kernel_changes(data.sel(activation=["gelu"]))
    assert "derived for relu" not in lines(smooth)


def test_displacements_at_the_end_with_their_bound(runs):
    figure = draw_displacement(runs)
    at_end = runs.displacement.values[1, 0, :, 0, :, -1].mean(axis=-1)
    assert_allclose(lines(figure)["activation gelu"].get_ydata(), at_end, rtol=1e-12)
    predicted = lines(figure)["_predicted, activation gelu"].get_ydata()
    assert_allclose(predicted, 2 * at_end, rtol=1e-12)
