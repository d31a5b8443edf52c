"""The import contract of pyproject.toml holds, and would notice each way of breaking it."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CHECK = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())"

# Where an import is planted, what it imports, and the contract that must name it.
PLANTED = [
    ("numerics", "companion.cli", "Imports point downwards"),
    ("experiments", "companion.figures", "Imports point downwards"),
    ("kernels", "companion.networks", "Imports point downwards"),
    ("tangent", "companion.claims", "What a document says"),
    ("dynamics", "companion.claims", "What a document says"),
    ("spaces", "matplotlib.pyplot", "Only figures draw"),
    ("numerics", "torch", "Tensors stay where networks are"),
    ("figures", "companion.kernels", "Figures see datasets"),
]


def report(folder):
    """Exit status and text of the check, in a folder with its own copy of the library."""
    done = subprocess.run(
        [sys.executable, "-c", CHECK],
        cwd=folder,
        env={"PYTHONPATH": str(folder / "src"), "COLUMNS": "200"},
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def copy(tmp_path):
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(
        ROOT / "src" / "companion",
        tmp_path / "src" / "companion",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    return tmp_path


def test_the_contract_holds():
    status, text = report(ROOT)
    if status:
        pytest.fail(text, pytrace=False)


def test_every_planted_import_is_named(copy):
    library = copy / "src" / "companion"
    for number, (room, target, _) in enumerate(PLANTED):
        (library / room / f"planted_{number}.py").write_text(f"import {target}\n")
    status, text = report(copy)
    assert status == 1
    headed = re.split(r"(?m)^(.+)\n-+$", text.partition("Broken contracts")[2])
    sections = dict(zip(headed[1::2], headed[2::2], strict=True))
    for number, (room, target, contract) in enumerate(PLANTED):
        told = "".join(body for name, body in sections.items() if name.startswith(contract))
        assert f"companion.{room}.planted_{number}" in told, (room, target, contract, text)


def test_a_new_room_must_be_given_its_place(copy):
    (copy / "src" / "companion" / "attic.py").write_text('"""Not in the house."""\n')
    status, text = report(copy)
    assert status == 1
    assert "attic" in text
