"""The rules for numbers: what they let pass and what they say."""

import math

import pytest

from companion.probability.arguments import require_positive, require_probability


@pytest.mark.parametrize("value", [0.0, -1.0, math.inf, math.nan])
def test_a_number_that_is_not_positive_is_named(value):
    with pytest.raises(ValueError, match=r"`width` must be positive and finite; got"):
        require_positive(depth=1.0, width=value)


@pytest.mark.parametrize("delta", [0.0, 1.0, -0.1, 5.0, math.nan])
def test_a_percentage_is_not_a_probability(delta):
    with pytest.raises(ValueError, match=r"`delta` must lie strictly between 0 and 1; got"):
        require_probability(delta)


def test_good_numbers_pass():
    require_positive(width=1e-300, depth=1e300)
    require_probability(1e-300)
    require_probability(1 - 1e-15)
