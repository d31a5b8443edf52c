"""The tables of speeds say what was missed, stopped or absent, and what each row is bounded by."""

import json
import math

import pytest
import xarray as xr

from book._ext.speeds import limit_lines, row_lines, scaling_lines, table

ROWS = {
    "work": ["kernel | small", "kernel | small", "flow"],
    "peer": ["numpy", "jax", "dopri5"],
    "seconds": [2.0, 2.0, 0.5],
    "peer_seconds": [10.0, math.nan, 100.0],
    "ratio": [5.0, math.nan, 200.0],
    "goal": [8.0, 2.5, 100.0],
    "error": [1.6e-16, math.nan, 7e-5],
    "peer_error": [2e-9, math.nan, 1.4e-7],
    "error_kind": ["entries", "entries", "loss"],
    "extrapolated": [0, 0, 1],
    "limit": ["products", "products", ""],
    "limit_seconds": [0.5, 0.5, math.nan],
    "note": ["peak 1.0", "peak 1.0", ""],
}


@pytest.fixture
def data():
    scaling = {"name": "gram_n", "variable": "n", "size": [10, 1000], "seconds": [0.01, 1.0]}
    scaling |= {"exponent": 1.9, "low": 1.8, "high": 2.0}
    columns = {name: ("row", values) for name, values in ROWS.items()}
    return xr.Dataset(columns, attrs={"scalings": json.dumps([scaling])})


def test_each_comparison_has_a_line(data):
    missed, absent, stopped = row_lines(data)
    assert missed == ("kernel | small", "numpy", "2 / 10", "**5**", "8 (missed)", "2e-16 / 2e-09")
    assert absent == ("kernel | small", "jax", "2", "not measured", "2.5", "")
    assert stopped == ("flow", "dopri5", "0.5 / 100\\*", "**200**", "100", "7e-05 / 1e-07")


def test_rows_that_differ_in_their_peer_share_a_limit(data):
    expected = ("kernel | small", "products", "0.5 s", "25%", "peak 1.0; errors: entries")
    assert list(limit_lines(data)) == [expected]


def test_scalings_carry_their_interval(data):
    expected = ("gram n", "n", "10 to 1000", "0.01 to 1 s", "1.90 [1.80, 2.00]")
    assert list(scaling_lines(data)) == [expected]


def test_bars_in_a_cell_do_not_divide_it():
    assert table(("a",), [("x | y",)]) == ["| a |", "| --- |", "| x \\| y |"]
