"""Eigenvalues of zonal kernels: polynomials, Bessel functions, exact spectra, matrices."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import ive

from companion.activations import RELU, SIGMOID, TANH, leaky_relu
from companion.kernels.layer_moments import layer_moment
from companion.kernels.spectrum import (
    UnresolvedSpectrum,
    funk_hecke,
    network_spectrum,
    rounding_floor,
)
from companion.kernels.tangent_kernel import tangent_kernel
from companion.numerics.quadrature import hermite_coefficients
from companion.spaces.harmonics import multiplicities

DIMENSIONS = pytest.mark.parametrize("input_dim", [2, 3, 5, 50, 1280])
EXACT = 4e-15  # sums of about a hundred weighted values of order one


def zonal(activation, **options):
    """A layer moment on the unit sphere as a function of the inner product."""

    def kernel(t):
        angle = np.arccos(t)
        Z = np.stack([np.cos(angle), np.sin(angle)], axis=1)
        return layer_moment(np.array([[1.0, 0.0]]), Z, activation=activation, **options)[0]

    return kernel


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
    counts = multiplicities(input_dim=input_dim, max_degree=24)
    # High degrees have large multiplicities, which magnify the rounding of their eigenvalues.
    assert_allclose(counts @ values[:25], math.e, rtol=1e-14 * counts[12])


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


@pytest.mark.parametrize("depth", [1, 2, 4])
@pytest.mark.parametrize("sigma", [RELU, TANH], ids=lambda sigma: sigma.name)
def test_spectrum_of_a_network_is_that_of_its_kernel(depth, sigma):
    def kernel(t):
        Z = np.stack([t, np.sqrt(1 - t * t)], axis=1)
        return tangent_kernel(np.array([[1.0, 0.0]]), Z, depth=depth, activation=sigma)[0]

    network = {"depth": depth, "activation": sigma}
    found = network_spectrum(**network, input_dim=5, max_degree=8)
    assert_allclose(found, funk_hecke(kernel, input_dim=5, max_degree=8), rtol=0, atol=EXACT)


@pytest.mark.parametrize("input_dim", [3, 10, 100])
@pytest.mark.parametrize("depth", [1, 3])
def test_trace_of_a_network_spectrum(depth, input_dim):
    # kappa(1) = (L + 1) / 2^L for ReLU; what is missing is beyond degree K, or below rounding
    # where d = 100 gives a small eigenvalue a huge space. Nothing is negative beyond rounding.
    values = network_spectrum(depth=depth, activation=RELU, input_dim=input_dim, max_degree=10)
    counts = multiplicities(input_dim=input_dim, max_degree=10)
    assert values.min() > -1e-15
    total = counts[values > 1e-15] @ values[values > 1e-15]
    assert 0.85 < total / ((depth + 1) / 2**depth) < 1


def test_parity_of_shallow_and_deep_relu_networks():
    # One hidden layer without biases leaves out odd degrees from three on; a second hidden
    # layer brings them back. An odd activation leaves out all even ones at every depth.
    shallow = network_spectrum(depth=1, activation=RELU, input_dim=3, max_degree=9)
    assert np.abs(shallow[3::2]).max() < 1e-15 < 1e-4 < shallow[2::2].min()
    assert network_spectrum(depth=2, activation=RELU, input_dim=3, max_degree=9).min() > 1e-5
    leaky = network_spectrum(depth=2, activation=leaky_relu(0.5), input_dim=3, max_degree=9)
    assert leaky.min() > 1e-6
    odd = network_spectrum(depth=3, activation=TANH, input_dim=3, max_degree=9)
    assert np.abs(odd[::2]).max() < 1e-15 < odd[1::2].min()


@pytest.mark.parametrize("depth", [2, 3])
def test_deep_relu_kernels_fall_like_the_shallow_one(depth):
    # k^(-d) at every depth, both parities: the slope between degrees 60 and 120 in d = 2, 3,
    # where curvature of order 1/k bends it by less than 0.15.
    for input_dim in (2, 3):
        values = network_spectrum(
            depth=depth, activation=RELU, input_dim=input_dim, max_degree=121
        )
        for parity in (0, 1):
            slope = math.log2(values[120 + parity] / values[60 + parity])
            assert abs(slope + input_dim) < 0.15


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


@pytest.mark.parametrize("input_dim", [2, 3, 5, 10])
@pytest.mark.parametrize("max_degree", [96, 400])
def test_what_should_vanish_lies_at_the_rounding_floor(input_dim, max_degree):
    # Odd degrees of one hidden ReLU layer and of two layers of absolute values are zero. The
    # floor is no bound: three times, and not so high that it would hide anything.
    for sigma, depth in ((RELU, 1), (leaky_relu(-1.0), 2)):
        network = {"depth": depth, "activation": sigma}
        found = network_spectrum(**network, input_dim=input_dim, max_degree=max_degree)
        pole = np.array([[1.0, 0.0]])
        scale = tangent_kernel(pole, pole, **network).item()
        floor = rounding_floor(scale, input_dim=input_dim, max_degree=max_degree)
        ratios = np.abs(found[3::2]) / floor[3::2]
        assert 1e-2 < ratios.max() < 3


# Bad input ---------------------------------------------------------------------------------


def test_arguments_out_of_range():
    with pytest.raises(ValueError, match="`input_dim` must be at least 2; got 1"):
        funk_hecke(np.exp, input_dim=1, max_degree=3)
    with pytest.raises(ValueError, match="`max_degree` must be nonnegative; got -1"):
        funk_hecke(np.exp, input_dim=3, max_degree=-1)


def test_network_checks_its_sizes():
    with pytest.raises(ValueError, match="`input_dim` must be at least 2; got 1"):
        network_spectrum(depth=1, activation=RELU, input_dim=1, max_degree=3)


def test_kernel_must_return_numbers():
    with pytest.raises(ValueError, match=r"`kernel` must be finite on \[-1, 1\]; got nan at t = "):
        funk_hecke(lambda t: np.where(t > 0.5, np.nan, t), input_dim=3, max_degree=2)
    with pytest.raises(ValueError, match="`kernel` must keep the shape"):
        funk_hecke(lambda t: 1.0, input_dim=3, max_degree=2)


def test_jump_is_refused():
    with pytest.raises(UnresolvedSpectrum, match="smooth enough in the angle"):
        funk_hecke(lambda t: (t > 0.3).astype(float), input_dim=3, max_degree=4)


@pytest.mark.parametrize("size", [2.5, None, "a", True])
@pytest.mark.parametrize("name", ["input_dim", "max_degree"])
def test_sizes_must_be_whole_numbers(name, size, unchecked):
    sizes = {"input_dim": 3, "max_degree": 2, name: size}
    with pytest.raises(TypeError, match=f"`{name}` must be a (whole )?number; got .* Pass the"):
        funk_hecke(np.exp, **sizes)


@pytest.mark.parametrize(
    ("kernel", "message"),
    [
        (None, "`kernel` must be a function of inner products; got NoneType"),
        (
            lambda t: np.exp(1j * t),
            "`kernel` must return real numbers; got .*complex128",
        ),
        (lambda t: t.astype(str), "`kernel` must return real numbers; got an array of <U"),
    ],
    ids=["nothing", "complex", "text"],
)
def test_kernels_that_are_not_real_functions_are_refused(kernel, message, unchecked):
    with pytest.raises(TypeError, match=message):
        funk_hecke(kernel, input_dim=3, max_degree=2)
