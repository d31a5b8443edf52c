"""The finiteness check names the argument, the place and the value."""

import re

import numpy as np
import pytest

from companion.numerics.finite import require_finite


@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3)])
def test_finite_numbers_pass(shape):
    require_finite(np.full(shape, 1e308), "X")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_first_bad_entry_is_named(bad):
    X = np.zeros((3, 4))
    X[1, 2] = X[2, 0] = bad
    with pytest.raises(ValueError, match=re.escape(f"`X` must be finite; got X[1, 2] = {bad}")):
        require_finite(X, "X")


def test_a_number_has_no_index():
    with pytest.raises(ValueError, match="`loss` must be finite; got loss = nan"):
        require_finite(np.array(np.nan), "loss")
