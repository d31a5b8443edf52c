"""Curves: what is drawn are the numbers of the dataset, and the law that was fitted to them."""

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose

from companion.figures.curves import draw_curves, draw_family, draw_trajectory
from companion.figures.style import REFERENCE

TIME = {"long_name": "time", "units": "time"}


@pytest.fixture
def decays():
    t = np.array([0.0, 1.0, 2.0, 3.0])
    return xr.Dataset(
        {
            "loss": (
                ("width", "t"),
                np.array([[1.0, 0.5, 0.25, 0.0], [1.0, 0.4, 0.2, 0.1]]),
                {"long_name": "training loss", "units": "1"},
            ),
            "rate": ("t", [0.1, 0.2, np.nan, 0.4], {"long_name": "rate", "units": "1/time"}),
            "bound": ("t", np.exp(-t), {"long_name": "claimed bound", "units": "1"}),
        },
        coords={"t": ("t", t, TIME), "width": ("width", [10, 20], {"long_name": "width"})},
    )


def legend(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_each_member_of_a_family_is_a_curve_with_its_value(decays):
    axes = draw_family(decays, x="t", y="loss", family="width", bounds=("bound",)).axes[0]
    assert legend(axes) == ["width 10", "width 20", "claimed bound"]
    assert_allclose(axes.lines[1].get_ydata(), [1.0, 0.4, 0.2, 0.1], rtol=0)
    assert_allclose(axes.lines[2].get_ydata(), np.exp([0.0, -1, -2, -3]), rtol=0)
    assert axes.lines[2].get_color() == REFERENCE["color"]
    assert axes.get_xscale() == "linear"
    assert axes.get_yscale() == "log"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("time", "training loss")


def test_logarithmic_axes_leave_out_what_they_cannot_show(decays):
    axes = draw_family(decays, x="t", y="loss", family="width", log="xy").axes[0]
    assert_allclose(axes.lines[0].get_xdata(), [1, 2], rtol=0)  # time 0 and loss 0 are gone
    assert_allclose(axes.lines[0].get_ydata(), [0.5, 0.25], rtol=0)
    linear = draw_family(decays, x="t", y="loss", family="width", log="").axes[0]
    assert_allclose(linear.lines[0].get_ydata(), [1.0, 0.5, 0.25, 0.0], rtol=0)


def test_curves_have_their_long_names_and_gaps_stay_gaps(decays):
    axes = draw_curves(decays, x="t", names=("rate",), bounds=("bound",), ylabel="both").axes[0]
    assert legend(axes) == ["rate", "claimed bound"]
    assert_allclose(axes.lines[0].get_xdata(), [1, 3], rtol=0)
    assert axes.get_ylabel() == "both"
    assert axes.get_xscale() == axes.get_yscale() == "log"


@pytest.mark.parametrize("with_lambda", [False, True])
def test_trajectories_show_the_loss_above_and_the_rate_below(with_lambda):
    t = np.array([0.0, 0.1, 1.0])
    data = xr.Dataset(
        {
            "loss": ("t", [1.0, 0.8, 0.1], {"long_name": "loss", "units": "1"}),
            "dissipation_rate": ("t", [3.0, 2.0, 1.0], {"units": "1/time"}),
        },
        coords={"t": ("t", t, TIME)},
    )
    if with_lambda:
        data["lambda_min"] = ("t", [0.5, 0.4, 0.3], {"long_name": "smallest eigenvalue"})
    above, below = draw_trajectory(data).axes
    assert_allclose(above.lines[0].get_ydata(), [0.8, 0.1], rtol=0)
    assert_allclose(below.lines[0].get_ydata(), [2.0, 1.0], rtol=0)
    assert below.get_xlabel() == "time"
    assert len(below.lines) == 1 + with_lambda
    if with_lambda:
        assert legend(below) == ["dissipation rate", "smallest eigenvalue"]
        assert_allclose(below.lines[1].get_ydata(), [0.4, 0.3], rtol=0)
