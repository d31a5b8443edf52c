"""Networks of fixed width against a polynomial: the floor, the profiles, the networks found."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize
from scipy.special import expit

from companion.experiments.two_layer_flow.fixed_width import SCALES, Config, run
from companion.numerics.montecarlo import stream

CONFIG = Config(
    degree=2,
    widths=(1, 2, 3),
    num_radii=6,
    num_angles=16,
    max_iterations=60,
    num_seeds=2,
)


@pytest.fixture(scope="module")
def data():
    return run(CONFIG)


def polar(num_radii, num_angles):
    nodes, weights = np.polynomial.legendre.leggauss(num_radii)
    radii, phi = np.sqrt((nodes + 1) / 2), 2 * np.pi * np.arange(num_angles) / num_angles
    X = np.stack([np.outer(radii, np.cos(phi)), np.outer(radii, np.sin(phi))], axis=-1)
    return X.reshape(-1, 2), np.repeat(weights / 2 / num_angles, num_angles)


# Exact values ------------------------------------------------------------------------------


def test_floor_and_profiles_at_degree_two(data):
    assert_allclose(data["floor"], [2 / 3, 1 / 3, 0], rtol=1e-14)
    # One direction: 1 - 1/5. Two, at angles 0 and t, have u = (1, .., 1) and (e^{2ijt}): with
    # s = sum cos(2jt) the share of e_0 is 2 / (5 + s), largest where s = 1 + 2 cos(2t) +
    # 2 cos(4t) is least, -5/4: 8/15.
    assert_allclose(data["profiles"], [4 / 5, 7 / 15, 0], atol=1e-6)  # quadratic in the angles


def test_order_of_the_three(data):
    assert (data["floor"] <= data["profiles"] + 1e-12).all()
    # The rules integrate the networks of these searches, of moderate slope, to 1e-3.
    assert (data["profiles"] <= data["best_found"] + 1e-3).all()
    assert (data["best_found"] == data["found"].min("draw")).all()


# Independent computations ------------------------------------------------------------------


def test_agrees_with_a_search_written_out(data):
    X, nu = polar(6, 16)
    fine, fine_nu = polar(12, 32)
    centre = np.array([2.0, 0.0])

    def target(points):
        r2 = (points**2).sum(axis=1)
        return 6 * r2**2 - 6 * r2 + 1

    def output(theta, points):
        V, b, c = theta[:6].reshape(3, 2), theta[6:9], theta[9:]
        return expit((points + centre) @ V.T + c) @ b / np.sqrt(3)

    def loss_and_gradient(theta):
        V, b, c = theta[:6].reshape(3, 2), theta[6:9], theta[9:]
        s = expit((X + centre) @ V.T + c)
        e = nu * (s @ b / np.sqrt(3) - target(X))
        back = e[:, None] * s * (1 - s) * b / np.sqrt(3)
        slopes = [(back.T @ (X + centre)).ravel(), s.T @ e / np.sqrt(3), back.sum(axis=0)]
        return 0.5 * e @ (s @ b / np.sqrt(3) - target(X)), np.concatenate(slopes)

    for draw in range(2):
        rng = stream(0, "start", 3, draw)
        W = 3 * rng.standard_normal((3, 2))
        bias = rng.standard_normal(3) - W @ centre
        a = rng.choice([-1.0, 1.0], 3)
        found = minimize(
            loss_and_gradient,
            np.concatenate([W.ravel(), a, bias]),
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": 60, "maxcor": 20, "ftol": 0, "gtol": 1e-10},
        )
        error = 5 * fine_nu @ (output(found.x, fine) - target(fine)) ** 2
        # The same search with rounding in other places, which sixty iterations enlarge.
        assert_allclose(data["found"].sel(width=3)[draw], error, rtol=1e-5)


# Where naive formulas fail -----------------------------------------------------------------


def test_a_network_is_judged_between_the_points_of_its_training():
    # Few points and many neurons: the points are met, the polynomial is not.
    config = Config(
        degree=2, widths=(40,), num_radii=3, num_angles=8, max_iterations=2000, num_seeds=2
    )
    assert run(config)["found"].min() > 1e-3


def test_every_scale_asks_for_widths_on_both_sides_of_the_degree():
    for config in SCALES.values():
        assert config.widths[0] <= config.degree < config.widths[-1]
        # The rule integrates the square of the polynomial exactly.
        assert 4 * config.num_radii > 4 * config.degree < config.num_angles
