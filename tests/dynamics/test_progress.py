"""The bar is seen on terminals only, and only if it is asked for."""

import io
import sys

import pytest

from companion.dynamics.progress import progress_bar


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("kind", [io.StringIO, Terminal])
@pytest.mark.parametrize("shown", [False, True])
def test_a_bar_is_written_to_a_terminal_if_asked_for(kind, shown, monkeypatch):
    stream = kind()
    monkeypatch.setattr(sys, "stderr", stream)
    with progress_bar(2.0, shown=shown) as bar:
        bar.update(2.0)
    assert bool(stream.getvalue()) == (shown and kind is Terminal)


def test_a_program_without_a_standard_error_has_no_bar(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    with progress_bar(2.0, shown=True) as bar:
        bar.update(1.0)
