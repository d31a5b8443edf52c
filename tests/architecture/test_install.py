"""What is missing is said in one line with its remedy; nothing is installed twice."""

import json
from pathlib import Path

import pytest

from tools import install
from tools.install import made_from, missing, names_package_sources

ROOT = Path(__file__).resolve().parents[2]


def lack(*, version=(3, 11), modules=("venv", "ensurepip"), programs=("git",), root=ROOT):
    return missing(version, lambda name: name in modules, lambda name: name in programs, root)


def test_a_complete_machine_lacks_nothing():
    assert lack() is None


@pytest.mark.parametrize(
    ("situation", "remedy"),
    [
        ({"version": (3, 10)}, "make env PYTHON="),
        ({"modules": ("venv",)}, "sudo apt install python3-venv"),
        ({"modules": ("ensurepip",)}, "sudo apt install python3-venv"),
        ({"programs": ()}, "sudo apt install git"),
        ({"root": Path("nowhere")}, "git checkout pyproject.toml"),
    ],
)
def test_each_lack_is_one_line_with_its_remedy(situation, remedy):
    line = lack(**situation)
    assert remedy in line
    assert "\n" not in line


def project(folder, *, dependency="numpy", rule="E", pin="numpy==2.0"):
    (folder / "pyproject.toml").write_text(
        f'[build-system]\nrequires = []\n[project]\ndependencies = ["{dependency}"]\n'
        f'[tool.ruff.lint]\nselect = ["{rule}"]\n'
    )
    (folder / "constraints.txt").write_text(f"{pin}\n")
    return made_from(folder)


def test_the_environment_depends_on_requirements_and_lock_alone(tmp_path):
    first = project(tmp_path)
    assert project(tmp_path) == first
    assert project(tmp_path, rule="F") == first  # a setting of a tool installs nothing
    assert project(tmp_path, dependency="scipy") != first
    assert project(tmp_path, pin="numpy==2.1") != first


def test_an_environment_of_another_folder_is_another_one(tmp_path):
    here, there = tmp_path / "here", tmp_path / "with a space"
    here.mkdir()
    there.mkdir()
    assert project(here) != project(there)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ("", False),
        ("global.timeout='60'\nglobal.cert='x'", False),
        ("global.extra-index-url='file:///wheels'", True),
        (":env:.find-links='wheels'", True),
        ("user.index-url='https://example.org/simple'", True),
    ],
)
def test_a_machine_with_package_sources_of_its_own_keeps_them(settings, named):
    assert names_package_sources(settings) is named


@pytest.fixture
def made(tmp_path, monkeypatch):
    """An environment that is up to date; installing again is recorded, not done."""
    python, stamp = tmp_path / "python", tmp_path / ".installed"
    python.touch()
    calls = []
    monkeypatch.setattr(install, "PYTHON", python)
    monkeypatch.setattr(install, "STAMP", stamp)
    monkeypatch.setattr(install, "VENV", tmp_path)
    monkeypatch.setattr(install, "is_usable", lambda python: python.exists())
    monkeypatch.setattr(install, "install", lambda extras, **how: calls.append((extras, how)))
    monkeypatch.setattr("sys.argv", ["install.py"])
    install.main()
    calls.clear()
    return calls


def test_the_second_call_does_nothing(made):
    install.main()
    assert made == []


def test_another_extra_is_added_to_what_is_there(made, monkeypatch):
    monkeypatch.setattr("sys.argv", ["install.py", "--extras", "lab"])
    install.main()
    assert made == [(["book", "lab", "test"], {"anew": False, "torch_index": ""})]
    made.clear()
    monkeypatch.setattr("sys.argv", ["install.py"])
    install.main()
    assert made == []


def test_a_changed_lock_is_installed_over_the_old_one(made):
    stamp = json.loads(install.STAMP.read_text())
    install.STAMP.write_text(json.dumps({**stamp, "inputs": "older"}))
    install.main()
    assert made == [(["book", "test"], {"anew": False, "torch_index": ""})]


def test_a_moved_folder_makes_it_anew(made):
    stamp = json.loads(install.STAMP.read_text())
    install.STAMP.write_text(json.dumps({**stamp, "folder": "elsewhere"}))
    install.main()
    assert made == [(["book", "test"], {"anew": True, "torch_index": ""})]


def test_where_pytorch_came_from_does_not_make_it_anew(made, monkeypatch):
    monkeypatch.setattr("sys.argv", ["install.py", "--torch-index", "URL"])
    install.main()
    assert made == []


def test_another_python_counts_only_when_asked_for(made, monkeypatch):
    monkeypatch.setattr(install, "interpreter", lambda: "3.99.0 elsewhere")
    install.main()
    assert made == []
    monkeypatch.setattr("sys.argv", ["install.py", "--this-python"])
    install.main()
    assert made == [(["book", "test"], {"anew": True, "torch_index": ""})]


def test_a_failed_installation_is_not_remembered(made, monkeypatch):
    stamp = json.loads(install.STAMP.read_text())
    install.STAMP.write_text(json.dumps({**stamp, "inputs": "older"}))

    def fail(extras, **how):
        raise SystemExit("Installing failed")

    monkeypatch.setattr(install, "install", fail)
    with pytest.raises(SystemExit):
        install.main()
    assert not install.STAMP.exists()
