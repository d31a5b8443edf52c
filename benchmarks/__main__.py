"""All rows of the table, each in a process of its own, written to a record of the book.

    python -m benchmarks [ROW ...] [--jax-python PYTHON] [--output FILE]

A module of this folder is a row (or several): it has `rows(options)`, which yields `Row` and
`Scaling`. Named rows replace only their own entries of an existing record. Run it on a machine
that does nothing else.
"""

import argparse
import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

from tqdm import tqdm

from benchmarks.measure import Options, as_record, copy_rate, gemm_rate, one_thread
from benchmarks.table import RECORD, read_table, write_table

HERE = Path(__file__).parent
NOT_ROWS = {"__init__", "__main__", "measure", "table"}
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")


def names() -> list[str]:
    return sorted(path.stem for path in HERE.glob("*.py") if path.stem not in NOT_ROWS)


def measured(name: str, jax_python: str | None) -> list[dict]:
    """The results of one module, from a fresh process, which prints each as a line of JSON."""
    command = [sys.executable, "-m", "benchmarks", "--child", name]
    command += ["--jax-python", jax_python] if jax_python else []
    done = subprocess.run(
        command, env=os.environ | ONE_THREAD, capture_output=True, text=True, cwd=HERE.parent
    )
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr[-3000:]}")
    for line in done.stderr.splitlines():
        tqdm.write(line)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def child(name: str, jax_python: str | None) -> None:
    one_thread()
    module = import_module(f"benchmarks.{name}")
    for result in module.rows(Options(jax_python)):
        print(result.line(), file=sys.stderr, flush=True)
        print(json.dumps(as_record(result) | {"module": name}), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("row", nargs="*", help=f"some of: {', '.join(names())} (default: all)")
    parser.add_argument(
        "--jax-python", help="Python of an environment with jax_peers/requirements"
    )
    parser.add_argument("--output", type=Path, default=RECORD, help="where the table is written")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        child(asked.child, asked.jax_python)
        return
    unknown = sorted(set(asked.row) - set(names()))
    if unknown:
        parser.error(f"unknown rows {', '.join(unknown)}; known: {', '.join(names())}")
    chosen = asked.row or names()
    one_thread()
    rates = {"gemm_rate": gemm_rate(), "copy_rate": copy_rate()}
    kept = [] if not asked.row or not asked.output.is_file() else read_table(asked.output)
    for name in tqdm(chosen, desc="rows", unit="row"):
        kept = [one for one in kept if one["module"] != name] + measured(name, asked.jax_python)
        write_table(kept, rates, asked.output)  # what is measured stays if a later row fails


if __name__ == "__main__":
    main()
