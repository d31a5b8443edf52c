"""Modules and arrays of users, and every way in which they can be wrong."""

import io
import os
import zipfile

import numpy as np
import pytest
from torch import nn

from companion.certificates.loading import load_arrays, load_module

SOURCE = """
from dataclasses import dataclass
from torch import nn
from beside import WIDTH

@dataclass
class Size:
    width: int = WIDTH

def make():
    import beside_later
    return nn.Linear(Size().width, 1)

def fails():
    raise KeyError("no such file\\nsecond line")

def leaves():
    raise SystemExit(3)

def number():
    return 3

constant = 5
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "nets.py").write_text(SOURCE)
    (tmp_path / "beside.py").write_text("WIDTH = 4\n")
    (tmp_path / "beside_later.py").write_text("")
    (tmp_path / "broken.py").write_text("1 / 0\n")
    (tmp_path / "words.py").write_text("def def\n")
    return tmp_path


def test_the_factory_makes_the_module_with_what_stands_beside_it(folder):
    module = load_module(f"{folder / 'nets.py'}:make")
    assert isinstance(module, nn.Linear) and module.in_features == 4


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("nets.py", "must read FILE.py:FACTORY"),
        ("nets.py:", "must read FILE.py:FACTORY"),
        ("nets.txt:make", "must read FILE.py:FACTORY"),
        ("gone.py:make", "must name a file that exists"),
        ("nets.py:absent", "it has no absent"),
        ("nets.py:constant", "it has no constant"),
        ("nets.py:fails", r"fails\(\) raised KeyError: 'no such file"),
        ("nets.py:leaves", r"leaves\(\) raised SystemExit: 3"),
        ("nets.py:number", r"must be a torch.nn.Module; number\(\) returned int"),
        ("broken.py:make", "raised ZeroDivisionError: division by zero"),
        ("words.py:make", "raised SyntaxError"),
    ],
)
def test_what_is_wrong_is_named_in_one_line(folder, address, message):
    with pytest.raises(ValueError, match=message) as caught:
        load_module(f"{folder}/{address}")
    assert str(caught.value).startswith("`module` must")
    assert "\n" not in str(caught.value)


def test_arrays_are_found_by_name(folder):
    np.savez(folder / "data.npz", X=np.eye(2), y=np.ones(2), other=np.zeros(1))
    found = load_arrays(folder / "data.npz", ("X", "y"), ("nu",))
    assert sorted(found) == ["X", "y"]
    assert np.array_equal(found["X"], np.eye(2))
    assert sorted(load_arrays(folder / "data.npz", ("X",), ("other",))) == ["X", "other"]


def test_pickled_objects_are_refused_with_the_reason(folder):
    np.savez(folder / "data.npz", X=np.array([{"a": 1}], dtype=object), y=np.ones(1))
    with pytest.raises(ValueError, match=r"X in .* is a pickled object, which is refused because"):
        load_arrays(folder / "data.npz", ("X", "y"))
    assert list(load_arrays(folder / "data.npz", ("y",))) == ["y"]


def test_files_that_are_no_archives_are_refused(folder):
    np.save(folder / "one.npy", np.ones(3))
    (folder / "text.npz").write_text("not an archive")
    (folder / "empty.npz").write_bytes(b"")
    (folder / "pickle.npz").write_bytes(b"\x80\x04N.")
    for name in ("one.npy", "text.npz", "empty.npz", "pickle.npz"):
        with pytest.raises(ValueError, match="`data` must be a file that numpy"):
            load_arrays(folder / name, ("X",))
    with pytest.raises(ValueError, match="`data` must name a file that exists"):
        load_arrays(folder / "gone.npz", ("X",))


def test_a_missing_array_is_named_with_what_is_there(folder):
    np.savez(folder / "data.npz", inputs=np.eye(2))
    with pytest.raises(ValueError, match=r"must hold the arrays X, y; .* holds inputs\. Name"):
        load_arrays(folder / "data.npz", ("X", "y"))


def npy(array):
    written = io.BytesIO()
    np.lib.format.write_array(written, array)
    return written.getvalue()


@pytest.mark.parametrize(
    "array",
    [
        np.array(["a", "b"]),
        np.array([b"a"]),
        np.zeros(2, dtype=[("a", float), ("b", int)]),
        np.array(["2020-01-01"], dtype="datetime64[D]"),
        np.ones(2, dtype=np.longdouble),
        np.ones(2, dtype=np.clongdouble),
    ],
    ids=lambda array: str(array.dtype),
)
def test_arrays_that_are_no_numbers_of_torch_are_refused_with_their_type(folder, array):
    np.savez(folder / "data.npz", X=array)
    with pytest.raises(ValueError, match=r"must hold numbers .*; X in .* is of type ") as caught:
        load_arrays(folder / "data.npz", ("X",))
    assert str(array.dtype) in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", [">f8", "<f8", ">f4", ">i8", ">c16"])
def test_the_order_of_bytes_is_that_of_this_machine(folder, kind):
    array = np.arange(3).astype(kind)
    np.savez(folder / "data.npz", X=array)
    found = load_arrays(folder / "data.npz", ("X",))["X"]
    assert found.dtype.isnative and np.array_equal(found, array)


@pytest.mark.parametrize(
    ("member", "content", "message"),
    [
        ("X", b"words", "X in .* is another kind of file"),
        ("X.npy", b"words", "X in .* is another kind of file"),
        ("X.npy", npy(np.ones(4))[:-8], "X in .* cannot: ValueError"),
        ("X.npy", npy(np.ones(4)).replace(b"(4,)", b"(4e)"), "X in .* cannot: ValueError"),
    ],
    ids=["no suffix", "no array", "too short", "a broken header"],
)
def test_members_that_are_no_arrays_are_refused(folder, member, content, message):
    with zipfile.ZipFile(folder / "data.npz", "w") as written:
        written.writestr(member, content)
    with pytest.raises(ValueError, match=f"`data` must hold arrays.*{message}") as caught:
        load_arrays(folder / "data.npz", ("X",))
    assert "\n" not in str(caught.value)


def test_a_header_that_claims_more_than_there_is_is_refused(folder):
    content = npy(np.ones(4)).replace(b"(4,), }" + b" " * 12, b"(1099511627776,), }")
    assert b"1099511627776" in content  # 8 TiB
    with zipfile.ZipFile(folder / "data.npz", "w") as written:
        written.writestr("X.npy", content)
    with pytest.raises(ValueError, match=r"`data` must hold arrays that can be read; X in"):
        load_arrays(folder / "data.npz", ("X",))


def test_a_flipped_byte_is_noticed(folder):
    file = folder / "data.npz"
    np.savez(file, X=np.ones(100))
    content = bytearray(file.read_bytes())
    content[500] ^= 1
    file.write_bytes(content)
    with pytest.raises(ValueError, match=r"X in .* cannot: BadZipFile: Bad CRC-32"):
        load_arrays(file, ("X",))


@pytest.mark.parametrize("name", ["data", "module"])
def test_what_is_no_file_is_named(folder, name):
    def load(path):
        load_arrays(path, ("X",)) if name == "data" else load_module(f"{path}:make")

    (folder / "folder.py").mkdir()
    os.mkfifo(folder / "pipe.py")
    wrong = {
        "folder.py": "file; .* is a folder",
        "pipe.py": "file; .* is a device or pipe",
        "gone.py": "file that exists",
        "a" * 5000 + ".py": "file; .* cannot be one: File name too long",
    }
    for path, message in wrong.items():
        with pytest.raises(ValueError, match=f"`{name}` must name a {message}") as caught:
            load(folder / path)
        assert len(str(caught.value)) < 400
