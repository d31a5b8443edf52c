"""Suprema: the chosen slice is drawn, with its bounds where it has some."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose

from companion.figures.suprema import draw_kernel_distance, draw_network_size


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


@pytest.fixture
def distances(rng):
    cells = ("kernel", "input_dim", "width", "draw", "domain")
    return xr.Dataset(
        {
            "distance": (cells, np.exp(rng.standard_normal((2, 3, 4, 2, 2)))),
            "lower": (("input_dim", "width"), rng.random((3, 4))),
            "upper": (("input_dim", "width"), 9 + rng.random((3, 4))),
        },
        coords={
            "kernel": ["outer", "inner"],
            "input_dim": [2, 4, 8],
            "width": [10, 20, 40, 80],
            "domain": ["sphere", "5 points"],
        },
    )


def test_the_other_size_is_at_its_largest(distances):
    axes = draw_kernel_distance(distances).axes[0]
    assert_allclose(axes.lines[0].get_xdata(), [2, 4, 8])
    mean = distances.distance.values[0, :, -1, :, 0].mean(axis=1)
    assert_allclose(axes.lines[0].get_ydata(), mean, rtol=1e-14)
    axes = draw_kernel_distance(distances, against="width").axes[0]
    mean = distances.distance.values[0, -1, :, :, 1].mean(axis=1)
    assert_allclose(axes.lines[1].get_ydata(), mean, rtol=1e-14)
    assert_allclose(axes.lines[3].get_ydata(), distances.upper.values[-1], rtol=1e-14)


def test_bounds_are_those_of_the_outer_kernel(distances):
    assert len(draw_kernel_distance(distances).axes[0].lines) == 4
    assert len(draw_kernel_distance(distances, kernel="inner").axes[0].lines) == 2


def test_the_sizes_of_one_law_are_drawn(rng):
    sizes = np.exp(rng.standard_normal((2, 3, 4, 2)))
    data = xr.Dataset(
        {
            "size": (("law", "quantity", "input_dim", "draw"), sizes),
            "witness": ("input_dim", np.arange(1.0, 5)),
            "bound": ("input_dim", np.arange(2.0, 6)),
        },
        coords={
            "law": ["gaussian", "signs"],
            "quantity": ["supremum", "maximum", "norm"],
            "input_dim": [1, 2, 3, 4],
        },
    )
    axes = draw_network_size(data, law="signs").axes[0]
    for line, values in zip(axes.lines, sizes[1].mean(axis=-1), strict=False):
        assert_allclose(line.get_ydata(), values, rtol=1e-14)
    assert_allclose(axes.lines[-1].get_ydata(), [2, 3, 4, 5])
