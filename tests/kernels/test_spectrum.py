"""Eigenvalues of zonal kernels: polynomials, Bessel functions, exact spectra, matrices."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import ive

from companion.activations import RELU, SIGMOID
from companion.kernels.layer_moments import layer_moment
from companion.kernels.spectrum import UnresolvedSpectrum, funk_hecke
from companion.numerics.quadrature import hermite_coefficients

DIMENSIONS = pytest.mark.parametrize("input_dim", [2, 3, 5, 50, 1280])
EXACT = 4e-15  # sums of about a hundred weighted values of order one


def zonal(activation, **options):
    """A layer moment on the unit sphere as a function of the inner product."""

    def kernel(t):
        angle = np.arccos(t)
        Z = np.stack([np.cos(angle), np.sin(angle)], axis=1)
        return layer_moment(np.array([[1.0, 0.0]]), Z, activation=activation, **options)[0]

    return kernel


def multiplicity(degree, input_dim):
    """Dimension of the space of spherical harmonics of one degree."""
    lower = math.comb(degree + input_dim - 3, degree - 2) if degree >= 2 else 0
    return math.comb(degree + input_dim - 1, degree) - lower


# Exact values ------------------------------------------------------------------------------


@DIMENSIONS
def test_polynomials_by_hand(input_dim):
    # t^2 = (t^2 - 1/d) + 1/d, and P_2(t) = (d t^2 - 1) / (d - 1), whose mean square is the
    # inverse of the multiplicity (d - 1)(d + 2) / 2: the eigenvalue is 2 / (d (d + 2)).
    d = input_dim
    cases = {
        (lambda t: np.ones_like(t)): [1, 0, 0, 0],
        (lambda t: t): [0, 1 / d, 0, 0],
        (lambda t: t**2): [1 / d, 0, 2 / (d * (d + 2)), 0],
        (lambda t: t**3): [0, 3 / (d * (d + 2)), 0, 6 / (d * (d + 2) * (d + 4))],
    }
    for kernel, expected in cases.items():
        assert_allclose(funk_hecke(kernel, input_dim=d, max_degree=3), expected, atol=EXACT)


@pytest.mark.parametrize("input_dim", [2, 3, 5, 50])
@pytest.mark.parametrize("s", [0.1, 1.0, 10.0])
def test_exponential_is_a_bessel_function(input_dim, s):
    # exp(s(t - 1)): Gamma(d/2) (2/s)^(d/2 - 1) I_{k + d/2 - 1}(s) exp(-s).
    order = input_dim / 2 - 1
    degrees = np.arange(20)
    factor = math.exp(math.lgamma(input_dim / 2) + order * math.log(2 / s))
    exact = factor * ive(degrees + order, s)
    found = funk_hecke(lambda t: np.exp(s * (t - 1)), input_dim=input_dim, max_degree=19)
    assert_allclose(found, exact, rtol=1e-12, atol=EXACT * exact[0])


def test_relu_tangent_kernel_on_the_circle():
    # With the factor 2 of Cho and Saul the inner kernel is t (1 - theta / pi), and integrating
    # cos(k theta) against it gives mu_k = 2 (k^2 + 1) / (pi^2 (k^2 - 1)^2) for even k, zero
    # for odd k >= 3.
    slope = zonal(RELU, derivative=True)
    found = funk_hecke(lambda t: 2 * t * slope(t), input_dim=2, max_degree=64)
    k = np.arange(2, 65, 2)
    exact = 2 * (k**2 + 1) / (np.pi**2 * (k**2 - 1) ** 2)
    assert_allclose(found[2::2], exact, rtol=0, atol=EXACT)
    assert_allclose(found[3::2], 0, atol=EXACT)


# Identities --------------------------------------------------------------------------------


@pytest.mark.parametrize("input_dim", [2, 3, 5, 10])
def test_trace_is_the_kernel_on_the_diagonal(input_dim):
    # Mercer: sum of multiplicity times eigenvalue is kappa(1). For exp the tail beyond degree
    # 40 is below 1e-20.
    values = funk_hecke(np.exp, input_dim=input_dim, max_degree=40)
    total = sum(multiplicity(k, input_dim) * value for k, value in enumerate(values[:25]))
    # High degrees have large multiplicities, which magnify the rounding of their eigenvalues.
    assert_allclose(total, math.e, rtol=1e-14 * multiplicity(12, input_dim))


def test_sigmoid_kernel_agrees_with_its_power_series():
    # Two routes: the angle integral of the kernel, and the Hermite coefficients c_n with
    # mu_1[t^n] = E t^(n+1), a ratio of rising products.
    input_dim = 3
    squares = hermite_coefficients(SIGMOID, max_degree=60) ** 2
    moments = [
        math.prod((2 * i + 1) / (input_dim + 2 * i) for i in range((n + 1) // 2))
        for n in range(1, 61, 2)
    ]
    found = funk_hecke(zonal(SIGMOID), input_dim=input_dim, max_degree=2)
    assert_allclose(found[1], squares[1::2] @ moments, rtol=1e-13)
    assert_allclose(found[[0, 2]], [1 / 4, 0], atol=EXACT)


# Independent computation -------------------------------------------------------------------


def test_eigenvalues_of_a_matrix_on_the_circle():
    # Equispaced points on the circle: the kernel matrix divided by n is circulant, and its
    # eigenvalues are the Fourier coefficients up to aliasing, here mu_{n - k}: below 1e-30.
    n = 64
    circle = 2 * np.pi * np.arange(n) / n
    matrix = np.exp(np.cos(circle[:, None] - circle[None, :])) / n
    found = funk_hecke(np.exp, input_dim=2, max_degree=8)
    doubled = np.concatenate([found[:1], np.repeat(found[1:], 2)])
    assert_allclose(np.linalg.eigvalsh(matrix)[::-1][:17], doubled, rtol=0, atol=1e-15 * n)


# Where naive formulas fail -----------------------------------------------------------------


def test_kernels_that_are_not_smooth_at_the_ends_converge():
    # |x - y| = 2 sin(theta / 2) on the circle: mu_k = -4 / (pi (4 k^2 - 1)). A Gauss rule in t
    # converges algebraically here, one in the angle geometrically.
    found = funk_hecke(lambda t: np.sqrt(2 - 2 * t), input_dim=2, max_degree=100)
    k = np.arange(101)
    # 2 - 2t cancels near t = 1: rounding 1e-16 / sqrt(2 - 2t), integrable against the weight.
    assert_allclose(found, -4 / (np.pi * (4.0 * k**2 - 1)), rtol=0, atol=1e-14)


# Bad input ---------------------------------------------------------------------------------


def test_arguments_out_of_range():
    with pytest.raises(ValueError, match="`input_dim` must be at least 2; got 1"):
        funk_hecke(np.exp, input_dim=1, max_degree=3)
    with pytest.raises(ValueError, match="`max_degree` must be nonnegative; got -1"):
        funk_hecke(np.exp, input_dim=3, max_degree=-1)


def test_kernel_must_return_numbers():
    with pytest.raises(ValueError, match=r"`kernel` must be finite on \[-1, 1\]; got nan at t = "):
        funk_hecke(lambda t: np.where(t > 0.5, np.nan, t), input_dim=3, max_degree=2)
    with pytest.raises(ValueError, match="`kernel` must return an array of the shape"):
        funk_hecke(lambda t: 1.0, input_dim=3, max_degree=2)


def test_jump_is_refused():
    with pytest.raises(UnresolvedSpectrum, match="smooth enough in the angle"):
        funk_hecke(lambda t: (t > 0.3).astype(float), input_dim=3, max_degree=4)
