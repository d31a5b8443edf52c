"""Losses beside claims: the drawn numbers are those of the data."""

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose

from companion.figures.decay import (
    draw_decay_by_target,
    draw_loss_floor,
    draw_rate_by_dimension,
)
from companion.figures.tables import figure_table, publish


def labelled(dims, values, long_name):
    return (dims, values, {"long_name": long_name, "units": "1"})


@pytest.fixture
def floor(rng):
    dims, t = ("width", "draw", "t"), np.arange(4.0)
    excess = np.exp(-t - rng.random((2, 3, 4)))
    return xr.Dataset(
        {
            "loss": labelled(dims, 0.5 + excess, "loss"),
            "excess": labelled(dims, excess, "loss minus 1/2"),
            "shifted_loss": labelled(("draw", "t"), excess[1], "shifted"),
            "claimed_loss": labelled("t", np.exp(-t), "claimed"),
        },
        coords={"width": [10, 100], "t": labelled("t", t, "time")},
    )


@pytest.fixture
def targets(rng):
    dims, t = ("target", "num_samples", "draw", "t"), np.arange(5.0)
    losses = {
        name: labelled(dims, np.exp(-rng.random((2, 2, 3, 5)).cumsum(axis=-1)), name)
        for name in ("kernel_loss", "network_loss")
    }
    # As in the data: every claim starts at the loss of its own network.
    start = losses["network_loss"][1][..., :1]
    losses["claimed_loss"] = labelled(dims, start * np.exp(-0.1 * t), "claimed")
    coords = {"target": ["even", "odd"], "num_samples": [10, 20], "t": labelled("t", t, "time")}
    return xr.Dataset(losses, coords=coords)


def test_floor_shows_every_run_and_names_the_widths_once(floor):
    above, below = draw_loss_floor(floor).axes
    assert len(above.lines) == 2 * 3 + 2 and len(below.lines) == 2 * 3
    assert_allclose(above.lines[4].get_ydata(), floor["loss"].isel(width=1, draw=1))
    assert_allclose(below.lines[2].get_ydata(), floor["excess"].isel(width=0, draw=2))
    assert_allclose(above.lines[6].get_ydata(), floor["shifted_loss"].mean("draw"))
    texts = [text.get_text() for text in above.get_legend().get_texts()]
    assert texts == ["width 10", "width 100", "shifted sigmoid, mean", "claimed"]
    assert above.get_yscale() == below.get_yscale() == "log"


def test_decay_draws_geometric_means_of_the_largest_sample(targets):
    above, below = draw_decay_by_target(targets).axes
    for axes, name in ((above, "kernel_loss"), (below, "network_loss")):
        values = targets[name].isel(target=1, num_samples=1).values
        mean = np.exp(np.log(values).mean(axis=0))
        assert_allclose(axes.lines[1].get_ydata(), mean, rtol=1e-13)
        error = 2 * np.log(values).std(axis=0, ddof=1) / np.sqrt(3)
        corners = axes.collections[1].get_paths()[0].vertices[:, 1]
        assert_allclose(corners.max(), (mean * np.exp(error)).max(), rtol=1e-13)
        assert_allclose(corners.min(), (mean * np.exp(-error)).min(), rtol=1e-13)


def test_claim_starts_at_the_largest_initial_loss(targets):
    claim = draw_decay_by_target(targets).axes[0].lines[-1]
    start = targets["network_loss"].isel(num_samples=1, t=0).max().item()
    assert_allclose(claim.get_ydata(), start * np.exp(-0.1 * np.arange(5.0)), rtol=1e-13)


def test_decay_takes_one_sample_size_too(targets):
    chosen = targets.sel(num_samples=10)
    drawn = draw_decay_by_target(chosen).axes[0].lines[0].get_ydata()
    mean = np.exp(np.log(chosen["kernel_loss"].isel(target=0)).mean("draw"))
    assert_allclose(drawn, mean, rtol=1e-13)


def test_rates_are_means_with_two_standard_errors(rng):
    rates = rng.random((3, 4)) + 1
    data = xr.Dataset(
        {
            "network_rate": labelled(("input_dim", "draw"), rates, "rate"),
            "sphere_rate": labelled("input_dim", [3.0, 2.0, 1.0], "rate"),
            "claimed_rate": labelled("input_dim", [4.0, 4.0, 4.0], "rate"),
        },
        coords={"input_dim": labelled("input_dim", [3, 10, 30], "dimension d")},
    )
    figure = draw_rate_by_dimension(data)
    (bars,) = figure.axes[0].containers
    assert_allclose(bars.lines[0].get_ydata(), rates.mean(axis=1))
    ends = bars.lines[2][0].get_segments()[1][:, 1]
    assert_allclose(np.ptp(ends), 4 * rates[1].std(ddof=1) / 2, rtol=1e-12)
    rows = figure_table(figure).splitlines()
    assert len(rows) == 1 + 9 and rows[0].startswith("series,dimension d,rate of the loss")


def test_all_can_be_published(floor, targets):
    assert publish(draw_loss_floor(floor))._repr_png_()
    assert publish(draw_decay_by_target(targets))._repr_png_()


def test_one_draw_has_no_standard_error(targets):
    with pytest.raises(ValueError, match="`data` must hold at least two draws; got 1"):
        draw_decay_by_target(targets.isel(draw=[0]))
    rates = xr.Dataset({"network_rate": (("input_dim", "draw"), np.ones((2, 1)))})
    with pytest.raises(ValueError, match="`data` must hold at least two draws; got 1"):
        draw_rate_by_dimension(rates)
