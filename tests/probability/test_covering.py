"""Covering radii and mean distances against volumes, caps, circles and sampled nets."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad
from scipy.special import betainc

from companion.probability.covering import covering_radii, mean_distances, num_levels

EXACT = 1e-13  # an exponential of an argument up to 100: 100 roundings


# Exact values ------------------------------------------------------------------------------


def test_first_levels_known_by_hand():
    # Two points on a segment of length 2: min(1, 2 / (2 - 1)); four: 2/3; sixteen: 2/15.
    assert_allclose(covering_radii(1, domain="ball")[:3], [1.0, 2 / 3, 2 / 15], rtol=EXACT)
    # In four dimensions 2**(2**s / 4) is 2 on level 2, 4 on level 3 and 16 on level 4.
    assert_allclose(covering_radii(4, domain="ball")[2:5], [1.0, 2 / 3, 2 / 15], rtol=EXACT)
    assert_allclose(covering_radii(3, domain="sphere")[0], math.sqrt(2), rtol=EXACT)
    assert_allclose(mean_distances(2, domain="ball")[:2], [2 / 3 / 2**0.5, 1 / 3], rtol=EXACT)
    assert_allclose(mean_distances(3, domain="sphere")[1], 2 / 3 / 2**0.5, rtol=EXACT)
    assert_allclose(mean_distances(2, domain="ball", power=0.5)[1], 0.8 / 2**0.5, rtol=EXACT)


# Identities --------------------------------------------------------------------------------


@pytest.mark.parametrize("input_dim", [2, 3, 10, 100])
def test_radii_solve_the_volume_equations(input_dim):
    ball = covering_radii(input_dim, domain="ball")
    sphere = covering_radii(input_dim, domain="sphere")
    for s in range(num_levels(input_dim)):
        log_size = 2**s * math.log(2)
        if ball[s] < 1 and log_size < 600:
            # e enters with the power d, and log_size is rounded relative to its size.
            logarithm = input_dim * math.log1p(2 / ball[s])
            assert_allclose(logarithm, log_size, rtol=1e-12)
        if sphere[s] < math.sqrt(2) and log_size < 300:
            u = 2 / sphere[s]
            mean_value = math.log(2 * input_dim) + (input_dim - 1) * math.log1p(u)
            assert_allclose(mean_value, log_size, rtol=1e-12)
            shell = (1 + u) ** input_dim - (u - 1) ** input_dim
            assert shell <= math.exp(log_size) * (1 + 1e-9)


@pytest.mark.parametrize("domain", ["ball", "sphere"])
@pytest.mark.parametrize("input_dim", [2, 5, 64])
def test_lower_bounds_are_below_upper_bounds_and_decrease(domain, input_dim):
    radii = covering_radii(input_dim, domain=domain)
    below = mean_distances(input_dim, domain=domain)
    assert (np.diff(radii) <= 0).all()
    assert (np.diff(below) <= 0).all()
    assert (below <= radii).all()
    assert (mean_distances(input_dim, domain=domain, power=0.5) >= below).all()


@pytest.mark.parametrize("domain", ["ball", "sphere"])
def test_no_level_that_matters_is_left_out(domain):
    # With all levels that a float can tell from zero, the sum is complete to rounding.
    for input_dim in (2, 7, 1000):
        root = np.sqrt(covering_radii(input_dim, domain=domain))
        assert root[-1] * 2 ** (num_levels(input_dim) / 2) < 1e-300


# Independent computations ------------------------------------------------------------------


@pytest.mark.parametrize("power", [1.0, 0.5])
@pytest.mark.parametrize("input_dim", [2, 3, 9])
def test_mean_distances_are_the_integrals_they_claim(input_dim, power):
    for s in range(4):
        size = 2.0 ** (2**s)
        for domain, degree, radius in (
            ("ball", input_dim, size ** (-1 / input_dim)),
            ("sphere", input_dim - 1, (2 / size) ** (1 / (input_dim - 1))),
        ):
            value, _ = quad(  # P(|x - T|**a > u), integrated over u
                lambda u, r=radius, k=degree: 1 - (u ** (1 / power) / r) ** k,
                0,
                radius**power,
                epsabs=1e-13,
            )
            given = mean_distances(input_dim, domain=domain, power=power)[s]
            assert_allclose(given, value, rtol=1e-9)


@pytest.mark.parametrize("input_dim", [2, 3, 4, 7, 30])
def test_caps_are_smaller_than_the_power_of_their_chord(input_dim):
    # Exact measure of the cap {x : |x - y| <= r} by the incomplete beta function.
    r = np.linspace(1e-3, math.sqrt(2), 400)
    height = 1 - r**2 / 2
    measure = betainc((input_dim - 1) / 2, 0.5, 1 - height**2) / 2
    assert (measure <= r ** (input_dim - 1) / 2 * (1 + 1e-12)).all()


@pytest.mark.parametrize("s", [0, 1, 2, 3, 4])
def test_equally_spaced_points_of_the_circle_lie_between(s):
    size = 2 ** (2**s)
    step = math.pi / size  # half the angle between neighbours
    assert 2 * math.sin(step / 2) <= covering_radii(2, domain="sphere")[s] * (1 + EXACT)
    mean = 4 / step * math.sin(step / 4) ** 2 * 2
    exact, _ = quad(lambda t: 2 * math.sin(t / 2) / step, 0, step)
    assert_allclose(mean, exact, rtol=1e-9)
    below = mean_distances(2, domain="sphere")[s]
    # On a line the argument loses nothing but the ratio of sine and chord: 2/pi at most.
    assert 2 / math.pi * exact * (1 - 1e-9) <= below <= exact


def test_sampled_nets_of_the_ball_are_no_better_than_the_bound(rng):
    # Seeded. Sixteen random centres, 20 000 points: the standard error of the mean is 0.002.
    for input_dim in (2, 5, 20):
        points = _uniform_in_ball(20_000, input_dim, rng)
        centres = _uniform_in_ball(16, input_dim, rng)
        distances = np.linalg.norm(points[:, None] - centres, axis=2).min(axis=1)
        assert distances.mean() > mean_distances(input_dim, domain="ball")[2] + 0.01


def _uniform_in_ball(count, input_dim, rng):
    directions = rng.standard_normal((count, input_dim))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return directions * rng.random((count, 1)) ** (1 / input_dim)


# Where naive formulas fail -----------------------------------------------------------------


def test_levels_with_more_points_than_a_float_can_count():
    # 2**(2**s) overflows from s = 10 on; the radii come from its logarithm.
    radii = covering_radii(300, domain="ball")
    assert_allclose(radii[12], 2 * 2.0 ** (-4096 / 300) / (1 - 2.0 ** (-4096 / 300)), rtol=1e-11)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: covering_radii(0, domain="ball"), "`input_dim` must be at least 1"),
        (lambda: mean_distances(1, domain="sphere"), "`input_dim` must be at least 2"),
        (lambda: covering_radii(3, domain="cube"), "`domain` must be 'ball' or 'sphere'"),
        (lambda: num_levels(0), "`input_dim` must be at least 1"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
