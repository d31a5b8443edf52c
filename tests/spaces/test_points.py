"""Points given as rows: their norms, and what is refused."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.spaces.points import require_nonzero_rows, require_same_dimension, row_norms


def test_norms_by_hand():
    assert_allclose(row_norms(np.array([[3.0, 4.0], [0.0, 0.0]])), [5.0, 0.0], rtol=1e-15)


def test_first_bad_entry_is_named():
    X = np.array([[1.0, 0.0], [0.0, np.nan]])
    with pytest.raises(ValueError, match=r"`points` must be finite; got points\[1, 1\] = nan"):
        row_norms(X, "points")


@pytest.mark.parametrize("shape", [(3,), (0, 2), (2, 2, 2)])
def test_points_must_be_a_matrix(shape, unchecked):
    with pytest.raises(ValueError, match=r"`X` must be a nonempty matrix .* one point"):
        row_norms(np.ones(shape))


@pytest.mark.parametrize(
    ("points", "kind"),
    [
        (np.ones((2, 2), dtype=np.int64), "int64"),
        (np.ones((2, 2), dtype=np.float32), "float32"),
        (np.ones((2, 2), dtype=complex), "complex128"),
        ([[1.0, 2.0]], "list"),
    ],
    ids=["integers", "single precision", "complex", "a list"],
)
def test_points_must_be_of_double_precision(points, kind, unchecked):
    with pytest.raises(TypeError, match=rf"`X` must be a NumPy array of float64; got {kind}\. "):
        row_norms(points)


def test_zero_row_is_named():
    with pytest.raises(ValueError, match="`X` must have nonzero rows; row 1 is the zero vector"):
        require_nonzero_rows(np.array([1.0, 0.0]), "X")
    require_nonzero_rows(np.array([1.0, 1e-300]), "X")


def test_dimensions_must_agree():
    with pytest.raises(ValueError, match="`Z` must have points of the dimension of `X`, 3; got 2"):
        require_same_dimension(np.ones((1, 3)), np.ones((1, 2)))
    require_same_dimension(np.ones((1, 3)), np.ones((4, 3)))
