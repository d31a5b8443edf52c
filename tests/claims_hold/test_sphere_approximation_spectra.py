"""How fast eigenvalues fall: what the digest asks of the tangent kernel, on exact small cases.

The oracles here are a quadrature in the angle with polynomials of another library, closed forms of
the ReLU kernels, and power series; the kernels under test come from the library.
"""

import itertools
import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import eval_gegenbauer

from companion.activations import ELU, HARD_TANH, RELU, mollified_relu
from companion.claims.sphere_approximation import coercivity_order
from companion.experiments.sphere_approximation import coercivity, degree_decay, kink_orders
from companion.kernels.decay import coercivity_constant, fit_degree_decay
from companion.kernels.kink_singularity import kink_singularity
from companion.kernels.laplace import laplace_kernel
from companion.kernels.spectrum import network_spectrum
from companion.kernels.tangent_kernel import tangent_kernel
from companion.kernels.zonal import zonal_spectrum

DIMENSIONS = pytest.mark.parametrize("input_dim", [2, 3, 5])


def second_to_last(depth, input_dim, max_degree=130, activation=RELU):
    return network_spectrum(
        depth=depth,
        activation=activation,
        trained="second_to_last",
        input_dim=input_dim,
        max_degree=max_degree,
    )


def relu_moments(t):
    """Second moments of the slope and of the value of a ReLU at variance one."""
    theta = np.arccos(np.clip(t, -1, 1))
    return (
        (np.pi - theta) / (2 * np.pi),
        (np.sin(theta) + (np.pi - theta) * np.cos(theta)) / (2 * np.pi),
    )


def theorem_kernel(t, depth):
    """Sigma^(L-1) times the slope moment of layer L, by the recursion of the digest's theorem."""
    covariance, variance = t, 1.0
    for _ in range(depth - 1):
        _, value = relu_moments(covariance / variance)
        covariance, variance = variance * value, variance / 2
    slope, _ = relu_moments(covariance / variance)
    return covariance * slope


X_NODES, X_WEIGHTS = np.polynomial.legendre.leggauss(400)


def quadrature(kernel, degree, input_dim):
    """One eigenvalue by Gauss and Legendre in the angle, with polynomials of scipy."""
    x, w = X_NODES, X_WEIGHTS
    angle, w = np.pi * (x + 1) / 2, w * np.sin(np.pi * (x + 1) / 2) ** (input_dim - 2)
    if input_dim == 2:
        polynomial = np.cos(degree * angle)
    else:
        order = (input_dim - 2) / 2
        polynomial = eval_gegenbauer(degree, order, np.cos(angle))
        polynomial = polynomial / eval_gegenbauer(degree, order, 1.0)
    return w @ (kernel(np.cos(angle)) * polynomial) / w.sum()


def slope(values, low, high, input_dim):
    """Power of the shifted degree between two degrees."""
    shift = (input_dim - 2) / 2
    return math.log(values[high] / values[low]) / math.log((high + shift) / (low + shift))


# W1, W2: the exponent -------------------------------------------------------------------------


@pytest.mark.claim("W1")
@DIMENSIONS
@pytest.mark.parametrize("depth", [2, 3])
def test_the_kernel_of_the_second_to_last_layer_falls_like_the_power_d(input_dim, depth):
    found = second_to_last(depth, input_dim)
    for k in (0, 1, 2, 7, 40):
        # 400 nodes; the kernel is analytic in the angle, its square root at the end in t loses
        # half of the digits of the smallest angles, which weigh 1e-8 at most.
        expected = quadrature(lambda t: theorem_kernel(t, depth), k, input_dim)
        assert_allclose(found[k], expected, rtol=1e-8, atol=1e-13)
    # Corrections are even in 1 / l and below 20 / l^2: from 64 to 128 the slope is bent by 4e-3.
    for low, high in ((64, 128), (65, 129)):
        assert abs(slope(found, low, high, input_dim) + input_dim) < 8e-3
    assert (found > 0).all()


@pytest.mark.claim("W1", "W-D10")
@DIMENSIONS
def test_coercive_with_half_the_dimension_and_no_less(input_dim):
    found = second_to_last(2, input_dim, max_degree=400)
    at = coercivity_constant(found, input_dim=input_dim, order=input_dim / 2)
    # Up to degree 400 the product is above its limit, 1 / (4 pi^2) on the circle.
    assert at > 0.02
    assert coercivity_order(input_dim, continuous_derivatives=0) == input_dim / 2
    for order, ratio in ((input_dim / 2 - 0.1, 0.9), (input_dim / 2 + 0.1, 1.1)):
        # With less than d/2 the product falls like a power, with more it rises.
        product = found * (1 + np.sqrt(np.arange(401.0) * (np.arange(401) + input_dim - 2))) ** (
            2 * order
        )
        assert (product[400] / product[200] < ratio) == (order < input_dim / 2)


@pytest.mark.claim("W1")
def test_the_constant_is_predicted_too():
    # The kink of the kernel at t = 1: mu_k tends to 2^(1-L) / (2 pi) times that of |x - y|.
    for input_dim in (2, 3, 5):
        chord = np.array(
            [quadrature(lambda t: -np.sqrt(2 - 2 * t), k, input_dim) for k in (60, 61)]
        )
        for depth in (2, 3):
            found = second_to_last(depth, input_dim)[[60, 61]]
            ratio = found / (chord * 2.0 ** (1 - depth) / (2 * np.pi))
            assert_allclose(ratio, 1, rtol=0, atol=8e-3)
            assert (np.abs(ratio - 1) > 1e-4).all()  # it is a limit


@pytest.mark.claim("W2")
@DIMENSIONS
def test_depth_halves_the_constant_and_keeps_the_exponent(input_dim):
    spectra = {depth: second_to_last(depth, input_dim) for depth in (2, 3, 4, 6)}
    for depth, found in spectra.items():
        k = np.arange(32, 130, 2)
        rate = fit_degree_decay(k, found[k], input_dim=input_dim)
        assert abs(rate.exponent + input_dim) < 3e-3
        if depth + 1 in spectra:
            ratio = spectra[depth + 1][[128, 129]] / found[[128, 129]]
            assert_allclose(ratio, 0.5, rtol=0, atol=2e-3)


@pytest.mark.claim("W2")
@DIMENSIONS
def test_the_laplace_kernel_has_the_same_exponent(input_dim):
    laplace = zonal_spectrum(laplace_kernel, input_dim=input_dim, max_degree=130)
    expected = quadrature(lambda t: np.exp(-np.sqrt(2 - 2 * t)), 20, input_dim)
    assert_allclose(laplace[20], expected, rtol=1e-7)
    k = np.arange(32, 130)
    assert abs(fit_degree_decay(k, laplace[k], input_dim=input_dim).exponent + input_dim) < 1e-3
    # |x - y| with factor 1 against 1 / (4 pi) with two hidden layers.
    ratio = laplace[[128, 129]] / second_to_last(2, input_dim)[[128, 129]]
    assert_allclose(ratio, 4 * np.pi, rtol=3e-3)


# W3, W-D15: one hidden layer ------------------------------------------------------------------


@pytest.mark.claim("W3")
@DIMENSIONS
def test_one_hidden_layer_leaves_out_odd_degrees(input_dim):
    # t kappa_0(t) - t / 4 is even in t, so its odd eigenvalues vanish exactly.
    t = np.linspace(-1, 1, 201)
    even = t * relu_moments(t)[0] - t / 4
    assert_allclose(even, even[::-1], rtol=0, atol=1e-15)
    found = second_to_last(1, input_dim)
    assert np.abs(found[3::2]).max() < 1e-12 * found[2]
    assert (found[2::2] > 0).all()
    # Not coercive in any order: the quotient of an odd harmonic is rounding, at any order.
    for order in (1.0, 10.0):
        odd = found[:6].copy()
        odd[[3, 5]] = 0
        assert coercivity_constant(odd, input_dim=input_dim, order=order) == 0
    assert second_to_last(2, input_dim)[3::2].min() > 0


@pytest.mark.claim("W3", "W-D15")
def test_one_hidden_layer_on_the_circle_in_closed_form():
    k = np.arange(2, 131, 2)
    assert_allclose(
        second_to_last(1, 2)[k], (k**2 + 1) / (np.pi * (k**2 - 1.0)) ** 2, rtol=0, atol=1e-15
    )


@pytest.mark.claim("W-D15")
@pytest.mark.parametrize("input_dim", [2, 5])
def test_the_two_layer_kernel_and_that_of_the_theorem(input_dim, rng):
    X = rng.standard_normal((20, input_dim))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    t = np.clip(X @ X.T, -1, 1)
    slope_moment, value_moment = relu_moments(t)
    # arccos loses half of the digits for equal points only, where both are exact in t = 1.
    assert_allclose(
        tangent_kernel(X, depth=1, activation=RELU), t * slope_moment + value_moment, atol=1e-7
    )
    for depth in (1, 2, 3):
        assert_allclose(
            tangent_kernel(X, depth=depth, activation=RELU, trained="second_to_last"),
            theorem_kernel(t, depth),
            atol=1e-7,
        )
    # Of two layers, the theorem's kernel is the part of the inner weights. What relates them at
    # greater depth is the exponent, what separates them the odd degrees.
    shallow = network_spectrum(depth=1, activation=RELU, input_dim=input_dim, max_degree=129)
    deep = second_to_last(2, input_dim)
    for values, high in ((shallow, 128), (deep, 128), (deep, 129)):
        assert abs(slope(values, high - 64, high, input_dim) + input_dim) < 8e-3
    assert np.abs(shallow[3::2]).max() < 1e-12 * shallow[2]


# W4, W-D10: coercivity ------------------------------------------------------------------------


@pytest.mark.claim("W4")
@DIMENSIONS
def test_one_constant_serves_every_order(input_dim, rng):
    found = second_to_last(2, input_dim, max_degree=30)
    base = 1 + np.sqrt(np.arange(31.0) * (np.arange(31) + input_dim - 2))
    beta = input_dim / 2
    constant = coercivity_constant(found, input_dim=input_dim, order=beta)
    energies = np.concatenate([rng.exponential(size=(200, 31)), np.eye(31)])
    for order in (-2.0, -0.45, 0.0, 0.45, 2.0):
        quotients = (energies @ (found * base ** (2 * order))) / (
            energies @ base ** (2 * (order - beta))
        )
        assert_allclose(quotients.min(), constant, rtol=1e-13)  # attained, in one degree
        # And back: if the quotients of single degrees exceed c, so does mu_k times its weight.
        assert_allclose(quotients[200:], found * base ** (2 * beta), rtol=1e-13)


@pytest.mark.claim("W4")
def test_a_kernel_that_is_not_zonal_has_another_constant_in_every_order():
    data = coercivity.run(
        coercivity.Config(input_dims=(2,), max_degree=80, num_functions=1, frequencies=(0, 8))
    )
    zonal, weighted = data["smallest"].transpose("frequency", "order").values
    assert np.ptp(zonal) < 1e-12
    assert weighted[1] > 0 and weighted[0] < -0.05 and weighted[2] < -0.05


@pytest.mark.claim("W-D10")
@pytest.mark.parametrize("depth", [2, 1])
def test_coercivity_bounds_the_decrease_of_the_loss(depth, rng):
    # Along the exact flow r_k(t) = exp(-mu_k t) r_k(0); central difference of half the energy.
    found = np.maximum(second_to_last(depth, 2, max_degree=60), 0)
    constant = min(coercivity_constant(found, input_dim=2, order=1.0), 1 / (4 * np.pi**2))
    weight = (1.0 + np.arange(61)) ** -2.0
    start = rng.exponential(size=61) * weight
    for t in (0.1, 10.0, 1000.0):
        h = 1e-4 * t
        loss = [0.5 * np.sum(start * np.exp(-2 * found * s)) for s in (t - h, t + h)]
        fall = -(loss[1] - loss[0]) / (2 * h)
        bound = constant * np.sum(weight * start * np.exp(-2 * found * t))
        # Difference quotients err by h^2 mu^3, below 1e-6 of the fall.
        assert fall >= bound * (1 - 1e-5)
    # Where the hypothesis fails, odd degrees stay, and there is nothing to bound.
    left = start[3::2] @ np.exp(-2 * found[3::2] * 1e9)
    assert (left > 0.9 * start[3::2].sum()) == (depth == 1)
    assert (constant > 0) == (depth == 2)


# W5, W-D35, W-D41: activations with more derivatives ------------------------------------------


@pytest.mark.claim("W5")
@pytest.mark.parametrize(
    ("activation", "order", "input_dim"),
    [(ELU, 1, 5), (mollified_relu(2), 2, 3)],
    ids=["elu", "spline 2"],
)
def test_two_hidden_layers_with_a_kink_of_higher_order(activation, order, input_dim):
    high = 64 if order == 1 else 44
    found = second_to_last(2, input_dim, max_degree=high + 1, activation=activation)
    kink = kink_singularity(depth=2, activation=activation, trained="second_to_last")
    assert kink.power == order + 0.5
    expected = kink.spectrum(input_dim=input_dim, max_degree=high + 1)
    for parity in (0, 1):
        k = np.arange(high // 2 + parity, high + 2, 2)
        ratios = found[k] / expected[k]
        # mu_k l^(d + 2r) -> constant: extrapolated in l^-2, the prediction is met to three per
        # cent, and a wrong power d + 2r +- 1/2 would miss it by a factor.
        squares = (k + (input_dim - 2) / 2) ** 2.0
        limit = np.polyfit(1 / squares, ratios, 2)[-1]
        assert_allclose(limit, 1, rtol=0, atol=0.03 if order == 1 else 0.06)


@pytest.mark.claim("W5")
def test_exponents_at_book_size():
    data = kink_orders.run(kink_orders.SCALES["smoke"])
    fitted = data["exponent"].sel(depth=2).isel(kernel=0, input_dim=0)
    assert_allclose(fitted.sel(activation="elu"), -4, rtol=0, atol=8e-3)


@pytest.mark.claim("W5")
def test_as_stated_it_is_false_for_one_hidden_layer_and_for_odd_activations():
    # ELU: even degrees fall like k^(-d-4), so the order is d/2 + 2 and not d/2 + 1.
    found = second_to_last(1, 3, max_degree=64, activation=ELU)
    for low, high, power in ((31, 63, -5), (32, 64, -7)):
        assert abs(slope(found, low, high, 3) - power) < 0.05
    # A hard tanh is odd: at every depth even degrees vanish, and there is no order at all.
    odd = kink_singularity(depth=3, activation=HARD_TANH, trained="second_to_last")
    leading = odd.spectrum(input_dim=3, max_degree=20)
    assert (leading[::2] == 0).all() and (leading[1::2] > 0).all()
    Z = np.stack([np.linspace(-1, 1, 9), np.sqrt(1 - np.linspace(-1, 1, 9) ** 2)], axis=1)
    kernel = tangent_kernel(
        np.array([[1.0, 0.0]]), Z, depth=2, activation=HARD_TANH, trained="second_to_last"
    )[0]
    assert_allclose(kernel, -kernel[::-1], rtol=0, atol=1e-13)


@pytest.mark.claim("W-D35", "W-D41")
@pytest.mark.parametrize("depth", [2, 3])
def test_every_trained_subset_has_one_of_two_orders(depth):
    subsets = itertools.chain.from_iterable(
        itertools.combinations(range(depth + 1), size) for size in range(1, depth + 2)
    )
    for trained in subsets:
        power = 2 if trained == (depth,) else 0
        assert (
            kink_singularity(depth=depth, activation=RELU, trained=trained).power * 2 == 1 + power
        )
        for input_dim in (2, 3, 5):
            found = network_spectrum(
                depth=depth,
                activation=RELU,
                trained=trained,
                input_dim=input_dim,
                max_degree=129,
            )
            assert (found > 0).all()
            for high in (128, 129):
                assert abs(slope(found, high - 64, high, input_dim) + input_dim + power) < 1.2e-2


@pytest.mark.claim("W-D35", "W-D41")
@pytest.mark.parametrize("input_dim", [2, 3, 4, 5, 8, 10])
def test_the_order_grows_by_one_half_with_every_dimension(input_dim):
    # exp(-|x - y|) has the ReLU kernel's kink; d = 10 falls below rounding after degree 40.
    k = np.arange(12, 41, 2)
    found = second_to_last(2, input_dim, max_degree=40)[k]
    rate = fit_degree_decay(k, found, input_dim=input_dim)
    assert abs(-rate.exponent / 2 - coercivity_order(input_dim, continuous_derivatives=0)) < 0.02
    assert abs(rate.high + input_dim) < 0.04


@pytest.mark.claim("W1", "W2")
def test_fits_at_the_size_of_a_page():
    data = degree_decay.run(degree_decay.Config(kernels=degree_decay.KERNELS[:1], depths=(2, 3)))
    assert (np.abs(data["exponent"] + data["input_dim"]) < 1e-4).all()
    assert (data["low"] < -data["input_dim"] + 1e-4).all()
    assert (data["high"] > -data["input_dim"] - 1e-4).all()
