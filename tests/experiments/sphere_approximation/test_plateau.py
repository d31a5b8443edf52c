"""Plateaus: powers by hand, and what the cut kernel leaves."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.experiments.sphere_approximation.plateau import Config, run

# Displacements for which 1/w is exact: epsilon = w^-1 for the first orders, w = 100 and 10000.
CONFIG = Config(
    smoothness=(0.5, 0.4),
    coercivity_orders=(1.0, 1.0),
    holders=(0.5, 0.6),
    largest=1e-4,
    smallest=1e-8,
    num_displacements=3,
)


@pytest.fixture(scope="module")
def data():
    return run(CONFIG)


def test_powers_by_hand(data):
    # (1/2)(1/2) / (1/2) and 0.4 * 0.6 / 0.6; of the integral alpha / (2 beta) - 1.
    assert_allclose(data["predicted_power"], [0.5, 0.4], rtol=1e-14)
    assert_allclose(data["predicted_path_power"], [-0.75, -0.8], rtol=1e-14)
    assert_allclose(data["power"], [0.5, 0.4], rtol=1e-6)  # the integrator's tolerance
    assert_allclose(data["path_power"], [-0.75, -0.8], rtol=0.02)  # three points, finite start
    assert (data["power_low"] <= data["power"]).all()
    assert (data["power"] <= data["power_high"]).all()


def test_the_first_case_is_exact(data):
    # epsilon = h^(1/2) = 1/w, error at rest w^-1, rate epsilon^2 for p = 2.
    first = data.isel(case=0)
    assert_allclose(first["bound"], [1e-2, 1e-3, 1e-4], rtol=1e-6)
    assert_allclose(first["rate"], [1e-4, 1e-6, 1e-8], rtol=1e-12)
    # u = x^2 with x(0) = 1 solves u' = u (K - u); up to u = 4K. Integral of u^(1/4) by quadrature.
    K = 1e-4
    t = np.expm1(np.linspace(0, np.log1p(np.log((1 - K) / 0.75) / K), 200_001))
    u = K / (1 - (1 - K) * np.exp(-K * t))
    assert_allclose(first["integral"][0], np.trapezoid(u**0.25, t), rtol=1e-6)


def test_the_cut_kernel_attains_the_bound_where_degrees_allow(data):
    # w = 100, 1000, 10^4 are whole numbers, so the first case touches at every displacement.
    first, second = data["attained"] / data["bound"]
    assert_allclose(first, 1.0, rtol=1e-6)
    # Otherwise the next whole w stands in: w^(-2 alpha) within one step of the bound.
    assert (second <= 1 + 1e-6).all()
    assert (second >= 0.9).all()
