"""The command `companion certify`: what it prints, and what it refuses with exit code 2."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from companion.certificates.certify import certify
from companion.certificates.command import certify_report
from companion.certificates.loading import load_module
from companion.cli import app

SOURCE = """
import torch
from torch import nn

def make():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1)).double()

def drops():
    return nn.Sequential(nn.Linear(3, 1), nn.Dropout()).double()

def prints():
    print("made")
    module = make()
    module[1].register_forward_pre_hook(lambda *_: print("called"))
    return module

def fails():
    raise RuntimeError("out of luck")
"""


@pytest.fixture
def folder(tmp_path, rng):
    (tmp_path / "net.py").write_text(SOURCE)
    X, y = rng.standard_normal((4, 3)), rng.standard_normal((4, 1))
    arrays = {
        "X": X,
        "y": y,
        "nu": np.full(4, 0.25),
        "short": y[:2],
        "whole": np.ones(4, int),
        "text": np.array(["a"]),
    }
    np.savez(tmp_path / "data.npz", **arrays)
    return tmp_path


def run(folder, factory, *options):
    return CliRunner().invoke(
        app, ["certify", f"{folder}/net.py:{factory}", "--data", f"{folder}/data.npz", *options]
    )


def test_prints_the_certificate(folder):
    done = run(folder, "make")
    assert done.exit_code == 0, done.output
    assert "fully connected with two layers, widths 3-8-1" in done.output
    assert "LW-Thm10" in done.output


def test_json_is_that_of_the_front_door(folder):
    with np.load(folder / "data.npz") as data:
        np.savez(folder / "data.npz", X=data["X"], y=data["y"])
    done = run(folder, "make", "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.output)
    with np.load(folder / "data.npz") as data:
        direct = certify(load_module(f"{folder}/net.py:make"), data["X"], data["y"]).to_dict()
    assert found.pop("seconds") > 0 and direct.pop("seconds") > 0
    assert found == direct


def test_weights_are_taken_if_they_are_there(folder):
    text = certify_report(
        f"{folder}/net.py:make",
        folder / "data.npz",
        inputs="X",
        targets="y",
        weights=None,
        as_json=True,
    )
    assert json.loads(text)["facts"]["total_weight"] == 1.0


def test_json_is_alone_on_the_output_where_a_factory_prints(folder):
    done = run(folder, "prints", "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["schema"] == 1
    assert "made" in done.stderr and "called" in done.stderr


def test_equal_points_are_told_in_the_certificate_alone(folder, rng):
    X = np.tile(rng.standard_normal((1, 3)), (2, 1))
    np.savez(folder / "data.npz", X=X, y=np.zeros((2, 1)))
    done = run(folder, "make")
    assert done.exit_code == 0 and not done.stderr
    assert "points 0 and 1 are equal, so the kernel is singular" in done.stdout


@pytest.mark.parametrize(
    ("factory", "options", "message"),
    [
        ("fails", (), "fails() raised RuntimeError: out of luck"),
        ("absent", (), "it has no absent"),
        ("drops", (), "must be in evaluation mode"),
        ("make", ("--x", "Z"), "must hold the arrays Z, y"),
        ("make", ("--nu", "weight"), "must hold the arrays X, y, weight"),
        ("make", ("--y", "text"), "text in"),
        ("make", ("--data", "/dev/zero"), "/dev/zero is a device"),
        ("make", ("--data", "a" * 5000), "File name too long"),
        ("make", ("--y", "short"), "`y` must have the shape of module(X)"),
        ("make", ("--y", "whole"), "`y` must be of a real floating type"),
    ],
)
def test_what_the_user_can_mend_ends_in_one_line_and_code_two(folder, factory, options, message):
    done = run(folder, factory, *options)
    assert done.exit_code == 2
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("Error: ") and message in line
