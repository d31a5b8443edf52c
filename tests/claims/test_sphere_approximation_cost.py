"""What under-parametrised training costs: formulas, their meaning, and their ranges."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from companion.claims.sphere_approximation import coercivity_order, width_exponent
from companion.claims.sphere_approximation_cost import (
    least_coercivity_order,
    log10_weights,
    noise_floor,
    relu_tangent_dimension,
)
from companion.claims.sphere_approximation_rates import classical_width_exponent


@given(
    alpha=st.floats(0.01, 0.5),
    share=st.floats(0.01, 1.0),
    input_dim=st.integers(2, 60),
    derivatives=st.integers(0, 4),
)
def test_the_theorem_is_more_than_eight_times_slower_than_classical(
    alpha, share, input_dim, derivatives
):
    # 8 (beta (1 + gamma) - alpha) / (gamma (d - 1)) with beta >= d/2 and gamma <= 1 - alpha.
    proven = width_exponent(
        alpha,
        coercivity_order=coercivity_order(input_dim, continuous_derivatives=derivatives),
        holder=share * (1 - alpha),
    )
    assert classical_width_exponent(alpha, input_dim=input_dim) > 8 * proven


@pytest.mark.parametrize("input_dim", [2, 3, 5, 20])
def test_the_bound_on_the_order_is_where_the_trace_diverges(input_dim):
    beta = least_coercivity_order(input_dim)
    k = np.geomspace(1e3, 1e9, 20)
    # The summand of the trace, k^(d - 2 - 2 beta), is 1/k at the bound.
    assert_allclose(k ** (input_dim - 2 - 2 * beta), 1 / k, rtol=1e-12)
    assert coercivity_order(input_dim, continuous_derivatives=0) == beta + 1 / 2


def test_weights_are_those_at_which_the_rate_reaches_the_error():
    assert_allclose(log10_weights(0.1, width_exponent=0.0625), 32)
    for rho in (0.5, 1.0):
        m = math.sqrt(10 ** log10_weights(0.03, width_exponent=rho))
        assert_allclose(m**-rho, 0.03, rtol=1e-12)


def test_dimension_of_features_by_hand():
    assert relu_tangent_dimension(2, 1) == 4
    assert relu_tangent_dimension(8, 0) == 8


def test_noise_floor_is_the_mean_over_noise(rng):
    columns = np.linalg.qr(rng.standard_normal((40, 10)))[0]
    noise = rng.standard_normal((40, 20_000))
    left = 1 - ((columns.T @ noise) ** 2).sum(axis=0) / (noise**2).sum(axis=0)
    standard_error = left.std() / np.sqrt(left.size)
    # Five standard errors: 6e-7.
    assert abs(left.mean() - noise_floor(10, 40) ** 2) < 5 * standard_error
    assert noise_floor(0, 3) == 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: least_coercivity_order(1), "`input_dim` must be at least 2; got 1"),
        (lambda: log10_weights(1.5, width_exponent=1.0), "`error` must be less than 1; got 1.5"),
        (lambda: log10_weights(0.5, width_exponent=0.0), "`width_exponent`"),
        (lambda: relu_tangent_dimension(-1, 2), "must be nonnegative; got"),
        (lambda: noise_floor(5, 4), "`num_samples` must be at least `num_params`; got 4 and 5"),
    ],
)
def test_ranges_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
