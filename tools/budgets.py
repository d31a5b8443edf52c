"""Run a command, say what it cost, and fail when that is over its budget.

    python3 tools/budgets.py NAME COMMAND [ARGUMENT ...]

CPU time is that of the command and of every process it waited for (test workers, notebook
kernels), so a busy machine does not change it. A budget by the clock ends the command when it is
used up. Only the standard library is used: the whole of CI runs under it before anything is
installed.
"""

import os
import resource
import signal
import subprocess
import sys
import time
from typing import NamedTuple

GRACE = 10  # seconds between asking a command to end and ending it


class Budget(NamedTuple):
    minutes: float
    clock: bool
    what: str
    remedy: str


BUDGETS = {
    "pages": Budget(
        12,
        False,
        "all pages together",
        "`python -m tools.notebooks status` names the slowest pages; a page has 60 seconds.",
    ),
    "tests": Budget(
        14,
        False,
        "all other tests",
        "`python -m pytest --durations=20 tests` names the slowest tests.",
    ),
    "ci": Budget(
        30,
        True,
        "the whole of CI",
        "The times printed above name the longest step.",
    ),
}


def spent(command, budget):
    """Exit status, CPU seconds and clock seconds of a command; ended when its clock runs out."""
    start, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    # A session of its own, so that all it started can be ended with it.
    process = subprocess.Popen(command, start_new_session=budget.clock)
    try:
        status = process.wait(timeout=60 * budget.minutes if budget.clock else None)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        status = ended(process, budget)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return status, cpu, time.monotonic() - start


def ended(process, budget):
    if budget.clock:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=GRACE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
    # Without a session of its own the command has had the same interrupt from the terminal.
    return process.wait()


def verdict(budget, cpu, clock):
    """The line to print, and whether the budget was kept."""
    used = (clock if budget.clock else cpu) / 60
    unit = "minutes" if budget.clock else "CPU-minutes"
    beside = f"{cpu / 60:.1f} CPU-minutes" if budget.clock else f"{clock / 60:.1f} by the clock"
    line = f"{budget.what}: {used:.1f} of {budget.minutes:g} {unit} ({beside})"
    if used > budget.minutes:
        return f"OVER BUDGET, {line}. {budget.remedy}", False
    return f"Budget of {line}.", True


def main(arguments):
    if len(arguments) < 2 or arguments[0] not in BUDGETS:
        return f"usage: budgets.py {{{','.join(BUDGETS)}}} COMMAND [ARGUMENT ...]"
    budget = BUDGETS[arguments[0]]
    try:
        status, cpu, clock = spent(arguments[1:], budget)
    except OSError as error:
        return f"{arguments[1]} cannot be run: {error.strerror}"
    line, kept = verdict(budget, cpu, clock)
    print(line, flush=True)
    if status < 0:  # ended by a signal; the shell's convention
        return 128 - status
    return status or int(not kept)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
