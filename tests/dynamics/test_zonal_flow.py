"""The flow degree by degree against exact sums, a full matrix flow and extreme numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.linalg import expm
from scipy.special import gamma

from companion.dynamics.zonal_flow import largest_residual, zonal_flow, zonal_flow_of_logarithms

EXACT = 1e-14  # a few roundings of numbers of order one


# Exact values ------------------------------------------------------------------------------


def test_one_degree_decays_at_twice_its_eigenvalue():
    # E = 3 exp(-2 * 0.5 t): at t = log 2 half of it.
    found = zonal_flow(np.array([3.0]), np.array([0.5]), np.array([0.0, np.log(2)]))
    assert_allclose(found, [[3.0], [1.5]], rtol=EXACT)


def test_degrees_that_the_kernel_does_not_see_stay():
    energies, eigenvalues = np.array([1.0, 2.0]), np.array([1.0, -1e-13])
    assert_allclose(zonal_flow(energies, eigenvalues, np.array([1e6])), [[0.0, 2.0]], atol=EXACT)


def test_borderline_energies_decay_like_the_gamma_integral():
    # sum k^(-2a-1) exp(-2 t k^(-2b)) -> Gamma(a/b) / (2b) (2t)^(-a/b): the sum over k is a
    # Riemann sum of a smooth function of k/k* with k* = (2t)^(1/2b) = 1414, relative error
    # 1/k*^2 times a constant; the tail beyond 2e5 adds K^(-2a) / (2a), which is put back.
    a, b, t = 0.5, 1.0, 1e6
    k = np.arange(1, 200_001.0)
    found = zonal_flow(k ** (-2 * a - 1), k ** (-2 * b), np.array([t])).sum()
    tail = (200_000.5) ** (-2 * a) / (2 * a)
    expected = gamma(a / b) / (2 * b) * (2 * t) ** (-a / b)
    assert_allclose(found + tail, expected, rtol=1e-4)


def test_the_largest_residual_of_a_power_law():
    # max over u = k^(-2b) of exp(-t u) u^(a/2b) is (a / (2 e b t))^(a/2b); with whole k the
    # maximum is missed by a relative (1/k*)^2, k* about 2000.
    a, b, t = 0.5, 1.0, 1e6
    k = np.arange(1, 20_001.0)
    found = largest_residual(k ** (-2 * b), k ** (2 * a), np.array([t]))
    assert_allclose(found, (a / (2 * np.e * b * t)) ** (a / (2 * b)), rtol=1e-6)


# Identities --------------------------------------------------------------------------------


@given(shift=st.floats(-600, 600))
def test_logarithms_allow_any_unit_of_time(shift):
    energies, eigenvalues = np.array([1.0, 0.5, 2.0]), np.array([1.0, 0.1, 1e-3])
    t = np.array([0.1, 10.0, 1000.0])
    found = zonal_flow_of_logarithms(energies, np.log(eigenvalues) - shift, np.log(t) + shift)
    # A sum of logarithms near 600 has lost 600 roundings of 2e-16.
    assert_allclose(found, zonal_flow(energies, eigenvalues, t), rtol=1e-11, atol=1e-300)


def test_the_largest_residual_is_attained_and_never_exceeded(rng):
    eigenvalues = np.array([0.3, 1.0, 0.2, 0.05, 0.0])
    weights = np.array([1.0, 4.0, 9.0, 16.0, 400.0])
    t = np.array([0.0, 1.0, 10.0, 100.0])
    bound = largest_residual(eigenvalues, weights, t)
    single = np.array(
        [np.sqrt(zonal_flow(e / weights, eigenvalues, t).sum(axis=1)) for e in np.eye(5)]
    )
    assert_allclose(single.max(axis=0), bound, rtol=EXACT)
    mixed = rng.dirichlet(np.ones(5), 50) / weights
    norms = np.sqrt([zonal_flow(e, eigenvalues, t).sum(axis=1) for e in mixed])
    assert (norms <= bound).all()


# Independent computations ------------------------------------------------------------------


def test_agrees_with_the_flow_of_values_on_the_circle():
    # On S^1 degree k is spanned by the cosine and the sine; a circulant matrix acts on values.
    n, rates = 64, np.array([0.5, 0.9, 0.3, 0.2])
    angle = 2 * np.pi * np.arange(n) / n
    # Kernel with mean-value eigenvalue rates[k]: sum of multiplicity * rate * cos(k difference).
    K = sum(
        (1 if k == 0 else 2) * rate * np.cos(k * (angle[:, None] - angle))
        for k, rate in enumerate(rates)
    )
    r = 0.7 + np.cos(angle) - 2 * np.sin(2 * angle) + 0.3 * np.cos(3 * angle)
    energies = np.array([0.49, 0.5, 2.0, 0.045])
    for t in (0.0, 0.8, 5.0):
        moved = expm(-t * K / n) @ r
        found = zonal_flow(energies, rates, np.array([t]))
        assert_allclose(np.mean(moved**2), found.sum(), rtol=1e-12)


# Where naive formulas fail -----------------------------------------------------------------


def test_eigenvalues_beyond_double_precision():
    # mu = e^-1000 and t = e^1000 are not representable; their product is one.
    found = zonal_flow_of_logarithms(
        np.array([1.0, 1.0, 1.0]), np.array([-1000.0, -np.inf, 0.0]), np.array([1000.0])
    )
    assert_allclose(found, [[np.exp(-2.0), 1.0, 0.0]], rtol=1e-12)


def test_the_largest_residual_does_not_overflow():
    found = largest_residual(np.array([1.0, 1e-300]), np.array([1.0, 1e300]), np.array([1e4]))
    assert_allclose(found, [1e-150], rtol=1e-12)


GOOD = (np.array([1.0, 2.0]), np.array([1.0, 0.5]), np.array([0.0, 1.0]))


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (0, np.array([1.0, -2.0]), r"`energies` must be nonnegative; entry 1 is -2"),
        (0, np.array([1.0, np.nan]), r"`energies` must be finite; got energies\[1\] = nan"),
        (0, np.ones((1, 2)), r"`energies` must be a vector with an entry; got shape \(1, 2\)"),
        (0, np.array([]), r"`energies` must be a vector with an entry; got shape \(0,\)"),
        (1, np.array([1.0]), r"`eigenvalues` must have one entry per degree.*got shape \(1,\)"),
        (1, np.array([1.0, -0.5]), r"`eigenvalues` must be nonnegative up to rounding; entry 1"),
        (2, np.array([-1.0]), r"`t` must be nonnegative; entry 0 is -1"),
    ],
)
def test_bad_arguments_are_named(place, value, message):
    arguments = list(GOOD)
    arguments[place] = value
    with pytest.raises(ValueError, match=message):
        zonal_flow(*arguments)


def test_bad_weights_and_logarithms_are_named():
    with pytest.raises(ValueError, match=r"`weights` must be positive; entry 1 is 0"):
        largest_residual(GOOD[1], np.array([1.0, 0.0]), GOOD[2])
    with pytest.raises(ValueError, match=r"`log_eigenvalues` must be finite; got .*\[0\] = nan"):
        zonal_flow_of_logarithms(GOOD[0], np.array([np.nan, 0.0]), GOOD[2])
    with pytest.raises(ValueError, match=r"`log_eigenvalues` must have one entry per degree"):
        zonal_flow_of_logarithms(GOOD[0], np.zeros(3), GOOD[2])
    with pytest.raises(ValueError, match=r"`log_t` must be finite"):
        zonal_flow_of_logarithms(GOOD[0], np.zeros(2), np.array([-np.inf]))
