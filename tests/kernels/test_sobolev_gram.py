"""Limiting Gram matrix of Sobolev training: by hand, by sampling, by arcs, and where singular."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.kernels.sobolev_gram import (
    derivative_block,
    limiting_gram,
    mixed_block,
    value_block,
)

EXACT = 1e-15  # a few roundings of numbers of order one


def unit_rows(rng, count, input_dim):
    X = rng.standard_normal((count, input_dim))
    return X / np.linalg.norm(X, axis=1)[:, None]


def tangent_directions(rng, X, num_directions):
    """Orthonormal directions at each point of the sphere, orthogonal to the point."""
    V = rng.standard_normal((*X.shape, num_directions))
    V -= X[:, :, None] * np.einsum("id,idk->ik", X, V)[:, None, :]
    return np.linalg.qr(V)[0]


# Exact values ------------------------------------------------------------------------------


def test_one_point_by_hand():
    # kappa_0 = 1/2 times the Gram matrix of [x, V].
    X, V = np.array([[3.0, 4.0]]), np.array([[[1.0, 0.0], [0.0, 2.0]]])
    expected = np.array([[25, 3, 8], [3, 1, 0], [8, 0, 4]]) / 2
    assert_allclose(limiting_gram(X, V), expected, rtol=EXACT)


def test_two_orthogonal_points_by_hand():
    # kappa_0 is 1/2 on the diagonal and 1/4 off it; the tangents are each other's points.
    X = np.eye(2)
    V = np.array([[[0.0], [1.0]], [[1.0], [0.0]]])
    expected = np.array([[2, 0, 0, 1], [0, 2, 1, 0], [0, 1, 2, 0], [1, 0, 0, 2]]) / 4
    assert_allclose(limiting_gram(X, V), expected, rtol=0, atol=EXACT)


def test_opposite_points_never_meet():
    # No neuron is active on both.
    X = np.array([[1.0, 0.0], [-1.0, 0.0]])
    V = np.array([[[0.0], [1.0]], [[0.0], [1.0]]])
    assert_allclose(limiting_gram(X, V), np.eye(4) / 2, rtol=0, atol=EXACT)


# Identities --------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "input_dim", "k"), [(1, 2, 1), (5, 3, 2), (150, 4, 3)])
def test_blocks_make_the_matrix(count, input_dim, k, rng):
    X, V = unit_rows(rng, count, input_dim), rng.standard_normal((count, input_dim, k))
    mixed = mixed_block(X, V)
    blocks = np.block([[value_block(X), mixed], [mixed.T, derivative_block(X, V)]])
    assert_allclose(limiting_gram(X, V), blocks, rtol=0, atol=1e-14 * np.abs(blocks).max())


def test_symmetric_and_positive(rng):
    X, V = unit_rows(rng, 30, 4), rng.standard_normal((30, 4, 2))
    H = limiting_gram(X, V)
    assert_allclose(H, H.T, rtol=0, atol=1e-14)
    assert np.linalg.eigvalsh(H)[0] > 0


def test_only_directions_of_the_points_count_in_the_kernel(rng):
    X, V = unit_rows(rng, 6, 3), rng.standard_normal((6, 3, 2))
    assert_allclose(derivative_block(5 * X, V), derivative_block(X, V), rtol=1e-12, atol=EXACT)
    assert_allclose(mixed_block(5 * X, V), 5 * mixed_block(X, V), rtol=1e-12, atol=1e-14)


def test_smallest_eigenvalue_is_above_that_of_the_hadamard_bound(rng):
    # Tangent orthonormal directions: every X_i^T X_i is the identity, so the smallest eigenvalue
    # is at least that of kappa_0, and both are above the floor delta_1 / (100 n^2).
    X = unit_rows(rng, 12, 3)
    V = tangent_directions(rng, X, 2)
    smallest = np.linalg.eigvalsh(limiting_gram(X, V))[0]
    angle = np.arccos(np.clip(X @ X.T, -1, 1))
    np.fill_diagonal(angle, 0)
    kernel = np.linalg.eigvalsh((np.pi - angle) / (2 * np.pi))[0]
    pairs = np.triu_indices(12, 1)
    chords = [np.linalg.norm((X[:, None] + s * X)[pairs], axis=1).min() for s in (-1, 1)]
    assert smallest >= kernel - 1e-14 > min(chords) / (100 * 12**2)


# Independent computations ------------------------------------------------------------------


def test_agrees_with_sampled_features(rng):
    # Omega(w) written out. Seeded; 5 standard errors over 120 distinct entries: 7e-5.
    X, V = unit_rows(rng, 5, 3), rng.standard_normal((5, 3, 2))
    samples = 20_000
    weights = rng.standard_normal((samples, 3))
    active = (weights @ X.T > 0).astype(float)
    phi = active[:, :, None] * X
    psi = (active[:, :, None, None] * V).transpose(0, 1, 3, 2).reshape(samples, 10, 3)
    omega = np.concatenate([phi, psi], axis=1)
    products = np.einsum("sad,sbd->sab", omega, omega)
    error = products.mean(axis=0) - limiting_gram(X, V)
    assert (np.abs(error) <= 5 * products.std(axis=0) / np.sqrt(samples) + 1e-12).all()


def test_agrees_with_arcs_in_the_plane(rng):
    # d = 2: a neuron is active on both points on the intersection of two half circles, counted
    # on a grid of directions; each end of an arc is known to one grid step.
    angles = rng.uniform(0, 2 * np.pi, 4)
    X = np.column_stack([np.cos(angles), np.sin(angles)])
    V = rng.standard_normal((4, 2, 1))
    grid = 2 * np.pi * (np.arange(200_000) + 0.5) / 200_000
    active = (np.column_stack([np.cos(grid), np.sin(grid)]) @ X.T > 0).astype(float)
    vectors = np.concatenate([X, V[:, :, 0]])
    expected = (vectors @ vectors.T) * np.tile(active.T @ active / len(grid), (2, 2))
    atol = 2 / len(grid) * np.abs(vectors @ vectors.T).max()
    assert_allclose(limiting_gram(X, V), expected, rtol=0, atol=atol)


def test_is_the_limit_of_differentiated_networks(rng):
    # Gradients in W of f(x_i) and of V_i^T grad f(x_i), by differences in a direction of the
    # weights: f is piecewise linear in x and bilinear, so small steps are exact off the kinks.
    X, V = unit_rows(rng, 3, 2), rng.standard_normal((3, 2, 1))
    width, step = 40_000, 1e-6
    W, signs = rng.standard_normal((width, 2)), rng.choice([-1.0, 1.0], width) / np.sqrt(width)

    def outputs_by_neuron(weights):
        values = np.maximum(weights @ X.T, 0)
        ahead = np.maximum(weights @ (X + step * V[:, :, 0]).T, 0)
        return signs[:, None] * np.concatenate([values, (ahead - values) / step], axis=1)

    shifted = [outputs_by_neuron(W + step * np.eye(2)[axis]) for axis in (0, 1)]
    gradients = np.stack([(one - outputs_by_neuron(W)) / step for one in shifted])
    # Kinks within the step, about 4 of 1e6 half planes a point, would give 1/step: left out.
    sane = np.abs(gradients).max(axis=(0, 2)) < 10 / np.sqrt(width) * np.abs(V).max()
    assert sane.mean() > 0.999
    gram = np.einsum("arp,arq->pq", gradients[:, sane], gradients[:, sane])
    # Each entry is a mean of bounded terms: five standard errors of at most 1/2 sqrt(m) times
    # the largest product of vectors, and the rounding 1e-16 / step^2 of the differences.
    largest = max(1.0, (V**2).sum(axis=1).max())
    assert_allclose(limiting_gram(X, V), gram, rtol=0, atol=5 * largest / (2 * width**0.5) + 2e-3)


# Where it is singular ----------------------------------------------------------------------


def test_point_in_the_span_of_its_directions_makes_it_singular(rng):
    # x . grad f = f for a homogeneous network, so a value is a combination of derivatives.
    X = unit_rows(rng, 4, 3)
    V = np.concatenate([X[:, :, None], rng.standard_normal((4, 3, 1))], axis=2)
    assert abs(np.linalg.eigvalsh(limiting_gram(X, V))[0]) < 1e-15 * 8


def test_nearly_parallel_points_keep_the_gap(rng):
    # Two points at angle theta: the smallest eigenvalue of kappa_0 is theta / (2 pi), which
    # an arc cosine would round to zero.
    theta = 1e-9
    X = np.array([[1.0, 0.0], [np.cos(theta), np.sin(theta)]])
    V = np.array([[[0.0], [1.0]], [[-np.sin(theta)], [np.cos(theta)]]])
    smallest = np.linalg.eigvalsh(limiting_gram(X, V))[0]
    assert_allclose(smallest, theta / (2 * np.pi), rtol=1e-5)


# Bad input ---------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(2, 3), (3, 3, 1), (2, 2, 1), (2, 3, 0)])
def test_directions_must_belong_to_the_points(shape, unchecked):
    X = np.eye(3)[:2]
    for block in (limiting_gram, mixed_block, derivative_block):
        with pytest.raises(ValueError, match=r"`V` must have shape \(n, d, k\) with \(n, d\) = "):
            block(X, np.ones(shape))


def test_bad_numbers_are_named():
    X, V = np.eye(2), np.ones((2, 2, 1))
    V[1, 0, 0] = np.nan
    with pytest.raises(ValueError, match=r"`V` must be finite; got V\[1, 0, 0\] = nan"):
        limiting_gram(X, V)
    with pytest.raises(ValueError, match="`X` must have nonzero rows; row 1 is the zero vector"):
        value_block(np.array([[1.0, 0.0], [0.0, 0.0]]))


@pytest.mark.parametrize("V", [np.ones((2, 2, 1)) * 1j, np.ones((2, 2, 1), int), None])
def test_directions_must_be_real_of_double_precision(V, unchecked):
    for block in (limiting_gram, mixed_block, derivative_block):
        with pytest.raises(TypeError, match="`V` must be a NumPy array of float64; got "):
            block(np.eye(2), V)


def test_norms_whose_products_overflow_are_refused():
    X, V = np.eye(2), np.ones((2, 2, 1))
    for block in (limiting_gram, mixed_block, derivative_block):
        with pytest.raises(ValueError, match="`V` must have rows whose norms"):
            block(X, V * 1e300)
    with pytest.raises(ValueError, match="`X` must have rows whose norms"):
        value_block(X * 1e300)
