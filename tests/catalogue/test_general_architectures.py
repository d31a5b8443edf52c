"""Every experiment of the chapter runs at its smallest scale, saves, comes back and is drawn."""

import pytest

from companion.catalogue.general_architectures import ENTRIES


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.experiment.name)
def test_experiment(entry, runs_saves_and_draws):
    runs_saves_and_draws(entry)
