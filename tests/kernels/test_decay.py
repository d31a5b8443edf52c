"""Powers of the chord in closed form, fits in the degree, constants of coercivity."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad

from companion.kernels.decay import chord_power_spectrum, coercivity_constant, fit_degree_decay

# Exact values ------------------------------------------------------------------------------


def test_distance_on_the_circle():
    # sqrt(1 - t) = sqrt(2) |sin(theta / 2)|: mu_k = -2 sqrt(2) / (pi (4 k^2 - 1)).
    k = np.arange(300)
    exact = -2 * math.sqrt(2) / (math.pi * (4.0 * k**2 - 1))
    # Each quotient adds two roundings.
    found = chord_power_spectrum(0.5, input_dim=2, max_degree=299)
    assert_allclose(found, exact, rtol=1e-13)


def test_distance_on_the_two_sphere():
    # The generating function of the Legendre polynomials gives the classical
    # sqrt(2 - 2t) = sum_k -2 / ((2k - 1)(2k + 3)) (2k + 1) mu_k / ... : mu_k of sqrt(1 - t).
    k = np.arange(100)
    exact = -math.sqrt(2) * 2 / ((2.0 * k - 1) * (2 * k + 1) * (2 * k + 3))
    found = chord_power_spectrum(0.5, input_dim=3, max_degree=99)
    assert_allclose(found, exact, rtol=1e-13)


@pytest.mark.parametrize("input_dim", [2, 3, 5])
@pytest.mark.parametrize("exponent", [-2.0, -7.5])
def test_pure_powers_are_recovered(input_dim, exponent):
    k = np.arange(8, 65, 2)
    rate = fit_degree_decay(k, 3.0 * (k + (input_dim - 2) / 2) ** exponent, input_dim=input_dim)
    assert_allclose([rate.exponent, rate.prefactor], [exponent, 3.0], rtol=1e-10)
    assert rate.high - rate.low < 1e-9


def test_constant_by_hand():
    # On the circle the weights are (1 + k)^(2 beta).
    eigenvalues = np.array([1.0, 0.2, 0.1])
    assert coercivity_constant(eigenvalues, input_dim=2, order=1.0) == pytest.approx(0.8, 1e-15)
    assert coercivity_constant(eigenvalues, input_dim=2, order=0.0) == 0.1
    assert coercivity_constant(np.array([1.0, 0.0]), input_dim=3, order=9.0) == 0


# Identities --------------------------------------------------------------------------------


@pytest.mark.parametrize("power", [0.5, 1.5, 2.5, 0.3])
@pytest.mark.parametrize("input_dim", [2, 3, 5, 10])
def test_powers_of_the_chord_fall_as_their_gamma_functions_say(power, input_dim):
    found = chord_power_spectrum(power, input_dim=input_dim, max_degree=400)
    k = np.arange(100, 401)
    rate = fit_degree_decay(k, np.abs(found[k]), input_dim=input_dim)
    expected = -2 * power - input_dim + 1
    # The second correction, at most (power + d)^4 / 100^4 of the fourth order, is left out.
    assert abs(rate.exponent - expected) < 2e-5
    assert rate.low < expected < rate.high
    tail = np.sign(found[math.ceil(power) + 1 :])
    assert (tail == np.sign(math.gamma(-power))).all()


def test_the_correction_is_worth_having():
    # (l^2 - 1/4)^-1 on the circle: without the correction the slope misses by 2e-3 from k = 8.
    k = np.arange(8, 33, 2)
    rate = fit_degree_decay(k, 1 / (k**2 - 0.25), input_dim=2)
    assert abs(rate.exponent + 2) < 3e-5
    assert rate.high - rate.low > 1e-3  # and the interval says how much it mattered


# Independent computations ------------------------------------------------------------------


@pytest.mark.parametrize("power", [0.5, 1.5, 0.3])
@pytest.mark.parametrize("input_dim", [2, 4, 5])
def test_agrees_with_quadrature(power, input_dim):
    # In s = theta / 2, 1 - t = 2 sin(s)^2; Gegenbauer polynomials by their explicit sum.
    def polynomial(k, t):
        lam = (input_dim - 2) / 2
        if lam == 0:
            return math.cos(k * math.acos(t))
        total = sum(
            (-1) ** j * math.gamma(k - j + lam) * (2 * t) ** (k - 2 * j)
            / (math.gamma(lam) * math.factorial(j) * math.factorial(k - 2 * j))
            for j in range(k // 2 + 1)
        )  # fmt: skip
        return total / math.comb(k + input_dim - 3, k)

    density = math.gamma(input_dim / 2) / (math.sqrt(math.pi) * math.gamma((input_dim - 1) / 2))
    found = chord_power_spectrum(power, input_dim=input_dim, max_degree=7)
    for k in (0, 1, 4, 7):
        integral, _ = quad(
            lambda angle, k=k: (
                (1 - math.cos(angle)) ** power
                * polynomial(k, math.cos(angle))
                * math.sin(angle) ** (input_dim - 2)
            ),
            0,
            math.pi,
            epsabs=1e-12,
            limit=200,
        )
        assert_allclose(found[k], density * integral, rtol=1e-8, atol=1e-11)


@pytest.mark.parametrize("input_dim", [2, 3, 6])
def test_constant_is_the_smallest_quotient_of_functions(input_dim, rng):
    # <v, Hv>_S / |v|_{S - beta}^2 for random energies, in three orders S; the quotient of one
    # degree is its product of eigenvalue and weight, whatever S.
    eigenvalues, order = rng.uniform(0.1, 1, 20), 0.7
    constant = coercivity_constant(eigenvalues, input_dim=input_dim, order=order)
    k = np.arange(20)
    base = 1 + np.sqrt(k * (k + input_dim - 2))
    energies = np.concatenate([rng.exponential(size=(30, 20)), np.eye(20)])
    for smoothness in (-0.45, 0.0, 0.45):
        top = energies @ (base ** (2 * smoothness) * eigenvalues)
        bottom = energies @ base ** (2 * smoothness - 2 * order)
        assert_allclose((top / bottom).min(), constant, rtol=1e-12)


# Bad input ---------------------------------------------------------------------------------


def test_arguments_out_of_range():
    k = np.arange(5)
    with pytest.raises(ValueError, match=r"`degrees` must be positive after .* got 0\.0"):
        fit_degree_decay(k, np.ones(5), input_dim=2)
    with pytest.raises(ValueError, match=r"`y` must be positive; got -1\.0 at index \[4\]"):
        fit_degree_decay(k + 1, np.array([5.0, 4, 3, 2, -1]), input_dim=2)
    with pytest.raises(ValueError, match="`y` must have at least 4 entries"):
        fit_degree_decay(k[:3] + 1, np.ones(3), input_dim=2)
    with pytest.raises(ValueError, match="`input_dim` must be at least 2; got 1"):
        fit_degree_decay(k + 1, np.ones(5), input_dim=1)


@pytest.mark.parametrize("power", [0.0, 2.0, -0.5, math.inf])
def test_powers_that_are_polynomials_are_refused(power):
    with pytest.raises(ValueError, match="`power` must be positive and not whole"):
        chord_power_spectrum(power, input_dim=3, max_degree=4)


def test_constants_need_eigenvalues(unchecked):
    with pytest.raises(ValueError, match=r"`eigenvalues` must be finite; got eigenvalues\[1\]"):
        coercivity_constant(np.array([1.0, np.nan]), input_dim=2, order=1.0)
    with pytest.raises(ValueError, match="`eigenvalues` must be a vector with an entry"):
        coercivity_constant(np.ones((2, 2)), input_dim=2, order=1.0)
    with pytest.raises(TypeError, match="`power` must be a number"):
        chord_power_spectrum("half", input_dim=3, max_degree=4)
