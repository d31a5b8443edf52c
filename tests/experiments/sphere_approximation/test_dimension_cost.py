"""Orders of coercivity against dimension, with the trace of the kernel and exponents by hand."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.experiments.sphere_approximation.dimension_cost import SCALES, run

CONFIG = SCALES["smoke"]


@pytest.fixture(scope="module")
def data():
    return run(CONFIG)


def test_fitted_orders_contain_the_derived_ones(data):
    assert (data.fitted_low <= data.order + 1e-3).all()  # corrections beyond the fit: 1e-4
    assert (data.order <= data.fitted_high).all()
    assert_allclose(data.fitted_order, data.order, rtol=1e-3)


def test_the_trace_is_finite_and_its_share_is_that_of_the_tail(data):
    # Even and odd degrees have the density c k^(-2) for ReLU: the share missing is about c / K.
    assert (data.trace_share < 1 + 1e-12).all()
    missing = 1 - data.trace_share.sel(activation="relu")
    assert ((missing > 0.1 / CONFIG.max_degree) & (missing < 1 / CONFIG.max_degree)).all()


def test_costs_by_hand(data):
    relu = data.sel(activation="relu")
    # d = 2: rho = (1/4) / (4 (3/2 - 1/2)) = 1/16, so 2 * 16 digits; classical rate 1 per width.
    assert_allclose(relu.proven_weights, [32, 56], rtol=1e-12)
    assert_allclose(relu.classical_weights, [2, 4], rtol=1e-12)
    assert_allclose(relu.flow_time, [4, 6], rtol=1e-12)
    assert_allclose(relu.order - relu.least_order, 0.5, rtol=1e-12)
    assert np.isfinite(data.proven_weights).all()
