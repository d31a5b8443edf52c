"""The contract of an experiment, and what is written into its dataset."""

import io
import json
import sys
from dataclasses import asdict, dataclass

import pytest
import torch
import xarray as xr

from companion.experiments.base import Experiment, check_device, execute, with_bar

LABELS = {"long_name": "a quantity", "units": "1"}


@dataclass(frozen=True)
class Config:
    width: int = 3
    sizes: tuple[int, ...] = (1, 2)
    device: str = "cpu"
    seed: int = 7


@dataclass
class Melting:
    seed: int = 0


@dataclass(frozen=True)
class Unseeded:
    width: int = 0


def run(config):
    return xr.Dataset(
        {"y": ("x", [float(config.width)] * 2, LABELS)}, coords={"x": ("x", [0, 1], LABELS)}
    )


def experiment(run=run, **scales):
    every = {"smoke": Config(1), "book": Config(2), "document": Config(3), **scales}
    return Experiment(name="slug.name", summary="a summary", scales=every, run=run)


def test_dataset_says_how_it_was_made():
    data = execute(experiment(), Config(5))
    assert data["y"].values.tolist() == [5, 5]
    attributes = data.attrs
    assert attributes["experiment"] == "slug.name"
    assert attributes["summary"] == "a summary"
    assert json.loads(attributes["configuration"]) == {**asdict(Config(5)), "sizes": [1, 2]}
    assert attributes["seed"] == 7
    assert attributes["device"] == "cpu"
    assert attributes["dtype"] == "float64"
    assert 0 <= attributes["wall_time_seconds"] < 60
    assert {"revision", "threads", "numpy_version", "companion_version"} <= set(attributes)


@pytest.mark.parametrize("name", ["y", "x"])
@pytest.mark.parametrize("label", ["long_name", "units"])
def test_unlabelled_variables_are_refused(name, label):
    def unlabelled(config):
        data = run(config)
        del data[name].attrs[label]
        return data

    with pytest.raises(ValueError, match=f"must label every variable; {name} has no {label}"):
        execute(experiment(unlabelled), Config())


def test_a_configuration_of_another_kind_is_refused():
    with pytest.raises(TypeError, match=r"`config` must be a Config for slug.name; got Unseeded"):
        execute(experiment(), Unseeded())


@pytest.mark.parametrize(
    ("scales", "message"),
    [
        ({"huge": Config()}, "must have the keys smoke, book, document; got.*huge"),
        ({"book": Unseeded()}, "instances of one frozen dataclass"),
        (dict.fromkeys(("smoke", "book", "document"), Melting()), "one frozen dataclass.*Melting"),
        (dict.fromkeys(("smoke", "book", "document"), Unseeded()), "configurations with a seed"),
        (dict.fromkeys(("smoke", "book", "document"), 3), "one frozen dataclass.*int"),
    ],
)
def test_scales_must_be_three_frozen_configurations_with_a_seed(scales, message):
    with pytest.raises(ValueError, match=message):
        experiment(**scales)


def test_a_missing_device_is_refused_before_the_run(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    never = experiment(lambda config: pytest.fail("it ran"))
    with pytest.raises(ValueError, match="`device` must be available; got cuda"):
        execute(never, Config(device="cuda"))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    check_device(Config(device="cuda"))


def test_bar_is_shown_on_a_terminal_only(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    for stream, shown in ((io.StringIO(), False), (Terminal(), True)):
        monkeypatch.setattr(sys, "stderr", stream)
        assert list(with_bar(range(3), "runs")) == [0, 1, 2]
        assert ("runs" in stream.getvalue()) is shown
