"""Records come back as they were, are whole or absent, and say where they are from."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from companion import records
from companion.records import RecordError

REPOSITORY = Path(__file__).parents[1]


@pytest.fixture
def data():
    return xr.Dataset(
        {
            "double": ("t", np.array([0.1, np.nan, -np.inf, 5e-324])),
            "single": ("t", np.array([0.1, 1e-38, 3.0, np.nan], dtype=np.float32)),
            "count": ("t", np.array([1, -2, 3, 2**62])),
            "flag": ("t", np.array([True, False, True, True])),
            "name": ("t", np.array(["a", "bc", "", "\u03bb"])),
            "alone": ((), 0.5, {"long_name": "a number", "units": "1"}),
        },
        coords={"t": ("t", np.linspace(0, 1, 4), {"long_name": "time", "units": "seconds"})},
        attrs={"seed": 3},
    )


def test_values_and_labels_come_back_as_they_were(data, tmp_path):
    records.save(data, tmp_path / "a.nc")
    back = records.load(tmp_path / "a.nc")
    for name, variable in data.variables.items():
        if variable.dtype.kind == "U":
            assert list(back[name].values) == list(variable.values)
        else:
            np.testing.assert_array_equal(back[name].values, variable.values, strict=True)
        assert back[name].attrs == variable.attrs
    assert back.attrs["seed"] == 3
    assert "format_version" not in data.attrs  # the dataset in hand is not changed


def test_origin_is_written_into_the_file(data, tmp_path):
    records.save(data, tmp_path / "a.nc")
    attributes = records.load(tmp_path / "a.nc").attrs
    assert attributes["format_version"] == records.FORMAT_VERSION
    assert attributes["python_version"] == sys.version.split()[0]
    assert attributes["numpy_version"] == np.__version__
    for name in ("companion_version", "scipy_version", "torch_version", "xarray_version"):
        assert re.match(r"\d+\.\d+", attributes[name]), name
    assert attributes["threads"] >= 1
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    commit = attributes["revision"].removesuffix("+changes")
    assert commit == (head.stdout.strip() if head.returncode == 0 else "release")


def test_origin_of_the_data_is_kept_when_it_is_saved_again(data, tmp_path):
    data.attrs["revision"] = "an earlier one"
    records.save(data, tmp_path / "a.nc")
    assert records.load(tmp_path / "a.nc").attrs["revision"] == "an earlier one"


def test_a_changed_library_is_marked_as_such(tmp_path, monkeypatch):
    def git(*arguments):
        identity = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
        subprocess.run(["git", *identity, *arguments], cwd=tmp_path, check=True)

    module = tmp_path / "records.py"
    module.write_text("x = 1\n")
    monkeypatch.setattr(records, "__file__", str(module))
    git("init", "-q")
    assert records.surroundings()["revision"] == "release"  # inside a checkout, but not of it
    git("add", "records.py")
    git("commit", "-q", "-m", "first")
    commit = records.surroundings()["revision"]
    assert re.fullmatch("[0-9a-f]{40}", commit)
    module.write_text("x = 2\n")
    assert records.surroundings()["revision"] == f"{commit}+changes"


def test_without_git_the_revision_is_that_of_a_release(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert records.surroundings()["revision"] == "release"


def test_provenance_holds_the_run_and_nothing_of_the_machine():
    settings = {"width": 3, "t": [1.5]}
    origin = records.provenance(
        configuration=settings,
        seed=4,
        device="cpu",
        dtype="float64",
        wall_time=2.0,
    )
    assert json.loads(origin["configuration"]) == settings
    assert (origin["seed"], origin["device"], origin["dtype"]) == (4, "cpu", "float64")
    assert origin["wall_time_seconds"] == 2
    written = json.dumps(origin)
    assert socket.gethostname() not in written
    assert str(Path.cwd()) not in written
    assert str(Path(sys.prefix)) not in written


def test_a_file_is_replaced_only_by_a_complete_one(data, tmp_path, monkeypatch):
    path = records.save(data, tmp_path / "a.nc")
    before = path.read_bytes()

    def broken(self, path, **options):
        Path(path).write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(xr.Dataset, "to_netcdf", broken)
    with pytest.raises(RecordError, match=r"could not be written: disk full\."):
        records.save(data, path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["a.nc"]  # and nothing is left behind


KILLED = """
import os, sys, xarray, companion.records as records
replace = os.replace
def wait(*arguments):
    print("written", flush=True)
    sys.stdin.read()
os.replace = wait
records.save(xarray.Dataset({"x": 2.0}), sys.argv[1])
"""


def test_a_killed_process_leaves_the_saved_file_whole(tmp_path):
    path = records.save(xr.Dataset({"x": 1.0}), tmp_path / "a.nc")
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with process:
        assert process.stdout.readline() == b"written\n"
        os.kill(process.pid, signal.SIGKILL)
    assert records.load(path)["x"] == 1.0
    (left,) = tmp_path.glob(".a.nc.*.partial")
    # The next to save removes it, unless it is so young that someone may still write it.
    records.save(xr.Dataset({"x": 3.0}), path)
    assert left.exists()
    os.utime(left, (time.time() - 3700,) * 2)
    other = tmp_path / ".aa.nc.123.partial"
    other.touch()
    os.utime(other, (0, 0))
    records.save(xr.Dataset({"x": 3.0}), path)
    assert sorted(file.name for file in tmp_path.iterdir()) == [other.name, "a.nc"]


def test_missing_folders_are_made(tmp_path):
    path = records.save(xr.Dataset({"x": 1.0}), tmp_path / "new" / "folder" / "a.nc")
    assert records.load(path)["x"] == 1.0
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_folder_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    path = tmp_path / "file" / "a.nc"
    for attempt in (records.check_writable, lambda p: records.save(xr.Dataset({"x": 1.0}), p)):
        with pytest.raises(RecordError, match=r"must lie in a folder that can be written; got"):
            attempt(path)


def test_checking_leaves_nothing_behind(tmp_path):
    records.check_writable(tmp_path / "a.nc")
    assert list(tmp_path.iterdir()) == []


def test_values_without_a_place_in_netcdf_are_refused(tmp_path):
    data = xr.Dataset({"x": ("t", np.array([object(), None]))})
    with pytest.raises(RecordError, match="could not be written"):
        records.save(data, tmp_path / "a.nc")
    assert list(tmp_path.iterdir()) == []


def test_a_newer_file_is_refused_by_its_number(data, tmp_path):
    newer = data.assign_attrs(format_version=3, companion_version="9.9")
    records.save(newer, tmp_path / "a.nc")
    with pytest.raises(
        RecordError, match=r"at most 2; .*a.nc has 3, written by companion 9.9. Install a newer"
    ):
        records.load(tmp_path / "a.nc")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "`path` must be a file; got .*a.nc, which is not there"),
        (b"", "`path` must be a netCDF file"),
        (b"not a dataset", "`path` must be a netCDF file"),
        (b"\x89HDF\r\n\x1a\n" + bytes(50), "`path` must be a netCDF file"),
    ],
)
def test_unreadable_files_are_named(content, message, tmp_path):
    path = tmp_path / "a.nc"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RecordError, match=message):
        records.load(path)


@pytest.mark.parametrize("version", ["two", 1.5, [1, 2]])
def test_a_version_that_is_no_number_is_refused(data, version, tmp_path):
    records.save(data.assign_attrs(format_version=version), tmp_path / "a.nc")
    with pytest.raises(RecordError, match=r"a whole number as format_version; .*a.nc"):
        records.load(tmp_path / "a.nc")


@pytest.mark.parametrize("part", np.linspace(0, 1, 12, endpoint=False))
def test_a_changed_byte_is_found_wherever_it_is(data, part, tmp_path):
    path = records.save(data, tmp_path / "a.nc")
    content = bytearray(path.read_bytes())
    content[int(part * len(content))] ^= 1
    path.write_bytes(content)
    with pytest.raises(RecordError, match=r"as it was written; .*a.nc has been damaged"):
        records.load(path)


@pytest.mark.parametrize("part", [0.0, 0.3, 0.95])
def test_a_file_cut_short_is_found(data, part, tmp_path):
    path = records.save(data, tmp_path / "a.nc")
    content = path.read_bytes()
    path.write_bytes(content[: int(part * len(content))])
    with pytest.raises(RecordError, match="`path` must be a netCDF file"):
        records.load(path)


def test_the_seal_is_invisible_to_other_readers(data, tmp_path):
    path = records.save(data, tmp_path / "a.nc")
    np.testing.assert_array_equal(xr.load_dataset(path)["count"], data["count"])


def test_records_of_the_first_format_have_no_seal_and_are_read(data, tmp_path):
    data.assign_attrs(format_version=1).to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    np.testing.assert_array_equal(records.load(tmp_path / "a.nc")["count"], data["count"])


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_damage_without_a_seal_is_told_as_well(data, tmp_path):
    data.assign_attrs(format_version=1).to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    content = (tmp_path / "a.nc").read_bytes()
    noise = np.random.default_rng(0).bytes(len(content) - 200)
    (tmp_path / "a.nc").write_bytes(content[:200] + noise)
    with pytest.raises(RecordError, match="`path` must be a netCDF file"):
        records.load(tmp_path / "a.nc")


def test_a_file_of_someone_else_is_refused(data, tmp_path):
    data.to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    with pytest.raises(RecordError, match=r"a record of this library.*no attribute `format_ver"):
        records.load(tmp_path / "a.nc")
