"""What is drawn of spectra by degree is what the data say."""

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose

from companion.figures.harmonic_decay import (
    draw_kink_accuracy,
    draw_orders_of_kinks,
    draw_weighted_coercivity,
)
from companion.figures.tables import publish

LABEL = {"long_name": "x", "units": "1"}


@pytest.fixture
def data():
    degrees = np.arange(2, 40)
    predicted = np.broadcast_to(degrees**-2.0, (2, 1, 2, 2, degrees.size)).copy()
    eigenvalues = predicted * (1 + degrees**-2.0)
    eigenvalues[1, ..., 20:] = np.nan  # rounding
    axes = ("activation", "kernel", "depth", "input_dim", "degree")
    return xr.Dataset(
        {"eigenvalue": (axes, eigenvalues, LABEL), "prediction": (axes, predicted, LABEL)},
        coords={
            "activation": ["relu", "mollified_relu(2)"],
            "kernel": ["all layers"],
            "depth": [1, 2],
            "input_dim": [2, 3],
            "degree": ("degree", degrees, {"long_name": "degree k"}),
        },
    )


def test_distances_from_the_prediction(data):
    axes = draw_kink_accuracy(data).axes[0]
    one, two, slope = axes.lines
    assert_allclose(one.get_xdata(), np.arange(4, 40, 2))
    assert_allclose(one.get_ydata(), np.arange(4, 40, 2) ** -2.0, rtol=1e-12)
    assert [line.get_label() for line in (one, two)] == ["L = 1", "L = 2"]
    assert_allclose(np.diff(np.log(slope.get_ydata())) / np.diff(np.log(slope.get_xdata())), -2)


def test_only_resolved_eigenvalues_are_points(data):
    figure = draw_orders_of_kinks(data)
    axes = figure.axes[0]
    assert len(axes.lines) == 4
    assert axes.lines[0].get_xdata().size == 37
    assert axes.lines[2].get_xdata().max() == 21
    assert_allclose(axes.lines[3].get_ydata(), axes.lines[3].get_xdata() ** -2.0)
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [
        "relu",
        "mollified relu(2)",
    ]
    assert publish(figure)._repr_png_()


def test_quotients_of_weighted_kernels():
    values = np.array([[1.0, -0.2], [1.0, 0.1], [1.0, -0.2]])
    data = xr.Dataset(
        {"smallest": (("order", "frequency"), values, LABEL)},
        coords={"order": [-0.45, 0.0, 0.45], "frequency": ("frequency", [0, 8], LABEL)},
    )
    axes = draw_weighted_coercivity(data).axes[0]
    assert [line.get_label() for line in axes.lines[:2]] == ["order S = 0", "order S = 0.45"]
    assert_allclose(axes.lines[1].get_ydata(), [1.0, -0.2])
    assert [text.get_text() for text in axes.get_xticklabels()] == ["0", "8"]
