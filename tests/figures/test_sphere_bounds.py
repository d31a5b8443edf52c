"""Bounds on the sphere: what is drawn is what is in the dataset."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose

from companion.figures.sphere_bounds import (
    draw_infinite_width,
    draw_plateaus,
    draw_theorem_bound,
)


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


def test_plateaus_are_lines_and_marks(rng):
    data = xr.Dataset(
        {name: (("case", "displacement"), rng.random((2, 5))) for name in ("bound", "attained")},
        coords={"case": ["a", "b"], "displacement": np.geomspace(1e-6, 1e-2, 5)},
    )
    axes = draw_plateaus(data).axes[0]
    assert [line.get_linestyle() == "None" for line in axes.lines] == [False, True] * 2
    for line, values in zip(axes.lines[::2], data["bound"].values, strict=True):
        assert_allclose(line.get_ydata(), values)
    for line, values in zip(axes.lines[1::2], data["attained"].values, strict=True):
        assert_allclose(line.get_ydata(), values)
    assert axes.get_xscale() == axes.get_yscale() == "log"


def test_the_bound_is_drawn_for_every_width(rng):
    data = xr.Dataset(
        {
            "theorem": (("input_dim", "log_width", "t"), rng.random((2, 8, 4))),
            "infinite": (("input_dim", "t"), rng.random((2, 4)), {"long_name": "limit"}),
        },
        coords={
            "input_dim": [2, 3],
            "log_width": list(range(2, 18, 2)),
            "t": ("t", np.geomspace(1, 10, 4), {"long_name": "flow time"}),
        },
    )
    axes = draw_theorem_bound(data).axes[0]
    assert len(axes.lines) == 9
    assert_allclose(axes.lines[7].get_ydata(), data["theorem"].values[0, 7])
    assert_allclose(axes.lines[8].get_ydata(), data["infinite"].values[0])
    assert axes.lines[0].get_label() == "width 1e2"


@pytest.mark.parametrize("select", [False, True])
def test_decay_with_its_power_and_a_polynomial(select):
    t = np.geomspace(1, 1e4, 9)
    data = xr.Dataset(
        {
            "ball": (
                ("input_dim", "smoothness", "step"),
                np.stack([[2 * t**-0.25, t**-0.5], [t**-0.1, t**-0.2]]),
            ),
            "polynomial": (("input_dim", "step"), np.exp(-t[None] * [[1.0], [2.0]])),
            "t": (("input_dim", "step"), np.stack([t, t])),
            "predicted_power": (("input_dim", "smoothness"), [[-0.25, -0.5], [-0.1, -0.2]]),
        },
        coords={"input_dim": [2, 3], "smoothness": [0.5, 1.0]},
    )
    chosen = data.sel(input_dim=3) if select else data
    axes = draw_infinite_width(chosen).axes[0]
    ball = data["ball"].values[int(select)]
    # Exact powers: curve and dotted line coincide.
    for k in (0, 1):
        assert_allclose(axes.lines[2 * k].get_ydata(), ball[k])
        assert_allclose(axes.lines[2 * k + 1].get_ydata(), ball[k], rtol=1e-12)
    # The polynomial is cut at 0.3 of the least of the others.
    assert (axes.lines[4].get_ydata() > 0.3 * ball.min()).all()
    assert len(axes.lines[4].get_ydata()) < 9
