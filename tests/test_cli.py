"""The command line: what it prints, where it saves, and one line for every mistake."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import xarray as xr
from typer.testing import CliRunner

from companion import catalogue, cli, records
from companion.experiments.base import Experiment

NAME = "two_layer_flow.loss_identity"
LABELS = {"long_name": "a quantity", "units": "1"}


@dataclass(frozen=True)
class Config:
    width: int = 2
    seed: int = 0


def run_small(config):
    if config.width < 1:
        raise ValueError(f"`width` must be at least 1; got {config.width}.")
    if config.width == 13:
        raise ValueError("shapes (3,) and (2,) do not fit")
    return xr.Dataset({"y": ((), float(config.width), LABELS)})


@pytest.fixture
def small(monkeypatch):
    """An experiment that takes no time, so that only the command line is tested."""
    scales = {"smoke": Config(1), "book": Config(2), "document": Config(3)}
    item = Experiment(name="small.one", summary="one number", scales=scales, run=run_small)
    entry = catalogue.Entry(item, catalogue.CATALOGUE[NAME].draw)
    monkeypatch.setitem(catalogue.CATALOGUE, "small.one", entry)


def invoke(*arguments):
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments])


def program(*arguments, **options):
    path = Path(sys.executable).with_name("companion")
    command = [str(part) for part in (path, *arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


# What it does ------------------------------------------------------------------------------


def test_list_names_every_experiment():
    lines = invoke("list").stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(catalogue.CATALOGUE)
    rows = json.loads(invoke("list", "--json").stdout)
    assert [row["experiment"] for row in rows] == list(catalogue.CATALOGUE)
    assert all(row["summary"] for row in rows)


def test_run_says_where_it_saved_and_what_it_found(small, tmp_path):
    result = invoke("run", "small.one", "--set", "width=5", "--seed", 3, "--out", tmp_path)
    assert result.exit_code == 0
    where, found = result.stdout.splitlines()
    assert found == "y 5"
    data = records.load(where)
    assert data.attrs["seed"] == 3
    assert json.loads(data.attrs["configuration"]) == {"seed": 3, "width": 5}
    assert data.attrs["experiment"] == "small.one"


@pytest.mark.parametrize(("scale", "width"), [("smoke", 1), ("book", 2), ("document", 3)])
def test_scales_choose_the_configuration(small, tmp_path, scale, width):
    answer = invoke("run", "small.one", "--scale", scale, "--out", tmp_path, "--json")
    read = json.loads(answer.stdout)
    assert read["configuration"] == {"seed": 0, "width": width}
    assert read["ranges"] == {"y": [width, width]}
    assert read["experiment"] == "small.one"
    assert float(records.load(read["file"])["y"]) == width


def test_each_configuration_has_its_own_file(small, tmp_path):
    for width in (4, 5, 4):
        invoke("run", "small.one", "--set", f"width={width}", "--out", tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


def test_default_folder_is_runs(small, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    where = invoke("run", "small.one").stdout.splitlines()[0]
    assert Path(where).parent == Path("runs")
    assert (tmp_path / where).is_file()


def test_help_and_version():
    assert invoke().stdout == invoke("--help").stdout
    assert "run" in invoke("--help").stdout
    assert invoke("--version").stdout.strip() == cli.__version__
    assert "--set" in invoke("run", "--help").stdout


def test_the_program_runs_and_draws_a_real_experiment(tmp_path):
    ran = program("run", NAME, "--scale", "smoke", "--set", "t_end=2.0", cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr == ""  # no bar where there is no terminal
    where, found = ran.stdout.splitlines()
    assert found.startswith("loss 0.")
    drawn = program("draw", where, cwd=tmp_path)
    assert drawn.returncode == 0, drawn.stderr
    picture = tmp_path / drawn.stdout.strip()
    assert picture == (tmp_path / where).with_suffix(".png")
    assert picture.read_bytes().startswith(b"\x89PNG")
    elsewhere = program("draw", where, "--out", "new/picture.png", cwd=tmp_path)
    assert elsewhere.stdout.strip() == "new/picture.png"
    assert (tmp_path / "new" / "picture.png").is_file()


# What it refuses ---------------------------------------------------------------------------

MISTAKES = [
    (["lst"], "No such command 'lst'"),
    (["list", "--jsn"], "No such option: --jsn"),
    (["run"], "Missing argument"),
    (["run", "small.on"], "`experiment` must be in the catalogue; got 'small.on', nearest: small"),
    (["run", "small.one", "--scale", "big"], "'big' is not one of"),
    (["run", "small.one", "--set", "widht=3"], "`widht` must be a field"),
    (["run", "small.one", "--set", "width=x"], "`width` must be an integer; got 'x'"),
    (["run", "small.one", "--set", "width"], "must have the form field=value"),
    (["run", "small.one", "--set", "width=0"], "`width` must be at least 1; got 0."),
    (["run", "small.one", "--seed", "-1"], "'--seed'"),
    (["run", "small.one", "--seed", "x"], "'--seed'"),
    (["run", "small.one", "--device", "cuda"], "`device` cannot be chosen for this experiment"),
    (["run", "small.one", "--device", "tpu"], "'tpu' is not one of"),
    (["run", "small.one", "--out", "FILE/x"], "must lie in a folder that can be written"),
    (["draw"], "Missing argument"),
    (["draw", "absent.nc"], "`path` must be a file; got absent.nc"),
    (["draw", "FILE"], "`path` must be a netCDF file"),
    (["draw", "FOREIGN"], "must carry the attribute `experiment`"),
    (["draw", "DATA", "--out", "FILE/x.png"], "must lie in a folder that can be written"),
    (["draw", "DATA", "--out", "picture.xyz"], "`out` must end in .png, .pdf, .svg; got picture"),
    (["draw", "DATA", "--out", "picture"], "`out` must end in .png"),
    (["draw", "DATA", "--out", "."], "`out` must name a picture; got the folder"),
    (["draw", "."], "`file` must be a dataset; got the folder"),
    (["draw", "LACKING"], "`file` must have the variables of its experiment; LACKING lacks"),
    (["draw", "DAMAGED"], "DAMAGED"),
    (["run", "small.one", "--set", "width="], "`width` must be an integer"),
    (["claims", "LL-nowhere"], "`id` must name a row"),
]


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Files to get wrong, in the current folder."""
    monkeypatch.chdir(tmp_path)
    Path("FILE").write_text("text")
    records.save(xr.Dataset({"y": 1.0}), "FOREIGN")
    data = xr.Dataset(
        {name: ("t", [1.0, 2.0], LABELS) for name in ("decay_difference", "decay_outer")},
        coords={"t": ("t", [1.0, 2.0], LABELS)},
        attrs={"experiment": NAME},
    )
    records.save(data, "LACKING")
    records.save(data.assign(decay_inner=data.decay_outer), "DATA")
    whole = Path("DATA").read_bytes()
    Path("DAMAGED").write_bytes(whole[: len(whole) // 2])


@pytest.mark.parametrize(
    ("arguments", "message"), MISTAKES, ids=[" ".join(arguments) for arguments, _ in MISTAKES]
)
def test_every_mistake_is_one_line_and_code_two(small, files, arguments, message):
    result = invoke(*arguments)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert result.stderr.startswith("Error: ")
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "two_layer_flow.nothing"],
        ["run", NAME, "--set", "width=0", "--scale", "smoke", "--out", "here"],
        ["run", NAME, "--set", "t_end=nan", "--scale", "smoke", "--out", "here"],
        ["run", NAME, "--out", "/dev/null/here"],
        ["draw", "/dev/null"],
        ["--colour"],
    ],
    ids=" ".join,
)
def test_the_program_shows_no_traceback_for_a_mistake(arguments, tmp_path):
    done = program(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("Error: ")
    assert done.stderr.count("\n") == 1


def test_a_value_that_breaks_the_run_is_named_and_nothing_is_saved(small, tmp_path):
    result = invoke("run", "small.one", "--set", "width=13", "--out", tmp_path)
    assert result.exit_code == 2
    assert "the settings width=13 were refused: ValueError: shapes (3,)" in result.stderr
    assert result.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_refusal_without_a_changed_setting_is_a_fault_of_the_library(
    small, tmp_path, monkeypatch
):
    scales = {name: Config(0) for name in ("smoke", "book", "document")}
    broken = Experiment(name="small.one", summary="broken", scales=scales, run=run_small)
    entry = catalogue.Entry(broken, catalogue.CATALOGUE[NAME].draw)
    monkeypatch.setitem(catalogue.CATALOGUE, "small.one", entry)
    result = invoke("run", "small.one", "--out", tmp_path)
    assert isinstance(result.exception, ValueError)
