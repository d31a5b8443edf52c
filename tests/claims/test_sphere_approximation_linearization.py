"""Bounds on weights and kernel against hand calculation, sampling and the worst change."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.integrate import quad
from scipy.stats import norm

from companion.activations import ELU, GELU, RELU
from companion.claims.sphere_approximation_linearization import (
    displacement_bound,
    kernel_motion_exponent,
    lipschitz_kernel_change,
    relu_diagonal_change,
)


def test_displacement_by_hand():
    assert_allclose(displacement_bound(3.0, largest_rate=0.5, width=8), 0.75, rtol=1e-15)
    assert displacement_bound(0.0, largest_rate=2.0, width=1) == 0


def test_the_displacement_of_one_weight_attains_its_bound():
    # f = w x at one point of weight one: r' = -x^2 r, w' = -x r, and x^2 is the kernel.
    x, r_0, t = 1.7, 0.8, 2.3
    moved = r_0 * (1 - math.exp(-(x**2) * t)) / x
    integral = r_0 * (1 - math.exp(-(x**2) * t)) / x**2
    assert_allclose(displacement_bound(integral, largest_rate=x**2, width=1), moved, rtol=1e-14)


def test_kernel_change_by_hand():
    # 2 * 1 * 1 * 0.5^3 * 0.1 for ELU: both constants are one.
    assert_allclose(lipschitz_kernel_change(0.1, ELU, value_norm=0.5), 0.025, rtol=1e-14)
    assert lipschitz_kernel_change(0.0, RELU, value_norm=1.0) == 0
    assert lipschitz_kernel_change(1e-9, RELU, value_norm=1.0) == math.inf


@given(h=st.floats(1e-4, 1.0), scale=st.floats(0.1, 3.0))
def test_no_change_of_a_narrow_network_exceeds_the_bound(h, scale):
    rng = np.random.default_rng(int(1e6 * h))
    phi = rng.standard_normal((7, 4)) * scale  # values one layer below, scaled
    W = rng.standard_normal((5, 4))
    Z = rng.standard_normal((5, 4))
    Z *= h * math.sqrt(5) / np.linalg.norm(Z, 2)
    slopes = [np.asarray(GELU.derivative(phi @ V.T)) for V in (W, W + Z)]
    before, after = (g @ g.T / 5 * (phi @ phi.T) for g in slopes)
    bound = lipschitz_kernel_change(h, GELU, value_norm=np.linalg.norm(phi, axis=1).max())
    assert np.abs(after - before).max() <= bound * (1 + 1e-9)


@pytest.mark.parametrize("h", [3e-5, 0.01, 0.2, 0.6])
def test_the_switched_share_spends_the_budget(h):
    share = relu_diagonal_change(h)
    # The end of the interval from quantiles, its second moment by quadrature.
    q = norm.ppf(0.5 + share)
    spent = quad(lambda z: z * z * math.exp(-z * z / 2) / math.sqrt(2 * math.pi), 0, q)[0]
    assert_allclose(spent, h * h, rtol=1e-6)  # rounding of 1/2 + share, cubed


def test_the_share_follows_the_power_two_thirds():
    h = np.geomspace(1e-7, 1e-3, 9)
    shares = np.array([relu_diagonal_change(one) for one in h])
    # Next order: q^2 / 10 of the leading one with q = (3 sqrt(2 pi))^(1/3) h^(2/3) <= 0.02.
    assert_allclose(shares, (1.5 / math.pi) ** (1 / 3) * h ** (2 / 3), rtol=1e-4)
    assert relu_diagonal_change(0.0) == 0
    assert relu_diagonal_change(0.8) == relu_diagonal_change(5.0) == 0.5


def test_greedy_switching_of_many_neurons_reaches_the_share(rng):
    # 40,000 standard Gaussian arguments, v = 1: off go the smallest positive ones.
    f = rng.standard_normal(40_000)
    positive = np.sort(f[f > 0])
    for h in (0.05, 0.3):
        off = np.searchsorted(np.cumsum(positive**2), len(f) * h * h)
        share = relu_diagonal_change(h)
        # Binomial with five standard errors, halved again by the compensation in the budget.
        assert abs(off / len(f) - share) < 5 * math.sqrt(share / len(f))


@pytest.mark.parametrize(("alpha", "power"), [(0.0, 0.5), (0.3, 0.2)])
def test_the_power_is_that_of_a_moved_jump(alpha, power):
    # The indicator of an interval of length h: coefficients sin(k h / 2) / (pi k), so that the
    # squared norm is h^2 / (4 pi^2) + 2 sum_k (1 + k)^(2 alpha) (sin(k h / 2) / (pi k))^2.
    k = np.arange(1.0, 1e6)
    h = np.array([1e-3, 2e-3])
    sums = [
        one**2 / (4 * np.pi**2)
        + 2 * np.sum((1 + k) ** (2 * alpha) * (np.sin(k * one / 2) / (np.pi * k)) ** 2)
        for one in h
    ]
    # Cut at k h = 1000, which leaves 1000^(2 alpha - 1), and (1 + k) for k: two percent.
    measured = np.log(sums[1] / sums[0]) / np.log(2) / 2
    assert_allclose(measured, power, atol=0.02)
    assert_allclose(kernel_motion_exponent(alpha, activation=RELU), power, rtol=1e-12)


def test_powers_of_smoother_activations():
    assert kernel_motion_exponent(0.45, activation=ELU) == 1
    assert_allclose(kernel_motion_exponent(0.75, activation=ELU), 0.75, rtol=1e-15)
    assert kernel_motion_exponent(3.0, activation=GELU) == 1
    assert kernel_motion_exponent(0.5, activation=RELU) == 0
    assert kernel_motion_exponent(2.0, activation=RELU) == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: displacement_bound(-1.0, largest_rate=1.0, width=2),
            r"`residual_integral` must be nonnegative and finite; got -1",
        ),
        (
            lambda: displacement_bound(1.0, largest_rate=math.nan, width=2),
            r"`largest_rate` must be nonnegative and finite; got nan",
        ),
        (
            lambda: displacement_bound(1.0, largest_rate=1.0, width=0),
            r"`width` must be positive and finite; got 0",
        ),
        (
            lambda: lipschitz_kernel_change(0.1, ELU, value_norm=0.0),
            r"`value_norm` must be positive and finite; got 0",
        ),
        (lambda: relu_diagonal_change(-0.1), r"`displacement` must be nonnegative and finite"),
        (
            lambda: kernel_motion_exponent(-0.1, activation=ELU),
            r"`smoothness` must be nonnegative and finite; got -0.1",
        ),
        (
            lambda: kernel_motion_exponent(
                0.1, activation=replace(ELU, continuous_derivatives=None)
            ),
            r"`activation` must be analytic or have a known number .*; got elu",
        ),
        (lambda: relu_diagonal_change(math.inf), r"`displacement` must be nonnegative and finite"),
    ],
)
def test_arguments_out_of_range_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
