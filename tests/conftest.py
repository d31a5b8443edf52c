"""One thread, one seeded generator and reproducible examples for every test."""

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
