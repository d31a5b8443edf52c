"""Tangent kernel: layer by layer by hand, against finite networks and against known spectra."""

import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.activations import GAUSSIAN_BUMP, NORMAL_CDF, RELU, SIGMOID, TANH
from companion.kernels.layer_moments import layer_moment
from companion.kernels.tangent_kernel import tangent_kernel

by_name = {"ids": lambda sigma: sigma.name}


def points(rng, count, input_dim=3):
    return rng.standard_normal((count, input_dim)) / 2  # norms of order one


# Exact values ------------------------------------------------------------------------------


def test_relu_on_one_point_by_hand():
    # At x = z every layer halves: Sigma^l = |x|^2 / 2^l and every derivative moment is 1/2, so
    # each of the L + 1 terms is |x|^2 / 2^L.
    x = np.array([[3.0, 4.0]])
    for depth in (1, 2, 5):
        kernel = tangent_kernel(x, x, depth=depth, activation=RELU)
        assert_allclose(kernel, 25 * (depth + 1) / 2**depth, rtol=1e-14)
        for layer in range(depth + 1):
            share = tangent_kernel(x, x, depth=depth, activation=RELU, trained=(layer,))
            assert_allclose(share, 25 / 2**depth, rtol=1e-14)


def test_relu_at_right_angles_by_hand():
    # kappa_1 = 1 / (2 pi) and kappa_0 = 1/4 at theta = pi/2; x.z = 0 removes the inner part.
    x, z = np.array([[2.0, 0.0]]), np.array([[0.0, 3.0]])
    inner = tangent_kernel(x, z, depth=1, activation=RELU, trained=(0,))
    outer = tangent_kernel(x, z, depth=1, activation=RELU, trained=(1,))
    assert_allclose([inner.item(), outer.item()], [0, 6 / (2 * np.pi)], rtol=1e-15)


def test_normal_cdf_at_depth_two_by_hand():
    # Unit vectors at angle theta: Sigma^1 = 1/4 + arcsin(cos / 2) / (2 pi), and the same formula
    # with the covariance Sigma^1 and the variance q = 1/4 + 1/12 = 1/3 gives Sigma^2.
    cos = 0.3
    x, z = np.array([[1.0, 0.0]]), np.array([[cos, np.sqrt(1 - cos**2)]])
    first = 1 / 4 + np.arcsin(cos / 2) / (2 * np.pi)
    first_slope = 1 / (2 * np.pi * np.sqrt(4 - cos**2))
    q = 1 / 3
    second = 1 / 4 + np.arcsin(first / (1 + q)) / (2 * np.pi)
    second_slope = 1 / (2 * np.pi * np.sqrt((1 + q) ** 2 - first**2))
    expected = {
        (0,): cos * first_slope * second_slope,
        (1,): first * second_slope,
        (2,): second,
        (0, 2): cos * first_slope * second_slope + second,
        "second_to_last": first * second_slope,
        "all": (cos * first_slope + first) * second_slope + second,
    }
    for trained, value in expected.items():
        kernel = tangent_kernel(x, z, depth=2, activation=NORMAL_CDF, trained=trained)
        assert_allclose(kernel, [[value]], rtol=1e-13)


# Identities --------------------------------------------------------------------------------


@pytest.mark.parametrize("sigma", [SIGMOID, GAUSSIAN_BUMP, RELU], **by_name)
def test_one_hidden_layer_is_two_layer_moments(sigma, rng):
    X, Z = points(rng, 5), points(rng, 4)
    outer = layer_moment(X, Z, activation=sigma)
    inner = (X @ Z.T) * layer_moment(X, Z, activation=sigma, derivative=True)
    cases = {(1,): outer, (0,): inner, "second_to_last": inner, "all": inner + outer}
    for trained, expected in cases.items():
        kernel = tangent_kernel(X, Z, depth=1, activation=sigma, trained=trained)
        assert_allclose(kernel, expected, rtol=0, atol=1e-14 * max(1, np.abs(expected).max()))


@pytest.mark.parametrize("sigma", [SIGMOID, TANH, RELU], **by_name)
@pytest.mark.parametrize("depth", [1, 2, 4])
def test_layers_add_up(sigma, depth, rng):
    X, Z = points(rng, 5), points(rng, 4)
    shares = [
        tangent_kernel(X, Z, depth=depth, activation=sigma, trained=(layer,))
        for layer in range(depth + 1)
    ]
    total = tangent_kernel(X, Z, depth=depth, activation=sigma)
    assert_allclose(total, sum(shares), rtol=1e-13, atol=1e-14)


def test_relu_kernel_is_homogeneous(rng):
    X, Z = points(rng, 5), points(rng, 4)
    kernel = tangent_kernel(X, Z, depth=3, activation=RELU)
    scaled = tangent_kernel(2 * X, 5 * Z, depth=3, activation=RELU)
    assert_allclose(scaled, 10 * kernel, rtol=1e-12, atol=1e-14)


# Independent computations ------------------------------------------------------------------


def gradient_gram(W, a, X, sigma):
    """Sampled gradients of one network with two hidden layers, written out, layer by layer."""
    width = a.size
    first = X @ W[0].T
    second = sigma(first) @ W[1].T / np.sqrt(width)
    into_second = a * sigma.derivative(second) / np.sqrt(width)
    into_first = into_second @ W[1] / np.sqrt(width) * sigma.derivative(first)
    return [
        (X @ X.T) * (into_first @ into_first.T),
        (sigma(first) @ sigma(first).T) * (into_second @ into_second.T) / width,
        sigma(second) @ sigma(second).T / width,
    ]


@pytest.mark.parametrize("sigma", [SIGMOID, TANH, RELU], **by_name)
def test_wide_networks_with_two_hidden_layers_approach_it(sigma, rng):
    # Mean over independent networks of width 512; the bias of one network is of order 1/512 of
    # the kernel. Five standard errors over 18 entries fail with probability 1e-5.
    X = points(rng, 3, 4)
    width, count = 512, 40
    shares = np.array(
        [
            gradient_gram(
                [rng.standard_normal((width, 4)), rng.standard_normal((width, width))],
                rng.choice([-1.0, 1.0], width),
                X,
                sigma,
            )
            for _ in range(count)
        ]
    )
    for layer in range(3):
        kernel = tangent_kernel(X, X, depth=2, activation=sigma, trained=(layer,))
        error = np.abs(shares[:, layer].mean(axis=0) - kernel)
        allowed = 5 * shares[:, layer].std(axis=0) / np.sqrt(count) + 5 / width * kernel.max()
        assert (error < allowed).all()


# Where naive formulas fail -----------------------------------------------------------------


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_deep_relu_kernel_resolves_nearly_parallel_points(depth):
    # On the unit circle the slope at theta = 0 of the inner term is that of the derivative
    # moments alone, theta / (2 pi) each at angles that shrink in second order:
    # Theta_0 = 2^-L (1 - L theta / pi) + O(theta^2).
    theta = 1e-10
    x, z = np.array([[1.0, 0.0]]), np.array([[np.cos(theta), np.sin(theta)]])
    kernel = tangent_kernel(x, z, depth=depth, activation=RELU, trained=(0,)).item()
    gap = 1 - 2.0**depth * kernel
    assert_allclose(gap, depth * theta / np.pi, rtol=0, atol=2e-15)


MEASURED = """
import tracemalloc
import numpy as np
from companion.activations import RELU
from companion.kernels.tangent_kernel import tangent_kernel
X = np.random.default_rng(0).standard_normal((4000, 5))
tracemalloc.start()
tangent_kernel(X, depth=2, activation=RELU)
print(tracemalloc.get_traced_memory()[1] / X.shape[0] ** 2 / 8)
"""


def test_result_is_the_only_large_array():
    # In a process of its own: the checks of these tests keep arrays alive. At n = 4000 the
    # blocks, eight of 500 KB, are 3 % of the result; at 10,000 0.5 %.
    done = subprocess.run([sys.executable, "-c", MEASURED], capture_output=True, text=True)
    assert float(done.stdout) < 1.05, done.stderr


def test_points_with_themselves_need_half_of_the_pairs(rng):
    # Several blocks; those of another shape round otherwise.
    X = rng.standard_normal((300, 5))
    K = tangent_kernel(X, depth=2, activation=RELU)
    assert (K == K.T).all()
    full = tangent_kernel(X, X.copy(), depth=2, activation=RELU)
    assert_allclose(K, full, rtol=0, atol=1e-14 * K.max())


def test_zero_vector_in_smooth_networks():
    # sigma(0) = 1/2 feeds the next layer although the point is zero; tanh passes the zero on.
    X = np.stack([np.zeros(2), np.ones(2)])
    kernel = tangent_kernel(X, X, depth=2, activation=TANH)
    assert_allclose(kernel[0], 0, atol=1e-30)
    assert kernel[1, 1] > 0.1
    kernel = tangent_kernel(X, X, depth=2, activation=SIGMOID)
    assert (kernel > 0.2).all()


# Bad input ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "trained", ["last", (), (3,), (-1,), (0, 0), (0.5,)], ids=lambda trained: repr(trained)
)
def test_unknown_layers_are_refused(trained, unchecked):
    with pytest.raises(ValueError, match=r"`trained` must be .* from 0 to depth = 2; got"):
        tangent_kernel(np.eye(2), np.eye(2), depth=2, activation=TANH, trained=trained)


def test_depth_must_be_positive():
    with pytest.raises(ValueError, match="`depth` must be at least 1; got 0"):
        tangent_kernel(np.eye(2), np.eye(2), depth=0, activation=TANH)


def test_zero_vector_is_refused_where_an_angle_is_needed():
    X = np.stack([np.ones(2), np.zeros(2)])
    with pytest.raises(ValueError, match="`X` must have nonzero rows; row 1 is the zero vector"):
        tangent_kernel(X, X, depth=1, activation=RELU)
    assert_allclose(
        tangent_kernel(X, X, depth=1, activation=RELU, trained=(1,)), [[1, 0], [0, 0]], rtol=1e-15
    )


@pytest.mark.parametrize(
    ("points", "error", "message"),
    [
        (np.eye(2, dtype=int), TypeError, "`X` must be a NumPy array of float64; got int64"),
        (np.eye(2, dtype=np.float32), TypeError, "`X` must be a NumPy array of float64"),
        (np.ones((2, 2, 2)), ValueError, "`X` must be a nonempty matrix with points as rows"),
        (np.ones(2), ValueError, "`X` must be a nonempty matrix .* for one point"),
    ],
    ids=["integers", "single precision", "three axes", "one point"],
)
def test_other_arrays_are_refused(points, error, message, unchecked):
    with pytest.raises(error, match=message):
        tangent_kernel(points, depth=1, activation=RELU)


def test_bad_points_are_named(unchecked):
    bad = np.array([[1.0, np.nan]])
    with pytest.raises(ValueError, match=r"`X` must be finite; got X\[0, 1\] = nan"):
        tangent_kernel(bad, bad, depth=1, activation=TANH)
    with pytest.raises(ValueError, match="`Z` must have points of the dimension of `X`, 2; got 3"):
        tangent_kernel(np.eye(2), np.eye(3), depth=1, activation=TANH)


@pytest.mark.parametrize("activation", [RELU, TANH], ids=lambda activation: activation.name)
def test_points_whose_squares_overflow_are_refused(activation):
    with pytest.raises(ValueError, match=r"`X` must have rows whose norms .* Divide the points"):
        tangent_kernel(np.eye(2) * 1e300, depth=2, activation=activation)


@pytest.mark.parametrize("depth", [1.5, None, "a", True, np.nan])
def test_depth_must_be_a_whole_number(depth, unchecked):
    with pytest.raises(
        TypeError, match=r"`depth` must be a (whole )?number; got .* hidden layers"
    ):
        tangent_kernel(np.eye(2), depth=depth, activation=TANH)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("relu", r"got 'relu'\. Pass companion\.activations\.activation\('relu'\)"),
        (None, r"got NoneType\. Pass companion\.activations\.activation\(\"tanh\"\)"),
        (np.tanh, "got ufunc"),
    ],
    ids=["name", "nothing", "function"],
)
def test_activations_of_other_types_are_refused_with_the_way_to_get_one(given, message, unchecked):
    with pytest.raises(TypeError, match=f"`activation` must be a companion.* {message}"):
        tangent_kernel(np.eye(2), depth=1, activation=given)
