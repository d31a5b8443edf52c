"""The table of speeds goes to a record and back, and a module's rows are replaced together."""

import math

import pytest

from benchmarks.__main__ import names
from benchmarks.measure import Row, Scaling, as_record
from benchmarks.table import read_table, write_table
from companion import records

RATES = {"gemm_rate": 5e10, "copy_rate": 6e10}


def results():
    told = {"work": "w", "peer": "p", "seconds": 2.0, "peer_seconds": 10.0, "goal": 5.0}
    listed = [
        Row(name="second", **told),
        Row(name="first", **told | {"peer_seconds": math.nan}, extrapolated=True, note="a, b"),
        Scaling("s", "n", (1.0, 2.0), (1.0, 4.0), 2.0, 1.9, 2.1),
    ]
    return [as_record(one) | {"module": "m"} for one in listed]


def test_a_table_comes_back_as_it_was(tmp_path):
    write_table(results(), RATES, tmp_path / "t.nc")
    back = {one["name"]: one for one in read_table(tmp_path / "t.nc")}
    for one in results():
        same = back[one["name"]]
        assert same.keys() == one.keys()
        for key, value in one.items():
            if isinstance(value, float):
                assert same[key] == pytest.approx(value, rel=0, abs=0, nan_ok=True)
            else:
                assert same[key] == (list(value) if isinstance(value, tuple) else value)


def test_the_record_says_how_fast_the_machine_was(tmp_path):
    write_table(results(), RATES, tmp_path / "t.nc")
    attributes = records.load(tmp_path / "t.nc").attrs
    assert attributes["gemm_flops"] == 5e10
    assert attributes["copy_bytes_per_second"] == 6e10


def test_modules_of_rows_are_found_and_nothing_else():
    assert not {"measure", "table", "__init__", "__main__"} & set(names())
