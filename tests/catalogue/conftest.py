"""One check that serves the experiments of every document."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from companion import records
from companion.catalogue import draw
from companion.experiments.base import execute


@pytest.fixture
def runs_saves_and_draws(tmp_path):
    """Whether an entry runs at its smallest scale, comes back from a file and can be drawn."""

    def check(entry):
        data = execute(entry.experiment, entry.experiment.scales["smoke"])
        records.save(data, tmp_path / "data.nc")
        back = records.load(tmp_path / "data.nc")
        for variable in data.variables:
            np.testing.assert_array_equal(back[variable].values, data[variable].values)
        figure = draw(back)
        assert isinstance(figure, Figure)
        figure.savefig(tmp_path / "figure.png")
        assert (tmp_path / "figure.png").stat().st_size > 1000

    return check
