"""One thread, one seeded generator and reproducible examples for every test."""

import os

# Before numpy is loaded, and for the workers too: with a thread per core in every worker the
# threads wait for each other, and the same tests cost twenty times as much.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import jaxtyping
import numpy as np
import pytest
import torch
from hypothesis import settings

pytest_plugins = ["claims_plugin"]

torch.set_num_threads(1)  # sums in another order differ in the last digits

settings.register_profile("reproducible", derandomize=True, deadline=None)
settings.load_profile("reproducible")


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20190930)


@pytest.fixture
def unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bad shapes reach the library's own messages, as they do outside the tests."""
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
