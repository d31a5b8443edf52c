"""Executing one notebook in a kernel of its own, on one thread and within limits."""

import ast
import asyncio
import contextlib
import os
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil
from ipykernel.kernelspec import RESOURCES, get_kernel_dict
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbformat import NotebookNode

from tools.notebooks.pair import called, is_set_up

WATCH = 0.1  # seconds between two looks at what the kernel uses
ONE_THREAD = {
    f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "VECLIB", "NUMEXPR")
}
# The kernel's own account of itself: CPU time in seconds, peak of memory in bytes. `ru_maxrss`, in
# bytes on macOS and else in kilobytes, begins at the size of the parent: Linux counts better.
COST = """
import pathlib as _pathlib, re as _re, resource as _resource, sys as _sys
_used = _resource.getrusage(_resource.RUSAGE_SELF)
_status = _pathlib.Path("/proc/self/status")
_peak = _re.search(r"VmHWM:\\s*(\\d+) kB", _status.read_text() if _status.exists() else "")
_bytes = 1024 * int(_peak[1]) if _peak else _used.ru_maxrss * (1, 1024)[_sys.platform != "darwin"]
"""


@dataclass(frozen=True)
class Limits:
    """What one page may use.

    On one thread and an idle machine CPU time is the time by the clock; the limit by the clock is
    wider, so that a busy machine fails no page, and ends those that wait instead of compute.
    """

    cpu_seconds: float = 60
    wall_seconds: float = 120
    peak_megabytes: float = 1500

    def broken_by(self, used: dict[str, float]) -> str | None:
        """The first limit that is exceeded, in words."""
        for name, unit in (
            ("cpu_seconds", "s of CPU time"),
            ("wall_seconds", "s by the clock"),
            ("peak_megabytes", "MB of memory"),
        ):
            if used.get(name, 0) > getattr(self, name):
                return f"used more than {getattr(self, name):g} {unit}, the limit of a page"
        return None


class ExecutionError(Exception):
    """A cell raised, or the page broke a limit: where and why."""


class OwnKernel(KernelSpecManager):
    """The kernel of the running Python, whatever kernels its user has installed."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        return self.kernel_spec_class(resource_dir=RESOURCES, **get_kernel_dict())


async def execute(
    notebook: NotebookNode, *, folder: Path, library_root: Path, limits: Limits
) -> dict[str, float]:
    """Fill in the outputs and return what the run cost; the notebook carries no trace of when."""
    start = time.monotonic()
    async with _kernel(notebook, folder, library_root) as (client, messages):
        watch = asyncio.create_task(_watch(client, limits, start))
        try:
            for index, cell in enumerate(notebook.cells):
                await _execute_cell(client, cell, index, watch, messages)
            used = await _cost(client)
        finally:
            watch.cancel()
    used["wall_seconds"] = time.monotonic() - start
    # A peak between two looks at the kernel is seen only now.
    if broken := limits.broken_by(used):
        raise ExecutionError(f"the page {broken}")
    return used


@contextlib.asynccontextmanager
async def _kernel(
    notebook: NotebookNode, folder: Path, library_root: Path
) -> AsyncIterator[tuple[NotebookClient, IO[bytes]]]:
    manager = AsyncKernelManager(kernel_name="python3", kernel_spec_manager=OwnKernel())
    client = NotebookClient(
        notebook, km=manager, timeout=None, record_timing=False, coalesce_streams=True
    )
    with tempfile.TemporaryDirectory() as profile, tempfile.TemporaryFile() as messages:
        environment = {
            **os.environ,
            **ONE_THREAD,
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",
            # Neither settings nor history of the person who runs this.
            "IPYTHONDIR": profile,
            # The library that is hashed is the one that is imported.
            "PYTHONPATH": os.pathsep.join(
                filter(None, [str(library_root), os.environ.get("PYTHONPATH")])
            ),
        }
        try:
            await client.async_start_new_kernel(cwd=str(folder), env=environment, stderr=messages)
            await client.async_start_new_kernel_client()
            yield client, messages
        finally:
            if client.kc is not None:
                client.kc.stop_channels()
            if manager.has_kernel:
                await manager.shutdown_kernel(now=True)


async def _execute_cell(
    client: NotebookClient,
    cell: NotebookNode,
    index: int,
    watch: asyncio.Task[str],
    messages: IO[bytes],
) -> None:
    try:
        await client.async_execute_cell(
            cell, index, execution_count=client.code_cells_executed + 1
        )
    except CellExecutionError as error:
        value = f"{error.ename}: {error.evalue}".strip().split("\n")[0]
        raise ExecutionError(f"{_place(client, index)} raised {value}") from None
    except DeadKernelError:
        if await client.km.is_alive():  # nbclient takes an interrupt for the kernel's death
            raise asyncio.CancelledError from None
        # The kernel dies at the limit, but notice of it may come first.
        await asyncio.wait([watch], timeout=2 * WATCH)
        if watch.done() and watch.result():
            raise ExecutionError(f"{_place(client, index)} {watch.result()}") from None
        raise ExecutionError(
            f"{_place(client, index)} ended the kernel. {_last_words(messages)}".strip()
        ) from None


def _last_words(messages: IO[bytes]) -> str:
    messages.seek(0)
    lines = messages.read().decode(errors="replace").splitlines()
    return " / ".join([line for line in lines if not line.startswith("[IPKernelApp]")][-3:])


def _place(client: NotebookClient, index: int) -> str:
    cells = client.nb.cells
    if is_set_up(cells[index]):
        return "the set-up cell"
    before = [cell for cell in cells[: index + 1] if cell.cell_type == "code"]
    return called(sum(not is_set_up(cell) for cell in before), cells[index])


async def _watch(client: NotebookClient, limits: Limits, start: float) -> str:
    # Ends the kernel when a limit is broken, and returns which; nothing if it ended by itself.
    process = psutil.Process(client.km.provisioner.pid)
    with contextlib.suppress(psutil.NoSuchProcess):
        while True:
            await asyncio.sleep(WATCH)
            with process.oneshot():
                cpu = process.cpu_times()
                used = {
                    "cpu_seconds": cpu.user + cpu.system,
                    "wall_seconds": time.monotonic() - start,
                    "peak_megabytes": process.memory_info().rss / 1e6,
                }
            if broken := limits.broken_by(used):
                process.kill()
                return broken
    return ""


async def _cost(client: NotebookClient) -> dict[str, float]:
    reply = await client.kc.execute(
        COST,
        silent=True,
        user_expressions={"cost": "(_used.ru_utime + _used.ru_stime, _bytes)"},
        reply=True,
        timeout=30,
    )
    answer = reply["content"]["user_expressions"]["cost"]["data"]["text/plain"]
    cpu_seconds, peak_bytes = ast.literal_eval(answer)
    return {"cpu_seconds": cpu_seconds, "peak_megabytes": peak_bytes / 1e6}
