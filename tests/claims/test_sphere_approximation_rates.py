"""Rates beside the reconstructed theorem, against those worked out by hand."""

import pytest

from companion.claims.sphere_approximation import width_exponent
from companion.claims.sphere_approximation_rates import (
    classical_width_exponent,
    decay_exponent,
    require_under_parametrised,
    samples_for_under_parametrisation,
    sharper_width_exponent,
)

EXACT = 1e-13  # a few roundings of a quotient


@pytest.mark.parametrize(("d", "exponent"), [(2, 1 / 14), (3, 1 / 26), (5, 1 / 50)])
def test_the_sharper_exponent_of_relu_networks(d, exponent):
    # (1/4) / (4 (d/2 - 1/2 + (d/2 - 1/4)/2)) = 1 / (12 d - 10).
    found = sharper_width_exponent(0.5, coercivity_order=d / 2, holder=0.5)
    assert found == pytest.approx(exponent, rel=EXACT)
    assert found > width_exponent(0.5, coercivity_order=d / 2, holder=0.5)


def test_the_sharper_exponent_from_its_loop():
    # h = m^(-1/2) eta^(-(1 - a/2b)), eta = h^(bg/(b-a)), error = h^(ag/(2(b-a))).
    a, b, g = 0.3, 2.0, 0.7
    power_of_h = -0.5 / (1 + b * g / (b - a) * (1 - a / (2 * b)))
    expected = -power_of_h * a * g / (2 * (b - a))
    found = sharper_width_exponent(a, coercivity_order=b, holder=g)
    assert found == pytest.approx(expected, rel=EXACT)


@pytest.mark.parametrize(
    ("a", "b", "expected"), [(0.5, 1.0, 0.25), (1.0, 1.5, 1 / 3), (2.0, 1.0, 1.0)]
)
def test_decay_at_infinite_width(a, b, expected):
    assert decay_exponent(a, coercivity_order=b) == pytest.approx(expected, rel=EXACT)


@pytest.mark.parametrize(("d", "expected"), [(2, 1.0), (3, 0.5), (5, 0.25)])
def test_classical_methods_with_a_square_matrix_of_weights(d, expected):
    assert classical_width_exponent(0.5, input_dim=d) == expected


def test_samples_for_a_width():
    assert samples_for_under_parametrisation(16) == 1024
    require_under_parametrised(1024, width=16)
    with pytest.raises(ValueError, match=r"at least 1024 for width 16 .*; got 1023"):
        require_under_parametrised(1023, width=16)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: decay_exponent(0.0, coercivity_order=1.0), "`smoothness` must be positive"),
        (lambda: decay_exponent(1.0, coercivity_order=-1.0), "`coercivity_order` must be pos"),
        (lambda: classical_width_exponent(0.5, input_dim=1), "`input_dim` must be at least 2"),
        (lambda: classical_width_exponent(-1.0, input_dim=3), "`smoothness` must be positive"),
        (lambda: samples_for_under_parametrisation(0), "`width` must be at least 1"),
        (
            lambda: sharper_width_exponent(0.5, coercivity_order=0.8, holder=0.5),
            "`coercivity_order` must be finite and at least twice",
        ),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
