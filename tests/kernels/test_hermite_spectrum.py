"""Tiny eigenvalues of smooth networks: high precision, quadrature, Bessel functions, limits."""

import math

import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import ive

from companion.activations import ELU, ERF, GELU, SIGMOID, SILU, SOFTPLUS, TANH, mollified_relu
from companion.kernels import hermite_spectrum
from companion.kernels.hermite_spectrum import log_network_spectrum
from companion.kernels.spectrum import UnresolvedSpectrum, network_spectrum

LOGS = 1e-11  # a relative error of the eigenvalues: sums of log-gammas of size 1e3


# Exact values ------------------------------------------------------------------------------


def test_erf_on_the_circle_in_high_precision():
    # t (4 / pi) (9 - 4 t^2)^(-1/2): cosine coefficients by the trapezoidal rule, exact to 1e-100.
    with mpmath.workdps(60):
        nodes = [mpmath.cos(mpmath.pi * 2 * j / 400) for j in range(400)]
        values = [t * 4 / mpmath.pi / mpmath.sqrt(9 - 4 * t * t) for t in nodes]
        expected = [
            float(mpmath.log(mpmath.fdot(values, [mpmath.chebyt(k, t) for t in nodes]) / 400))
            for k in (61, 91)
        ]
    found = log_network_spectrum(depth=1, activation=ERF, trained=(0,), input_dim=2, max_degree=91)
    assert_allclose(found[[61, 91]], expected, rtol=0, atol=LOGS)
    assert expected[1] < -85  # far below what a quadrature in double precision sees


# Independent computations ------------------------------------------------------------------


@pytest.mark.parametrize("input_dim", [2, 3, 6])
@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("one", [GELU, TANH, SIGMOID], ids=lambda one: one.name)
def test_large_eigenvalues_by_quadrature(one, depth, input_dim):
    sizes = {"depth": depth, "activation": one, "input_dim": input_dim, "max_degree": 9}
    found = np.exp(log_network_spectrum(**sizes))
    expected = network_spectrum(**sizes)
    assert_allclose(found, expected, rtol=1e-9, atol=1e-14 * expected.max())


@pytest.mark.parametrize("degree", [25, 101])
def test_tanh_on_the_circle_by_bessel_functions(degree):
    # Summed over the powers first: mu_k = (2 pi)^-2 int int S S exp(-(w^2 + v^2) / 2) I_k(w v)
    # for the derivative of tanh, S = pi w / sinh(pi w / 2); its product with t halves two of them.
    w = 0.1 * (np.arange(300) + 0.5)
    S = np.pi * w / np.sinh(np.pi * w / 2)
    first, second = np.meshgrid(w, w)
    # I_k(x) e^-x, times exp(-(w - v)^2 / 2).
    weight = np.outer(S, S) * np.exp(-((first - second) ** 2) / 2) * (0.1 / np.pi) ** 2
    slope = [(weight * ive(k, first * second)).sum() for k in (degree - 1, degree + 1)]
    found = log_network_spectrum(
        depth=1, activation=TANH, trained=(0,), input_dim=2, max_degree=degree
    )
    assert_allclose(found[degree], math.log(sum(slope) / 2), rtol=0, atol=1e-10)


# Identities --------------------------------------------------------------------------------


def test_low_degrees_alone():
    full = log_network_spectrum(depth=2, activation=SILU, input_dim=3, max_degree=12)
    some = log_network_spectrum(depth=2, activation=SILU, input_dim=3, max_degree=3)
    assert_allclose(some, full[:4], rtol=1e-12)


def test_the_trace_is_the_diagonal():
    # On the circle mu_0 + 2 (mu_1 + ...) is the kernel at t = 1.
    logs = log_network_spectrum(
        depth=1, activation=SOFTPLUS, trained=(0,), input_dim=2, max_degree=60
    )
    z, weights = np.polynomial.hermite_e.hermegauss(100)
    diagonal = weights / weights.sum() @ (1 / (1 + np.exp(-z))) ** 2
    mu = np.exp(logs)
    assert_allclose(mu[0] + 2 * mu[1:].sum(), diagonal, rtol=1e-12)


def test_parity():
    bare = log_network_spectrum(depth=2, activation=TANH, input_dim=3, max_degree=7)
    assert np.isneginf(bare[::2]).all() and np.isfinite(bare[1::2]).all()
    biased = log_network_spectrum(
        depth=2, activation=TANH, input_dim=3, max_degree=7, bias_variance=0.25
    )
    assert np.isfinite(biased).all()


# What is refused ---------------------------------------------------------------------------


def test_a_spline_is_refused():
    # Its series falls like a power: no number of terms is enough.
    with pytest.raises(ValueError, match="`activation` must be analytic; got 'mollified_relu"):
        log_network_spectrum(depth=2, activation=mollified_relu(2), input_dim=2, max_degree=3)


def test_more_terms_than_allowed_are_refused(monkeypatch):
    monkeypatch.setitem(hermite_spectrum._MOST_TERMS, False, 256)
    with pytest.raises(UnresolvedSpectrum, match="256 terms of the series suffice; got 300"):
        log_network_spectrum(depth=2, activation=ERF, input_dim=2, max_degree=300)


def test_arguments():
    with pytest.raises(ValueError, match="`input_dim` must be at least 2; got 1"):
        log_network_spectrum(depth=1, activation=TANH, input_dim=1, max_degree=3)
    with pytest.raises(ValueError, match="must be analytic; got 'elu'"):
        log_network_spectrum(depth=1, activation=ELU, input_dim=2, max_degree=3)
