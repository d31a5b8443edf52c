"""Rates of the two norms and their bounds: against differences, and term by term."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.activations import RELU
from companion.experiments.base import execute
from companion.experiments.sphere_approximation import norm_inequalities
from companion.experiments.sphere_approximation.harmonic_problem import deep_network, harmonic_grid
from companion.kernels.spectrum import network_spectrum
from companion.numerics.montecarlo import stream

SMOKE = norm_inequalities.SCALES["smoke"]


@pytest.fixture(scope="module")
def data():
    return execute(norm_inequalities.EXPERIMENT, SMOKE)


def test_bounds_hold_at_every_time(data):
    # Exact inequalities for a linear system of 25 unknowns: rounding only.
    for sign in ("negative", "positive"):
        assert (data[f"{sign}_rate"] <= data[f"{sign}_bound"] + 1e-12).all()


def test_coercivity_is_that_of_the_spectrum(data):
    # 25 points fold the degrees 25 j + k and 25 j - k onto k: summed up to j = 19, and beyond it
    # with mu ~ c / (25 j)^2, whose sum over j >= 20 is c / 625 / 19.5 within 0.1 per cent.
    mu = network_spectrum(depth=2, activation=RELU, trained=(1,), input_dim=2, max_degree=510)
    k = np.arange(13)
    folded = mu[k] + sum(mu[25 * j + k] + mu[25 * j - k] for j in range(1, 20))
    folded += 2 * mu[510] * 510**2 / 625 / 19.5
    assert_allclose(data["coercivity"], ((1 + k) ** 2 * folded).min(), rtol=2e-4)


def test_rates_are_derivatives_of_the_norms():
    # The ratio of the norms along two records close to each other, by differences.
    times = replace(SMOKE, widths=(16,), horizon=0.2, num_times=3, rtol=1e-4)  # 0, 0.1, 0.2
    data = norm_inequalities.run(times).isel(width=0)
    logarithm = np.log(data["norm_ratio"].values)
    slope = (logarithm[2] - logarithm[0]) / 0.2
    rate = (data["negative_rate"] - data["positive_rate"]).values[1]
    # Central difference at 0.1: curvature of order 0.01 times 0.1^2.
    assert_allclose(slope, rate, rtol=5e-3)


def test_perturbation_and_threshold_by_hand(data):
    # The threshold is where pull and push of the positive norm are equal: with alpha = 0.45 and
    # beta = 1 it is (perturbation / coercivity)^(9/11).
    eps, c = data["perturbation"], float(data["coercivity"])
    assert_allclose(data["threshold"], (eps / c) ** (9 / 11), rtol=1e-12)
    ratio = data["norm_ratio"]
    bound = eps * ratio - c * ratio ** (1 / 0.45)
    assert_allclose(data["positive_bound"], bound, rtol=1e-9, atol=1e-13)
    # Wider networks are closer to the limit.
    assert (eps.isel(width=1) < eps.isel(width=0)).all()


def test_perturbation_at_the_start_by_the_two_sums(data):
    # The kernel of the second of two hidden layers as a product of two sums over neurons,
    # formed here without the tangent kernel of the library.
    grid = harmonic_grid(2, SMOKE.max_degree)
    network = deep_network(8, 2, RELU, stream(SMOKE.seed, "weights", 8))
    first, second, _ = (matrix.detach().numpy() for matrix in network.weights)
    hidden = np.maximum(grid.points @ first.T, 0)
    gates = (hidden @ second.T / np.sqrt(8) > 0).astype(float)
    gram = (gates @ gates.T / 8) * (hidden @ hidden.T / 8)
    angle = np.arccos(np.clip(grid.points @ grid.points.T, -1, 1))
    inner = (np.sin(angle) + (np.pi - angle) * np.cos(angle)) / (2 * np.pi)
    outer = (np.pi - np.arccos(np.clip(2 * inner, -1, 1))) / (2 * np.pi)
    weighted = grid.basis / 25 * ((1.0 + grid.degrees) ** 0.45)
    expected = np.linalg.norm(weighted.T @ (gram - outer * inner) @ weighted, 2)
    assert_allclose(data["perturbation"].isel(width=0, t=0), expected, rtol=1e-6)
