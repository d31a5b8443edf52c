"""Pages as text, paired notebooks as their executed form.

An author edits `page.md`; `run` executes it and writes `page.ipynb` beside it, which is what the
site shows, what Binder and Colab open and what nbval runs again. What each executed page saw is
kept as hashes in `book/executed.yml`, so that an edit makes stale exactly what depends on it.

    python -m tools.notebooks run [PAGE ...] [--all] [-j N]
    python -m tools.notebooks check
    python -m tools.notebooks status [--markdown]
"""

from tools.notebooks.register import runtimes_table, total_cpu_seconds

__all__ = ["runtimes_table", "total_cpu_seconds"]
