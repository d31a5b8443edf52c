"""What smooth activations do to coercivity: statements of document 000 and ours about them.

Kernels are written out here: closed forms in high precision for GELU and erf, Gauss-Hermite sums
for tanh, products of matrices for networks. The library is the thing that is compared.
"""

import math

import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.activations import ELU, ERF, GELU, RELU, TANH
from companion.experiments.sphere_approximation import (
    finite_smoothness,
    logarithmic_flow,
    rounding_floor,
    smooth_spectra,
)
from companion.kernels.hermite_spectrum import log_network_spectrum
from companion.kernels.spectrum import network_spectrum

NODES = 512  # angles of the trapezoidal rule: aliasing is e^(-0.9 * 400)


def gelu_value(c, q):
    # E u Phi(u) v Phi(v), by Stein's identity.
    density = 1 / (2 * mpmath.pi * mpmath.sqrt((1 + q) ** 2 - c**2))
    both = mpmath.mpf(1) / 4 + mpmath.asin(c / (1 + q)) / (2 * mpmath.pi)
    return c * both + density * (q * (q - c**2 / (1 + q)) + c**2 / (1 + q))


def gelu_slope(c, q):
    # E sigma'(u) sigma'(v) is the derivative of the above in c.
    return mpmath.diff(lambda x: gelu_value(x, q), c)


def erf_value(c, q):
    return 2 / mpmath.pi * mpmath.asin(2 * c / (1 + 2 * q))


def erf_slope(c, q):
    return 4 / mpmath.pi / mpmath.sqrt((1 + 2 * q) ** 2 - 4 * c**2)


def on_the_circle(value, slope, depth, degrees, *, bias=0, every_layer=False, digits=60):
    """Eigenvalues of a tangent kernel with biases, in high precision."""
    with mpmath.workdps(digits):
        half = [mpmath.cos(2 * mpmath.pi * j / NODES) for j in range(NODES // 2 + 1)]
        kernel = []
        for t in half:
            c, q = t + bias, mpmath.mpf(1) + bias
            theta = c
            for layer in range(1, depth + 1):
                own = c  # Sigma^(l - 1), what the weights of the last hidden matrix see
                dot, c, q = slope(c, q), value(c, q) + bias, value(q, q) + bias
                theta = theta * dot + c if every_layer else (own * dot if layer == depth else c)
            kernel.append(theta)
        weights = [1 if j in (0, NODES // 2) else 2 for j in range(NODES // 2 + 1)]
        return [
            mpmath.fsum(
                w * k * mpmath.cos(2 * mpmath.pi * j * degree / NODES)
                for j, (w, k) in enumerate(zip(weights, kernel, strict=True))
            )
            / NODES
            for degree in degrees
        ]


# W6, W-D28, W-D31: faster than any power ---------------------------------------------------


@pytest.fixture(scope="module")
def gelu_on_the_circle():
    return [float(mu) for mu in on_the_circle(gelu_value, gelu_slope, 1, (8, 16, 32, 64))]


@pytest.mark.claim("W6", "W-D28", "W-D31")
def test_gelu_falls_by_a_larger_power_in_every_octave(gelu_on_the_circle):
    powers = np.diff(np.log(gelu_on_the_circle)) / np.log(2)
    # Were there an exponent, the powers would approach it; they double instead.
    assert_allclose(powers[1:] / powers[:-1], 2, rtol=0.1)
    assert powers[-1] < -55
    found = log_network_spectrum(
        depth=1, activation=GELU, trained=(0,), input_dim=2, max_degree=64
    )
    assert_allclose(found[[8, 16, 32, 64]], np.log(gelu_on_the_circle), rtol=0, atol=1e-10)


@pytest.mark.claim("W6", "W-D28")
def test_the_rate_for_gelu_is_log_of_two_plus_root_three(gelu_on_the_circle):
    # mu_k ~ k^(1/2) z^(-k) on the circle; the difference of degrees 32 and 64 removes C.
    log_mu = np.log(gelu_on_the_circle)
    rate = -(log_mu[3] - log_mu[2] - 0.5 * np.log(2)) / 32
    # The next factor is 1 + O(1/k): some multiple of (1/32 - 1/64) / 32 = 5e-4.
    assert_allclose(rate, math.log(2 + math.sqrt(3)), rtol=2e-3)


@pytest.mark.claim("W6")
@pytest.mark.parametrize("every_layer", [False, True], ids=["last hidden", "all"])
@pytest.mark.parametrize("bias", [0, 1], ids=["bare", "biases"])
@pytest.mark.parametrize("depth", [2, 3])
def test_every_depth_layer_and_bias(depth, bias, every_layer):
    # erf, by composed closed forms; odd degrees, which both kernels have.
    degrees = (9, 19, 39, 79)
    mu = on_the_circle(
        erf_value, erf_slope, depth, degrees, bias=bias, every_layer=every_layer, digits=45
    )
    powers = np.diff([float(mpmath.log(m)) for m in mu]) / np.diff(np.log(degrees))
    assert (powers[1:] < 1.7 * powers[:-1]).all()
    found = log_network_spectrum(
        depth=depth,
        activation=ERF,
        trained="all" if every_layer else "second_to_last",
        input_dim=2,
        max_degree=79,
        bias_variance=float(bias),
    )
    assert_allclose(found[list(degrees)], [float(mpmath.log(m)) for m in mu], rtol=0, atol=1e-9)


@pytest.mark.claim("W6", "W-D28")
def test_tanh_is_stretched_not_exponential():
    # Rate per k^(2/3) of the law, (3/2) pi^(2/3), from differences that remove C and the power.
    logs = log_network_spectrum(
        depth=1, activation=TANH, trained=(0,), input_dim=3, max_degree=801
    )
    k = np.array([101.0, 301.0, 801.0])
    response = logs[[101, 301, 801]] - np.log(k + 0.5) / 3
    rates = -np.diff(response) / np.diff((k + 0.5) ** (2 / 3))
    assert_allclose(rates, 1.5 * np.pi ** (2 / 3), rtol=2e-3)
    # Against exponential decay: the rate per degree halves.
    per_degree = -np.diff(response) / np.diff(k)
    assert per_degree[1] < 0.8 * per_degree[0]


@pytest.mark.claim("W6")
def test_derivatives_move_onto_the_activation():
    # d/dc E tanh(u) tanh(v) = E tanh'(u) tanh'(v), also at the ends c = q and c = -q.
    z, w = np.polynomial.hermite_e.hermegauss(90)
    w = w / w.sum()

    def mean(f, c, q):
        u = math.sqrt(q) * z[:, None]
        v = c / q * u + math.sqrt(max(q - c * c / q, 0.0)) * z[None, :]
        return w @ (f(u) * f(v)) @ w

    q, h = 0.8, 1e-5
    for c in (-0.5, 0.0, 0.6):
        slope = (mean(np.tanh, c + h, q) - mean(np.tanh, c - h, q)) / (2 * h)
        assert_allclose(slope, mean(lambda x: np.cosh(x) ** -2.0, c, q), rtol=1e-6)
    for c in (-q, q):
        inside = c * (1 - h / q)
        slope = (mean(np.tanh, c, q) - mean(np.tanh, inside, q)) / (c - inside)
        # One-sided, so first order in h; the second derivative is of order one.
        assert_allclose(slope, mean(lambda x: np.cosh(x) ** -2.0, c, q), rtol=1e-3)


@pytest.mark.claim("W6")
def test_bounds_by_the_laplacian_on_the_circle(gelu_on_the_circle):
    # sup |Theta''''| by differences of the kernel at its peak: theta = 0.
    with mpmath.workdps(60):

        def kernel(theta):
            t = mpmath.cos(theta)
            return t * gelu_slope(t, mpmath.mpf(1))

        fourth = mpmath.diff(kernel, 0, 4)
    for k, mu in zip((8, 16, 32, 64), gelu_on_the_circle, strict=True):
        assert mu <= float(fourth) / k**4


@pytest.mark.claim("W6", "W-D31", "W-D32")
def test_a_jump_in_a_derivative_is_what_matters():
    # ELU: the power settles, at d + 2. The same test that GELU fails.
    mu = network_spectrum(
        depth=2, activation=ELU, trained="second_to_last", input_dim=3, max_degree=64
    )
    powers = np.diff(np.log(mu[[8, 16, 32, 64]])) / np.log(2)
    assert abs(powers[-1] - powers[-2]) < 0.1
    assert_allclose(powers[-1], -5, atol=0.1)
    assert (mu * (1 + np.arange(65.0)) ** 5 > 0.03).all()


@pytest.mark.claim("W-D28", "W6")
def test_fitted_rates_follow_their_laws():
    data = smooth_spectra.run(
        smooth_spectra.Config(
            activations=("erf", "sigmoid"), input_dims=(5,), max_degree=200, deep_degree=40
        )
    )
    assert_allclose(data.rate.sel(activation="erf"), math.log((3 + math.sqrt(5)) / 2), rtol=1e-5)
    assert_allclose(data.rate.sel(activation="sigmoid"), 1.5 * (2 * math.pi) ** (2 / 3), rtol=1e-3)


# W13: the flow -----------------------------------------------------------------------------


@pytest.mark.claim("W13")
@pytest.mark.parametrize(("rate", "p"), [(1.317, 1.0), (3.2175, 2 / 3)])
def test_the_largest_error_over_the_ball(rate, p):
    # The law of the proposition, for eigenvalues given by their logarithms.
    k, alpha = np.arange(1, 200_000.0), 0.7
    for log_t in (200.0, 2000.0):
        decay = np.exp(np.minimum(log_t - rate * k**p, 7.0))
        largest = np.exp(-decay - alpha * np.log1p(k)).max()
        law = (log_t / rate) ** (-alpha / p)
        assert abs(largest / law - 1) < 3 / math.sqrt(log_t)
    # A rate 1 % off would be seen in the limit of long times.
    decay = np.exp(np.minimum(5000.0 - rate * k**p, 7.0))
    ratio = np.exp(-decay - alpha * np.log1p(k)).max() * (5000 / rate) ** (alpha / p)
    assert abs(ratio - 1) < 0.005


@pytest.mark.claim("W13")
def test_powers_of_log_t_from_the_eigenvalues_themselves():
    data = logarithmic_flow.run(logarithmic_flow.SCALES["smoke"])
    power = dict(zip(data.smooth.values, data.power.values, strict=True))
    assert abs(power["gelu"] + 1 / 2) < 0.01
    assert abs(power["tanh"] + 3 / 4) < 0.015
    # Directly: halve the error of GELU, at alpha = 1/2, and log t has been multiplied by four.
    gelu = data.sel(smooth="gelu")
    halved = np.interp(
        math.log(float(gelu.error[0]) / 2), np.log(gelu.error[::-1]), np.log(gelu.log_t[::-1])
    )
    assert_allclose(math.exp(halved) / float(gelu.log_t[0]), 4, rtol=0.02)


# W16: finite networks ----------------------------------------------------------------------


def gram(one, slope, width, X, seed, dtype=np.float64):
    rng = np.random.default_rng(seed)
    W = rng.standard_normal((width, 2)).astype(dtype)
    V = rng.standard_normal((width, width)).astype(dtype)
    X, root = X.astype(dtype), dtype(math.sqrt(width))
    first = one(X @ W.T) / root
    second = slope(first @ V.T) / root
    return (first @ first.T) * (second @ second.T) / dtype(len(X))


def circle(count):
    theta = 2 * np.pi * np.arange(count) / count
    return np.stack([np.cos(theta), np.sin(theta)], axis=1)


@pytest.mark.claim("W16")
def test_relu_is_near_its_limit_at_width_2048():
    X = circle(128)
    spectra = [
        np.linalg.eigvalsh(
            gram(lambda u: np.maximum(u, 0), lambda u: (u > 0).astype(float), 2048, X, seed)
        )[::-1]
        for seed in range(3)
    ]
    angle = np.minimum(np.arange(128), 128 - np.arange(128)) * 2 * np.pi / 128
    first = (np.sin(angle) + (np.pi - angle) * np.cos(angle)) / (2 * np.pi)
    second = (np.pi - np.arccos(np.clip(2 * first, -1, 1))) / (2 * np.pi)
    limit = np.sort(np.fft.fft(first * second).real / 128)[::-1]
    # Forty eigenvalues, three draws: about ten per cent in the worst of them.
    ratio = np.mean(spectra, axis=0)[:40] / limit[:40]
    assert 0.01 < np.abs(ratio - 1).max() < 0.15


@pytest.mark.claim("W16")
def test_single_precision_shows_a_tail_that_is_not_there():
    X = circle(128)
    by_type = {
        dtype: np.sort(
            np.abs(np.linalg.eigvalsh(gram(GELU.value, GELU.derivative, 256, X, 3, dtype)))
        )[::-1]
        for dtype in (np.float32, np.float64)
    }
    single, double = by_type[np.float32].astype(float), by_type[np.float64]
    assert_allclose(single[:16], double[:16], rtol=0.2)
    assert (single[35:80] > 100 * double[35:80]).all()
    number = np.log(np.arange(41, 81))
    slope = np.polyfit(number, np.log(single[40:80]), 1)[0]
    # What a fit through the tail would report: a power, and a smaller one than for ReLU, 2.
    assert -2 < slope < 0


@pytest.mark.claim("W16")
def test_the_experiment_says_the_same():
    data = rounding_floor.run(
        rounding_floor.Config(activations=("gelu",), widths=(256,), num_points=64, num_draws=1)
    )
    single, double = (
        data.eigenvalue.sel(precision=name).values.ravel() for name in ("single", "double")
    )
    assert single[40] > 1e3 * double[40]
    assert_allclose(single[:12], double[:12], rtol=0.1)


# W-D40, W-D38, W-D31, W-D32: finite smoothness ---------------------------------------------


def hat_moments(norm, count):
    """Squared Hermite coefficients of the slope of the ReLU mollified by the hat function."""
    z, step = np.linspace(-14, 14, 56_001, retstep=True)
    u = np.clip(norm * z, -1, 1)
    slope = np.where(u < 0, (1 + u) ** 2 / 2, 1 - (1 - u) ** 2 / 2)
    weighted = slope * np.exp(-(z**2) / 2) * step / math.sqrt(2 * np.pi)
    below, current, squares = np.zeros_like(z), np.ones_like(z), []
    for n in range(count):
        squares.append((weighted @ current) ** 2)
        below, current = current, (z * current - math.sqrt(n) * below) / math.sqrt(n + 1)
    return np.array(squares)


@pytest.mark.claim("W-D40", "W-D38", "W-D31", "W-D32")
def test_the_spline_of_order_two_is_coercive():
    # The proof in numbers, for two layers: slopes, the law p, its powers, the sum over n.
    count = 160
    first = hat_moments(1.0, count)
    n = np.arange(1, count)
    value = np.concatenate([[0.0], first[:-1] / n])  # c_n(sigma)^2 = c_(n-1)(sigma')^2 / n
    z, step = np.linspace(-14, 14, 56_001, retstep=True)
    cut = np.clip(z, -1, 1)
    sigma = np.where(z < 0, (1 + cut) ** 3 / 6, np.maximum(z, 0) + (1 - cut) ** 3 / 6)
    value[0] = ((sigma * np.exp(-(z**2) / 2)).sum() * step / math.sqrt(2 * np.pi)) ** 2
    norm = math.sqrt(value.sum() + value[-2:].sum() * count / 5)  # the tail falls like n^-9/2
    p = value / norm**2
    assert p[0] > 0 and p[1] > 0 and (p >= 0).all()
    slope = hat_moments(norm, 4 * count)
    odd = np.arange(9, 4 * count, 2)
    scaled = slope[odd] * odd**3.5
    assert (slope[2 : 4 * count : 2] < 1e-20).all()
    assert scaled.min() > 1e-3  # b'_m >= c m^(-r - 3/2)
    composed, power = np.zeros(count), np.eye(1, count)[0]
    for coefficient in slope:
        composed += coefficient * power
        power = np.convolve(power, p)[:count]
    kernel = np.convolve(composed, value)[:count]
    m = np.arange(1, count)
    assert (kernel[1:] * m**3.5 > 1e-3).all()
    # Partial sums on the circle: t^n has the share binomial(n, (n - k) / 2) / 2^n.
    for k in range(11):
        used = np.arange(k, count, 2)
        share = [math.comb(j, (j - k) // 2) / 2.0**j for j in used]
        assert kernel[used] @ share * (1 + k) ** 6 > 0.02
    # And the library's coefficients are these.
    data = finite_smoothness.run(
        finite_smoothness.Config(
            orders=(2,), depths=(2,), input_dims=(2,), num_terms=count, max_degree=8
        )
    )
    found = np.exp(data.log_coefficient.values.ravel())
    assert_allclose(found[:60], kernel[1:61] * m[:60] ** 3.5, rtol=1e-5)


@pytest.mark.claim("W-D40", "W-D38")
def test_orders_two_and_four_in_three_dimensions():
    data = finite_smoothness.run(finite_smoothness.SCALES["smoke"])
    assert (data.log_constant > np.log(0.01)).all()
    assert float(data.smooth_log_coefficient[-1]) < -200


@pytest.mark.claim("W-D40")
def test_one_layer_without_biases_is_not_coercive():
    first = hat_moments(1.0, 60)
    # t times a constant plus odd powers: no odd power beside t itself.
    assert (first[2::2] < 1e-20).all() and (first[1::2] > 0).all()


# W-D23: negative norms ---------------------------------------------------------------------


@pytest.mark.claim("W-D23")
@pytest.mark.parametrize("input_dim", [2, 3])
def test_the_trace_is_finite_so_the_order_exceeds_half_the_dimension_of_the_sphere(input_dim):
    mu = network_spectrum(
        depth=2,
        activation=RELU,
        trained="second_to_last",
        input_dim=input_dim,
        max_degree=800,
    )
    k = np.arange(801.0)
    counts = np.where(k > 0, 2.0, 1.0) if input_dim == 2 else 2 * k + 1
    trace = np.cumsum(counts * mu)
    # The kernel at equal points is E relu^2 E step = 1/4; the rest falls like 1/k.
    assert_allclose(trace[-1], 1 / 4, rtol=5e-3)
    # At the border the bound (1 + k)^(-2 beta) has an infinite trace: it grows by log 2 an octave.
    border = np.cumsum(counts * (1 + k) ** -(input_dim - 1.0))
    octaves = np.diff(border[[100, 200, 400, 800]])
    assert_allclose(octaves, 2 * np.log(2), rtol=0.02)
    # ReLU is half an order above it.
    constant = mu * (1 + k) ** float(input_dim)
    assert constant.min() > 0.01 and constant[100:].max() < 2 * constant[100:].min()


@pytest.mark.claim("W-D23")
def test_with_fewer_weights_than_samples_the_smallest_eigenvalue_is_zero(rng):
    # Sixteen trained weights; the limit on the same points is positive definite.
    X = circle(40)
    W, V = rng.standard_normal((4, 2)), rng.standard_normal((4, 4))
    first = np.tanh(X @ W.T) / 2
    second = np.cosh(first @ V.T) ** -2.0 / 2
    jacobian = (second[:, :, None] * first[:, None, :]).reshape(40, 16)
    values = np.linalg.eigvalsh(jacobian @ jacobian.T)
    assert np.abs(values[:24]).max() < 1e-13 * values[-1]
    angle = np.minimum(np.arange(40), 40 - np.arange(40)) * 2 * np.pi / 40
    relu = (np.sin(angle) + (np.pi - angle) * np.cos(angle)) / (2 * np.pi)
    steps = (np.pi - np.arccos(np.clip(2 * relu, -1, 1))) / (2 * np.pi)
    assert np.fft.fft(relu * steps).real.min() > 1e-3
