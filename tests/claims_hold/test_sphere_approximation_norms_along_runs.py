"""Document 000: two Sobolev norms of the residual along runs, the error on the whole sphere."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from companion.experiments.sphere_approximation import (
    norm_inequalities,
    norms_along_runs,
    rising_norm,
    sampled_error,
)
from companion.spaces.circle import circle_energies
from companion.spaces.harmonics import multiplicities
from companion.spaces.sobolev import sobolev_norm, sobolev_weights
from companion.spaces.sphere_rule import sphere_rule
from companion.spaces.targets import zonal_target

ALPHA, BETA = 0.45, 1.0
DEGREES = np.repeat(np.arange(9), 2)[1:]  # the circle up to degree 8
SCALE = 1.0 + DEGREES  # the weight of order one half
LIMIT = np.diag(0.1 * SCALE ** (-2 * BETA))  # coercive with constant 0.1


@pytest.fixture(scope="module")
def runs():
    return norms_along_runs.run(norms_along_runs.SCALES["smoke"])


@pytest.fixture(scope="module")
def rising():
    return rising_norm.run(rising_norm.SCALES["smoke"])


def norm(v, order):
    return np.sqrt(np.sum(SCALE ** (2 * order) * v**2))


def rate(matrix, v, order):
    """The derivative of the logarithm of the norm along v' = -matrix v."""
    weights = SCALE ** (2 * order)
    return -np.sum(weights * v * (matrix @ v)) / np.sum(weights * v**2)


def perturbed(size, rng):
    """A symmetric matrix at that distance from the limit, as an operator H^-alpha to H^alpha."""
    noise = rng.standard_normal(LIMIT.shape)
    noise = noise + noise.T
    norm_of_noise = np.linalg.norm(SCALE[:, None] ** ALPHA * noise * SCALE**ALPHA, 2)
    return LIMIT + size / norm_of_noise * noise


# W9: both norms along runs -----------------------------------------------------------------


@pytest.mark.claim("W9")
def test_interpolation_holds_along_every_run(runs):
    product = runs["negative_norm"] * runs["positive_norm"]
    assert (runs["l2_norm"] ** 2 <= product * (1 + 1e-12)).all()
    # It is an inequality, not an identity: the residuals have more than one degree.
    assert (runs["interpolation_ratio"] < 0.995).all()


@pytest.mark.claim("W9")
def test_both_norms_fall_at_first(runs):
    early = runs.sel(t=slice(0, 1.0))
    for name in ("negative_norm", "positive_norm"):
        assert (early[name].diff("t") < 0).all()
        assert (runs[name].isel(t=-1) < 0.95 * runs[name].isel(t=0)).all()


@pytest.mark.claim("W9", "W-D13")
@given(st.integers(0, 10**6), st.floats(1e-4, 1.0))
def test_above_the_threshold_both_norms_fall(seed, tilt):
    # (eps/c)^(alpha/(beta - alpha)) = 0.1^(9/11) = 0.152 for eps = 0.01; the residual is drawn
    # with more and less weight on high degrees, so that its ratio is on both sides.
    rng = np.random.default_rng(seed)
    matrix = perturbed(0.01, rng)
    v = rng.standard_normal(17) * SCALE ** (-3 * tilt)
    ratio = norm(v, -ALPHA) / norm(v, ALPHA)
    if ratio > 0.1 ** (9 / 11):
        assert rate(matrix, v, ALPHA) < 0
        assert rate(matrix, v, -ALPHA) < 0


@pytest.mark.claim("W9")
@pytest.mark.parametrize("order", [-ALPHA, ALPHA])
def test_below_it_some_residual_of_any_network_rises(order, rng):
    # The proof: a positive semidefinite operator of finite rank whose range is not spanned by
    # harmonics. The rate is a Rayleigh quotient of a symmetric part; its least eigenvalue is
    # negative. For a range spanned by harmonics it is not.
    factor = rng.standard_normal((17, 3))
    for matrix, rises in ((factor @ factor.T, True), (np.diag([1.0] * 3 + [0.0] * 14), False)):
        weighted = SCALE[:, None] ** order * matrix * SCALE ** (-order)
        values, vectors = np.linalg.eigh((weighted + weighted.T) / 2)
        assert (values[0] < -1e-3) == rises
        v = vectors[:, 0] * SCALE ** (-order)
        assert_allclose(rate(matrix, v, order), -values[0], atol=1e-12)


@pytest.mark.claim("W9")
def test_networks_let_the_positive_norm_rise(rising):
    assert (rising["positive_norm"].isel(t=-1) > 1.01).all()
    assert (rising["l2_norm"].diff("t") <= 1e-12).all()
    # Narrower networks are further from the limit and let it rise more.
    growth = rising["growth"].mean("draw").values
    assert growth[0] - 1 > 1.5 * (growth[1] - 1)


# W-D13: the coupled inequalities -----------------------------------------------------------


@pytest.mark.claim("W-D13")
def test_the_inequalities_hold_along_a_run_with_their_constants():
    config = replace(norm_inequalities.SCALES["smoke"], widths=(64,))
    data = norm_inequalities.run(config)
    for sign in ("negative", "positive"):
        assert (data[f"{sign}_rate"] <= data[f"{sign}_bound"] + 1e-12).all()
    # With six times the coercivity constant they would not hold: the test can fail.
    pull = float(data["coercivity"]) * data["norm_ratio"] ** (BETA / ALPHA)
    assert (data["negative_rate"] > data["negative_bound"] - 5 * pull).any()
    assert (data["positive_rate"] > data["positive_bound"] - 5 * pull).any()


@pytest.mark.claim("W-D13")
@given(st.integers(0, 10**6), st.floats(0, 1.5), st.floats(1e-4, 1e-1))
def test_the_inequalities_by_hand(seed, tilt, eps):
    rng = np.random.default_rng(seed)
    matrix = perturbed(eps, rng)
    v = rng.standard_normal(17) * SCALE ** (-2 * tilt)
    ratio = norm(v, -ALPHA) / norm(v, ALPHA)
    pull = 0.1 * ratio ** (BETA / ALPHA)
    slack = 1e-12
    assert rate(matrix, v, ALPHA) <= eps * ratio - pull + slack
    push = eps * norm(v, -3 * ALPHA) / norm(v, -ALPHA)
    assert rate(matrix, v, -ALPHA) <= push - pull + slack


# W-D14: from two norms to the error --------------------------------------------------------


@pytest.mark.claim("W-D14")
def test_the_negative_norm_carries_the_error_down(runs):
    # L2^2 <= x(t) y(0) while y stays below its start; the bound falls because x does.
    assert (runs["l2_norm"] <= runs["bound"] * (1 + 1e-12)).all()
    assert (runs["bound"].isel(t=-1) < 0.97 * runs["bound"].isel(t=0)).all()
    assert (runs["bound"] < 2 * runs["l2_norm"]).all()


@pytest.mark.claim("W-D14")
def test_one_norm_alone_is_not_enough():
    # sqrt 2 cos k theta: the negative norm tends to zero, the error stays one.
    for degree in (1, 10, 100, 1000):
        energies = np.eye(1001)[degree]
        low = sobolev_norm(energies, input_dim=2, smoothness=-ALPHA)
        high = sobolev_norm(energies, input_dim=2, smoothness=ALPHA)
        assert_allclose(low, (1 + degree) ** -ALPHA, rtol=1e-13)
        assert_allclose(low * high, 1, rtol=1e-13)


# W-D3: the continuous norm -----------------------------------------------------------------


@pytest.mark.claim("W-D3")
def test_a_finer_rule_finds_the_same_error(runs):
    assert_allclose(runs["between_points"], 1, atol=0.02)


@pytest.mark.claim("W-D3")
def test_few_samples_do_not_tell_the_error():
    data = sampled_error.run(sampled_error.SCALES["smoke"])
    share = data["whole"] / data["sampled"]
    assert (share.sel(num_points=9) > 1.05).all()
    assert (abs(share.sel(num_points=65) - 1) < 5e-3).all()


# W-D16: Sobolev spaces on the sphere -------------------------------------------------------


@pytest.mark.claim("W-D16")
def test_a_smooth_function_on_an_interval_may_jump_on_the_circle():
    n = 2**14 + 1
    theta = 2 * np.pi * ((np.arange(n) + n // 2) % n - n // 2) / n
    energies = circle_energies(theta)
    k = np.arange(1, 200)
    # On n points 1/k^2 becomes (pi/n)^2 / sin(pi k/n)^2 within 1e-3 for k < n / 80.
    assert_allclose(energies[k], 2 / k**2, rtol=1e-3)
    sums = {
        s: [
            np.sum((1.0 + np.arange(1, size)) ** (2 * s) * 2 / np.arange(1, size) ** 2.0)
            for size in (10**3, 10**6)
        ]
        for s in (0.25, 0.5)
    }
    # Below one half the tail beyond 1000 is 4 / sqrt(1000) = 0.126; at one half it grows by
    # 2 log 1000 = 13.8.
    assert_allclose(sums[0.25][1] - sums[0.25][0], 4 / np.sqrt(1000), rtol=0.05)
    assert_allclose(sums[0.5][1] - sums[0.5][0], 2 * np.log(1000), rtol=1e-3)


@pytest.mark.claim("W-D16")
@pytest.mark.parametrize("input_dim", [2, 3, 5])
def test_continuity_begins_at_half_the_dimension_of_the_sphere(input_dim):
    # sup |f|^2 <= |f|_s^2 sum_k N_k w_k^(-2s), attained by a zonal function; the sum converges
    # for 2 s > d - 1 and is a harmonic sum at 2 s = d - 1.
    counts = multiplicities(input_dim=input_dim, max_degree=4000)
    degrees = np.arange(4001)
    edge = (input_dim - 1) / 2
    terms = {
        s: counts * sobolev_weights(degrees, input_dim=input_dim, smoothness=-s)
        for s in (edge, edge + 0.5)
    }
    constant = terms[edge][-1] * 4000
    for s, expected in ((edge, constant * np.log(10)), (edge + 0.5, constant * 9 / 4000)):
        # From 400 to 4000; w_k = k + d/2 + ... shifts the sums by d/k.
        assert_allclose(terms[s][400:].sum(), expected, rtol=0.02)
    weights = sobolev_weights(degrees[:30], input_dim=input_dim, smoothness=edge + 0.5)
    energies = counts[:30] / weights**2
    top = zonal_target(energies, np.array([1.0]), input_dim=input_dim)[0]
    size = sobolev_norm(energies, input_dim=input_dim, smoothness=edge + 0.5)
    assert_allclose(top**2, size**2 * np.sum(counts[:30] / weights), rtol=1e-12)


@pytest.mark.claim("W-D16")
def test_the_negative_order_is_the_dual_without_boundary_terms():
    # Green's formula on S^2 has no boundary term: <-Laplace f, g> = <grad f, grad g>.
    points, weights = sphere_rule(input_dim=3, degree=6)
    t = points[:, 0]
    # f = P_2(t), g = t^2 + t: k (k + 1) = 6, f' = 3 t, g' = 2 t + 1.
    left = weights @ (6 * (3 * t**2 - 1) / 2 * (t**2 + t))
    right = weights @ ((1 - t**2) * 3 * t * (2 * t + 1))
    assert_allclose(left, right, rtol=1e-13)
