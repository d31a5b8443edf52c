"""The measured rows as a record of the book, and back."""

import json
from pathlib import Path

import xarray as xr

from companion import records

RECORD = Path(__file__).parent.parent / "book" / "records" / "benchmarks" / "ratios.nc"


def write_table(results: list[dict], rates: dict[str, float], path: Path) -> None:
    """One variable per property of a row, over the axis `row`; scalings as JSON beside them."""
    rows = sorted((one for one in results if one["kind"] == "Row"), key=lambda one: one["name"])
    scalings = [one for one in results if one["kind"] == "Scaling"]
    columns = [key for key in rows[0] if key != "kind"] if rows else []
    data = xr.Dataset(
        {key: ("row", [one[key] for one in rows]) for key in columns},
        attrs={
            "kind": "benchmarks",
            "scalings": json.dumps(scalings),
            "gemm_flops": rates["gemm_rate"],
            "copy_bytes_per_second": rates["copy_rate"],
        },
    )
    records.save(data, path)


def read_table(path: Path) -> list[dict]:
    """The results that `write_table` wrote."""
    data = records.load(path)
    rows = [
        {key: data[key].values[index].item() for key in data.data_vars} | {"kind": "Row"}
        for index in range(data.sizes.get("row", 0))
    ]
    return rows + json.loads(data.attrs["scalings"])
