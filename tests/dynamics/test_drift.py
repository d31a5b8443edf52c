"""Relative changes of matrices whose norms are known."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.dynamics.drift import relative_change


def test_norms_of_a_change_with_known_eigenvalues(rng):
    modes = np.linalg.qr(rng.standard_normal((3, 3)))[0]
    start, change = modes * [4.0, 2.0, 1.0] @ modes.T, modes * [0.3, 0.0, -0.4] @ modes.T
    moved = start + change
    # Differences of numbers of size 4 are rounded at 1e-15.
    assert_allclose(relative_change(moved, start, norm="operator"), 0.1, rtol=1e-13)
    assert_allclose(relative_change(moved, start, norm="frobenius"), 0.5 / np.sqrt(21), rtol=1e-13)


@pytest.mark.parametrize("norm", ["operator", "frobenius"])
def test_nothing_moved_is_zero_even_at_zero(norm):
    assert relative_change(np.eye(2), np.eye(2), norm=norm) == 0
    assert relative_change(np.zeros((2, 2)), np.zeros((2, 2)), norm=norm) == 0
