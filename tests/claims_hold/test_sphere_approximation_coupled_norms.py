"""Rows on the reconstructed theorem: its argument, plateau and exponential, and infinite width."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.linalg import expm

from companion.activations import RELU
from companion.claims.sphere_approximation import (
    displacement_exponent,
    plateau_exponent,
    rate_exponent,
    width_exponent,
)
from companion.claims.sphere_approximation_rates import decay_exponent, sharper_width_exponent
from companion.dynamics.comparison import comparison, comparison_norm, numerical_comparison_norm
from companion.dynamics.displacement_loop import rest_of_the_loop
from companion.kernels.spectrum import network_spectrum

ORDERS = [(0.5, 1.0, 0.5), (0.5, 1.5, 0.5), (0.45, 2.5, 0.5), (0.3, 1.7, 0.7)]


def norm(v, w, s):
    return np.linalg.norm(v * w**s)


# The argument ------------------------------------------------------------------------------


@pytest.mark.claim("W-D20", "W-D37")
@given(
    coefficients=st.lists(st.floats(-1e3, 1e3).filter(lambda v: abs(v) > 1e-3), min_size=2),
    a=st.floats(0.05, 0.5),
    ratio=st.floats(2, 6),
)
def test_interpolation(coefficients, a, ratio):
    v, w, b = np.array(coefficients), 1.0 + np.arange(len(coefficients)), a * ratio
    x, y = norm(v, w, -a), norm(v, w, a)
    room = 1 + 1e-12  # roundings of a few powers
    assert norm(v, w, 0) ** 2 <= x * y * room
    assert x**2 * (x / y) ** ratio <= norm(v, w, -a - b) ** 2 * room
    assert y**2 * (x / y) ** ratio <= norm(v, w, a - b) ** 2 * room
    between = norm(v, w, -a - b) ** (2 / ratio) * x ** (1 - 2 / ratio)
    assert norm(v, w, -3 * a) <= between * room


@pytest.mark.claim("W-D37")
@pytest.mark.parametrize("b", [0.5, 0.7, 0.95])
def test_interpolation_needs_an_order_of_twice_the_smoothness(b):
    # Two degrees of equal energy, weights 1 and 10, a = 1/2.
    v, w, a = np.array([1.0, 1.0]), np.array([1.0, 10.0]), 0.5
    x, y = norm(v, w, -a), norm(v, w, a)
    assert norm(v, w, a - b) ** 2 < y**2 * (x / y) ** (b / a)
    with pytest.raises(ValueError, match="at least twice the smoothness"):
        comparison(smoothness=a, coercivity_order=b, coercivity=1.0, perturbation=0.1)


@pytest.fixture(scope="module")
def circle():
    """Limiting kernel, kernel of a random network and weights, on degrees up to 16."""
    points, degree = 64, 16
    rng = np.random.default_rng(0)
    angle = 2 * np.pi * np.arange(points) / points
    X = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    waves = [np.sqrt(2) * f(k * angle) for k in range(1, degree + 1) for f in (np.cos, np.sin)]
    basis = np.stack([np.ones(points), *waves], axis=1) / np.sqrt(points)
    degrees = np.array([0] + [k for k in range(1, degree + 1) for _ in (0, 1)])
    # Two hidden layers of width 4096: given the first, rows of the second are Gaussian vectors.
    width = 4096
    first = np.maximum(X @ rng.standard_normal((2, width)), 0)
    covariance = first @ first.T / width
    second = (first @ rng.standard_normal((width, width)) > 0).astype(float)
    kernel = basis.T @ (covariance * (second @ second.T) / width) @ basis / points
    mu = network_spectrum(depth=2, activation=RELU, trained=(1,), input_dim=2, max_degree=degree)
    return mu, np.diag(mu[degrees]), kernel, 1.0 + degrees


@pytest.mark.claim("W-D7", "W-D20", "W-D37")
def test_a_kernel_that_is_close_and_coercive_is_enough(circle):
    mu, limit, kernel, w = circle
    a, b, k = 0.45, 1.0, np.arange(17)
    c = (mu * (1 + k) ** (2 * b)).min()
    epsilon = np.linalg.norm(w[:, None] ** a * (kernel - limit) * w**a, 2)
    equation = comparison(
        smoothness=a, coercivity_order=b, coercivity=c, perturbation=float(epsilon)
    )
    assert equation.plateau < 0.3  # the network is close enough for the bound to say something
    rng = np.random.default_rng(1)
    start = rng.standard_normal(len(w)) * w**-1.2
    t = np.geomspace(0.1, 3e3, 40)
    path = np.array([expm(-s * kernel) @ start for s in t])
    x = np.array([norm(v, w, -a) for v in path])
    y = np.array([norm(v, w, a) for v in path])
    above = np.logical_and.accumulate(x / y >= equation.plateau)
    assert above.sum() >= 20
    x_0, y_0 = norm(start, w, -a), norm(start, w, a)
    bound = y_0**2 * comparison_norm(equation, float(x_0 / y_0), t)
    error = np.linalg.norm(path, axis=1) ** 2
    assert (error[above] <= bound[above] * (1 + 1e-9)).all()
    assert (np.diff(y[above], prepend=y_0) <= 1e-12).all()
    # Below it the squared error is at most the plateau, well below its first bound x y.
    assert above.sum() < len(t)
    assert (error[~above] <= equation.plateau * y_0**2).all()
    assert equation.plateau < 0.6 * x_0 / y_0


@pytest.mark.claim("W-D7")
def test_neither_fact_can_be_spared(circle):
    _, limit, _, w = circle
    start = w**-1.2
    # Not coercive: one hidden layer, no biases. Odd degrees from three on are not seen.
    blind = network_spectrum(depth=1, activation=RELU, trained=(0,), input_dim=2, max_degree=16)
    degrees = np.rint(w - 1).astype(int)
    end = np.exp(-1e6 * np.maximum(blind, 0))[degrees] * start
    odd = (degrees % 2 == 1) & (degrees >= 3)
    assert_allclose(np.abs(end[odd]), start[odd], rtol=1e-6)
    assert np.abs(end[~odd]).max() < 1e-10
    # Coercive limit, but not close: what the perturbation takes away from one degree stays there.
    taken = limit.copy()
    taken[degrees == 5] = 0
    stays = expm(-1e6 * taken) @ start
    assert_allclose(stays[degrees == 5], start[degrees == 5], rtol=1e-10)
    assert np.abs(stays[degrees != 5]).max() < 1e-6


@pytest.mark.claim("W-D8")
def test_on_what_the_bound_depends():
    def error(alpha=0.3, gamma=0.5, m=1e8, t=1e30):
        h = m ** -displacement_exponent(alpha, coercivity_order=1.0, holder=gamma)
        equation = comparison(
            smoothness=alpha, coercivity_order=1.0, coercivity=1.0, perturbation=h**gamma
        )
        return float(comparison_norm(equation, 1.0, np.array([t]))[0]) ** 0.5

    assert error(m=1e10) < error() < error(m=1e6)
    assert error(t=1.0) > error(t=10.0) > error()
    # Smoother targets and kernels that depend more regularly on the weights: lower plateaus.
    assert error(alpha=0.45) < error() < error(gamma=0.3)
    # At the plateau it is the power of the width of the theorem, exactly.
    rho = width_exponent(0.3, coercivity_order=1.0, holder=0.5)
    assert_allclose(error(m=1e10) / error(), 100**-rho, rtol=1e-10)
    # A width of order one promises nothing.
    assert_allclose(error(m=1.0), 1.0, rtol=1e-12)


# The plateau -------------------------------------------------------------------------------


@pytest.mark.claim("W11")
@pytest.mark.parametrize(("a", "b", "g"), ORDERS)
def test_the_plateau_of_the_numerical_solution(a, b, g):
    h = np.array([1e-6, 1e-10])
    rest = []
    for displacement in h:
        equation = comparison(
            smoothness=a, coercivity_order=b, coercivity=0.3, perturbation=displacement**g
        )
        late = np.array([0.0, 60 / equation.rate])
        rest.append(numerical_comparison_norm(equation, 1.0, late)[-1])
    power = np.log(rest[1] / rest[0]) / np.log(h[1] / h[0])
    # The squared error is x y(0); tolerance of the integrator over nine decades.
    assert_allclose(power, plateau_exponent(a, coercivity_order=b, holder=g), rtol=1e-6)
    assert_allclose(power, a * g / (b - a), rtol=1e-6)


@pytest.mark.claim("W11")
@pytest.mark.parametrize(("a", "b", "g"), ORDERS)
def test_no_further(a, b, g):
    # H = w^(-2b) cut off from degree j on: positive semidefinite, at distance w_j^(-2(b-a)).
    w = 1.0 + np.arange(200)
    for j in (9, 99):
        cut = np.where(np.arange(200) < j, w ** (-2 * b), 0.0)
        missing = w ** (-2 * b) - cut
        epsilon = np.max(w ** (2 * a) * missing)
        h = epsilon ** (1 / g)
        residual = np.zeros(200)
        residual[j] = w[j] ** -a  # norm one in H^a
        residual_later = np.exp(-cut * 1e12) * residual
        squared = residual_later @ residual_later
        assert_allclose(squared, h ** (a * g / (b - a)), rtol=1e-11)


@pytest.mark.claim("W11")
@pytest.mark.parametrize(("a", "b", "g"), ORDERS)
def test_the_loop_with_the_displacement_is_at_least_as_good_as_the_theorem(a, b, g):
    m = np.array([1e20, 1e26])
    norms = [
        rest_of_the_loop(one, smoothness=a, coercivity_order=b, holder=g, rtol=1e-9).norm
        for one in m
    ]
    power = -np.log(norms[1] / norms[0]) / np.log(m[1] / m[0]) / 2  # of the L2 norm
    assert power > width_exponent(a, coercivity_order=b, holder=g) * 1.02
    # The start is forgotten to 1e-3 at these widths.
    assert_allclose(power, sharper_width_exponent(a, coercivity_order=b, holder=g), rtol=2e-3)


# Exponential or not ------------------------------------------------------------------------


@pytest.mark.claim("W-D1")
@pytest.mark.parametrize(("a", "b", "g"), ORDERS)
def test_the_rate_of_the_exponential_vanishes_with_the_width(a, b, g):
    m = np.array([1e4, 1e8, 1e12])
    h = m ** -displacement_exponent(a, coercivity_order=b, holder=g)
    equations = [
        comparison(smoothness=a, coercivity_order=b, coercivity=1.0, perturbation=one**g)
        for one in h
    ]
    rates = np.array([one.rate for one in equations])
    powers = np.diff(np.log(rates)) / np.diff(np.log(m))
    assert_allclose(powers, -rate_exponent(a, coercivity_order=b, holder=g), rtol=1e-10)
    assert (powers < -0.1).all()
    # The exponential does not go on for ever: five of its times and the bound stands still.
    for one in equations:
        late = comparison_norm(one, 1.0, np.array([25.0, 50.0]) / one.rate)
        assert_allclose(late, one.plateau, rtol=1e-10)


def power_of_time(errors, t):
    return np.diff(np.log(errors)) / np.diff(np.log(t))


@pytest.mark.claim("W12", "W-D1")
@pytest.mark.parametrize(("d", "alpha"), [(2, 0.5), (2, 1.0), (3, 0.5)])
def test_decay_at_infinite_width_is_a_power_of_time(d, alpha):
    mu = network_spectrum(depth=2, activation=RELU, trained=(1,), input_dim=d, max_degree=1024)
    k = np.arange(1025)
    w = 1 + np.sqrt(k * (k + d - 2.0))
    t = 1 / mu[[64, 128, 256]]
    # Over the ball: an average of these numbers with weights that add up to one.
    largest = np.exp(-np.outer(t, mu) - alpha * np.log(w)).max(axis=1)
    expected = -decay_exponent(alpha, coercivity_order=d / 2)
    # w_k = k + O(1): a relative 1/64.
    assert_allclose(power_of_time(largest, t), expected, rtol=1 / 64)
    # Attained: by the degree of the maximum, which lies inside the range.
    best = np.argmax(-np.outer(t, mu) - alpha * np.log(w), axis=1)
    assert (best > 8).all() and (best < 1024).all()
    # The largest error is no exponential: on a linear clock its rate falls with the time.
    rates = -np.diff(np.log(largest)) / np.diff(t)
    assert rates[1] < rates[0] / 2


@pytest.mark.claim("W12")
def test_a_residual_with_all_degrees_decays_more_slowly_than_any_exponential():
    mu = network_spectrum(depth=2, activation=RELU, trained=(1,), input_dim=2, max_degree=1024)
    k = np.arange(1, 1025.0)
    start = k**-3.0  # energies; in H^alpha for alpha < 1
    for rate in (1e-3, 1e-4, 1e-5):
        t = np.array([10.0, 20.0, 40.0]) / rate
        error = np.sqrt((np.exp(-2 * np.outer(t, mu[1:])) * start).sum(axis=1))
        grown = error * np.exp(rate * t)
        assert (np.diff(np.log(grown)) > 5).all()


@pytest.mark.claim("W-D1", "W12")
def test_finitely_many_degrees_do_decay_exponentially():
    mu = network_spectrum(depth=2, activation=RELU, trained=(1,), input_dim=3, max_degree=4)
    t = np.array([5.0, 10.0, 20.0]) / mu.min()
    error = np.sqrt((np.exp(-2 * np.outer(t, mu)) / 5).sum(axis=1))
    # Only the slowest degree is left, up to e^-5 at the power of the gap.
    assert_allclose(np.diff(np.log(error)) / np.diff(t), -mu.min(), rtol=1e-2)
