"""Spectra of kernels of points, against those of inner products; others are refused."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.activations import RELU
from companion.kernels.spectrum import angle_spectrum, funk_hecke, network_spectrum
from companion.kernels.tangent_kernel import tangent_kernel
from companion.kernels.zonal import zonal_spectrum


@pytest.mark.parametrize("input_dim", [2, 3, 10])
def test_agrees_with_the_function_of_the_inner_product(input_dim):
    found = zonal_spectrum(lambda X, Z: np.exp(X @ Z.T), input_dim=input_dim, max_degree=9)
    assert_allclose(found, funk_hecke(np.exp, input_dim=input_dim, max_degree=9), atol=1e-15)


def test_agrees_with_the_spectrum_of_a_network():
    found = zonal_spectrum(
        lambda X, Z: tangent_kernel(X, Z, depth=2, activation=RELU), input_dim=4, max_degree=9
    )
    expected = network_spectrum(depth=2, activation=RELU, input_dim=4, max_degree=9)
    assert_allclose(found, expected, rtol=0, atol=1e-15)


def test_angle_spectrum_by_hand():
    # theta on the circle: the mean is pi / 2, and mu_k = -2 / (pi k^2) for odd k.
    k = np.arange(1, 40, 2)
    found = angle_spectrum(lambda angle: angle, input_dim=2, max_degree=39)
    assert_allclose(found[0], np.pi / 2, rtol=1e-14)
    # Rounding of an angle moves a polynomial of degree k by k roundings.
    assert_allclose(found[1::2], -2 / (np.pi * k**2), rtol=0, atol=1e-14)
    assert_allclose(found[2::2], 0, atol=1e-14)


@pytest.mark.parametrize("input_dim", [2, 3, 7])
def test_kernels_that_are_not_zonal_are_refused(input_dim):
    def weighted(X, Z):
        return (1 + X[:, :1] ** 2) * np.exp(X @ Z.T) * (1 + Z[:, :1].T ** 2)

    with pytest.raises(ValueError, match=r"`kernel` must be zonal, .*; got a change of"):
        zonal_spectrum(weighted, input_dim=input_dim, max_degree=3)


def test_what_a_kernel_returns_is_checked():
    with pytest.raises(ValueError, match=r"`kernel` must be finite; got kernel\[0, 0\] = nan"):
        zonal_spectrum(lambda X, Z: np.full((1, len(Z)), np.nan), input_dim=3, max_degree=2)
    with pytest.raises(ValueError, match=r"`kernel` must return a matrix of shape \(1, 9\)"):
        zonal_spectrum(lambda X, Z: np.ones(len(Z)), input_dim=3, max_degree=2)
    with pytest.raises(ValueError, match="`input_dim` must be at least 2; got 1"):
        zonal_spectrum(lambda X, Z: X @ Z.T, input_dim=1, max_degree=2)
