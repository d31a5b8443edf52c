"""Operators between Sobolev spaces: zonal kernels, one feature, and both sides of a norm."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.spaces.circle import circle_points, fourier_basis
from companion.spaces.sobolev_operators import operator_matrix, smoothing_norm
from companion.spaces.sphere_rule import sphere_rule
from companion.spaces.spherical_basis import spherical_basis

EXACT = 1e-13  # sums of some hundred products of numbers of order one


def circle(count):
    basis, degrees = fourier_basis(count)
    return circle_points(count), basis, degrees, np.full(count, 1 / count)


def test_a_zonal_kernel_on_the_circle_is_diagonal():
    # 1/2 + 3 cos(t) + 5 cos(2t): eigenvalues 1/2, 3/2, 5/2, since cos has mean square 1/2.
    X, basis, degrees, weights = circle(12)
    t = X @ X.T
    matrix = operator_matrix(0.5 + 3 * t + 5 * (2 * t**2 - 1), basis, weights=weights)
    eigenvalues = np.array([0.5, 1.5, 2.5, 0, 0, 0, 0])[degrees]
    assert_allclose(matrix, np.diag(eigenvalues), atol=EXACT)
    # Degree 2 counts (1 + 2)^2 times at smoothness 1, degree 1 only (1 + 1)^2 times.
    norms = [smoothing_norm(matrix, degrees, input_dim=2, smoothness=s) for s in (0.0, 1.0, -1.0)]
    assert_allclose(norms, [2.5, 22.5, 0.5], rtol=EXACT)


def test_a_zonal_kernel_on_the_sphere_is_diagonal():
    # On S^2 with probability measure t^2 = 1/3 + (2/3) P_2(t) has eigenvalues 1/3 and 2/15.
    points, weights = sphere_rule(input_dim=3, degree=8)
    basis, degrees = spherical_basis(points, max_degree=3)
    matrix = operator_matrix((points @ points.T) ** 2, basis, weights=weights)
    assert_allclose(matrix, np.diag(np.array([1 / 3, 0, 2 / 15, 0])[degrees]), atol=EXACT)
    norm = smoothing_norm(matrix, degrees, input_dim=3, smoothness=0.5)
    assert_allclose(norm, 2 / 15 * (1 + np.sqrt(6)), rtol=EXACT)


def test_one_feature_has_the_square_of_its_norm():
    # g(x) g(y) maps v to <g, v> g: the norm is |g|_s^2, attained by the dual of g.
    X, basis, degrees, weights = circle(64)
    angle = np.arctan2(X[:, 1], X[:, 0])
    g = 1 + np.sqrt(2) * np.cos(3 * angle) + np.sqrt(8) * np.sin(5 * angle)
    norm = smoothing_norm(
        operator_matrix(np.outer(g, g), basis, weights=weights),
        degrees,
        input_dim=2,
        smoothness=0.4,
    )
    assert_allclose(norm, 1 + 4**0.8 + 4 * 6**0.8, rtol=1e-12)


def test_no_function_is_stretched_by_more_than_the_norm(rng):
    _, basis, degrees, weights = circle(21)
    kernel = rng.standard_normal((21, 21))  # not symmetric
    matrix = operator_matrix(kernel, basis, weights=weights)
    norm = smoothing_norm(matrix, degrees, input_dim=2, smoothness=0.45)
    v = rng.standard_normal((21, 2000))
    image = matrix @ v
    size = (1.0 + degrees)[:, None] ** 0.45
    ratios = np.linalg.norm(size * image, axis=0) / np.linalg.norm(v / size, axis=0)
    assert ratios.max() <= norm
    # Power iteration reaches it: the estimate errs by the square of what is left of other modes.
    u = rng.standard_normal(21)
    scaled = size * matrix * size.T
    for _ in range(3000):
        u = scaled.T @ (scaled @ u)
        u /= np.linalg.norm(u)
    assert_allclose(np.linalg.norm(scaled @ u), norm, rtol=1e-10)


def test_a_finer_rule_leaves_the_matrix_of_a_polynomial_kernel():
    for count in (9, 16, 40):
        X, basis, degrees, weights = circle(count)
        shape = (X[:, :1] + X[:, 1:] ** 2) * (2 - X[:, 0] * X[:, 1])  # no function of x.y
        first = degrees <= 2
        matrix = operator_matrix(shape, basis, weights=weights)[np.ix_(first, first)]
        if count == 9:
            expected = matrix
        # Products have degree 2 + 2 in each point, below 9: the rule is exact.
        assert_allclose(matrix, expected, atol=EXACT)


def test_what_does_not_fit_is_refused(unchecked):
    _, basis, degrees, weights = circle(6)
    with pytest.raises(ValueError, match=r"belong to the 6 points of `weights`; got .*\(6, 6\)"):
        operator_matrix(np.eye(5), basis, weights=weights)
    bad = np.eye(6)
    bad[2, 3] = np.nan
    with pytest.raises(ValueError, match=r"`kernel` must be finite; got kernel\[2, 3\] = nan"):
        operator_matrix(bad, basis, weights=weights)
    with pytest.raises(ValueError, match=r"`matrix` must have a row and a column for each of"):
        smoothing_norm(np.eye(5), degrees, input_dim=2, smoothness=0.5)
    with pytest.raises(ValueError, match=r"`matrix` must be finite"):
        smoothing_norm(bad, degrees, input_dim=2, smoothness=0.5)
    with pytest.raises(ValueError, match=r"`smoothness` must be finite"):
        smoothing_norm(np.eye(6), degrees, input_dim=2, smoothness=np.inf)
