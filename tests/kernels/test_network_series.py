"""Power series of tangent kernels: closed forms, identities, and the kernels at inner products."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.activations import ERF, GAUSSIAN_BUMP, GELU, SIGMOID, SOFTPLUS, TANH
from companion.kernels.network_series import log_network_series
from companion.kernels.tangent_kernel import tangent_kernel

T = np.array([-0.9, -0.3, 0.0, 0.4, 0.85])
POINTS = np.stack([T, np.sqrt(1 - T**2)], axis=1)
POLE = np.array([[1.0, 0.0]])
SUM = 1e-12  # series of a hundred terms against the Hermite sums of the kernel, to 1e-14 each


def summed(log_series, t=T):
    return np.array([np.exp(log_series) @ value ** np.arange(log_series.size) for value in t])


# Closed forms ------------------------------------------------------------------------------


def test_two_layers_of_erf_by_arcsines():
    # With biases of variance 1/2: Sigma^l = (2 / pi) arcsin(2 c / (1 + 2 q)) + 1/2.
    v = 0.5
    c, q = T + v, 1 + v
    for _ in range(2):
        c = 2 / np.pi * np.arcsin(2 * c / (1 + 2 * q)) + v
        q = 2 / np.pi * math.asin(2 * q / (1 + 2 * q)) + v
    found = log_network_series(
        depth=2, activation=ERF, trained=(2,), num_terms=160, bias_variance=v
    )
    assert_allclose(summed(found), c, rtol=SUM)


def test_the_slope_of_erf():
    # E erf'(u) erf'(v) = (4 / pi) ((1 + 2 q)^2 - 4 c^2)^(-1/2), times c for the inner weights.
    found = log_network_series(depth=1, activation=ERF, trained=(0,), num_terms=160)
    assert_allclose(summed(found), T * 4 / np.pi * (9 - 4 * T**2) ** -0.5, rtol=SUM, atol=1e-15)


def test_two_layers_of_the_bump():
    c, q = T, 1.0
    for _ in range(2):
        c, q = ((1 + q) ** 2 - c**2) ** -0.5, (1 + 2 * q) ** -0.5
    found = log_network_series(depth=2, activation=GAUSSIAN_BUMP, trained=(2,), num_terms=160)
    assert_allclose(summed(found), c, rtol=SUM)


# Independent computations ------------------------------------------------------------------


@pytest.mark.parametrize("trained", ["all", "second_to_last", (0, 2)])
@pytest.mark.parametrize("one", [GELU, TANH, SOFTPLUS], ids=lambda one: one.name)
@pytest.mark.parametrize("depth", [2, 3])
def test_the_series_is_the_kernel(depth, one, trained):
    found = log_network_series(depth=depth, activation=one, trained=trained, num_terms=300)
    expected = tangent_kernel(POLE, POINTS, depth=depth, activation=one, trained=trained)[0]
    # At 0.85 the tail of 300 terms is 1e-21; the kernel carries 1e-14 from layer to layer.
    assert_allclose(summed(found), expected, rtol=1e-11, atol=1e-14)


def test_biases_are_one_more_coordinate_for_the_first_layer():
    # Points (x, beta) have the inner product t + beta^2: one layer sees nothing else.
    beta = 0.7
    found = log_network_series(
        depth=1, activation=TANH, trained=(0,), num_terms=700, bias_variance=beta**2
    )
    lifted = np.concatenate([POINTS, np.full((len(T), 1), beta)], axis=1)
    pole = np.array([[1.0, 0.0, beta]])
    expected = tangent_kernel(pole, lifted, depth=1, activation=TANH, trained=(0,))[0]
    assert_allclose(summed(found), expected, rtol=1e-11)


# Identities --------------------------------------------------------------------------------


@pytest.mark.parametrize("one", [GELU, SIGMOID, TANH], ids=lambda one: one.name)
def test_layers_add_up(one):
    parts = [
        log_network_series(depth=2, activation=one, trained=(layer,), num_terms=400)
        for layer in range(3)
    ]
    together = log_network_series(depth=2, activation=one, num_terms=400)
    assert_allclose(np.logaddexp.reduce(parts), together, rtol=1e-13)


def test_odd_networks_are_odd_without_biases_and_not_with_them():
    odd = log_network_series(depth=3, activation=TANH, num_terms=400)
    assert np.isneginf(odd[::2]).all() and np.isfinite(odd[1::2]).all()
    both = log_network_series(depth=3, activation=TANH, num_terms=400, bias_variance=0.1)
    assert np.isfinite(both).all()


def test_more_terms_do_not_change_the_first():
    few = log_network_series(depth=2, activation=GELU, num_terms=100)
    many = log_network_series(depth=2, activation=GELU, num_terms=500)
    assert_allclose(few, many[:100], rtol=1e-12)


# Arguments ---------------------------------------------------------------------------------


def test_numbers_out_of_range():
    with pytest.raises(ValueError, match="`depth` must be at least 1; got 0"):
        log_network_series(depth=0, activation=TANH, num_terms=9)
    with pytest.raises(ValueError, match="`num_terms` must be at least 2; got 1"):
        log_network_series(depth=1, activation=TANH, num_terms=1)
    with pytest.raises(ValueError, match="`bias_variance` must be nonnegative and finite"):
        log_network_series(depth=1, activation=TANH, num_terms=9, bias_variance=-1.0)
    with pytest.raises(ValueError, match="`trained` must be"):
        log_network_series(depth=1, activation=TANH, num_terms=9, trained=(2,))
