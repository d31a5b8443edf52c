"""A smooth layer: its series at the norms of the points, block by block."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.activations import GAUSSIAN_BUMP, SOFTPLUS
from companion.kernels.hermite_series import hermite_series
from companion.kernels.point_pairs import point_pairs
from companion.kernels.smooth_layer import SmoothLayer


@pytest.fixture
def pairs(rng):
    return point_pairs(
        rng.standard_normal((6, 3)), rng.standard_normal((4, 3)), zero_allowed=False
    )


def test_moments_of_the_gaussian_bump_in_closed_form(pairs):
    # E exp(-(u^2 + v^2)/2) = det(I + covariance)^(-1/2), on a block that starts inside.
    layer = SmoothLayer(GAUSSIAN_BUMP, pairs.norms_x, pairs.norms_z)
    rows, columns = slice(2, 6), slice(1, 4)
    block = pairs.block(rows, columns)
    covariance = layer.covariance(block)
    squares = np.add.outer(pairs.norms_x[rows] ** 2, pairs.norms_z[columns] ** 2)
    product = np.outer(pairs.norms_x[rows], pairs.norms_z[columns]) ** 2
    expected = (1 + squares + product - covariance**2) ** -0.5
    assert_allclose(layer.value(block), expected, rtol=0, atol=1e-13)


def test_mean_squares_are_those_of_each_norm(pairs):
    layer = SmoothLayer(GAUSSIAN_BUMP, pairs.norms_x, pairs.norms_z)
    norms = np.concatenate([pairs.norms_x, pairs.norms_z])
    assert_allclose(layer.mean_squares(), (1 + 2 * norms**2) ** -0.5, rtol=1e-14)


def test_slope_is_the_series_of_the_derivative(pairs):
    # The derivative of softplus is the sigmoid, whose moment at right angles is 1/4.
    layer = SmoothLayer(SOFTPLUS, np.array([1.0]), np.array([2.0]))
    right = point_pairs(np.array([[1.0, 0.0]]), np.array([[0.0, 2.0]]), zero_allowed=False)
    assert_allclose(layer.slope(right.block(slice(0, 1), slice(0, 1))), [[1 / 4]], rtol=1e-14)


def test_series_is_computed_once(pairs, monkeypatch):
    calls = []

    def counted(*args, **options):
        calls.append(1)
        return hermite_series(*args, **options)

    monkeypatch.setattr("companion.kernels.smooth_layer.hermite_series", counted)
    layer = SmoothLayer(GAUSSIAN_BUMP, pairs.norms_x, pairs.norms_z)
    for start in (0, 2, 4):
        block = pairs.block(slice(start, start + 2), slice(0, 4))
        layer.after(block, layer.value(block))
    assert len(calls) == 1
