"""Scaled coefficients and eigenvalues of splines, against the kernel and by their exponents."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import gammaln

from companion.activations import mollified_relu
from companion.experiments.base import execute
from companion.experiments.sphere_approximation.finite_smoothness import EXPERIMENT, SCALES
from companion.kernels.tangent_kernel import tangent_kernel

CONFIG = SCALES["smoke"]


@pytest.fixture(scope="module")
def data():
    return execute(EXPERIMENT, CONFIG)


def test_the_coefficients_are_those_of_the_kernel(data):
    t = np.array([0.0, 0.3, 0.6])
    points = np.stack([t, np.sqrt(1 - t**2)], axis=1)
    kernel = tangent_kernel(
        np.array([[1.0, 0.0]]),
        points,
        depth=2,
        activation=mollified_relu(2),
        trained="second_to_last",
    )[0]
    n = data.n.values
    b = np.exp(data.log_coefficient.sel(order=2, depth=2).values) / n**3.5
    sums = [b @ value**n for value in t[1:]]
    assert_allclose(kernel[1:] - kernel[0], sums, rtol=1e-10)


def test_the_constants_are_sums_of_the_coefficients(data):
    # On the circle t^n has the share binomial(n, (n - k) / 2) / 2^n in cos(k theta).
    n, k = data.n.values, 6
    b = data.log_coefficient.sel(order=2, depth=2).values - 3.5 * np.log(n)
    used = (n >= k) & ((n - k) % 2 == 0)
    n, b = n[used], b[used]
    share = gammaln(n + 1) - gammaln((n - k) / 2 + 1) - gammaln((n + k) / 2 + 1) - n * np.log(2)
    expected = np.exp(b + share).sum() * (1 + k) ** 6.0
    found = np.exp(data.log_constant.sel(order=2, depth=2, input_dim=2, degree=k))
    assert_allclose(found, expected, rtol=1e-10)


def test_coefficients_stay_up_and_those_of_gelu_do_not(data):
    scaled = data.log_coefficient.sel(depth=2)
    assert (scaled > np.log(1e-3)).all()
    # Between troughs of the waves: the last two hundred are no smaller than those before.
    for order in CONFIG.orders:
        one = scaled.sel(order=order)
        assert float(one[200:].max()) > float(one[100:200].max()) - np.log(3)
    assert float(data.smooth_log_coefficient[-1]) < -200


def test_the_scaled_eigenvalues_are_bounded_below(data):
    assert (data.log_constant > np.log(0.01)).all()
