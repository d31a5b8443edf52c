"""The committed register of executed pages: what each one saw and what it cost."""

import os
from pathlib import Path

import yaml

DEFAULT = Path(__file__).resolve().parents[2] / "book" / "executed.yml"

HEADING = """\
# What each page saw when it was last executed, as hashes, and what it cost. Written by
# `python -m tools.notebooks run`; to settle a merge, take either side and run it again.
"""

# A new measurement replaces the old one when it differs by more than this share and this amount:
# what varies from run to run must not show up in every commit.
SHARE = 0.3
AMOUNT = {"cpu_seconds": 1.0, "wall_seconds": 2.0, "peak_megabytes": 30.0}


class Register:
    """The file as a mapping from page to entry. Every change is written at once."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def entries(self) -> dict[str, dict]:
        if not self.path.is_file():
            return {}
        return yaml.safe_load(self.path.read_text(encoding="utf-8")) or {}

    def entry(self, name: str) -> dict:
        return self.entries().get(name, {})

    def record(self, name: str, entry: dict) -> None:
        # Read again before writing: another run may have finished a page in between.
        entries = self.entries()
        known = entries.get(name, {}).get("measured", {})
        entry = {**entry, "measured": settled(known, entry["measured"])}
        self._write(entries | {name: entry})

    def keep_only(self, names: set[str]) -> None:
        """Forget pages that are no longer there."""
        entries = self.entries()
        if not set(entries) <= names:
            self._write({name: entries[name] for name in entries if name in names})

    def _write(self, entries: dict[str, dict]) -> None:
        beginning = self.path.with_name(f".{self.path.name}.{os.getpid()}.part")
        beginning.write_text(HEADING + yaml.safe_dump(entries, width=99), encoding="utf-8")
        os.replace(beginning, self.path)


def settled(old: dict[str, float], new: dict[str, float]) -> dict[str, float]:
    """The new measurements, or the old ones where the difference is noise."""
    return {
        name: old[name]
        if name in old and abs(value - old[name]) <= max(SHARE * old[name], AMOUNT[name])
        else _two_digits(value)
        for name, value in new.items()
    }


def _two_digits(value: float) -> float:
    rounded = float(f"{value:.2g}")
    return int(rounded) if rounded.is_integer() else rounded


def total_cpu_seconds(path: Path = DEFAULT) -> float:
    """CPU time of all pages together, as last measured."""
    return sum(entry["measured"]["cpu_seconds"] for entry in Register(path).entries().values())


def runtimes_table(path: Path = DEFAULT) -> str:
    """Run time and memory of every page as a table in MyST; `path` is that of the register."""
    entries = Register(path).entries()
    costs = {name: entry["measured"] for name, entry in sorted(entries.items())}
    lines = [
        "| page | time (s) | CPU time (s) | peak memory (MB) |",
        "| :--- | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {{doc}}`/{name}` | {cost['wall_seconds']} | {cost['cpu_seconds']} "
        f"| {cost['peak_megabytes']} |"
        for name, cost in costs.items()
    ]
    wall, cpu = (
        sum(cost[name] for cost in costs.values()) for name in ("wall_seconds", "cpu_seconds")
    )
    peak = max((cost["peak_megabytes"] for cost in costs.values()), default=0)
    lines.append(f"| all pages, one after another | {wall:.3g} | {cpu:.3g} | {peak} |")
    return "\n".join(lines) + "\n"
