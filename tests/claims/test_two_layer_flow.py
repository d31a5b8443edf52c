"""The document's right-hand sides against values worked out by hand."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.claims.two_layer_flow import claimed_dissipation, decay_rate, loss_decay

# Theorem 1 ---------------------------------------------------------------------------------


def test_loss_decay_by_hand():
    # 3 exp(-0.2 t / 2) at t = 0 and at the time in which it falls to one half of that.
    t = np.array([0.0, 10 * np.log(2)])
    assert_allclose(loss_decay(t, constant=3.0, kernel_bound=0.2), [3.0, 1.5], rtol=1e-15)


def test_loss_decay_has_the_claimed_rate():
    t = np.array([1.0, 3.0])
    early, late = loss_decay(t, constant=1.7, kernel_bound=0.3)
    assert_allclose(np.log(early / late) / 2, decay_rate(0.3), rtol=1e-14)
    assert decay_rate(0.3) == 0.15


def test_claimed_dissipation_is_lambda_times_the_loss():
    residual, nu = np.array([1.0, -2.0, 3.0]), np.array([0.5, 0.25, 0.25])
    loss = 0.5 * (0.5 * 1 + 0.25 * 4 + 0.25 * 9)
    assert_allclose(claimed_dissipation(residual, nu, kernel_bound=0.2), 0.2 * loss, rtol=1e-15)


@pytest.mark.parametrize("value", [0.0, -1.0, np.inf, np.nan])
def test_constants_must_be_positive(value):
    with pytest.raises(ValueError, match="`kernel_bound` must be positive and finite; got"):
        decay_rate(value)
    with pytest.raises(ValueError, match="`constant` must be positive and finite; got"):
        loss_decay(np.zeros(1), constant=value, kernel_bound=1.0)
    with pytest.raises(ValueError, match="`kernel_bound` must be positive and finite; got"):
        claimed_dissipation(np.zeros(1), np.ones(1), kernel_bound=value)
