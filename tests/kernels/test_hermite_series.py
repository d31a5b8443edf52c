"""Hermite series of activations: closed forms, completeness, and refusal where incomplete."""

import dataclasses
import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.activations import GAUSSIAN_BUMP, NORMAL_CDF, SIGMOID, TANH
from companion.kernels.hermite_series import UnresolvedMoment, hermite_series, mehler_sum


def series_at(norm, sigma, *, derivative=False):
    return hermite_series(np.array([norm]), activation=sigma, derivative=derivative)[0][0]


# Exact values ------------------------------------------------------------------------------


@pytest.mark.parametrize("norm", [0.3, 1.0, 4.0, 15.0])
def test_mass_of_the_gaussian_bump(norm):
    # c_0 = (1 + r^2)^(-1/2), and the squares add up to (1 + 2 r^2)^(-1/2).
    series = series_at(norm, GAUSSIAN_BUMP)
    assert_allclose(series[0], (1 + norm**2) ** -0.5, rtol=1e-14)
    assert_allclose((series**2).sum(), (1 + 2 * norm**2) ** -0.5, rtol=1e-14)


@pytest.mark.parametrize("norm", [0.3, 1.0, 4.0])
def test_coefficients_of_the_normal_distribution_function(norm):
    # Term by term in arcsin(rho q) / (2 pi) with q = r^2 / (1 + r^2).
    series = series_at(norm, NORMAL_CDF)
    q = norm**2 / (1 + norm**2)
    degrees = np.arange(len(series) // 2)
    arcsin = [math.comb(2 * k, k) / 4.0**k / (2 * k + 1) * q ** (2 * k + 1) for k in degrees]
    assert_allclose(series[1::2][: len(degrees)] ** 2, np.array(arcsin) / (2 * np.pi), atol=1e-16)
    assert_allclose(series[0], 0.5, rtol=1e-15)


def test_parity_of_the_sigmoid():
    # s - 1/2 is odd: no even degree but zero.
    assert np.abs(series_at(1.0, SIGMOID)[2::2]).max() < 1e-15


# Identities --------------------------------------------------------------------------------


@pytest.mark.parametrize("sigma", [SIGMOID, TANH, GAUSSIAN_BUMP], ids=lambda sigma: sigma.name)
@pytest.mark.parametrize("norm", [0.5, 2.0])
def test_coefficients_of_the_derivative(sigma, norm):
    # Integration by parts: r E sigma'(rz) h_k(z) = sqrt(k + 1) E sigma(rz) h_{k+1}(z).
    value, slope = series_at(norm, sigma), series_at(norm, sigma, derivative=True)
    count = min(len(value) - 1, len(slope), 100)
    shifted = np.sqrt(np.arange(1, count + 1)) * value[1 : count + 1]
    assert_allclose(norm * slope[:count], shifted, rtol=0, atol=1e-14)


def test_norms_equal_up_to_rounding_share_a_row():
    norms = np.array([1.0, np.nextafter(1.0, 2.0), np.nextafter(1.0, 0.0), 0.5])
    series, index = hermite_series(norms, activation=SIGMOID, derivative=False)
    assert len(series) == 2
    assert index.tolist() == [1, 1, 1, 0]


def test_zero_norm_is_the_constant():
    series, _ = hermite_series(np.array([0.0, 1.0]), activation=SIGMOID, derivative=False)
    assert series[0, 0] == pytest.approx(0.5, rel=1e-15)
    assert np.abs(series[0, 1:]).max() < 1e-15
    series, _ = hermite_series(np.array([0.0]), activation=TANH, derivative=False)
    assert (series == 0).all()


# Independent computation -------------------------------------------------------------------


def test_sum_over_pairs_agrees_with_polynomials(rng):
    # Random coefficients, every pair by Horner's rule; more pairs than one block holds.
    series = rng.standard_normal((3, 40))
    index_x, index_z = rng.integers(0, 3, 300), rng.integers(0, 3, 200)
    correlation = rng.uniform(-1, 1, (300, 200))
    correlation[0, 0], correlation[299, 199] = 1.0, -1.0
    found = mehler_sum(series, index_x, index_z, correlation)
    for i, j in [(0, 0), (299, 199), *rng.integers(0, 200, (200, 2))]:
        products = series[index_x[i]] * series[index_z[j]]
        expected = np.polynomial.polynomial.polyval(correlation[i, j], products)
        # 40 terms of order one, added in another order.
        assert_allclose(found[i, j], expected, rtol=0, atol=40 * 40 * 2.3e-16)


# Refusal -----------------------------------------------------------------------------------


def test_steep_activation_is_refused_and_not_rounded():
    with pytest.raises(UnresolvedMoment, match=r"of 'sigmoid' ends by degree 16384; got norm 100"):
        series_at(100.0, SIGMOID)


def test_kink_is_refused():
    clipped = dataclasses.replace(TANH, name="clip", value=lambda z: np.clip(z, -1.0, 1.0))
    with pytest.raises(UnresolvedMoment, match=r"of 'clip' .* of the second moment is missing"):
        series_at(1.0, clipped)


def test_oscillation_that_the_first_grid_takes_for_a_constant_is_noticed():
    grids = []

    def recording(z):
        grids.append(z.ravel())
        return np.ones_like(z)

    series_at(1.0, dataclasses.replace(SIGMOID, name="recording", value=recording))
    frequency = 2 * np.pi / (grids[0][1] - grids[0][0])
    wave = dataclasses.replace(
        SIGMOID, name="wave", value=lambda z: np.cos(frequency * (z - grids[0][0]))
    )
    assert_allclose(wave(grids[0]), 1.0, rtol=0, atol=1e-10)
    # Its mean is exp(-frequency^2 / 2) = 0 and its mean square 1/2, not 1 and 1.
    series = series_at(1.0, wave)
    assert abs(series[0]) < 1e-13
    assert_allclose((series**2).sum(), 1 / 2, rtol=1e-13)
