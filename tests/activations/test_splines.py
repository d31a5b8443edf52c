"""Mollified ReLUs against B-splines of an independent library, on arrays and on tensors."""

import math

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy.interpolate import BSpline

from companion.activations import RELU, mollified_relu

ORDERS = pytest.mark.parametrize("order", [1, 2, 3, 4, 5, 6])
Z = np.linspace(-1.5, 1.5, 301)


def integrals_of_the_spline(order):
    """The B-spline of integral one on [-1, 1], its integral and the integral of that."""
    knots = np.linspace(-1, 1, order + 1)
    spline = BSpline.basis_element(knots, extrapolate=False)
    spline = BSpline(spline.t, spline.c * order / 2, spline.k, extrapolate=False)
    first = spline.antiderivative()
    return spline, first, first.antiderivative()


# Exact values ------------------------------------------------------------------------------


def test_values_by_hand():
    # Order 1 has sigma'' = 1/2: sigma = (1 + z)**2 / 4. Order 2 has a hat of height one.
    z = np.array([-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0])
    box, hat = mollified_relu(1), mollified_relu(2)
    assert_allclose(box(z), [0, 0, 1 / 16, 1 / 4, 9 / 16, 1, 2], rtol=1e-15)
    assert_allclose(box.derivative(z), [0, 0, 1 / 4, 1 / 2, 3 / 4, 1, 1], rtol=1e-15)
    assert_allclose(hat(z), [0, 0, 1 / 48, 1 / 6, 25 / 48, 1, 2], rtol=1e-14)
    assert hat.derivative_lipschitz == 1 and box.derivative_lipschitz == 1 / 2


@ORDERS
def test_equal_to_the_relu_outside(order):
    z = np.array([-7.0, -1.0, 1.0, 7.0])
    assert_allclose(mollified_relu(order)(z), RELU(z), rtol=0, atol=0)


# Identities --------------------------------------------------------------------------------


@ORDERS
def test_what_is_added_to_half_the_argument_is_even(order):
    sigma = mollified_relu(order)
    assert_allclose(sigma(Z) - sigma(-Z), Z, rtol=0, atol=1e-15)
    assert_allclose(sigma.derivative(Z) + sigma.derivative(-Z), 1, rtol=0, atol=1e-15)


@ORDERS
def test_facts_of_its_second_derivative(order):
    spline, _, _ = integrals_of_the_spline(order)
    sigma = mollified_relu(order)
    assert_allclose(sigma.derivative_lipschitz, spline(0.0), rtol=1e-13)
    # The derivative of order r + 1 of sigma is that of order r - 1 of the spline: constants
    # between the knots, zero outside.
    middles = (np.array(sigma.breaks)[:-1] + np.array(sigma.breaks)[1:]) / 2
    steps = spline.derivative(order - 1)(middles) if order > 1 else spline(middles)
    assert_allclose(sigma.jumps, np.diff([0.0, *steps, 0.0]), rtol=1e-11)
    assert sigma.continuous_derivatives == order


# Independent computations ------------------------------------------------------------------


@ORDERS
def test_agrees_with_integrated_splines(order):
    # Truncated powers up to 2^7 / 7! cancel to values near zero: some 1e-16.
    _, first, second = integrals_of_the_spline(order)
    inside = Z[np.abs(Z) < 1]
    start = first(-1.0), second(-1.0)
    sigma = mollified_relu(order)
    assert_allclose(sigma.derivative(inside), first(inside) - start[0], rtol=0, atol=2e-15)
    expected = second(inside) - start[1] - start[0] * (inside + 1)
    assert_allclose(sigma(inside), expected, rtol=0, atol=2e-15)


@ORDERS
def test_tensors_and_their_gradients(order):
    sigma = mollified_relu(order)
    z = torch.tensor(Z, requires_grad=True)
    (slope,) = torch.autograd.grad(sigma(z).sum(), z)
    # At the knot the two one-sided derivatives agree for every order here.
    assert_allclose(slope.numpy(), sigma.derivative(Z), rtol=0, atol=1e-14)
    assert_allclose(sigma.derivative(z.detach()).numpy(), sigma.derivative(Z), atol=1e-16)


# Bad input ---------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [0, 7])
def test_orders_out_of_range(order):
    with pytest.raises(ValueError, match=f"`order` must lie between 1 and 6; got {order}"):
        mollified_relu(order)


@pytest.mark.parametrize("order", [1.0, True, "2", math.nan])
def test_orders_are_whole_numbers(order, unchecked):
    with pytest.raises(TypeError, match="`order` must be a whole number"):
        mollified_relu(order)
