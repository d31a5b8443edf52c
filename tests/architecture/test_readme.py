"""What the front papers promise is there: the commands, the example, one version."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAPERS = README + (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def commands(program):
    """The first words that follow a program's name in the front papers."""
    return sorted(set(re.findall(rf"(?:`|^){program} ([a-z]+)", PAPERS, flags=re.MULTILINE)))


def test_every_make_command_exists():
    targets = set(re.findall(r"(?m)^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8")))
    assert commands("make")
    assert set(commands("make")) <= targets


def test_every_companion_command_exists():
    program = Path(sys.executable).with_name("companion")
    done = subprocess.run([str(program), "--help"], capture_output=True, text=True)
    offered = set(re.findall(r"(?m)^  ([a-z]+)  ", done.stdout))
    assert commands("companion")
    assert set(commands("companion")) <= offered


def test_the_example_runs():
    (example,) = re.findall(r"(?ms)^```python\n(.*?)^```", README)
    exec(compile(example, "README.md", "exec"), {})


def test_the_version_is_one():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == project["version"]
    assert citation["license"] == project["license"]


@pytest.mark.parametrize("name", [".ci/run", "postBuild"])
def test_scripts_can_be_run(name):
    path = ROOT / name
    assert path.stat().st_mode & 0o111, f"{name} is not executable: chmod +x {name}"
    assert subprocess.run(["sh", "-n", str(path)]).returncode == 0


@pytest.mark.parametrize(
    "name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE-TEXT.md"]
)
def test_links_to_files_lead_somewhere(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (ROOT / target).exists(), target
