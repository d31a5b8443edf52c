"""Module and data of a user, named on the command line."""

import importlib.util
import sys
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from jaxtyping import Shaped
from numpy.lib.npyio import NpzFile
from torch import nn

_LOADED_AS = "companion_user_module"
_LONGEST = 200  # characters of a path that a message repeats


def load_module(address: str) -> nn.Module:
    """The module that a function in a file makes.

    Parameters
    ----------
    address
        ``FILE.py:FACTORY``; the factory is called without arguments.

    Returns
    -------
    What the factory returns.

    Raises
    ------
    ValueError
        If the address is not of this form, the file cannot be read or run, it has no such
        function, the function raises, or what it returns is not a ``torch.nn.Module``.

    Notes
    -----
    The file is run, with whatever it does: give only files that you trust. Its folder is where it
    finds the modules beside it.
    """
    name, colon, factory = address.rpartition(":")
    if not colon or not factory.isidentifier() or not name.endswith(".py"):
        raise ValueError(
            f"`module` must read FILE.py:FACTORY; got {_short(address)}. Write for example "
            "net.py:make, where make() returns the module."
        )
    file = Path(name)
    _check_file(file, "module")
    with _beside(file):
        found = getattr(_executed(file), factory, None)
        if not callable(found):
            raise ValueError(f"`module` must name a function of {file}; it has no {factory}.")
        try:
            made = found()
        except (Exception, SystemExit) as error:
            raise ValueError(
                "`module` must come from a factory that returns; "
                f"{factory}() raised {_told(error)}."
            ) from error
    if not isinstance(made, nn.Module):
        raise ValueError(
            f"`module` must be a torch.nn.Module; {factory}() returned {type(made).__name__}."
        )
    return made


def load_arrays(
    file: Path, names: tuple[str, ...], optional: tuple[str, ...] = ()
) -> dict[str, Shaped[np.ndarray, "..."]]:
    """Arrays of an ``.npz`` file by name.

    Parameters
    ----------
    file
        The file, as ``numpy.savez`` writes it.
    names
        Arrays that it must hold.
    optional
        Arrays that are taken if they are there.

    Returns
    -------
    The arrays.

    Raises
    ------
    ValueError
        If the file is missing, is not such a file, lacks an array, or holds under these names what
        is damaged, pickled or no array of numbers that PyTorch has.

    Notes
    -----
    Nothing is ever unpickled: loading a pickled object runs whatever code it names. Numbers in the
    byte order of another machine are brought into that of this one.
    """
    _check_file(file, "data")
    with _archive(file) as held:
        missing = [name for name in names if name not in held]
        if missing:
            raise ValueError(
                f"`data` must hold the arrays {_listed(names)}; {file} holds "
                f"{_listed(sorted(held)) or 'none'}. Name others with --x, --y and --nu."
            )
        wanted = [*names, *(name for name in optional if name in held)]
        return {name: _array(held, name, file) for name in wanted}


def _archive(file: Path) -> NpzFile:
    try:
        held = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(_unreadable(file)) from error
    if not isinstance(held, NpzFile):
        raise ValueError(_unreadable(file))
    return held


def _executed(file: Path) -> object:
    spec = importlib.util.spec_from_file_location(_LOADED_AS, file.resolve())
    assert spec is not None and spec.loader is not None  # a .py file has both
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[_LOADED_AS] = loaded  # dataclasses look their module up
    try:
        spec.loader.exec_module(loaded)
    except (Exception, SystemExit) as error:
        raise ValueError(
            f"`module` must come from a file that runs; {file} raised {_told(error)}."
        ) from error
    return loaded


@contextmanager
def _beside(file: Path) -> Iterator[None]:
    folder = str(file.resolve().parent)
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path.remove(folder)


def _array(held: NpzFile, name: str, file: Path) -> np.ndarray:
    try:
        array = held[name]
    except Exception as error:  # whatever a damaged file makes NumPy and zipfile raise
        if isinstance(error, ValueError) and "allow_pickle" in str(error):
            raise ValueError(
                f"`data` must hold arrays of numbers; {name} in {file} is a pickled object, which "
                "is refused because unpickling runs code. Save it with numpy.savez as numbers."
            ) from error
        raise ValueError(
            f"`data` must hold arrays that can be read; {name} in {file} cannot: {_told(error)}. "
            "Save it again with numpy.savez."
        ) from error
    if not isinstance(array, np.ndarray):
        raise ValueError(
            f"`data` must hold arrays; {name} in {file} is another kind of file. "
            "Save it again with numpy.savez."
        )
    if array.dtype.kind not in "biufc" or array.dtype.itemsize > 8 * (
        1 + (array.dtype.kind == "c")
    ):
        raise ValueError(
            f"`data` must hold numbers of at most double precision; {name} in {file} is of type "
            f"{array.dtype}. Convert it with numpy.asarray({name}, dtype=float)."
        )
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _unreadable(file: Path) -> str:
    return f"`data` must be a file that numpy.savez wrote; {file} is not."


def _check_file(file: Path, name: str) -> None:
    try:
        exists, regular = file.exists(), file.is_file()
    except OSError as error:
        raise ValueError(
            f"`{name}` must name a file; {_short(str(file))} cannot be one: {error.strerror}. "
            "Check the path."
        ) from error
    if not exists:
        raise ValueError(
            f"`{name}` must name a file that exists; got {_short(str(file))}. Check the path."
        )
    if not regular:
        kind = "a folder" if file.is_dir() else "a device or pipe"
        raise ValueError(
            f"`{name}` must name a file; {_short(str(file))} is {kind}. Name a file on disk."
        )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(name or "''" for name in names)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}... ({len(text)} characters)"


def _told(error: BaseException) -> str:
    lines = str(error).splitlines() or [""]
    return f"{type(error).__name__}: {lines[0]}".removesuffix(": ").removesuffix(".")
