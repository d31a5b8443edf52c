"""Layers with kinks away from homogeneity: closed forms, planes, sampling, small angles."""

import dataclasses
import math

import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.activations import ELU, HARD_TANH, RELU, TANH, leaky_relu
from companion.kernels.layer_moments import layer_moment
from companion.kernels.layers import first_layer
from companion.kernels.nngp_kernel import nngp_kernel
from companion.kernels.point_pairs import point_pairs
from companion.kernels.tangent_kernel import tangent_kernel
from companion.numerics.piecewise_pairs import UnresolvedMean

GOAL = 1e-13  # a few times the 1e-14 of each integral
KINKED = [ELU, HARD_TANH]
by_name = {"ids": lambda sigma: sigma.name}


def on_sphere(rng, count, input_dim):
    X = rng.standard_normal((count, input_dim))
    return X / np.linalg.norm(X, axis=1)[:, None]


def as_general(activation):
    """A homogeneous activation that is not told apart from any other with a break at zero."""
    return dataclasses.replace(activation, name="general", homogeneous=False)


# Exact values ------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [3, 12], ids=["single angles", "interpolated"])
@pytest.mark.parametrize("sigma", [RELU, leaky_relu(0.3)], **by_name)
@pytest.mark.parametrize("derivative", [False, True], ids=["value", "derivative"])
def test_homogeneous_activations_have_their_closed_forms(sigma, derivative, count, rng):
    X = on_sphere(rng, count, 3)
    X[1] = -X[0]
    closed = layer_moment(X, activation=sigma, derivative=derivative)
    general = layer_moment(X, activation=as_general(sigma), derivative=derivative)
    assert_allclose(general, closed, rtol=0, atol=GOAL)


def test_homogeneous_tangent_kernel_of_depth_three(rng):
    X = on_sphere(rng, 9, 3)
    closed = tangent_kernel(X, depth=3, activation=RELU)
    general = tangent_kernel(X, depth=3, activation=as_general(RELU))
    assert_allclose(general, closed, rtol=0, atol=GOAL)


def test_elu_of_one_point_by_hand():
    # E ELU(rz)^2 = r^2/2 + E (e^(rz) - 1)^2 1(z < 0) with E e^(tz) 1(z < 0) = e^(t^2/2) Phi(-t).
    for r in (0.5, 1.0, 3.0):
        with mpmath.workdps(30):
            t = mpmath.mpf(r)
            below = mpmath.exp(2 * t**2) * mpmath.ncdf(-2 * t)
            below += mpmath.mpf(1) / 2 - 2 * mpmath.exp(t**2 / 2) * mpmath.ncdf(-t)
            expected = float(t**2 / 2 + below)
        found = layer_moment(np.array([[r, 0.0]]), activation=ELU)
        assert_allclose(found, [[expected]], rtol=GOAL)


def test_derivative_of_hard_tanh_on_one_point_by_hand():
    found = layer_moment(np.array([[0.0, 2.0]]), activation=HARD_TANH, derivative=True)
    assert_allclose(found, [[math.erf(0.5 / math.sqrt(2))]], rtol=GOAL)


# Identities --------------------------------------------------------------------------------


@pytest.mark.parametrize("sigma", KINKED, **by_name)
def test_interpolation_and_single_angles_agree(sigma, rng):
    # Twelve points of one norm are interpolated, three are not.
    X = on_sphere(rng, 12, 3)
    together = layer_moment(X, activation=sigma)
    alone = layer_moment(X[:3], X[3:6].copy(), activation=sigma)
    assert_allclose(together[:3, 3:6], alone, rtol=0, atol=GOAL)


@pytest.mark.parametrize("sigma", KINKED, **by_name)
@pytest.mark.parametrize("theta", [0.3, 1.5, 2.8])
def test_slope_in_the_covariance_is_the_moment_of_the_derivative(sigma, theta):
    # Price, along the angle: d/dtheta = -r s sin(theta) E sigma' sigma'. Step 1e-3 with
    # two-point extrapolation: truncation h^4 ~ 1e-12 times the fifth derivative, rounding 1e-11.
    r, s = 1.0, 0.7

    def moment(angle, **options):
        z = s * np.array([[math.cos(angle), math.sin(angle)]])
        return layer_moment(np.array([[r, 0.0]]), z, activation=sigma, **options).item()

    def difference(h):
        return (moment(theta + h) - moment(theta - h)) / (2 * h)

    slope = (4 * difference(1e-3) - difference(2e-3)) / 3
    expected = -r * s * math.sin(theta) * moment(theta, derivative=True)
    assert_allclose(slope, expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("sigma", KINKED, **by_name)
def test_gram_matrices_are_symmetric_and_positive(sigma, rng):
    X = np.concatenate([on_sphere(rng, 4, 3), np.eye(3), -np.eye(3)])
    for K in (layer_moment(X, activation=sigma), tangent_kernel(X, depth=2, activation=sigma)):
        assert (K == K.T).all()
        assert np.linalg.eigvalsh(K)[0] > -1e-13 * len(X) * K.max()


# Independent computations ------------------------------------------------------------------


@pytest.mark.parametrize("sigma", KINKED, **by_name)
@pytest.mark.parametrize("derivative", [False, True], ids=["value", "derivative"])
def test_agrees_with_sampled_weights(sigma, derivative, rng):
    # Seeded. Bonferroni over 6 entries: 5 standard errors fail with probability below 1e-5.
    X, Z = rng.standard_normal((3, 4)) / 2, rng.standard_normal((2, 4)) / 2
    weights = rng.standard_normal((100_000, 4))
    f = sigma.derivative if derivative else sigma.value
    products = f(weights @ X.T)[:, :, None] * f(weights @ Z.T)[:, None, :]
    error = products.mean(axis=0) - layer_moment(X, Z, activation=sigma, derivative=derivative)
    assert (np.abs(error) < 5 * products.std(axis=0) / math.sqrt(len(weights))).all()


def test_a_user_s_own_activation():
    # |z - 1| has E |u - 1||v - 1| at opposite points z, -z: E |1 - z^2| = 4 phi(1).
    own = dataclasses.replace(
        ELU,
        name="shifted modulus",
        value=lambda z: np.abs(z - 1),
        derivative=lambda z: np.where(z <= 1, -1.0, 1.0),
        breaks=(1.0,),
    )
    x = np.array([[1.0, 0.0]])
    expected = 4 * math.exp(-1 / 2) / math.sqrt(2 * math.pi)
    assert_allclose(layer_moment(x, -x, activation=own), [[expected]], rtol=GOAL)


# Where naive formulas fail -----------------------------------------------------------------


@pytest.mark.parametrize("theta", [1e-3, 1e-6, 1e-9])
def test_small_angles_keep_their_digits_through_layers(theta):
    # An arc cosine between the layers would be wrong by 1e-8; kinks make that an error of the
    # next derivative moment of the same size.
    X = np.array([[1.0, 0.0], [math.cos(theta), math.sin(theta)]])
    pairs = point_pairs(X, None, zero_allowed=False)
    angles = []
    for sigma in (RELU, as_general(RELU)):
        layer, block = first_layer(sigma, pairs), pairs.block(slice(0, 2), slice(0, 2))
        for _ in range(2):
            block, layer = layer.after(block, layer.value(block)), layer.following()
        angles.append(block.angles.angle)
    assert_allclose(angles[1], angles[0], rtol=1e-6, atol=3e-16)


def test_zero_vector_passes():
    X = np.stack([np.zeros(2), np.ones(2)])
    for sigma in KINKED:  # both vanish at zero
        assert_allclose(nngp_kernel(X, depth=2, activation=sigma)[0], 0, atol=1e-30)


# Refusal -----------------------------------------------------------------------------------


def test_a_break_that_is_not_stated_is_noticed():
    half = dataclasses.replace(HARD_TANH, name="half stated", breaks=(1.0,))
    with pytest.raises(UnresolvedMean, match="must be analytic between `breaks`"):
        layer_moment(np.eye(2), activation=half)


def test_smooth_activation_with_a_needless_break_has_the_same_moments(rng):
    X = rng.standard_normal((3, 2)) / 2
    cut = dataclasses.replace(TANH, name="cut tanh", breaks=(0.0,))
    moments = layer_moment(X, activation=cut)
    assert_allclose(moments, layer_moment(X, activation=TANH), rtol=0, atol=GOAL)
