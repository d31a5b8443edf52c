"""A run to a dataset and a file and back, digit for digit."""

import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from companion import records
from companion.dynamics.events import LossBelow
from companion.dynamics.gradient_flow import gradient_flow
from companion.dynamics.trajectory import Trajectory


@pytest.fixture(scope="module", params=["vector", "matrix"])
def run(request):
    """A short run of one output or two, with everything recorded."""
    torch.manual_seed(0)
    layers = (nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1 if request.param == "vector" else 2))
    module = nn.Sequential(*layers).double()
    if request.param == "vector":
        module.append(nn.Flatten(0))
    X = torch.randn(4, 2, dtype=torch.float64)
    options = {"t_end": 1.0, "t_eval": [0.0, 0.5, 1.0], "keep_path": True}
    return module, gradient_flow(
        module,
        X,
        torch.ones_like(module(X)),
        record=("lambda_min", "lambda_max", "kernel_drift"),
        stop=LossBelow(1e-9),
        method="DOP853",
        **options,
    )


def assert_same(first, second):
    for field in dataclasses.fields(Trajectory):
        mine, other = getattr(first, field.name), getattr(second, field.name)
        if field.name == "parameters":
            assert list(mine) == list(other)
            for name, values in mine.items():
                np.testing.assert_array_equal(values, other[name], strict=True)
        elif mine is None or isinstance(mine, str | int):
            assert mine == other
            assert type(mine) is type(other)
        else:
            np.testing.assert_array_equal(mine, other, strict=True)


ASKED = ("lambda_min", "lambda_max", "kernel_drift", "path")
ABOUT = ("method", "method_reason", "stopped_by", "num_gradients", "num_grams")


@pytest.mark.parametrize("absent", [(), ("lambda_min",), ("path",), ASKED, ABOUT])
def test_saving_and_loading_changes_no_digit(run, absent, tmp_path):
    trajectory = dataclasses.replace(run[1], **dict.fromkeys(absent))
    trajectory.save(tmp_path / "run.nc")
    assert_same(Trajectory.load(tmp_path / "run.nc"), trajectory)


def test_what_happened_is_kept(run, tmp_path):
    about = {"method_reason": "it was there", "stopped_by": "LossBelow(value=0.5)"}
    trajectory = dataclasses.replace(run[1], **about)
    trajectory.save(tmp_path / "run.nc")
    back = Trajectory.load(tmp_path / "run.nc")
    assert_same(back, trajectory)
    assert (back.method, back.stopped_by) == ("DOP853", "LossBelow(value=0.5)")
    assert back.num_gradients > 12
    assert back.num_grams == 4


def test_runs_of_the_first_format_are_read(run, tmp_path):
    # It knew t, loss, residual, dissipation_rate, distance, nu, theta and, on demand, lambda_min
    # and path; the names of parameters stood in an attribute only.
    data = (
        run[1]
        .to_dataset()
        .drop_vars(
            [
                "distance_by_parameter",
                "neuron_distance",
                "lambda_max",
                "kernel_drift",
                "parameter",
            ],
            errors="ignore",
        )
    )
    data.attrs = {"kind": "trajectory", "parameters": data.attrs["parameters"]}
    records.save(data.assign_attrs(format_version=1), tmp_path / "old.nc")
    new = ("distance_by_parameter", "neuron_distance", "lambda_max", "kernel_drift", *ABOUT)
    expected = dataclasses.replace(run[1], **dict.fromkeys(new))
    assert_same(Trajectory.load(tmp_path / "old.nc"), expected)


def test_a_damaged_run_is_refused_by_what_is_missing(run, tmp_path):
    records.save(run[1].to_dataset().drop_vars("loss"), tmp_path / "run.nc")
    with pytest.raises(ValueError, match="must hold the record of a run; 'loss' is missing"):
        Trajectory.load(tmp_path / "run.nc")
    nameless = run[1].to_dataset()
    del nameless.attrs["parameters"]
    with pytest.raises(ValueError, match="'parameters' is missing"):
        Trajectory.from_dataset(nameless)


def test_values_without_a_number_survive(run, tmp_path):
    rate = run[1].dissipation_rate.copy()
    rate[1] = np.nan
    trajectory = dataclasses.replace(run[1], dissipation_rate=rate)
    trajectory.save(tmp_path / "run.nc")
    assert_same(Trajectory.load(tmp_path / "run.nc"), trajectory)


def test_dataset_names_every_quantity_and_its_unit(run):
    data = run[1].to_dataset()
    assert data.attrs["kind"] == "trajectory"
    for name, variable in data.variables.items():
        assert variable.attrs["long_name"], name
        assert variable.attrs["units"], name
    assert data["residual"].dims[:2] == ("t", "n")
    assert data["path"].shape == (3, sum(v.size for v in run[1].parameters.values()))


def test_parameters_are_those_of_the_record(run):
    module, trajectory = run
    for name, parameter in module.named_parameters():
        start = trajectory.parameters_at(0)[name]
        np.testing.assert_array_equal(start, parameter.detach().numpy())
        np.testing.assert_array_equal(
            trajectory.parameters_at(-1)[name], trajectory.parameters[name]
        )
    with pytest.raises(IndexError):
        trajectory.parameters_at(3)
    with pytest.raises(ValueError, match=r"Run gradient_flow\(..., keep_path=True\)"):
        dataclasses.replace(trajectory, path=None).parameters_at(0)


def test_loading_into_a_module_sets_the_trained_parameters(run):
    _, trajectory = run
    outputs = trajectory.residual.ndim - 1
    module = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, outputs)).double()
    trajectory.load_into(module)
    for name, parameter in module.named_parameters():
        np.testing.assert_array_equal(parameter.detach().numpy(), trajectory.parameters[name])


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (nn.Linear(2, 3), r"`module` must have a parameter '0.weight'; got \['bias', 'weight'\]"),
        (nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 5)), r"'2.weight' of shape"),
    ],
)
def test_a_module_that_does_not_fit_is_left_unchanged(run, module, message):
    before = [parameter.clone() for parameter in module.parameters()]
    with pytest.raises(ValueError, match=message):
        run[1].load_into(module)
    assert all(map(torch.equal, before, module.parameters()))


def test_a_file_of_another_kind_is_refused(run, tmp_path):
    data = run[1].to_dataset().assign_attrs(kind="table")
    records.save(data, tmp_path / "table.nc")
    with pytest.raises(ValueError, match="`data` must be of kind 'trajectory'; got 'table'"):
        Trajectory.load(tmp_path / "table.nc")
