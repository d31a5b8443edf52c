"""Geometry of pairs: norms and angles give back the inner products."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.kernels.pair_geometry import pair_geometry


def test_inner_products_are_recovered(rng):
    X, Z = rng.standard_normal((5, 3)), rng.standard_normal((4, 3))
    geometry = pair_geometry(X, Z, zero_allowed=False)
    product = np.outer(geometry.norms_x, geometry.norms_z) * np.cos(geometry.angle)
    assert_allclose(product, X @ Z.T, rtol=0, atol=1e-14)


def test_zero_vector_is_kept_where_it_is_allowed(rng):
    X = np.stack([np.zeros(3), np.ones(3)])
    geometry = pair_geometry(X, X, zero_allowed=True)
    assert_allclose(geometry.norms_x, [0, np.sqrt(3)], rtol=1e-15)
    assert np.isfinite(geometry.angle).all()
    assert geometry.angle[1, 1] == 0


def test_zero_vector_is_named_where_it_is_not():
    X = np.stack([np.ones(3), np.zeros(3)])
    with pytest.raises(ValueError, match="`X` must have nonzero rows; row 1 is the zero vector"):
        pair_geometry(X, X, zero_allowed=False)
