"""Singularities of kernels: by hand, against the kernels at small angles, against spectra."""

import dataclasses
import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import gammaln, ndtr

from companion.activations import ELU, HARD_TANH, RELU, TANH, leaky_relu, mollified_relu
from companion.kernels.kink_singularity import Singularity, kink_singularity
from companion.kernels.spectrum import angle_spectrum, network_spectrum
from companion.kernels.tangent_kernel import tangent_kernel

# Exact values ------------------------------------------------------------------------------


def test_relu_by_hand():
    # t (pi - theta) / (2 pi) has slopes -1 / (2 pi) at theta = 0 and 1 / (2 pi) at pi, where
    # theta = sqrt(2 (1 - t)) to leading order; from the second hidden layer on the pair of
    # opposite points is no longer opposite, and a layer halves the variance.
    slope = math.sqrt(2) / (2 * math.pi)
    one = kink_singularity(depth=1, activation=RELU, trained=(0,))
    assert_allclose([one.power, one.at_one, one.at_minus_one], [0.5, -slope, -slope], rtol=1e-14)
    for depth in (2, 3, 6):
        deep = kink_singularity(depth=depth, activation=RELU, trained="second_to_last")
        assert_allclose(deep.at_one, -slope / 2 ** (depth - 1), rtol=1e-13)
        assert deep.at_minus_one == 0
    # sin theta + (pi - theta) cos theta = ... + theta^3 / 3: the covariance of the outputs.
    outputs = kink_singularity(depth=1, activation=RELU, trained=(1,))
    assert outputs.power == 1.5
    assert_allclose([outputs.at_one, outputs.at_minus_one], 2 * slope / 3, rtol=1e-14)


def test_a_kink_at_zero_of_the_next_order_leaves_one_parity():
    # ELU has a_- = -a_+ with one hidden layer: even degrees cancel.
    one = kink_singularity(depth=1, activation=ELU, trained="second_to_last")
    assert_allclose(one.at_minus_one, -one.at_one, rtol=1e-14)
    found = one.spectrum(input_dim=3, max_degree=9)
    assert (found[::2] == 0).all() and (found[3::2] > 0).all()


# Identities --------------------------------------------------------------------------------


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_layers_add_up(depth):
    every = kink_singularity(depth=depth, activation=ELU)
    alone = [
        kink_singularity(depth=depth, activation=ELU, trained=(layer,)) for layer in range(depth)
    ]
    assert_allclose(sum(one.at_one for one in alone), every.at_one, rtol=1e-13)
    assert_allclose(sum(one.at_minus_one for one in alone), every.at_minus_one, rtol=1e-13)


@pytest.mark.parametrize("depth", [1, 2, 4])
@pytest.mark.parametrize("sigma", [HARD_TANH, leaky_relu(-1.0)], ids=lambda sigma: sigma.name)
def test_an_odd_or_even_activation_keeps_one_parity_at_every_depth(sigma, depth):
    found = kink_singularity(depth=depth, activation=sigma).spectrum(input_dim=3, max_degree=9)
    kept = found[1::2] if sigma.centre == 0 else found[2::2]
    lost = found[::2] if sigma.centre == 0 else found[3::2]
    assert (kept > 0)[1:].all() and (lost == 0).all()


# Independent computations ------------------------------------------------------------------


@pytest.mark.parametrize("trained", ["all", "second_to_last", (0,)])
@pytest.mark.parametrize("depth", [1, 2, 3, 6])
@pytest.mark.parametrize("sigma", [RELU, leaky_relu(0.3), leaky_relu(-1.0)], ids=lambda s: s.name)
def test_coefficients_of_a_kink_are_slopes_of_the_kernel(sigma, depth, trained):
    # g(theta) = g(0) + s theta + O(theta^2); differences of g over angles h, 2h extrapolated.
    h = 1e-4

    def kernel(angle):
        x, y = np.array([[1.0, 0.0]]), np.array([[np.cos(angle), np.sin(angle)]])
        return tangent_kernel(x, y, depth=depth, activation=sigma, trained=trained).item()

    found = kink_singularity(depth=depth, activation=sigma, trained=trained)
    for end, side, coefficient in ((0.0, 1, found.at_one), (math.pi, -1, found.at_minus_one)):
        near, far = (kernel(end + side * step) - kernel(end) for step in (h, 2 * h))
        slope = (4 * near - far) / (2 * h)
        # Truncation h^2 times third derivatives of order ten, rounding 1e-15 / h; at pi the
        # float nearest to pi is 1e-16 away.
        scale = kernel(0.0) * (1 + depth)
        assert_allclose(math.sqrt(2) * slope, coefficient, rtol=0, atol=1e-6 * scale)


@pytest.mark.parametrize(
    ("sigma", "depth", "trained", "input_dims"),
    [
        *((RELU, depth, "all", (2, 5)) for depth in (1, 2, 3)),
        *((RELU, depth, (depth,), (2, 5)) for depth in (1, 2, 3)),
        (RELU, 3, (0, 2), (3,)),
        (ELU, 1, "second_to_last", (2,)),
        (ELU, 2, "second_to_last", (5,)),
        (ELU, 2, (0, 2), (3,)),
    ],
)
def test_spectra_approach_those_of_the_singularity(sigma, depth, trained, input_dims):
    limit = kink_singularity(depth=depth, activation=sigma, trained=trained)
    for input_dim in input_dims:
        expected = limit.spectrum(input_dim=input_dim, max_degree=65)
        found = network_spectrum(
            depth=depth, activation=sigma, trained=trained, input_dim=input_dim, max_degree=65
        )
        # The next terms are of relative order k^-2; two degrees remove them, up to k^-4.
        for low, high in ((32, 64), (33, 65)):
            if expected[high] == 0:
                continue
            ratios = [found[k] / expected[k] for k in (low, high)]
            squares = [(k + (input_dim - 2) / 2) ** 2 for k in (low, high)]
            limit_ratio = np.diff(np.multiply(squares, ratios)) / np.diff(squares)
            # 1 to within 20 k^-4 and, for ELU's smallest, the rounding floor 1e-17.
            assert_allclose(limit_ratio, 1, rtol=0, atol=3e-3)


def hermite_series_of_a_slope(sigma, length):
    # sigma' integrated by parts until deltas are left: for n > r,
    # c_n = sqrt((n - r - 1)! / n!) sum_i J_i phi(k_i) h_{n - r - 1}(k_i).
    r, knots = sigma.continuous_derivatives, np.array(sigma.breaks)
    deltas = np.empty(length)
    current, following = np.exp(-(knots**2) / 2), knots * np.exp(-(knots**2) / 2)
    for n in range(length):
        deltas[n] = current @ np.array(sigma.jumps) / math.sqrt(2 * math.pi)
        current, following = (
            following,
            (knots * following - math.sqrt(n + 1) * current) / math.sqrt(n + 2),
        )
    n = np.arange(length)
    falling = np.prod([n + i for i in range(1, r + 2)], axis=0, dtype=float)
    return np.concatenate([np.zeros(r + 1), deltas / np.sqrt(falling)])


def eigenvalue_of_a_series(squares, degree, input_dim):
    n = np.arange(degree, squares.size, 2)
    logs = gammaln(n + 1) - n * math.log(2) - gammaln((n - degree) / 2 + 1)
    logs += math.lgamma(input_dim / 2) - gammaln((n + degree + input_dim) / 2)
    return squares[n] @ np.exp(logs)


@pytest.mark.parametrize(("order", "tolerance"), [(1, 3e-3), (2, 3e-2), (3, 0.1)])
def test_kinks_away_from_zero(order, tolerance):
    # Positive sums of 6e4 terms, no cancellation; what is left out is of relative order
    # (k^2 / 6e4)^(r + d/2). Knots beside each other make the next terms large.
    sigma = mollified_relu(order)
    limit = kink_singularity(depth=1, activation=sigma, trained=(0,))
    expected = limit.spectrum(input_dim=3, max_degree=64)
    slope = hermite_series_of_a_slope(sigma, 60_000)
    squares = np.concatenate([[0.0], slope**2])  # times t
    ratios = np.array([eigenvalue_of_a_series(squares, k, 3) / expected[k] for k in (32, 64)])
    weights = np.array([32.5, 64.5]) ** 2
    assert_allclose(np.diff(weights * ratios) / np.diff(weights), 1, rtol=0, atol=tolerance)


def test_one_kink_away_from_zero_leaves_both_parities():
    # relu(z - c): the second moment of the slope falls by exp(-c^2 / (1 + cos s)) / (2 pi) per
    # angle, which is flat at pi, so nothing is singular there.
    shift = 0.5
    sigma = dataclasses.replace(
        RELU,
        name="shifted_relu",
        value=lambda z: RELU(z - shift),
        derivative=lambda z: RELU.derivative(z - shift),
        homogeneous=False,
        breaks=(shift,),
    )
    limit = kink_singularity(depth=1, activation=sigma, trained=(0,))
    assert limit.at_minus_one == 0
    nodes, weights = np.polynomial.legendre.leggauss(120)

    def kernel(angle):
        s = angle[:, None] * (nodes + 1) / 2
        falls = np.exp(-(shift**2) / (1 + np.cos(s))) @ weights * angle / 2
        return np.cos(angle) * (ndtr(-shift) - falls / (2 * np.pi))

    found = angle_spectrum(kernel, input_dim=3, max_degree=97)
    expected = limit.spectrum(input_dim=3, max_degree=97)
    for low, high in ((48, 96), (49, 97)):
        squares = (np.array([low, high]) + 0.5) ** 2
        ratio = np.diff(squares * found[[low, high]] / expected[[low, high]]) / np.diff(squares)
        assert_allclose(ratio, 1, rtol=0, atol=1e-3)


# Bad input ---------------------------------------------------------------------------------


def test_an_analytic_activation_has_no_power():
    with pytest.raises(ValueError, match=r"`activation` must state which derivative jumps .*tanh"):
        kink_singularity(depth=2, activation=TANH)


def test_depth_and_layers_are_checked(unchecked):
    with pytest.raises(ValueError, match="`depth` must be at least 1; got 0"):
        kink_singularity(depth=0, activation=RELU)
    with pytest.raises(TypeError, match="`depth` must be a whole number"):
        kink_singularity(depth=1.5, activation=RELU)
    with pytest.raises(ValueError, match="`trained` must be"):
        kink_singularity(depth=2, activation=RELU, trained=(3,))


def test_a_singularity_is_a_record():
    one = Singularity(power=0.5, at_one=-1.0, at_minus_one=0.5)
    found = one.spectrum(input_dim=2, max_degree=5)
    assert_allclose(found[4] / found[5] * (4 * 16 - 1) / (4 * 25 - 1), 1 / 3, rtol=1e-13)
