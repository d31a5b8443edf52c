"""Iterated differences against exact values, the derivative and sums of ridge functions."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.numerics.differences import difference_points, iterated_difference

# Exact values ------------------------------------------------------------------------------


def test_two_steps_by_hand():
    # g(x) = x_1 x_2 from (1, 2) with steps (1, 0) and (0, 3): 2*5 - 2*2 - 1*5 + 1*2 = 3.
    difference = iterated_difference(
        lambda X: X[:, 0] * X[:, 1], np.array([1.0, 2.0]), np.array([[1.0, 0.0], [0.0, 3.0]])
    )
    assert difference == 3.0


def test_points_and_signs_by_hand():
    points, signs = difference_points(np.array([1.0]), np.array([[2.0], [10.0]]))
    assert dict(zip(points[:, 0], signs, strict=True)) == {1.0: 1, 3.0: -1, 11.0: -1, 13.0: 1}


def test_no_step_is_the_value_itself():
    assert iterated_difference(lambda X: X[:, 0], np.array([7.0]), np.empty((0, 1))) == 7.0


# Identities --------------------------------------------------------------------------------


def test_order_of_steps_does_not_matter(rng):
    x, steps = rng.standard_normal(3), rng.standard_normal((4, 3))
    values = [
        iterated_difference(lambda X: np.exp(-(X**2).sum(axis=1)), x, chosen)
        for chosen in (steps, steps[::-1])
    ]
    # Sixteen values of size at most one are added in another order.
    assert_allclose(values[0], values[1], rtol=0, atol=16 * 1e-16 * 4)


@pytest.mark.parametrize("num_neurons", [1, 3, 6])
@pytest.mark.parametrize("profile", [np.sign, np.sin, np.cbrt])
def test_kills_as_many_ridge_functions_as_steps(num_neurons, profile, rng):
    W, a = rng.standard_normal((num_neurons, 3)), rng.standard_normal(num_neurons)
    random = rng.standard_normal((num_neurons, 3))
    steps = random - ((random * W).sum(axis=1) / (W**2).sum(axis=1))[:, None] * W
    x = rng.standard_normal(3)
    difference = iterated_difference(lambda X: profile(X @ W.T) @ a, x, steps)
    # Steps are orthogonal up to rounding 1e-16; the steepest profile, a cube root near zero,
    # is not met by these seeded points, so an error per value of 1e-14 is ample.
    assert abs(difference) < 2**num_neurons * 1e-14


def test_one_step_too_few_does_not_kill():
    # A step along the second axis kills sin(x_1) and leaves sin(x_2).
    W = np.eye(2)
    difference = iterated_difference(
        lambda X: np.sin(X @ W.T).sum(axis=1), np.zeros(2), np.array([[0.0, 1.0]])
    )
    assert_allclose(difference, np.sin(1.0), rtol=1e-15)


# Independent computations ------------------------------------------------------------------


def test_tends_to_the_mixed_derivative():
    # d/du d/dv exp(-|x|^2) = (4 (u.x)(v.x) - 2 u.v) exp(-|x|^2), by hand.
    x, u, v = np.array([[0.3, -0.2, 0.5], [1.0, 2.0, -1.0], [0.5, 1.0, 1.0]])
    exact = (4 * (u @ x) * (v @ x) - 2 * u @ v) * np.exp(-x @ x)
    h = 1e-4  # forward difference: truncation of order h, rounding eps/h**2 ~ 2e-8
    quotient = (
        iterated_difference(lambda X: np.exp(-(X**2).sum(axis=1)), x, h * np.stack([u, v])) / h**2
    )
    assert_allclose(quotient, exact, rtol=0, atol=50 * h)
    assert abs(exact) > 1  # a hundred times the tolerance and more: a 1 % error would show


# Where naive formulas fail -----------------------------------------------------------------


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=r"`steps` must have 2 columns"):
        difference_points(np.zeros(2), np.zeros((1, 3)))
    with pytest.raises(ValueError, match=r"at most 20 rows; got 21"):
        difference_points(np.zeros(2), np.zeros((21, 2)))
    with pytest.raises(ValueError, match=r"`x` must be finite; got x\[1\] = nan"):
        difference_points(np.array([0.0, np.nan]), np.zeros((1, 2)))
    with pytest.raises(ValueError, match=r"`function\(points\)` must be finite"):
        iterated_difference(lambda X: np.full(len(X), np.nan), np.zeros(1), np.ones((1, 1)))
