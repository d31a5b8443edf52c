"""Laws of decay for smooth activations: by hand, and their closed forms by quadrature."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.claims.sphere_approximation_smooth import decay_law, first_singularity

GAUSSIAN = {
    "erf": lambda z: np.vectorize(math.erf)(z),
    "normal_cdf": lambda z: np.vectorize(math.erf)(z / math.sqrt(2)) / 2 + 1 / 2,
    "gaussian_bump": lambda z: np.exp(-z * z / 2),
    "gelu": lambda z: z * (np.vectorize(math.erf)(z / math.sqrt(2)) / 2 + 1 / 2),
}


def test_rates_by_hand():
    assert_allclose(decay_law("gelu", input_dim=3).rate, math.log(2 + math.sqrt(3)), rtol=1e-15)
    golden = math.log((3 + math.sqrt(5)) / 2)
    assert_allclose(decay_law("erf", input_dim=2).rate, golden, rtol=1e-15)
    assert_allclose(decay_law("tanh", input_dim=2).rate, 1.5 * math.pi ** (2 / 3), rtol=1e-15)
    assert_allclose(
        decay_law("softplus", input_dim=5).rate, 1.5 * (2 * math.pi) ** (2 / 3), rtol=1e-15
    )


@pytest.mark.parametrize(
    ("name", "depth", "expected"),
    [
        ("gelu", 1, 3 / 2 - 3 / 2),
        ("gelu", 2, 3 / 2 - 3 / 2),
        ("erf", 1, 1 / 2 - 3 / 2),
        ("normal_cdf", 2, -1 / 2 - 3 / 2),
        ("tanh", 1, 1 / 3),
        ("silu", 2, -1.0),
        ("softplus", 1, -1.0),
    ],
)
def test_algebraic_factors_on_the_sphere_by_hand(name, depth, expected):
    law = decay_law(name, input_dim=3, depth=depth)
    assert_allclose(law.algebraic, expected, atol=1e-14)


@pytest.mark.parametrize("name", list(GAUSSIAN))
def test_the_second_singularity_by_quadrature(name):
    # Sigma^1 continued beyond 1 by its power series, with Hermite coefficients from a Gauss
    # rule, must meet the edge of the next layer at the singularity claimed for depth two.
    z, weights = np.polynomial.hermite_e.hermegauss(160)
    weights /= weights.sum()
    values = GAUSSIAN[name](z)
    below, current, b = np.zeros_like(z), np.ones_like(z), []
    for n in range(52):
        b.append((weights @ (values * current)) ** 2)
        below, current = current, (z * current - math.sqrt(n) * below) / math.sqrt(n + 1)
    steep = 2 if name == "erf" else 1
    t, edge = first_singularity(name, depth=2), first_singularity(name, depth=1)
    # From there on by the law of the coefficients, good to about one part in fifty.
    last = 51 if name in ("erf", "normal_cdf") else 50
    n = np.arange(last + 2, 20_000, 2)
    power = -3 / 2 if name in ("erf", "normal_cdf") else -1 / 2
    tail = b[last] * t**last * ((n / last) ** power * (t / edge) ** (n - last)).sum()
    variance = sum(b)
    continued = sum(c * t**n for n, c in enumerate(b[: last + 1]) if c > 1e-25) + tail
    gap = 1 + steep * (variance - continued)
    if name == "normal_cdf":  # the second layer never leaves its domain: its values are below 1
        assert t == first_singularity(name, depth=1) == 2
        assert gap > 0.5
    else:
        assert 1 < t < edge
        # A singularity 1 % further out would add 0.02 times the slope, above 2 for each.
        assert abs(gap) < 0.04 * steep * tail < 0.02


@pytest.mark.parametrize("name", list(GAUSSIAN))
def test_depth_never_speeds_the_decay_up(name):
    rates = [decay_law(name, input_dim=2, depth=L).rate for L in range(1, 6)]
    assert (np.diff(rates) <= 0).all() and rates[-1] > 0.9


def test_biases_leave_the_law_of_one_layer():
    for name in (*GAUSSIAN, "tanh", "softplus"):
        bare = decay_law(name, input_dim=3)
        biased = decay_law(name, input_dim=3, bias_variance=0.8)
        assert_allclose(biased.rate, bare.rate, rtol=1e-12)
        assert biased.algebraic == bare.algebraic


def test_biases_and_two_layers_of_erf_by_hand():
    # (2 / pi) arcsin(2 (t + v) / (3 + 2 v)) + v = (1 + 2 q) / 2 at the singularity.
    v = 0.05  # for larger ones there is none: the first layer ends first
    q = 2 / math.pi * math.asin(2 * (1 + v) / (3 + 2 * v)) + v
    t = (3 + 2 * v) / 2 * math.sin(math.pi / 2 * (q + 1 / 2 - v)) - v
    assert_allclose(first_singularity("erf", depth=2, bias_variance=v), t, rtol=1e-12)


def test_arguments():
    with pytest.raises(ValueError, match="`input_dim` must be at least 2"):
        decay_law("gelu", input_dim=1)
    with pytest.raises(ValueError, match="`name` must be one of"):
        decay_law("relu", input_dim=2)
    with pytest.raises(ValueError, match="`name` must be one of"):
        first_singularity("tanh", depth=1)
    with pytest.raises(ValueError, match="`depth` must be at least 1"):
        first_singularity("erf", depth=0)
