"""Exponents of the reconstructed theorem against those worked out by hand."""

import pytest

from companion.claims.sphere_approximation import coercivity_order, width_exponent


@pytest.mark.parametrize(("d", "r", "beta"), [(2, 0, 1.0), (3, 0, 1.5), (5, 1, 3.5)])
def test_order_of_coercivity(d, r, beta):
    assert coercivity_order(d, continuous_derivatives=r) == beta


@pytest.mark.parametrize(("d", "rho"), [(2, 1 / 16), (3, 1 / 28), (5, 1 / 52)])
def test_exponent_of_relu_networks(d, rho):
    # alpha = gamma = 1/2, beta = d/2: (1/4) / (4 (3d/4 - 1/2)) = 1 / (12 d - 8)
    found = width_exponent(0.5, coercivity_order=d / 2, holder=0.5)
    assert found == pytest.approx(rho, rel=1e-14)


def test_exponent_from_the_two_powers_of_the_argument():
    # h^(1 + b g / (b - a)) = m^(-1/2) and error = h^(a g / (2 (b - a))).
    a, b, g = 0.3, 2.0, 0.7
    power_of_h = -0.5 / (1 + b * g / (b - a))
    expected = -power_of_h * a * g / (2 * (b - a))
    assert width_exponent(a, coercivity_order=b, holder=g) == pytest.approx(expected, rel=1e-14)


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="`input_dim` must be at least 2"):
        coercivity_order(1, continuous_derivatives=0)
    with pytest.raises(ValueError, match="`smoothness` must lie in"):
        width_exponent(0.7, coercivity_order=1.0, holder=1.0)
