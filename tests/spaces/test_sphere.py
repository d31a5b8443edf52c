"""Random points against the moments of their laws, and maxima that are known exactly."""

import math

import numpy as np
import pytest
import scipy.stats
from numpy.testing import assert_allclose

from companion.spaces.sphere import (
    maximise_on_sphere,
    separation,
    uniform_in_shell,
    uniform_on_sphere,
)

# Uniform points ----------------------------------------------------------------------------


@pytest.mark.parametrize("input_dim", [1, 2, 3, 100])
def test_points_lie_on_the_sphere(input_dim, rng):
    X = uniform_on_sphere(50, input_dim, rng)
    assert X.shape == (50, input_dim)
    assert_allclose(np.linalg.norm(X, axis=1), 1.0, rtol=1e-15)


def test_points_are_uniform(rng):
    # Archimedes: in three dimensions every coordinate is uniform on [-1, 1]. Seeded; the
    # Kolmogorov test at 1e-4 per coordinate.
    X = uniform_on_sphere(20_000, 3, rng)
    for coordinate in X.T:
        assert scipy.stats.kstest(coordinate, scipy.stats.uniform(-1, 2).cdf).pvalue > 1e-4


def test_second_moments_are_isotropic(rng):
    X = uniform_on_sphere(40_000, 5, rng)
    # Var(x_i x_j) <= E x_i^4 = 3 / (5 * 7); 15 entries, 5 deviations.
    tolerance = 5 * math.sqrt(3 / 35 / 40_000)
    assert np.abs(X.T @ X / len(X) - np.eye(5) / 5).max() < tolerance


@pytest.mark.parametrize(("inner", "outer"), [(0.5, 1.0), (0.0, 2.0), (1.0, 1.0)])
def test_shell_is_filled_by_volume(inner, outer, rng):
    X = uniform_in_shell(20_000, 4, rng, inner=inner, outer=outer)
    radii = np.linalg.norm(X, axis=1)
    assert radii.min() >= inner - 1e-15
    assert radii.max() <= outer + 1e-15
    if inner < outer:
        # The share of the volume within a radius is uniform.
        share = (radii**4 - inner**4) / (outer**4 - inner**4)
        assert scipy.stats.kstest(share, "uniform").pvalue > 1e-4


def test_shell_in_high_dimension_does_not_overflow(rng):
    # 3**1000 is beyond a double.
    radii = np.linalg.norm(uniform_in_shell(100, 1000, rng, inner=1.0, outer=3.0), axis=1)
    assert 2.9 < radii.min() <= radii.max() <= 3.0 + 1e-14


def test_same_generator_state_same_points():
    draws = [uniform_on_sphere(3, 4, np.random.default_rng(1)) for _ in range(2)]
    assert (draws[0] == draws[1]).all()


# Separation --------------------------------------------------------------------------------


def test_separation_by_hand():
    # Orthogonal points are at distance sqrt 2; the third point is near the opposite of the first.
    X = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [-0.9, 0.0, 0.0]])
    assert_allclose(separation(X), 0.1, rtol=1e-14)
    assert_allclose(separation(X[:2]), math.sqrt(2), rtol=1e-15)


@pytest.mark.parametrize("sign", [1, -1])
def test_coinciding_or_opposite_points_are_not_separated(sign, rng):
    X = rng.standard_normal((10, 3))
    X[7] = sign * X[2]
    assert separation(X) == 0


def test_separation_agrees_with_a_loop(rng):
    X = rng.standard_normal((12, 3))
    pairs = [(X[i] - s * X[j]) for i in range(12) for j in range(i) for s in (1, -1)]
    assert_allclose(separation(X), min(np.linalg.norm(pair) for pair in pairs), rtol=1e-14)


# Maxima ------------------------------------------------------------------------------------


def linear(c):
    return lambda x: (float((c * x).sum()), c)


@pytest.mark.parametrize("input_dim", [1, 2, 30])
def test_linear_function_is_largest_along_its_gradient(input_dim, rng):
    c = rng.standard_normal(input_dim)
    start = np.sign(c)[None] if input_dim == 1 else rng.standard_normal((4, input_dim))
    points, values = maximise_on_sphere(linear(c), start)
    # The value is stationary, so its error is the square of that of the point.
    assert_allclose(values, np.linalg.norm(c), rtol=1e-14)
    assert_allclose(points, np.tile(c / np.linalg.norm(c), (len(start), 1)), rtol=0, atol=1e-7)


def test_quadratic_form_is_largest_at_the_top_eigenvector(rng):
    A = rng.standard_normal((20, 20))
    A = A + A.T
    starts = rng.standard_normal((5, 20))
    points, values = maximise_on_sphere(lambda x: (float(x @ A @ x), 2 * A @ x), starts)
    # All other critical points are saddles, so every start arrives.
    assert_allclose(values, np.linalg.eigvalsh(A)[-1], rtol=1e-12)
    assert_allclose(np.linalg.norm(points, axis=1), 1.0, rtol=1e-14)


def test_bilinear_form_on_two_spheres_has_the_top_singular_value(rng):
    A = rng.standard_normal((6, 6))

    def bilinear(pair):
        x, y = pair
        return float(x @ A @ y), np.stack([A @ y, A.T @ x])

    points, values = maximise_on_sphere(bilinear, rng.standard_normal((4, 2, 6)))
    assert points.shape == (4, 2, 6)
    assert_allclose(values, np.linalg.svd(A, compute_uv=False)[0], rtol=1e-12)


@pytest.mark.parametrize("factor", [1e-12, 1e12])
def test_units_of_the_function_do_not_matter(factor, rng):
    c = rng.standard_normal(10)
    _, values = maximise_on_sphere(linear(factor * c), rng.standard_normal((1, 10)))
    assert_allclose(values, factor * np.linalg.norm(c), rtol=1e-13)


def test_value_belongs_to_the_point(rng):
    A = rng.standard_normal((4, 4))

    def function(x):
        return float(np.sin(A @ x).sum()), A.T @ np.cos(A @ x)

    points, values = maximise_on_sphere(function, rng.standard_normal((6, 4)))
    assert_allclose([function(point)[0] for point in points], values, rtol=1e-14)


def test_best_of_several_starts_is_the_maximum_over_a_fine_grid(rng):
    # A random network of one layer on the circle, where a grid of spacing 1e-4 misses at most
    # 1e-8 / 8 times the second derivative, which is below 100 here.
    W, a = rng.standard_normal((200, 2)), rng.choice([-1.0, 1.0], 200)

    def network(x):
        u = np.tanh(W @ x + 1)
        return float(a @ u), W.T @ (a * (1 - u * u))

    _, values = maximise_on_sphere(network, rng.standard_normal((8, 2)))
    circle = np.arange(0, 2 * np.pi, 1e-4)
    best = (a @ np.tanh(W @ np.stack([np.cos(circle), np.sin(circle)]) + 1)).max()
    assert best - 1e-12 <= values.max() < best + 2e-7


def test_start_at_a_maximum_stays(rng):
    c = np.array([0.0, 3.0, 4.0])
    points, values = maximise_on_sphere(linear(c), c[None])
    assert_allclose(values, 5.0, rtol=1e-15)
    assert_allclose(points, [[0, 0.6, 0.8]], rtol=0, atol=1e-15)


# Bad input ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["num_samples", "input_dim"])
def test_sizes_must_be_positive(name, rng):
    sizes = {"num_samples": 3, "input_dim": 3} | {name: 0}
    with pytest.raises(ValueError, match=f"`{name}` must be positive; got 0"):
        uniform_on_sphere(**sizes, rng=rng)
    with pytest.raises(ValueError, match=f"`{name}` must be positive; got 0"):
        uniform_in_shell(**sizes, rng=rng, inner=0.5, outer=1.0)


@pytest.mark.parametrize(
    ("inner", "outer"), [(1.0, 0.5), (-0.1, 1.0), (0.0, 0.0), (0.5, np.inf), (np.nan, 1.0)]
)
def test_radii_must_be_ordered(inner, outer, rng):
    with pytest.raises(ValueError, match="`inner` and `outer` must be finite radii"):
        uniform_in_shell(3, 3, rng, inner=inner, outer=outer)


def test_separation_needs_two_points():
    with pytest.raises(ValueError, match="`X` must have at least two points; got 1"):
        separation(np.ones((1, 3)))


def test_starts_must_be_directions(unchecked):
    with pytest.raises(ValueError, match=r"`starts` must have the starts along its first axis"):
        maximise_on_sphere(linear(np.ones(3)), np.ones(3))
    with pytest.raises(ValueError, match=r"`starts` must have nonzero rows; row \[1, 0\]"):
        maximise_on_sphere(linear(np.ones(3)), np.stack([np.ones((2, 3)), np.zeros((2, 3))]))
    with pytest.raises(ValueError, match=r"`starts` must be finite; got starts\[0, 1\] = nan"):
        maximise_on_sphere(linear(np.ones(3)), np.array([[1.0, np.nan, 0.0]]))


def test_function_must_return_finite_numbers_of_the_right_shape(rng):
    starts = rng.standard_normal((1, 3))
    with pytest.raises(ValueError, match=r"must return finite numbers; got the value nan"):
        maximise_on_sphere(lambda x: (np.nan, x), starts)
    with pytest.raises(ValueError, match=r"must return a gradient of shape \(3,\); got \(2,\)"):
        maximise_on_sphere(lambda x: (0.0, x[:2]), starts)
