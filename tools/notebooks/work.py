"""Which pages are stale and why, what it takes to mend them, and doing it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from tools.notebooks.book import Book, Page, PageError
from tools.notebooks.execution import ExecutionError, Limits, execute
from tools.notebooks.inputs import Inputs, Reason, changes, inputs
from tools.notebooks.library import Library
from tools.notebooks.pair import drift, stored, unexecuted, with_stored_outputs, write
from tools.notebooks.register import Register
from tools.notebooks.rules import notebook_problems, output_counts, text_problems


@dataclass(frozen=True)
class State:
    """A page beside what is recorded of it."""

    page: Page
    inputs: Inputs
    entry: dict
    reasons: list[Reason]

    @property
    def is_stale(self) -> bool:
        return bool(self.reasons)

    @property
    def needs_execution(self) -> bool:
        return any(reason.execute for reason in self.reasons)

    @property
    def why(self) -> str:
        return ", ".join(reason.what for reason in self.reasons)

    def forced(self) -> "State":
        return replace(self, reasons=[*self.reasons, Reason("asked for")])

    @property
    def expected_seconds(self) -> float | None:
        """Time by the clock of the next run, None if it was never measured."""
        if not self.needs_execution:
            return 0
        return self.entry.get("measured", {}).get("wall_seconds")


def states(
    pages: list[Page], register: Register, library: Library
) -> tuple[list[State], list[str]]:
    """The state of each page; of those whose inputs cannot be read, the reason."""
    entries = register.entries()
    found, unreadable = [], []
    for page in pages:
        try:
            found.append(state(page, entries.get(page.name, {}), library))
        except PageError as error:
            unreadable.append(str(error))
    return found, unreadable


def state(page: Page, entry: dict, library: Library) -> State:
    now = inputs(page, library)
    reasons = changes(entry, now)
    if entry and not any(reason.execute for reason in reasons):
        reasons += _notebook_reasons(page, entry)
    return State(page, now, entry, reasons)


def _notebook_reasons(page: Page, entry: dict) -> list[Reason]:
    try:
        notebook = stored(page)
    except PageError:
        return [Reason("no readable notebook")]
    restored = with_stored_outputs(page, notebook)
    if restored is None or output_counts(restored) != entry["outputs"]:
        return [Reason("notebook (not as it was executed)")]
    if drift(page, notebook):
        return [Reason("notebook (its cells differ from the text)", execute=False)]
    return []


def expected_time(work: list[State], jobs: int) -> str:
    """How long the work will take, from the last measurements."""
    times = [state.expected_seconds for state in work]
    known = [time for time in times if time is not None]
    seconds = max([sum(known) / jobs, *known])
    unknown = len(times) - len(known)
    about = f"about {seconds:.0f} s" if seconds else "no time"
    if unknown:
        never = f"{unknown} page{'s' * (unknown > 1)} never measured"
        return f"{about} and {never}" if known and seconds else never
    return about


def run(
    work: list[State],
    register: Register,
    *,
    jobs: int,
    limits: Limits,
    report: Callable[[str], None],
) -> list[str]:
    """Bring pages up to date, each written as soon as it is done; the failures, in words."""
    failures: list[str] = []
    done = 0

    async def one(state: State, gate: asyncio.Semaphore) -> None:
        nonlocal done
        async with gate:
            try:
                line = await _mend(state, register, limits)
            except (ExecutionError, PageError) as error:
                line = f"FAILED: {error}"
                failures.append(f"{state.page.name}: {error}")
            done += 1
            report(f"[{done}/{len(work)}] {state.page.name}: {line}")

    async def all_of_them() -> None:
        gate = asyncio.Semaphore(jobs)
        await asyncio.gather(*(one(state, gate) for state in work))

    asyncio.run(all_of_them())
    return failures


async def _mend(state: State, register: Register, limits: Limits) -> str:
    page = state.page
    if not state.needs_execution:
        notebook = with_stored_outputs(page, stored(page))
        measured = state.entry["measured"]
        line = f"rewritten without executing ({state.why})"
    else:
        notebook = unexecuted(page)
        measured = await execute(
            notebook,
            folder=page.path.parent,
            library_root=page.book.library_root,
            limits=limits,
        )
        line = (
            f"{measured['wall_seconds']:.0f} s, CPU {measured['cpu_seconds']:.0f} s, "
            f"{measured['peak_megabytes']:.0f} MB ({state.why})"
        )
    write(notebook, page.notebook)
    outputs = {"outputs": output_counts(notebook), "measured": measured}
    register.record(page.name, state.inputs.as_entry() | outputs)
    return line


def check(book: Book, library: Library) -> list[str]:
    """Everything that is wrong with the book's pages, without a kernel."""
    problems = []
    register = Register(book.register)
    entries = register.entries()
    for page in book.texts:
        try:
            found = text_problems(page)
            if page.is_paired:
                entry = entries.get(page.name, {})
                if reasons := changes(entry, inputs(page, library)):
                    found.append(f"stale: {', '.join(reason.what for reason in reasons)}")
                found += notebook_problems(page, entry)
        except PageError as error:
            found = [str(error).removeprefix(f"{page.name}: ")]
        problems += [f"{page.name}: {problem}" for problem in found]
    for path in book.orphans:
        problems.append(f"{path.relative_to(book.text_root)}: a notebook without a paired text")
    for name in sorted(set(entries) - {page.name for page in book.pages}):
        problems.append(f"{name}: in the register, but there is no such page")
    return problems
