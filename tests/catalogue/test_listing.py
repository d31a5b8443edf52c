"""Every experiment runs at its smallest scale, saves, comes back and can be drawn."""

from importlib import import_module

import numpy as np
import pytest
import torch
import xarray as xr
from matplotlib.figure import Figure
from torch import nn

from companion import records
from companion.catalogue import CATALOGUE, draw, drawing, entry
from companion.dynamics.gradient_flow import gradient_flow


@pytest.fixture(scope="module")
def trajectory():
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)).double()
    return gradient_flow(module, np.eye(2), np.ones((2, 1)), t_end=1.0, t_eval=[0.0, 0.1, 1.0])


def test_an_experiment_is_found_under_its_name():
    for name, item in CATALOGUE.items():
        module = import_module(f"companion.experiments.{name}")
        assert module.EXPERIMENT is item.experiment


def test_trajectories_are_drawn_from_memory_and_from_a_file(trajectory, tmp_path):
    assert isinstance(draw(trajectory), Figure)
    trajectory.save(tmp_path / "run.nc")
    assert isinstance(draw(records.load(tmp_path / "run.nc")), Figure)


def test_unknown_names_offer_the_nearest():
    with pytest.raises(ValueError, match=r"nearest: two_layer_flow.loss_identity"):
        entry("two_layer_flow.los_identity")


def test_data_of_no_known_kind_are_refused():
    with pytest.raises(ValueError, match=r"must carry the attribute `experiment`.*\['a'\]"):
        draw(xr.Dataset(attrs={"a": 1}))
    with pytest.raises(ValueError, match="`experiment` must be in the catalogue"):
        drawing(xr.Dataset(attrs={"experiment": "gone.gone"}))
