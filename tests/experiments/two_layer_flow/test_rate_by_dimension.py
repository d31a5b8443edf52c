"""Rates for the target x_1 against integrals over the sphere and the expected leading term."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import dblquad, quad
from scipy.linalg import expm

from companion.experiments.two_layer_flow.rate_by_dimension import (
    SCALES,
    Config,
    run,
    zonal_kernel,
)
from companion.numerics.montecarlo import stream
from companion.spaces.sphere import uniform_on_sphere

CONFIG = SCALES["smoke"]


@pytest.fixture(scope="module")
def data():
    return run(CONFIG)


def kernel_by_integration(cosine):
    """D + D' at one angle, by adaptive integration over the plane."""
    sine = np.sqrt(1 - cosine**2)

    def density(v, u):
        s, r = (1 / (1 + np.exp(-z)) for z in (u, cosine * u + sine * v))
        slopes = s * (1 - s) * r * (1 - r)
        return (s * r + cosine * slopes) * np.exp(-(u * u + v * v) / 2) / (2 * np.pi)

    return dblquad(density, -9, 9, -9, 9, epsabs=1e-11)[0]  # the density is 1e-18 at nine


# Exact values ------------------------------------------------------------------------------


def test_kernel_at_right_angles():
    # Independent neurons of mean 1/2: D = 1/4, and D' carries the factor cos = 0.
    assert_allclose(zonal_kernel(np.array([0.0])), 0.25, rtol=1e-14)


# Identities --------------------------------------------------------------------------------


def test_kernel_is_a_quarter_plus_an_odd_function():
    # s - 1/2 is odd, s' is even, so D - 1/4 and D' are odd in the cosine.
    t = np.linspace(0, 1, 11)
    assert_allclose(zonal_kernel(t) + zonal_kernel(-t), 0.5, rtol=1e-14)


def test_loss_starts_at_the_mean_square_of_the_target(data):
    # E x_1^2 = 1/d; twenty points in each draw.
    for index, d in enumerate(CONFIG.input_dims):
        start = data["loss"].isel(input_dim=index, scaled_time=0)
        assert_allclose(start.mean(), 1 / (2 * d), rtol=0.5)  # five times 2 / sqrt(40 d)
        assert (np.diff(data["loss"].isel(input_dim=index)) < 0).all()


def test_leading_term_is_reached_in_high_dimension():
    data = run(Config(input_dims=(40, 80), num_samples=5, width=2, num_times=3, num_seeds=1))
    # The kernel is b_1 t + b_3 t^3 + ... with b_1 = 2 c_1^2 and b_3 = 4 c_3^2, and
    # E t^4 / E t^2 = 3 / (d + 2); degree five adds less than a fifth of that over d.
    c_1_squared, c_3_squared = 4.26922e-2, 6.48887e-4  # from an independent 200-node rule
    expected = [6 * c_3_squared / c_1_squared / (d + 2) for d in (40, 80)]
    ratio = (data["sphere_rate"] / data["leading_rate"] - 1).values
    assert_allclose(ratio, expected, rtol=0.02)


# Independent computations ------------------------------------------------------------------


@pytest.mark.parametrize("cosine", [-0.9, 0.3, 0.8])
def test_kernel_agrees_with_adaptive_integration(cosine):
    assert_allclose(zonal_kernel(np.array([cosine])), kernel_by_integration(cosine), rtol=1e-9)


@pytest.mark.parametrize(("index", "d"), [(0, 2), (1, 4)])
def test_sphere_rate_agrees_with_an_integral_over_the_angle(data, index, d):
    def moment(power):
        return quad(lambda t: np.cos(t) ** power * np.sin(t) ** (d - 2), 0, np.pi)[0]

    def weighted(t):
        kernel = zonal_kernel(np.array([np.cos(t)]))[0]
        return kernel * np.cos(t) * np.sin(t) ** (d - 2)

    eigenvalue = quad(weighted, 0, np.pi, epsabs=1e-13)[0] / moment(0)
    assert_allclose(data["sphere_rate"][index], 2 * eigenvalue, rtol=1e-10)


def test_leading_rate_by_its_integral(data):
    first = quad(lambda z: z / (1 + np.exp(-z)) * np.exp(-z * z / 2), -12, 12)[0]
    first /= np.sqrt(2 * np.pi)
    assert_allclose(data["leading_rate"], 4 * first**2 / np.array(CONFIG.input_dims), rtol=1e-8)


def test_claimed_rate_is_half_of_the_smallest_entry(data):
    # D(-1) = E s(z) s(-z) for a standard normal z.
    def density(z):
        s = 1 / (1 + np.exp(-z))
        return s * (1 - s) * np.exp(-z * z / 2) / np.sqrt(2 * np.pi)

    smallest = quad(density, -12, 12, epsabs=1e-13)[0]
    assert_allclose(data["claimed_rate"], smallest / 2, rtol=1e-11)


def test_rates_are_slopes_of_the_logarithm(data):
    for index, d in enumerate(CONFIG.input_dims):
        t = d * data["scaled_time"].values
        for draw in range(CONFIG.num_seeds):
            here = {"input_dim": index, "draw": draw}
            slope = np.polyfit(t, np.log(data["loss"].isel(here)), 1)[0]
            assert_allclose(data["network_rate"].isel(here), -slope, rtol=1e-9)


def test_limiting_flow_agrees_with_a_matrix_exponential(data):
    d = CONFIG.input_dims[1]
    X = uniform_on_sphere(CONFIG.num_samples, d, stream(CONFIG.seed, "points", d, 0))
    K = np.array([zonal_kernel(np.clip(row, -1, 1)) for row in X @ X.T])
    t = d * data["scaled_time"].values
    residuals = [expm(-K / len(X) * time) @ X[:, 0] for time in t]
    slope = np.polyfit(t, [np.log(r @ r) for r in residuals], 1)[0]
    assert_allclose(data["kernel_rate"].isel(input_dim=1, draw=0), -slope, rtol=1e-9)


def test_networks_follow_the_limit_at_large_width():
    data = run(Config(input_dims=(3,), num_samples=20, width=4000, num_times=7, num_seeds=2))
    # Fluctuations of the Gram matrix are of order sqrt(d / m), 3 %, and average over the points.
    assert_allclose(data["network_rate"], data["kernel_rate"], rtol=0.05)
    few = run(Config(input_dims=(3,), num_samples=20, width=40, num_times=7, num_seeds=2))
    assert (np.abs(few["network_rate"] / few["kernel_rate"] - 1) > 0.01).any()


# Where naive formulas fail -----------------------------------------------------------------


def test_kernel_keeps_to_the_interval():
    with pytest.raises(ValueError, match=r"`cosine` must lie in \[-1, 1\]; entry 1 is 1.5"):
        zonal_kernel(np.array([0.0, 1.5]))
    with pytest.raises(ValueError, match="entry 0 is nan"):
        zonal_kernel(np.array([np.nan]))
    assert np.isfinite(zonal_kernel(np.array([-1.0, 1.0]))).all()
