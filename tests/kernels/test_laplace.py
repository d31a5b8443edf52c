"""The Laplace kernel against its definition, and its kink."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.kernels.decay import chord_power_spectrum, fit_degree_decay
from companion.kernels.laplace import laplace_kernel
from companion.kernels.zonal import zonal_spectrum


def test_values_by_hand():
    X = np.array([[0.0, 0.0], [3.0, 4.0]])
    expected = [[1, math.exp(-5 / 2)], [math.exp(-5 / 2), 1]]
    assert_allclose(laplace_kernel(X, length=2.0), expected, rtol=1e-15)
    assert_allclose(laplace_kernel(X, X[:1]), [[1], [math.exp(-5)]], rtol=1e-15)


@pytest.mark.parametrize("input_dim", [2, 3, 5])
@pytest.mark.parametrize("length", [0.5, 1.0])
def test_its_spectrum_is_that_of_its_kink(input_dim, length):
    # exp(-|x - y| / s) = 1 - sqrt(2) sqrt(1 - t) / s + ...; next relative terms k^-2.
    found = zonal_spectrum(
        lambda X, Z: laplace_kernel(X, Z, length=length), input_dim=input_dim, max_degree=128
    )
    kink = chord_power_spectrum(0.5, input_dim=input_dim, max_degree=128)
    leading = -math.sqrt(2) / length * kink
    k = np.arange(32, 129)
    rate = fit_degree_decay(k, found[k], input_dim=input_dim)
    assert abs(rate.exponent + input_dim) < 2e-3
    squares = (np.array([64, 128]) + (input_dim - 2) / 2) ** 2
    ratios = found[[64, 128]] / leading[[64, 128]]
    assert_allclose(np.diff(squares * ratios) / np.diff(squares), 1, rtol=0, atol=1e-4)


def test_small_distances_keep_their_digits():
    angle = 1e-9
    X, Z = np.array([[1.0, 0.0]]), np.array([[math.cos(angle), math.sin(angle)]])
    # 1 - value is the distance up to its square; 1 is exact to half a rounding.
    assert_allclose(1 - laplace_kernel(X, Z), angle, rtol=0, atol=2e-16)


def test_bad_input(unchecked):
    X = np.ones((2, 2))
    with pytest.raises(ValueError, match="`length` must be positive"):
        laplace_kernel(X, length=0.0)
    with pytest.raises(ValueError, match=r"`Z` must be finite; got Z\[0, 0\] = nan"):
        laplace_kernel(X, np.array([[np.nan, 0.0]]))
    with pytest.raises(ValueError, match="`Z` must have points of the dimension of `X`, 2; got 3"):
        laplace_kernel(X, np.ones((1, 3)))
    with pytest.raises(TypeError, match="`X` must be a NumPy array of float64"):
        laplace_kernel(X.astype(np.float32))
