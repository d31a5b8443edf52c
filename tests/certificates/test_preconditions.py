"""What certify refuses before it computes: each refusal names the caller's own argument."""

import numpy as np
import pytest
import torch
from torch import nn

from companion.certificates.certify import certify
from companion.certificates.preconditions import (
    check_derivatives,
    check_scales,
    checked_memory,
    checked_seed,
)
from companion.dynamics.objective import Objective

X, Y = np.eye(3), np.ones((3, 1))


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)).double()


@pytest.mark.parametrize(
    ("memory", "error"),
    [("1GB", TypeError), (None, TypeError), (True, TypeError), ([1], TypeError),
     (np.nan, ValueError), (np.inf, ValueError), (0, ValueError), (-5, ValueError)],
)  # fmt: skip
def test_memory_must_be_a_number_of_bytes(memory, error):
    with pytest.raises(error, match=r"`memory` must be .* number of bytes, for example 2\*\*30"):
        checked_memory(memory)


@pytest.mark.parametrize(
    ("seed", "error"),
    [("a", TypeError), (None, TypeError), (1.5, TypeError), (np.nan, TypeError),
     (-1, ValueError), (2**70, ValueError)],
)  # fmt: skip
def test_seed_must_be_what_generators_take(seed, error):
    with pytest.raises(error, match=r"`seed` must be .* Pass a whole number such as 0"):
        checked_seed(seed)


def test_what_is_right_is_not_changed():
    assert checked_memory(1.5e9) == 1_500_000_000
    assert checked_seed(2**63 - 1) == 2**63 - 1  # through a float it would be 2**63
    assert type(checked_seed(np.int64(3))) is int


@pytest.mark.parametrize("scale", [1e-300, 1e200, 1e300])
def test_weights_out_of_range_are_named(scale):
    nu = np.array([1.0, scale, 0.0])
    with pytest.raises(ValueError, match=r"`nu` must have entries .* entry 1 is .* unit of time"):
        check_scales(Objective(network(), X, Y, nu))


@pytest.mark.parametrize("scale", [1e101, 1e153, 1e200])
def test_targets_out_of_range_are_named(scale):
    with pytest.raises(ValueError, match=r"`y` must .* in a larger unit"):
        certify(network(), X, Y * scale)


def test_the_ends_of_the_range_are_answered_with_the_same_spectrum():
    plain = certify(network(), X, Y)
    heavy = certify(network(), X, Y, nu=np.full(3, 1e100))
    far = certify(network(), X, Y * 1e99)
    low, high = plain.facts.spectrum.lambda_min
    # The interval is that of sixteen roundings of the trace, which scale with the weights.
    assert low <= heavy.facts.spectrum.lambda_min[0] / 1e100 * (1 + 1e-9) <= high * (1 + 2e-9)
    assert far.facts.spectrum == plain.facts.spectrum


@pytest.mark.parametrize("entry", [np.nan, np.inf, 1e101])
def test_gradients_out_of_range_are_named(entry):
    gram = np.diag([1.0, entry])
    with pytest.raises(
        ValueError, match=r"`module` must have gradients .* for output 1 .* Rescale"
    ):
        check_derivatives(gram)
    check_derivatives(np.eye(2) * 1e100)
