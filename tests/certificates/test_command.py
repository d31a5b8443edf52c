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

def fails():
    raise RuntimeError("out of luck")
"""


@pytest.fixture
def folder(tmp_path, rng):
    (tmp_path / "net.py").write_text(SOURCE)
    X, y = rng.standard_normal((4, 3)), rng.standard_normal((4, 1))
    arrays = {"X": X, "y": y, "nu": np.full(4, 0.25), "short": y[:2], "whole": np.ones(4, int)}
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
    done = run(folder, "make", "--json", "--nu", "none")
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
        weights="nu",
        as_json=True,
    )
    assert json.loads(text)["facts"]["total_weight"] == 1.0


@pytest.mark.parametrize(
    ("factory", "options", "message"),
    [
        ("fails", (), "fails() raised RuntimeError: out of luck"),
        ("absent", (), "it has no absent"),
        ("drops", (), "must be in evaluation mode"),
        ("make", ("--x", "Z"), "must hold the arrays Z, y"),
        ("make", ("--y", "short"), "`y` must have the shape of module(X)"),
        ("make", ("--y", "whole"), "`y` must be of a real floating type"),
    ],
)
def test_what_the_user_can_mend_ends_in_one_line_and_code_two(folder, factory, options, message):
    done = run(folder, factory, *options)
    assert done.exit_code == 2
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("Error: ") and message in line
