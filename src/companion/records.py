"""Labelled datasets to netCDF files and back: whole or not at all, and with their origin."""

import glob
import hashlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from importlib import metadata
from numbers import Integral
from pathlib import Path

import xarray as xr

FORMAT_VERSION = 2  # 2 has a seal
SEAL = b"companion sha256"  # ends the file, with the digest of all before it behind it
ABANDONED = 3600.0  # seconds after which nobody is still writing
DISTRIBUTION = "gradient-flow-companion"
_LIBRARIES = ("numpy", "scipy", "torch", "xarray")


class RecordError(ValueError):
    """A file that cannot be read or written as a record."""


def save(data: xr.Dataset, path: str | Path) -> Path:
    """Write a dataset to a netCDF file, whole or not at all.

    Parameters
    ----------
    data
        The dataset. Missing attributes of origin (versions, revision, threads) are added in the
        file; the dataset itself is not changed.
    path
        The file; missing folders are made. An existing file is replaced once the new one is
        complete on the disk.

    Returns
    -------
    The path.

    Raises
    ------
    RecordError
        If the folder cannot be made or written, or a value has no place in a netCDF file.

    Notes
    -----
    A process that is killed while it writes leaves a hidden ``.partial`` file; those of the same
    target that are an hour old are removed. Behind the netCDF data stands their digest, which
    readers of netCDF do not see.
    """
    path = Path(path)
    origin = {"format_version": FORMAT_VERSION, **surroundings()}
    complete = data.assign_attrs({**origin, **data.attrs})
    # Without this xarray adds fill values, and a file would not come back as it was.
    encoding = {name: {"_FillValue": None} for name in complete.variables}
    partial = _partial_file(path)
    try:
        complete.to_netcdf(partial, engine="h5netcdf", encoding=encoding)
        _seal(partial)
        _flush(partial)
        os.replace(partial, path)
        _flush(path.parent)
        _remove_abandoned(path)
    except (TypeError, ValueError, OSError) as error:
        raise RecordError(f"`path` {path} could not be written: {_first_line(error)}.") from error
    finally:
        partial.unlink(missing_ok=True)
    return path


def load(path: str | Path) -> xr.Dataset:
    """Read a dataset written by :func:`save`.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    The dataset, in memory; the file is closed.

    Raises
    ------
    RecordError
        If there is no such file, it is not a record, it is damaged, or a newer version of this
        library wrote it.
    """
    path = Path(path)
    if not path.is_file():
        raise RecordError(f"`path` must be a file; got {path}, which is not there.")
    _check_seal(path)
    try:
        data = xr.load_dataset(path, engine="h5netcdf", decode_times=False, mask_and_scale=False)
    except Exception as error:  # of a damaged file the library below raises anything
        raise RecordError(
            f"`path` must be a netCDF file; {path} cannot be read as one ({_first_line(error)})."
        ) from error
    version = data.attrs.get("format_version")
    if version is None:
        raise RecordError(
            f"`path` must be a record of this library; {path} has no attribute `format_version`."
        )
    if not isinstance(version, Integral):
        raise RecordError(
            f"`path` must have a whole number as format_version; {path} has {version!r}."
        )
    if int(version) > FORMAT_VERSION:
        raise RecordError(
            f"`path` must have format_version at most {FORMAT_VERSION}; "
            f"{path} has {int(version)}, written by companion "
            f"{data.attrs.get('companion_version', 'unknown')}. "
            "Install a newer version of companion."
        )
    return data


def check_writable(path: str | Path) -> None:
    """Refuse a file that could not be saved, before hours are spent on what is to be in it.

    Parameters
    ----------
    path
        The file; missing folders are made.

    Raises
    ------
    RecordError
        If the folder cannot be made or written.
    """
    _partial_file(Path(path)).unlink()


def provenance(
    *,
    configuration: Mapping[str, object],
    seed: int,
    device: str,
    dtype: str,
    wall_time: float,
) -> dict[str, str | int | float]:
    """Attributes that say how a dataset was made.

    Parameters
    ----------
    configuration
        All settings by name; written as JSON.
    seed
        The seed of all randomness.
    device
        Where it was computed, ``"cpu"`` or ``"cuda"``.
    dtype
        The type of the numbers that were computed with.
    wall_time
        Seconds it took.

    Returns
    -------
    These, and what :func:`surroundings` finds. No path of the machine and no name of it.
    """
    return {
        "configuration": json.dumps(dict(configuration), sort_keys=True),
        "seed": seed,
        "device": device,
        "dtype": dtype,
        "wall_time_seconds": round(wall_time, 3),
        **surroundings(),
    }


def surroundings() -> dict[str, str | int]:
    """Versions, revision and threads of the running process.

    Returns
    -------
    Attributes that a netCDF file can hold. ``revision`` is the commit of the checkout the library
    runs from, with ``+changes`` behind it if files of the library differ from it, and
    ``"release"`` outside of a checkout.
    """
    versions = {f"{name}_version": metadata.version(name) for name in _LIBRARIES}
    return {
        "companion_version": metadata.version(DISTRIBUTION),
        "revision": _revision(),
        "python_version": platform.python_version(),
        **versions,
        "threads": _threads(),
    }


def _revision() -> str:
    folder = Path(__file__).parent
    # Only a checkout that tracks this very file is the library's own: an environment may lie in
    # the checkout of some other project.
    if _git(folder, "ls-files", "--error-unmatch", Path(__file__).name) is None:
        return "release"
    commit = _git(folder, "rev-parse", "HEAD")
    changed = _git(folder, "status", "--porcelain", "--", ".")
    return f"{commit}+changes" if changed else str(commit)


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        answer = subprocess.run(
            ["git", *arguments], cwd=folder, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return answer.stdout.strip()


def _threads() -> int:
    torch = sys.modules.get("torch")  # whoever computed with it has imported it
    if torch is not None:
        return int(torch.get_num_threads())
    return int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1)


def _partial_file(path: Path) -> Path:
    # In the same folder: a file can be renamed in one stroke only within a file system.
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(
            dir=path.parent, prefix=f".{path.name}.", suffix=".partial"
        )
    except OSError as error:
        raise RecordError(
            f"`path` must lie in a folder that can be written; got {path} "
            f"({error.strerror or error}). Choose another folder."
        ) from error
    os.fchmod(descriptor, 0o644)
    os.close(descriptor)
    return Path(name)


def _remove_abandoned(path: Path) -> None:
    for partial in path.parent.glob(f".{glob.escape(path.name)}.*.partial"):
        try:
            if time.time() - partial.stat().st_mtime > ABANDONED:
                partial.unlink()
        except OSError:  # someone else removed it, or it is not ours to remove
            continue


def _seal(path: Path) -> None:
    digest = hashlib.sha256(path.read_bytes()).digest()
    with path.open("ab") as file:
        file.write(SEAL + digest)


def _check_seal(path: Path) -> None:
    # Files without a seal are of format 1 or of someone else; what they are is seen on reading.
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RecordError(
            f"`path` must be a file that can be read; got {path} ({error.strerror})."
        ) from error
    body, found, digest = content.rpartition(SEAL)
    if found and len(digest) == 32 and hashlib.sha256(body).digest() != digest:
        raise RecordError(
            f"`path` must be as it was written; {path} has been damaged since. Make it anew."
        )


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
