"""The rule on the sphere against moments in closed form."""

import itertools
import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.spaces.sphere_rule import sphere_rule


def moment(powers):
    """The mean of a monomial over the sphere: a ratio of gamma functions, zero for odd powers."""
    if any(power % 2 for power in powers):
        return 0.0
    d, degree = len(powers), sum(powers)
    numerator = math.prod(math.gamma((power + 1) / 2) for power in powers)
    return numerator * math.gamma(d / 2) / math.pi ** (d / 2) / math.gamma((d + degree) / 2)


@pytest.mark.parametrize(("input_dim", "degree"), [(2, 9), (3, 12), (4, 9), (6, 6), (10, 3)])
def test_all_monomials_up_to_the_degree(input_dim, degree):
    points, weights = sphere_rule(input_dim=input_dim, degree=degree)
    powers = points[:, :, None] ** np.arange(degree + 1)
    partial = {(): weights}
    for axis, _ in enumerate(range(input_dim)):
        # Only the exponents that still fit; the products of earlier coordinates are kept.
        partial = {
            (*before, power): product * powers[:, axis, power]
            for before, product in partial.items()
            for power in range(degree + 1 - sum(before))
            if input_dim < 6 or power in (0, 1, 2, 3, degree)
        }
    found = np.array([product.sum() for product in partial.values()])
    expected = np.array([moment(exponents) for exponents in partial])
    assert_allclose(found, expected, atol=1e-14)


@pytest.mark.parametrize("degree", [0, 1, 4, 7])
@pytest.mark.parametrize("input_dim", [2, 3, 5])
def test_the_degree_is_sharp(input_dim, degree):
    # One degree more fails, so the test above does not pass by a rule that is finer than said.
    # On the innermost circle this is the real part of a power of x_{d-1} + i x_d.
    points, weights = sphere_rule(input_dim=input_dim, degree=degree)
    plane = points[:, -2] + 1j * points[:, -1]
    assert abs(weights @ (plane ** (degree + 1)).real) > 1e-3


@pytest.mark.parametrize("input_dim", [2, 3, 7])
def test_points_and_weights(input_dim):
    points, weights = sphere_rule(input_dim=input_dim, degree=5)
    assert_allclose(np.linalg.norm(points, axis=1), 1, rtol=1e-15)
    assert_allclose(weights.sum(), 1, rtol=1e-14)
    assert (weights > 0).all()
    assert points.shape == (6 * 3 ** (input_dim - 2), input_dim)


def test_high_degree():
    # exp(s x) over the sphere in three dimensions is sinh(s) / s; degree 300 leaves nothing.
    points, weights = sphere_rule(input_dim=3, degree=300)
    direction = np.array([1.0, 2.0, -2.0]) / 3
    s = 20.0
    assert_allclose(weights @ np.exp(s * (points @ direction - 1)), (1 - np.exp(-2 * s)) / (2 * s))


def test_every_pair_of_coordinates_is_uncorrelated():
    points, weights = sphere_rule(input_dim=6, degree=2)
    assert_allclose(points.T @ (weights[:, None] * points), np.eye(6) / 6, atol=1e-15)
    for i, j, k in itertools.combinations(range(6), 3):
        assert abs(weights @ (points[:, i] * points[:, j] * points[:, k])) < 1e-15


def test_bad_input(unchecked):
    with pytest.raises(ValueError, match=r"`input_dim` must be at least 2; got 1. Pass the"):
        sphere_rule(input_dim=1, degree=3)
    with pytest.raises(ValueError, match="`degree` must be nonnegative; got -2"):
        sphere_rule(input_dim=3, degree=-2)
    with pytest.raises(TypeError, match=r"`degree` must be a whole number; got 0.5"):
        sphere_rule(input_dim=3, degree=0.5)
    with pytest.raises(ValueError, match=r"got 20, which needs 4501536501.* Use random points"):
        sphere_rule(input_dim=10, degree=20)
