"""Sobolev norms: by hand, through derivatives, dual to each other, and their interpolation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose

from companion.spaces.circle import circle_energies
from companion.spaces.harmonics import gegenbauer, multiplicities
from companion.spaces.sobolev import interpolation_ratio, sobolev_norm, sobolev_weights
from companion.spaces.sphere_rule import sphere_rule

ORDERS = pytest.mark.parametrize("smoothness", [-1.5, -0.45, 0.0, 0.45, 2.0])


def test_weights_by_hand():
    # k (k + d - 2) = 9 for k = 3, d = 2, and 4 for k = 1, d = 5.
    assert_allclose(
        sobolev_weights(np.array([0, 3]), input_dim=2, smoothness=1.0), [1, 16], rtol=1e-15
    )
    assert_allclose(
        sobolev_weights(np.array([1]), input_dim=5, smoothness=-0.5), [1 / 3], rtol=1e-15
    )


@ORDERS
def test_one_degree_has_its_weight(smoothness):
    # e_2 = 9 on the sphere of three dimensions: sqrt(2 * 3) = sqrt 6.
    found = sobolev_norm(np.array([0.0, 0.0, 9.0]), input_dim=3, smoothness=smoothness)
    assert_allclose(found, 3 * (1 + np.sqrt(6)) ** smoothness, rtol=1e-14)


def test_order_zero_is_the_mean_square_and_order_one_the_derivative():
    theta = 2 * np.pi * np.arange(40) / 40
    f = 1 + np.cos(theta) + 0.2 * np.sin(7 * theta)
    slope = -np.sin(theta) + 1.4 * np.cos(7 * theta)
    energies = circle_energies(f)
    norm = {s: sobolev_norm(energies, input_dim=2, smoothness=s) for s in (0.0, 0.5, 1.0)}
    assert_allclose(norm[0.0] ** 2, np.mean(f**2), rtol=1e-14)
    # (1 + k)^2 = k^2 + 2 (1 + k) - 1, and k^2 is the square of the derivative.
    expected = np.mean(slope**2) + 2 * norm[0.5] ** 2 - norm[0.0] ** 2
    assert_allclose(norm[1.0] ** 2, expected, rtol=1e-13)


def test_gradient_on_the_sphere():
    # f = P_3(x_3) has f' = (15 t^2 - 3) / 2 along t = x_3; the mean of |grad f|^2 on the sphere
    # is that of (1 - t^2) f'^2, and equals k (k + 1) times the energy.
    points, weights = sphere_rule(input_dim=3, degree=8)
    t = points[:, 0]
    gradient = weights @ ((1 - t**2) * ((15 * t**2 - 3) / 2) ** 2)
    energy = 1 / multiplicities(input_dim=3, max_degree=3)[3]
    assert_allclose(weights @ gegenbauer(t, input_dim=3, max_degree=3)[3] ** 2, energy)
    weight = sobolev_weights(np.array(3), input_dim=3, smoothness=0.5)
    assert_allclose((weight - 1) ** 2 * energy, gradient, rtol=1e-13)


energies_of_functions = arrays(np.float64, 12, elements=st.floats(0, 1e3)).filter(
    lambda e: e.max() > 1e-6
)


@given(energies_of_functions, st.floats(-2, 2), st.floats(-2, 2))
def test_orders_are_dual(energies, smoothness, input_shift):
    # <u, v> <= |u|_s |v|_-s, with equality where v = w_s u.
    degrees = np.arange(12)
    weights = sobolev_weights(degrees, input_dim=4, smoothness=smoothness)
    product = energies @ weights
    left = sobolev_norm(energies, input_dim=4, smoothness=smoothness)
    right = sobolev_norm(energies * weights**2, input_dim=4, smoothness=-smoothness)
    assert_allclose(left * right, product, rtol=1e-12)
    other = sobolev_norm(energies, input_dim=4, smoothness=input_shift)
    higher = sobolev_norm(energies, input_dim=4, smoothness=input_shift + 1)
    assert other <= higher * (1 + 1e-14)


@given(energies_of_functions, st.floats(-2, 2), st.floats(0.1, 2), st.floats(0, 1))
def test_interpolation_inequality(energies, low, gap, share):
    high = low + gap
    middle = min(low + share * gap, high)
    orders = {"low": low, "middle": middle, "high": high}
    ratio = interpolation_ratio(energies, input_dim=3, **orders)
    assert 0 < ratio <= 1 + 1e-12  # roots of sums of 12 numbers, raised to powers below one
    scaled = interpolation_ratio(7.0 * energies, input_dim=3, **orders)
    assert_allclose(scaled, ratio, rtol=1e-12)


def test_interpolation_is_sharp_in_one_degree_only():
    orders = {"low": -0.45, "middle": 0.0, "high": 0.45}
    one = interpolation_ratio(np.array([0.0, 0.0, 3.0]), input_dim=3, **orders)
    assert_allclose(one, 1, rtol=1e-14)
    # Degrees 0 and 3 of the circle, weights 1 and 4^(2s), equal energies: by hand
    # 2 / sqrt((1 + 4^-0.9) (1 + 4^0.9)) is the square of the ratio.
    two = interpolation_ratio(np.array([1.0, 0.0, 0.0, 1.0]), input_dim=2, **orders)
    assert_allclose(two**2, 2 / np.sqrt((1 + 4**-0.9) * (1 + 4**0.9)), rtol=1e-14)
    # The ends are equalities whatever the energies.
    energies = np.array([1.0, 2.0, 3.0])
    for middle in (-1.0, 2.0):
        end = interpolation_ratio(energies, input_dim=5, low=-1.0, middle=middle, high=2.0)
        assert_allclose(end, 1, rtol=1e-14)


def test_uneven_orders_use_their_own_share():
    # With low = -1, middle = 0 and high = 2 the share of the high norm is 1/3.
    energies = np.array([1.0, 0.5, 0.25])
    norms = {s: sobolev_norm(energies, input_dim=2, smoothness=s) for s in (-1.0, 0.0, 2.0)}
    found = interpolation_ratio(energies, input_dim=2, low=-1.0, middle=0.0, high=2.0)
    expected = norms[0.0] / (norms[-1.0] ** (2 / 3) * norms[2.0] ** (1 / 3))
    assert_allclose(found, expected, rtol=1e-14)


def test_batches_are_functions(rng):
    energies = rng.random((2, 3, 8))
    found = sobolev_norm(energies, input_dim=6, smoothness=-0.3)
    ratios = interpolation_ratio(energies, input_dim=6, low=-1.0, middle=0.0, high=1.0)
    assert found.shape == ratios.shape == (2, 3)
    alone = sobolev_norm(energies[1, 2], input_dim=6, smoothness=-0.3)
    assert isinstance(alone, float)
    assert_allclose(found[1, 2], alone, rtol=1e-14)


def test_bad_input(unchecked):
    good = np.ones(4)
    with pytest.raises(ValueError, match="`input_dim` must be at least 2; got 1"):
        sobolev_norm(good, input_dim=1, smoothness=0.5)
    with pytest.raises(ValueError, match=r"`smoothness` must be finite; got nan. Pass an order"):
        sobolev_norm(good, input_dim=3, smoothness=np.nan)
    with pytest.raises(TypeError, match="`smoothness` must be a number; got None"):
        sobolev_norm(good, input_dim=3, smoothness=None)
    with pytest.raises(ValueError, match=r"`energies` must be nonnegative; got -1.0 at index \[2"):
        sobolev_norm(np.array([0, 1.0, -1.0]), input_dim=3, smoothness=0.5)
    with pytest.raises(ValueError, match=r"`energies` must be finite; got energies\[1\] = inf"):
        sobolev_norm(np.array([0, np.inf]), input_dim=3, smoothness=0.5)
    with pytest.raises(ValueError, match=r"`energies` must have one number .* got shape \(\)"):
        sobolev_norm(np.array(1.0), input_dim=3, smoothness=0.5)
    with pytest.raises(ValueError, match="`degrees` must be nonnegative; got -1"):
        sobolev_weights(np.array([-1]), input_dim=3, smoothness=0.5)


def test_interpolation_refuses_what_has_no_ratio():
    with pytest.raises(ValueError, match=r"must be in this order, .* got 0.5, 0.0 and 1.0"):
        interpolation_ratio(np.ones(3), input_dim=3, low=0.5, middle=0.0, high=1.0)
    with pytest.raises(ValueError, match="`energies` must not all be zero"):
        interpolation_ratio(np.zeros(3), input_dim=3, low=-1.0, middle=0.0, high=1.0)
