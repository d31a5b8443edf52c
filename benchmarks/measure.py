"""How a row of the table is measured: processor seconds of one thread, both sides in one run."""

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch

THREADS = 1


@dataclass(frozen=True)
class Row:
    """One comparison.

    ``error`` and ``peer_error`` are what the two sides reached against the reference of the row
    (not a number where both compute the same thing exactly); ``limit_seconds`` is what the
    hardware would need at the very least for the work named in ``limit``, from rates measured in
    the same run. ``peer_seconds`` is not a number where the peer is not installed.
    """

    name: str  # unique, lower case with underscores
    work: str  # one line: what is computed, with its sizes
    peer: str
    seconds: float
    peer_seconds: float
    goal: float  # the least ratio asked for
    error: float = math.nan
    peer_error: float = math.nan
    error_kind: str = ""  # what the two errors are
    extrapolated: bool = False  # the peer was stopped and scaled in time
    limit: str = ""
    limit_seconds: float = math.nan
    note: str = ""

    @property
    def ratio(self) -> float:
        return self.peer_seconds / self.seconds

    @property
    def verdict(self) -> str:
        if math.isnan(self.ratio):
            return "peer absent"
        return "reached" if self.ratio >= self.goal else "missed"

    def line(self) -> str:
        mark = " (extrapolated)" if self.extrapolated else ""
        return (
            f"{self.name:28} {self.seconds:9.4g} s  against {self.peer} {self.peer_seconds:9.4g} s"
            f"{mark}: {self.ratio:.3g}x, goal {self.goal:g}x, {self.verdict}"
            f"; errors {self.error:.1e} and {self.peer_error:.1e}"
        )


@dataclass(frozen=True)
class Scaling:
    """Cost against one size: the exponent of the power law through it and its 95 % interval."""

    name: str
    variable: str  # n, p, q or stiffness
    size: tuple[float, ...]
    seconds: tuple[float, ...]
    exponent: float
    low: float
    high: float

    def line(self) -> str:
        return (
            f"{self.name:28} grows like {self.variable}^{self.exponent:.2f} "
            f"[{self.low:.2f}, {self.high:.2f}]"
        )


@dataclass(frozen=True)
class Options:
    """What the command line says to every row."""

    jax_python: str | None = None  # interpreter of the optional environment of the JAX peers


def as_record(result: Row | Scaling) -> dict[str, Any]:
    """A row or scaling as plain values, with its kind."""
    record = asdict(result) | {"kind": type(result).__name__}
    return record | ({"ratio": result.ratio} if isinstance(result, Row) else {})


def cpu_seconds(function: Callable[[], object], *, repeats: int = 3) -> float:
    """Least processor time of a call over some repeats: what disturbs a run only adds to it."""
    times = []
    for _ in range(repeats):
        begun = time.process_time()
        function()
        times.append(time.process_time() - begun)
    return min(times)


def one_thread() -> None:
    """Refuse to measure with more than one thread."""
    torch.set_num_threads(THREADS)
    begun, wall = time.process_time(), time.perf_counter()
    matrix = np.ones((1500, 1500))
    matrix @ matrix
    used = (time.process_time() - begun) / (time.perf_counter() - wall)
    if used > 1.5:
        raise SystemExit(
            f"NumPy uses {used:.1f} threads. Set OMP_NUM_THREADS=1 (and OPENBLAS_NUM_THREADS=1)."
        )


def gemm_rate(dtype: torch.dtype = torch.float64) -> float:
    """Floating-point operations per second of a square matrix product, the fastest of NumPy's and
    PyTorch's."""
    size = 1536
    a = torch.full((size, size), 0.5, dtype=dtype)
    b = a.numpy()
    seconds = min(cpu_seconds(lambda: a @ a, repeats=4), cpu_seconds(lambda: b @ b, repeats=4))
    return 2 * size**3 / seconds


def copy_rate() -> float:
    """Bytes per second of a copy too large for the cache, read and written counted."""
    source = np.ones(2**25)
    target = np.empty_like(source)
    return 2 * source.nbytes / cpu_seconds(lambda: np.copyto(target, source), repeats=5)
