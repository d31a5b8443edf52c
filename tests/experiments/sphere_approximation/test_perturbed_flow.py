"""Flows of cut kernels: exact cases, and the same flow as a matrix on points of the circle."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.linalg import expm

from companion.activations import RELU
from companion.experiments.sphere_approximation.perturbed_flow import SCALES, Config, run
from companion.kernels.tangent_kernel import tangent_kernel

CONFIG = SCALES["smoke"]


@pytest.fixture(scope="module")
def data():
    return run(CONFIG)


# Exact values ------------------------------------------------------------------------------


def test_the_start_has_norm_one(data):
    # Energies proportional to (1 + k)^(-2.1) on the circle, where w_k = 1 + k.
    w = 1.0 + np.arange(65)
    energies = w**-2.1 / (w**-1.2).sum()
    start = data.isel(t=0)
    assert_allclose(start["high_norm"], 1.0, rtol=1e-13)
    assert_allclose(start["error"], energies.sum(), rtol=1e-13)
    assert_allclose(start["low_norm"], np.sqrt((energies / w**0.9).sum()), rtol=1e-13)
    assert_allclose(data["blind_floor"], energies[3::2].sum(), rtol=1e-13)


def test_what_is_cut_off_stays(data):
    w = 1.0 + np.arange(65)
    energies = w**-2.1 / (w**-1.2).sum()
    for cut in CONFIG.kept_degrees:
        end = data["error"].sel(kept_degree=cut).isel(t=-1)
        # The slowest kept degree has mu t above 5: e^-10 of its energy is left.
        assert_allclose(end, energies[cut + 1 :].sum(), rtol=1e-4)


# Identities --------------------------------------------------------------------------------


def test_every_inequality_holds(data):
    slack = 1e-12  # rounding of sums of 65 terms
    assert (data["error"] <= data["low_norm"] * data["high_norm"] * (1 + slack)).all()
    assert (data["low_slope"] <= data["low_slope_bound"] + slack).all()
    assert (data["high_slope"] <= data["high_slope_bound"] + slack).all()
    assert (data["error"] <= data["bound"] * (1 + slack)).all()
    assert (data["bound"] <= data["sum_bound"] * (1 + slack)).all()
    assert (data["plateau"] < data["low_norm"].isel(t=0)).all()


def test_slopes_are_those_of_the_norms():
    # Central differences in log t: relative error (d log t)^2 / 6 times a bounded factor.
    fine = run(Config(kept_degrees=(8,), max_degree=64, last_time=100.0, num_times=401))
    for norm, slope in (("low_norm", "low_slope"), ("high_norm", "high_slope")):
        t, values = fine["t"].values[1:], np.log(fine[norm].values[0, 1:])
        found = (values[2:] - values[:-2]) / (t[2:] - t[:-2])
        assert_allclose(found, fine[slope].values[0, 2:-1], rtol=2e-3)


# Independent computations ------------------------------------------------------------------


def test_agrees_with_a_matrix_of_kernel_values(data):
    # 256 equispaced points hold degrees up to 64 and cut off by the discrete Fourier basis.
    n, cut, t = 256, 8, 10.0
    angle = 2 * np.pi * np.arange(n) / n
    X = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    K = tangent_kernel(X, X, depth=2, activation=RELU, trained=(1,)) / n
    modes = [np.ones(n)] + [
        np.sqrt(2) * f(k * angle) for k in range(1, 65) for f in (np.cos, np.sin)
    ]
    basis = np.stack(modes, axis=1) / np.sqrt(n)
    kept = basis[:, : 2 * cut + 1]
    w = 1.0 + np.arange(65)
    energies = w**-2.1 / (w**-1.2).sum()
    coefficients = np.sqrt(np.concatenate([energies[:1], np.repeat(energies[1:] / 2, 2)]))
    moved = expm(-t * kept @ kept.T @ K @ kept @ kept.T) @ (basis @ coefficients)
    found = run(Config(kept_degrees=(cut,), max_degree=64, last_time=t, num_times=3))
    # The rule of 256 points adds the eigenvalue of degree 256 - k, some 1e-3 of that of degree 8.
    assert_allclose(found["error"].isel(kept_degree=0, t=-1), moved @ moved, rtol=1e-3)


# Where a hypothesis fails ------------------------------------------------------------------


def test_without_coercivity_the_odd_degrees_stay(data):
    assert (data["blind_error"] >= data["blind_floor"] * (1 - 1e-10)).all()
    assert data["blind_error"].isel(t=-1) < 1.5 * data["blind_floor"]
