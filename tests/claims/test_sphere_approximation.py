"""Exponents of the reconstructed theorem against those worked out by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.claims.sphere_approximation import (
    checked_orders,
    coercivity_order,
    displacement_exponent,
    plateau_exponent,
    rate_exponent,
    width_exponent,
)

EXACT = 1e-13  # a few roundings of a quotient

ORDERS = st.floats(0.05, 0.5).flatmap(
    lambda alpha: st.tuples(
        st.just(alpha), st.floats(2 * alpha, 6), st.floats(0.01, 1).map(lambda u: u * (1 - alpha))
    )
)


# Exact values ------------------------------------------------------------------------------


@pytest.mark.parametrize(("d", "r", "beta"), [(2, 0, 1.0), (3, 0, 1.5), (5, 1, 3.5)])
def test_order_of_coercivity(d, r, beta):
    assert coercivity_order(d, continuous_derivatives=r) == beta


@pytest.mark.parametrize(("d", "rho"), [(2, 1 / 16), (3, 1 / 28), (5, 1 / 52)])
def test_exponents_of_relu_networks(d, rho):
    # alpha = gamma = 1/2, beta = d/2: rho = (1/4) / (4 (3d/4 - 1/2)) = 1 / (12 d - 8),
    # delta = (d/2 - 1/2) / (3 d/2 - 1), plateau (1/4) / (d/2 - 1/2), rate (d/4) / (3 d/2 - 1).
    orders = {"coercivity_order": d / 2, "holder": 0.5}
    assert width_exponent(0.5, **orders) == pytest.approx(rho, rel=EXACT)
    assert displacement_exponent(0.5, **orders) == pytest.approx((d - 1) / (3 * d - 2), rel=EXACT)
    assert plateau_exponent(0.5, **orders) == pytest.approx(1 / (2 * d - 2), rel=EXACT)
    assert rate_exponent(0.5, **orders) == pytest.approx(d / (6 * d - 4), rel=EXACT)


# Identities --------------------------------------------------------------------------------


@given(orders=ORDERS)
def test_the_loop_closes(orders):
    # h = m^(-1/2) / eta with eta = h^(bg/(b-a)); the squared error is h^(ag/(b-a)).
    a, b, g = orders
    named = {"coercivity_order": b, "holder": g}
    delta = displacement_exponent(a, **named)
    assert delta == pytest.approx(0.5 - rate_exponent(a, **named), rel=EXACT)
    assert rate_exponent(a, **named) == pytest.approx(delta * b * g / (b - a), rel=EXACT)
    assert 2 * width_exponent(a, **named) == pytest.approx(
        delta * plateau_exponent(a, **named), rel=EXACT
    )


# Bad input ---------------------------------------------------------------------------------


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="`input_dim` must be at least 2"):
        coercivity_order(1, continuous_derivatives=0)


@pytest.mark.parametrize(
    ("orders", "message"),
    [
        ((0.7, 2.0, 0.1), r"`smoothness` must lie in \(0, 1/2\]; got alpha = 0.7"),
        ((0.0, 2.0, 0.1), r"`smoothness` must lie in"),
        ((float("nan"), 2.0, 0.1), r"`smoothness` must lie in"),
        ((0.5, 0.9, 0.1), r"`coercivity_order` must be .* at least twice the smoothness"),
        ((0.5, float("inf"), 0.1), r"`coercivity_order` must be finite"),
        ((0.5, 2.0, 0.6), r"`holder` must lie in \(0, 1 - smoothness\]; got gamma = 0.6"),
        ((0.5, 2.0, 0.0), r"`holder` must lie in"),
    ],
)
@pytest.mark.parametrize(
    "exponent", [checked_orders, plateau_exponent, displacement_exponent, rate_exponent]
)
def test_the_order_out_of_range_is_named(orders, message, exponent):
    with pytest.raises(ValueError, match=message):
        exponent(orders[0], coercivity_order=orders[1], holder=orders[2])


def test_ends_of_the_ranges_survive_rounding():
    # 1 - 0.45 and 2 * 0.15 round to either side of the numbers typed.
    assert checked_orders(0.45, coercivity_order=0.9, holder=0.55)[2] == 0.55
    assert checked_orders(0.15, coercivity_order=0.3, holder=0.85)[1] == 0.3
