"""No tracked file names a folder of the machine it was written on."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Homes, temporary folders and working folders at the root of a file system; a path inside an
# address or another path has a word before it.
FOLDERS = ("root", "work", "farm", "tmp", "private", r"home/\w+", r"Users/\w+")
MACHINE = re.compile(rf"(?<![\w.~}}-])/(?:{'|'.join(FOLDERS)})/[\w.-]+")


def machine_paths(text):
    return [match[0] for match in MACHINE.finditer(text)]


def test_tracked_files_name_no_machine(none_of):
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("this copy of the project is not a git repository")
    problems = []
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        if not path.is_file():
            continue
        text = path.read_bytes().decode("utf-8", errors="ignore")
        problems += [f"{name}: {found}" for found in machine_paths(text)]
    none_of(problems)


@pytest.mark.parametrize("folder", ["root", "work", "tmp", "home/me", "Users/me"])
@pytest.mark.parametrize("text", ["see {}/x.py", '"{}/book"', "({}/a_1/2.py)", "file://{}/x"])
def test_a_planted_path_is_found(text, folder):
    assert machine_paths(text.format(f"/{folder}"))


@pytest.mark.parametrize(
    "text", ["https://example.org{}/x", "src{}/x.py", "~{}/x", "/usr/bin/env"]
)
def test_other_paths_are_left_alone(text):
    assert not machine_paths(text.format("/work"))
