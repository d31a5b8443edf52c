"""Constants of coercivity against closed forms and a computation on a grid."""

import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.activations import RELU
from companion.experiments.sphere_approximation.coercivity import SCALES, run
from companion.kernels.spectrum import network_spectrum

CONFIG = SCALES["smoke"]


@pytest.fixture(scope="module")
def data():
    return run(CONFIG)


# Exact values ------------------------------------------------------------------------------


def test_limits_by_hand(data):
    # |a_+| A_k l^d for the slope 1/(4 pi) of two hidden layers: A_k of sqrt(2 - 2t) is
    # 4 / (pi 4 k^2) on the circle and 4 / (8 l^3) on the two-sphere.
    assert_allclose(data["limit"].values, [1 / (4 * np.pi**2), 1 / (8 * np.pi)], rtol=1e-7)


def test_a_constant_weighting_multiplies_by_its_square(data):
    # With m = 0 the weighting is 1 + a = 3/2; the degrees are the same up to the largest.
    zonal = data["product"].sel(input_dim=2).min()
    assert_allclose(data["smallest"].sel(frequency=0), 2.25 * float(zonal), rtol=1e-12)


# Identities --------------------------------------------------------------------------------


def test_random_quotients_exceed_the_constant_in_every_order(data):
    assert (data["quotient"] >= data["constant"] * (1 - 1e-14)).all()
    assert_allclose(data["constant"], data["product"].min("degree"), rtol=1e-15)


def test_orders_of_opposite_sign_have_one_quotient(data):
    low, _, high = data["smallest"].values
    assert_allclose(low, high, rtol=1e-10)


# Independent computations ------------------------------------------------------------------


def test_weighted_quotients_on_a_grid():
    # <v, Hv>_S by the fast Fourier transform of q v on 256 points, for a basis of v.
    config = replace(CONFIG, frequencies=(4,), max_degree=20, num_functions=1)
    found = run(config)["smallest"].sel(frequency=4).values
    angle = 2 * np.pi * np.arange(256) / 256
    q = 1 + config.amplitude * np.cos(4 * angle)
    k = np.abs(np.fft.fftfreq(256, 1 / 256)).astype(int)
    mu = network_spectrum(
        depth=2, activation=RELU, trained="second_to_last", input_dim=2, max_degree=128
    )
    degrees = np.arange(-20, 21)
    basis = np.exp(1j * np.outer(degrees, angle))
    # Kernel q(x) kappa(x . y) q(y): multiply, convolve, multiply.
    inside = np.fft.ifft(mu[k] * np.fft.fft(q * basis, axis=1), axis=1)
    images = q * inside
    operator = basis.conj() @ images.T / 256
    for order, expected in zip((-0.45, 0.0, 0.45), found, strict=True):
        weight = (1.0 + abs(degrees)) ** (2 * order)
        form = weight[:, None] * operator
        below = np.diag((1.0 + abs(degrees)) ** (1 - order))
        smallest = np.linalg.eigvalsh(below @ (form + form.conj().T) / 2 @ below)[0]
        assert math.isclose(smallest, expected, rel_tol=1e-9)


def test_a_kernel_that_is_not_zonal_is_coercive_in_one_order_only():
    config = replace(CONFIG, input_dims=(2,), frequencies=(8,), max_degree=100, num_functions=1)
    low, middle, high = run(config)["smallest"].sel(frequency=8).values
    assert middle > 1e-3
    assert max(low, high) < -0.05
