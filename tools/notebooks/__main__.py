"""The command line: run, check, status."""

import argparse
import sys
from pathlib import Path

from tools.notebooks.book import Book, PageError
from tools.notebooks.execution import Limits
from tools.notebooks.library import Library
from tools.notebooks.register import Register, runtimes_table
from tools.notebooks.work import State, check, expected_time, run, states
from tools.repository import address

ROOT = Path(__file__).resolve().parents[2]


def main(arguments: list[str] | None = None, *, book: Book | None = None) -> int:
    """Exit status: 0 done, 1 a page failed or breaks a rule, 2 not understood."""
    options = _parser().parse_args(arguments)
    book = book or Book(ROOT, address())
    library = Library(book.library_root)
    try:
        return options.command(options, book, library)
    except PageError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Interrupted; the pages that were finished are kept.", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.notebooks", description="Execute the book's pages and check them."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    command = commands.add_parser("run", help="execute the pages whose inputs changed")
    command.set_defaults(command=_run)
    command.add_argument("pages", nargs="*", metavar="PAGE", help="only these pages")
    command.add_argument("--all", action="store_true", help="also those that are up to date")
    command.add_argument("-j", "--jobs", type=_jobs, default=1, help="pages at once (default 1)")
    command = commands.add_parser("check", help="fail on stale pages and broken rules; no kernel")
    command.set_defaults(command=_check)
    command = commands.add_parser("status", help="say which pages are stale and why")
    command.set_defaults(command=_status)
    command.add_argument(
        "--markdown", action="store_true", help="print the table of run times instead"
    )
    return parser


def _jobs(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a positive integer; got {text!r}")
    return int(text)


def _run(options: argparse.Namespace, book: Book, library: Library) -> int:
    register = Register(book.register)
    register.keep_only({page.name for page in book.pages})
    pages = book.named(options.pages) if options.pages else book.pages
    found, unreadable = states(pages, register, library)
    work = [state.forced() if options.all else state for state in found]
    work = [state for state in work if state.is_stale]
    print(_announcement(work, len(found), options.jobs), flush=True)
    failures = run(
        work,
        register,
        jobs=options.jobs,
        limits=Limits(),
        report=lambda line: print(line, flush=True),
    )
    for line in unreadable:
        print(line, file=sys.stderr)
    if failed := len(failures) + len(unreadable):
        print(f"{_pages(failed)} failed and left as before.", file=sys.stderr)
    return int(failed > 0)


def _check(options: argparse.Namespace, book: Book, library: Library) -> int:
    problems = check(book, library)
    for problem in problems:
        print(problem)
    pages = len(book.pages)
    if problems:
        print(
            f"Problems: {len(problems)}. `python -m tools.notebooks run` executes stale pages; "
            "everything else is for the author."
        )
        return 1
    print(f"{_pages(pages)} checked: paired, executed, up to date.")
    return 0


def _status(options: argparse.Namespace, book: Book, library: Library) -> int:
    if options.markdown:
        print(runtimes_table(book.register), end="")
        return 0
    found, unreadable = states(book.pages, Register(book.register), library)
    stale = [state for state in found if state.is_stale]
    for state in stale:
        print(f"{state.page.name}: {state.why}")
    print(_announcement(stale, len(found), 1))
    for line in unreadable:
        print(line, file=sys.stderr)
    return int(bool(unreadable))


def _pages(count: int) -> str:
    return f"{count} page{'' if count == 1 else 's'}"


def _announcement(work: list[State], count: int, jobs: int) -> str:
    if not work:
        return f"{_pages(count)} up to date, nothing to execute."
    executed = sum(state.needs_execution for state in work)
    rewritten = len(work) - executed
    also = f", {rewritten} to rewrite without executing" if rewritten else ""
    return f"{executed} of {_pages(count)} to execute{also}: {expected_time(work, jobs)}."


if __name__ == "__main__":
    sys.exit(main())
