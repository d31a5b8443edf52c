"""Budgets count what a command and its children cost, and stop what goes over."""

import sys
import time

import pytest

from tools import budgets
from tools.budgets import Budget, main, spent, verdict

# Burns a stated number of CPU seconds in a grandchild, as a test worker or a kernel does.
BURN = """
import subprocess, sys, time
if sys.argv[1] == "child":
    while time.process_time() < float(sys.argv[2]):
        pass
else:
    subprocess.run([sys.executable, "-c", sys.argv[3], "child", sys.argv[2], ""], check=True)
"""


def burn(seconds):
    return [sys.executable, "-c", BURN, "parent", str(seconds), BURN]


@pytest.fixture
def small(monkeypatch):
    cpu = Budget(0.5 / 60, False, "a test", "Make it shorter.")
    monkeypatch.setattr(
        budgets, "BUDGETS", {"cpu": cpu, "clock": cpu._replace(minutes=1 / 60, clock=True)}
    )
    return budgets.BUDGETS


def test_the_time_of_grandchildren_counts(small):
    status, cpu, clock = spent(burn(0.4), small["cpu"])
    assert status == 0
    # The burn itself, and at most a second for starting two interpreters on a slow machine.
    assert 0.4 <= cpu < 1.4
    assert clock > 0


def test_within_the_budget_the_status_is_the_commands(small, capsys):
    assert main(["cpu", sys.executable, "-c", "pass"]) == 0
    assert "Budget of a test: 0.0 of 0.00833333 CPU-minutes" in capsys.readouterr().out
    assert main(["cpu", sys.executable, "-c", "raise SystemExit(3)"]) == 3


def test_over_the_budget_is_a_failure(small, capsys):
    assert main(["cpu", *burn(0.6)]) == 1
    said = capsys.readouterr().out
    assert said.startswith("OVER BUDGET, a test: ")
    assert "Make it shorter." in said


def test_the_clock_ends_a_command_with_its_children(small, capsys):
    begun = time.monotonic()
    assert main(["clock", "sh", "-c", "sleep 60 & sleep 60; wait"]) == 128 + 15  # SIGTERM
    assert time.monotonic() - begun < 10
    assert "OVER BUDGET" in capsys.readouterr().out


@pytest.mark.parametrize(("minutes", "kept"), [(11.99, True), (12.01, False)])
def test_the_pages_have_twelve_minutes(minutes, kept):
    line, within = verdict(budgets.BUDGETS["pages"], cpu=60 * minutes, clock=0.0)
    assert within is kept
    assert f"all pages together: {minutes:.1f} of 12 CPU-minutes" in line


def test_the_stated_budgets():
    assert {name: one.minutes for name, one in budgets.BUDGETS.items()} == {
        "pages": 12,
        "tests": 14,
        "ci": 30,
    }


def test_what_cannot_be_run_is_said_in_one_line(small):
    assert main(["cpu", "no-such-command"]).startswith("no-such-command cannot be run: ")
    assert main(["rent"]).startswith("usage: budgets.py {cpu,clock} COMMAND")
