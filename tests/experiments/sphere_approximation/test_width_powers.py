"""Powers of the width: formulas by hand, and the loop's own powers between them."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.experiments.sphere_approximation.width_powers import SCALES, run


@pytest.fixture(scope="module")
def data():
    return run(SCALES["smoke"])


def test_formulas_by_hand(data):
    # alpha = gamma = 1/2, beta = d/2: 1/(12d - 8), 1/(12d - 10), 1/(d - 1), d/(6d - 4).
    d = data["input_dim"].values
    assert_allclose(data["theorem"], -1 / (12 * d - 8), rtol=1e-13)
    assert_allclose(data["sharper"], -1 / (12 * d - 10), rtol=1e-13)
    assert_allclose(data["classical"], -1 / (d - 1), rtol=1e-13)
    assert_allclose(data["theorem_rate"], -d / (6 * d - 4), rtol=1e-13)


def test_the_loop_has_the_sharper_power(data):
    last = data.isel(width=-1)
    # The start is forgotten like a power of the width; 1e-4 is left at 1e22.
    assert_allclose(last["error_power"], data["sharper"], rtol=1e-3)
    assert np.isnan(data["error_power"].isel(width=0)).all()


def test_powers_are_those_of_the_values(data):
    for name in ("error", "displacement", "rate"):
        values = data[name].values
        span = np.log(data["width"].values[2] / data["width"].values[1])
        found = np.log(values[:, 2] / values[:, 1]) / span
        assert_allclose(data[f"{name}_power"].isel(width=2), found, rtol=1e-10)


def test_the_three_quantities_belong_together(data):
    # At rest error^2 = h^(1/2 / (d - 1)) and rate = s h^(d/2 / (d - 1)), s = d - 1.
    d, h = data["input_dim"], data["displacement"]
    assert_allclose(data["error"] ** 2, h ** (0.5 / (d - 1)), rtol=1e-7)
    assert_allclose(data["rate"], (d - 1) * h ** (d / 2 / (d - 1)), rtol=1e-7)
