"""The rate of the outer kernel and the width that keeps it, against equations and sampling."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.claims.training_dynamics_corrected import kernel_width, outer_rate


@given(
    residual=st.floats(0.01, 1.0),
    lam=st.floats(0.5, 50.0),
    outer=st.floats(0.0, 2.0),
    gain=st.floats(0.0, 1.0),
)
def test_solves_its_equation(residual, lam, outer, gain):
    rate = outer_rate(residual, lambda_outer=lam, outer_norm=outer, gain=gain)
    if rate == 0:
        return
    left = math.sqrt(rate)
    eta = math.sqrt(lam) - left
    path = residual / left
    expected = gain * min(path, gain * (outer + path) * residual / left**2)
    # The sequence ends within 1e-12 of eta, which the equation passes on with a bounded factor.
    assert eta == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_frozen_inner_weights_leave_the_eigenvalue():
    assert outer_rate(5.0, lambda_outer=2.0, outer_norm=1.0, gain=0.0) == pytest.approx(2.0)


def test_promises_nothing_where_the_kernel_can_be_lost():
    assert outer_rate(5.0, lambda_outer=0.1, outer_norm=1.0, gain=3.0) == 0.0
    assert outer_rate(5.0, lambda_outer=0.0, outer_norm=1.0, gain=3.0) == 0.0


def test_smallest_solution_is_found_where_there_are_two():
    # With a(0) = 0 and small gain: eta = gain^2 |s|^2 / (alpha - eta)^3 has a small root and one
    # near alpha.
    rate = outer_rate(1.0, lambda_outer=4.0, outer_norm=0.0, gain=0.1)
    eta = 2 - math.sqrt(rate)
    assert eta == pytest.approx(0.01 / 8, rel=3e-3)  # to first order in eta


def test_kernel_width_by_hand():
    found = kernel_width(0.5, data_norm=2.0, num_samples=10, delta=0.1)
    assert found == math.ceil(8 * 4 * math.log(100) / 0.5)


def test_at_that_width_half_of_the_eigenvalue_is_there(rng):
    # Uniform inner weights, ReLU; 40 draws, each of which may fail with probability 0.01, and in
    # fact the bound is far from tight.
    X = rng.standard_normal((4, 6))
    norms = np.linalg.norm(X, axis=1)
    angle = np.arccos(np.clip(X @ X.T / np.outer(norms, norms), -1, 1))
    K = (
        np.outer(norms, norms)
        * (np.sin(angle) + (np.pi - angle) * np.cos(angle))
        / (2 * np.pi * 6)
    )
    star = float(np.linalg.eigvalsh(K)[0])
    width = kernel_width(star, data_norm=float(np.linalg.norm(X, 2)), num_samples=4, delta=0.01)
    failures = 0
    for _ in range(40):
        B = rng.standard_normal((width, 6))
        B /= np.linalg.norm(B, axis=1, keepdims=True)
        features = np.maximum(B @ X.T, 0)
        failures += np.linalg.eigvalsh(features.T @ features)[0] < width * star / 2
    assert failures == 0


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="`gain` must be nonnegative"):
        outer_rate(1.0, lambda_outer=1.0, outer_norm=1.0, gain=-1.0)
    with pytest.raises(ValueError, match="`lambda_star` and `data_norm` must be positive"):
        kernel_width(0.0, data_norm=1.0, num_samples=1, delta=0.1)
    with pytest.raises(ValueError, match="`delta` in"):
        kernel_width(1.0, data_norm=1.0, num_samples=1, delta=0.0)
