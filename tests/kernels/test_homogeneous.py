"""Homogeneous activations against the identity, the absolute value and integrals by angle."""

import dataclasses
from itertools import pairwise

import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad

from companion.activations import RELU
from companion.kernels.homogeneous import homogeneous_layer
from companion.kernels.point_pairs import PairBlock
from companion.spaces.angles import PairAngles


def piecewise(name, right, left):
    """The activation with slope `right` on the right and `left` on the left."""
    return dataclasses.replace(
        RELU,
        name=name,
        value=lambda z: np.where(z > 0, right * z, left * z),
        derivative=lambda z: np.where(z > 0, right, left),
    )


def pairs_at(angle):
    everything = slice(0, angle.shape[0]), slice(0, angle.shape[1])
    return PairBlock(*everything, PairAngles(angle, np.sin(angle), np.cos(angle)))


def homogeneous_moment(angle, *, activation, derivative):
    layer = homogeneous_layer(activation)
    return (layer.slope if derivative else layer.value)(pairs_at(angle))


def homogeneous_angle(angle, *, activation):
    layer, block = homogeneous_layer(activation), pairs_at(angle)
    return layer.after(block, layer.value(block)).angles.angle


IDENTITY, ABSOLUTE = piecewise("identity", 1.0, 1.0), piecewise("absolute value", 1.0, -1.0)
LEAKY = piecewise("leaky relu", 1.0, 0.1)
THETA = np.array([[0.0, 0.3, np.pi / 2, 2.5, np.pi]])
EXACT = 1e-15  # a few roundings of numbers of order one


# Exact values ------------------------------------------------------------------------------


def test_relu_by_hand():
    angle = np.array([[0.0, np.pi / 2, np.pi]])
    moment = homogeneous_moment(angle, activation=RELU, derivative=False)
    assert_allclose(moment, [[1 / 2, 1 / (2 * np.pi), 0]], rtol=0, atol=EXACT)
    moment = homogeneous_moment(angle, activation=RELU, derivative=True)
    assert_allclose(moment, [[1 / 2, 1 / 4, 0]], rtol=0, atol=EXACT)


def test_identity_has_the_covariance():
    moment = homogeneous_moment(THETA, activation=IDENTITY, derivative=False)
    assert_allclose(moment, np.cos(THETA), rtol=0, atol=EXACT)
    moment = homogeneous_moment(THETA, activation=IDENTITY, derivative=True)
    assert_allclose(moment, np.ones_like(THETA), rtol=EXACT)
    assert_allclose(homogeneous_angle(THETA, activation=IDENTITY), THETA, rtol=0, atol=2 * EXACT)


def test_absolute_value_by_hand():
    # E |u||v| at right angles is (2 / pi); signs agree with probability 1 - theta / pi.
    moment = homogeneous_moment(np.array([[np.pi / 2]]), activation=ABSOLUTE, derivative=False)
    assert_allclose(moment, [[2 / np.pi]], rtol=EXACT)
    moment = homogeneous_moment(THETA, activation=ABSOLUTE, derivative=True)
    assert_allclose(moment, 1 - 2 * THETA / np.pi, rtol=0, atol=EXACT)


@pytest.mark.parametrize("sigma", [RELU, LEAKY, ABSOLUTE], ids=lambda sigma: sigma.name)
def test_variance_follows_the_diagonal(sigma):
    # Through three layers: at angle zero the covariance that enters a layer is its variance,
    # and the moment that leaves it the variance of the next.
    layer, block = homogeneous_layer(sigma), pairs_at(np.zeros((1, 1)))
    for _ in range(3):
        assert_allclose(layer.covariance(block), layer.variance, rtol=EXACT)
        moment = layer.value(block)
        block, layer = layer.after(block, moment), layer.following()
        assert_allclose(moment, layer.variance, rtol=4 * EXACT)
        assert block.angles.angle == 0


# Independent computations ------------------------------------------------------------------


@pytest.mark.parametrize("sigma", [RELU, LEAKY, ABSOLUTE], ids=lambda sigma: sigma.name)
@pytest.mark.parametrize("theta", [0.2, 1.0, 2.0, 3.0])
def test_agrees_with_the_integral_over_directions(sigma, theta):
    # In polar coordinates the radius has E r^2 = 2 and the direction is uniform.
    def mean(f):
        kinks = sorted((s * np.pi / 2 + t) % (2 * np.pi) for s in (-1, 1) for t in (0, theta))
        ends = [0, *kinks, 2 * np.pi]
        pieces = [quad(f, a, b)[0] for a, b in pairwise(ends)]
        return sum(pieces) / (2 * np.pi)

    angle = np.array([[theta]])
    value = 2 * mean(lambda phi: sigma(np.cos(phi)) * sigma(np.cos(phi - theta)))
    slope = mean(lambda phi: sigma.derivative(np.cos(phi)) * sigma.derivative(np.cos(phi - theta)))
    # quad reaches 1e-13 on smooth pieces.
    assert_allclose(
        homogeneous_moment(angle, activation=sigma, derivative=False), [[value]], atol=1e-13
    )
    assert_allclose(
        homogeneous_moment(angle, activation=sigma, derivative=True), [[slope]], atol=1e-13
    )


@pytest.mark.parametrize("sigma", [RELU, LEAKY, ABSOLUTE], ids=lambda sigma: sigma.name)
def test_angle_after_the_layer_is_that_of_the_moments(sigma):
    # Away from the ends, where the arc cosine is harmless.
    theta = np.array([[0.5, 1.5, 2.5]])
    moment = homogeneous_moment(theta, activation=sigma, derivative=False)
    length = homogeneous_moment(np.zeros((1, 1)), activation=sigma, derivative=False)
    expected = np.arccos(moment / length)
    assert_allclose(homogeneous_angle(theta, activation=sigma), expected, rtol=0, atol=5e-15)


# Where naive formulas fail -----------------------------------------------------------------


@pytest.mark.parametrize("theta", [1e-3, 1e-6, 1e-9, 1e-12])
def test_small_angles_keep_their_digits_through_a_layer(theta):
    # arccos of the moment would return zero for angles below 1e-8.
    with mpmath.workdps(60):
        t = mpmath.mpf(theta)
        cosine = (mpmath.sin(t) + (mpmath.pi - t) * mpmath.cos(t)) / mpmath.pi
        expected = float(mpmath.acos(cosine))
    found = homogeneous_angle(np.array([[theta]]), activation=RELU).item()
    # The subtracted g = sin t - t cos t carries the rounding of its terms, eps t, beside t^2.
    assert_allclose(found, expected, rtol=0, atol=3e-16)
