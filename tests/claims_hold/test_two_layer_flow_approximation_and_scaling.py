"""Corollary 1 and section 4 of document 001: what a fixed width reaches, what the scaling does."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy.integrate import solve_ivp
from scipy.special import eval_chebyu, eval_legendre, expit, gammainc

from companion.activations import GAUSSIAN_BUMP, NORMAL_CDF, SHIFTED_SIGMOID, SIGMOID
from companion.claims.two_layer_flow_approximation import (
    inner_norm_bound,
    inner_norm_tail,
    network_lipschitz_bound,
    outer_norm_bound,
    ridge_floor,
)
from companion.dynamics.gradient_flow import gradient_flow
from companion.dynamics.least_loss import least_loss
from companion.networks.initialization import gaussian_rademacher
from companion.networks.two_layer import TwoLayerNetwork
from companion.spaces.sphere import uniform_in_shell, uniform_on_sphere
from companion.tangent.jacobian import jacobian

ADMISSIBLE = [SIGMOID, SHIFTED_SIGMOID, NORMAL_CDF, GAUSSIAN_BUMP]


def disc(num_radii=40, num_angles=160):
    nodes, weights = np.polynomial.legendre.leggauss(num_radii)
    radii, phi = np.sqrt((nodes + 1) / 2), 2 * np.pi * np.arange(num_angles) / num_angles
    X = np.stack([np.outer(radii, np.cos(phi)), np.outer(radii, np.sin(phi))], axis=-1)
    return X.reshape(-1, 2), np.repeat(weights / 2 / num_angles, num_angles)


def legendre(X, degree):
    return eval_legendre(degree, 2 * (X**2).sum(axis=1) - 1)


# Corollary 1: a fixed width ----------------------------------------------------------------


@pytest.mark.claim("LL-Cor1", "LL-cod")
@pytest.mark.parametrize("activation", ADMISSIBLE, ids=lambda one: one.name)
@pytest.mark.parametrize(("width", "degree"), [(1, 4), (2, 2), (3, 5), (4, 4)])
def test_a_polynomial_sees_that_the_neurons_are_too_few(activation, width, degree, rng):
    # The proof, number by number: a function q orthogonal to the neurons, but not to the target.
    centre = np.array([2.0, -1.0])  # the disc around it avoids the origin
    X, nu = disc()
    W = rng.standard_normal((width, 2))
    bias = rng.standard_normal(width) - W @ centre
    theta = np.arctan2(W[:, 1], W[:, 0])

    def trigonometric(phi):
        return np.prod([1 - np.cos(phi - 2 * one) for one in theta], axis=0)

    grid = np.pi * np.arange(2 * degree + 1) / (2 * degree + 1)
    ridges = np.cos(grid)[:, None] * X[:, 0] + np.sin(grid)[:, None] * X[:, 1]
    q = trigonometric(2 * grid) @ eval_chebyu(2 * degree, ridges) / np.sqrt(2 * degree + 1)
    target = legendre(X, degree)
    norm = np.sqrt(nu @ q**2)
    neurons = activation(X @ W.T + bias + W @ centre)
    # The rule is exact to degree 150; the neurons are smooth with slopes of order one.
    assert np.abs((nu * q) @ neurons).max() < 1e-9 * norm
    height = ((nu * q) @ target / norm) ** 2 / (nu @ target**2)
    assert height > 1 / (width + 1) - 1e-12  # Fejer's inequality for a nonnegative polynomial
    # No outer weights whatever come closer, the best ones included.
    root = np.sqrt(nu)
    best = np.linalg.lstsq(root[:, None] * neurons, root * target, rcond=None)[0]
    error = nu @ (neurons @ best - target) ** 2 / (nu @ target**2)
    assert error >= height - 1e-9
    assert error >= ridge_floor(degree, width=width)


@pytest.mark.claim("LL-Cor1", "LL-cod")
@pytest.mark.parametrize("width", [1, 2, 5])
def test_bumps_take_away_little_of_a_high_degree(width, rng):
    # The second half of the floor: q = prod_i (1 - F_K(phi - phi_i) / F_K(0)) has mean at least
    # 1 - m / (K + 1) and lies between 0 and 1, so mean(q)^2 / mean(q^2) is at least its mean.
    K = 12
    phi = 2 * np.pi * np.arange(4000) / 4000
    order = np.arange(1, K + 1)
    q = np.ones_like(phi)
    for one in rng.uniform(0, 2 * np.pi, width):
        waves = np.cos(np.outer(order, phi - one))
        fejer = 1 + 2 * ((1 - order / (K + 1)) @ waves)
        q *= 1 - fejer / (K + 1)
    assert q.min() > -1e-13 and q.max() < 1 + 1e-13
    share = q.mean() ** 2 / (q**2).mean()
    assert (
        share >= ridge_floor(K * width, width=width) == max(1 / (width + 1), 1 - width / (K + 1))
    )


@pytest.mark.claim("LL-Cor1")
def test_one_gaussian_is_missed_at_every_width():
    # f = exp(-|x - c|^2) has a part in every even degree, of sign (-1)^k.
    nodes, weights = np.polynomial.legendre.leggauss(60)
    u = (nodes + 1) / 2
    for degree in range(9):
        part = weights / 2 @ (np.exp(-u) * eval_legendre(degree, 2 * u - 1))
        # By Rodrigues: (-1)^k / k! times the integral of u^k (1 - u)^k e^{-u}.
        by_parts = weights / 2 @ ((u * (1 - u)) ** degree * np.exp(-u))
        by_parts *= (-1) ** degree / np.prod(np.arange(1, degree + 1, dtype=float))
        assert part * (-1) ** degree > 0
        assert_allclose(part, by_parts, rtol=0, atol=1e-14)  # roundings of 60 terms
        if degree:
            assert ridge_floor(degree, width=degree) > 0


@pytest.mark.claim("LL-Cor1")
def test_slices_carry_the_floor_to_higher_dimension(rng):
    # In dimension 4 a neuron is, on every slice x_3, x_4 = const, a neuron with a bias.
    X, nu = disc(20, 80)
    W, a = rng.standard_normal((3, 4)), 10 * rng.standard_normal(3)
    target = legendre(X, 3)
    for rest in rng.uniform(-1, 1, (5, 2)):
        full = np.column_stack([X, np.broadcast_to(rest, (len(X), 2))])
        neurons = expit(full @ W.T)
        assert_allclose(neurons, expit(X @ W[:, :2].T + rest @ W[:, 2:].T), rtol=1e-12)
        error = nu @ (neurons @ a - target) ** 2
        assert error >= ridge_floor(3, width=3) * (nu @ target**2)


# Corollary 1: a growing width, and the parity of the sigmoid ---------------------------------


@pytest.mark.claim("LL-Cor1")
@pytest.mark.parametrize("width", [1, 10, 1000])
def test_an_even_target_keeps_its_variance_at_every_width(width, rng):
    half = uniform_in_shell(200, 3, rng, inner=0.5, outer=1.0)
    X = np.concatenate([half, -half])
    even, odd = X[:, 0] * X[:, 1] + X[:, 2] ** 2, X[:, 0] ** 3
    for size in (0.1, 1.0, 30.0):
        W, a = size * rng.standard_normal((width, 3)), size * rng.standard_normal(width)
        network = TwoLayerNetwork(W, a, activation=SIGMOID)
        outputs = network(torch.tensor(X)).detach().numpy()
        assert np.mean((outputs - even - odd) ** 2) >= np.var(even) * (1 - 1e-9)


@pytest.mark.claim("LL-Cor1")
def test_a_bias_or_a_shift_removes_the_parity_floor_only(rng):
    X, nu = disc(12, 40)
    y = 4 * X[:, 0] * X[:, 1]
    start = {"W": rng.standard_normal((6, 2)), "a": rng.choice([-1.0, 1.0], 6)}
    shifted = TwoLayerNetwork(**start, activation=SHIFTED_SIGMOID)
    biased = TwoLayerNetwork(**start, activation=SIGMOID, bias=rng.standard_normal(6))
    plain = TwoLayerNetwork(**start, activation=SIGMOID)
    losses = {
        name: 2 * least_loss(network, X, y, nu=nu, max_iterations=300).loss / (nu @ y**2)
        for name, network in (("plain", plain), ("shifted", shifted), ("biased", biased))
    }
    assert losses["plain"] >= 1 - 1e-9  # the target has mean zero
    assert losses["shifted"] < 0.02 and losses["biased"] < 0.02
    # The floor of a fixed width knows neither: it holds for every profile.
    for name, network in (("shifted", shifted), ("biased", biased)):
        target = legendre(X, 9)
        reached = 2 * least_loss(network, X, target, nu=nu, max_iterations=300).loss
        assert reached / (nu @ target**2) > ridge_floor(9, width=6), name


@pytest.mark.claim("LL-cod")
def test_sampled_neurons_have_a_rate_without_the_dimension(rng):
    # What is true: E |f - f_n|^2 = (E a^2 sigma^2 - f^2) / n for f = E a sigma(w.x); here all
    # pairs of draws from a population of 30 neurons are enumerated, so there is no sampling.
    for input_dim in (2, 50):
        X = uniform_on_sphere(40, input_dim, rng)
        W, a = rng.standard_normal((30, input_dim)), 2 * rng.choice([-1.0, 1.0], 30)
        terms = expit(X @ W.T) * a
        f = terms.mean(axis=1)
        pairs = (terms[:, :, None] + terms[:, None, :]) / 2
        error = np.mean((pairs - f[:, None, None]) ** 2)
        single = np.mean((terms - f[:, None]) ** 2)
        assert_allclose(error, single / 2, rtol=1e-12)
        assert single <= 4


# The loss at the points --------------------------------------------------------------------


@pytest.mark.claim("LL-1-points", "LL-Thm1-points")
def test_few_points_are_met_and_many_are_not(rng):
    width, input_dim = 12, 3
    W, a = gaussian_rademacher(width, input_dim, rng)
    X = uniform_on_sphere(width, input_dim, rng)
    y = rng.choice([-1.0, 1.0], width)
    # As many points as neurons: a linear system for the outer weights.
    solved = np.linalg.solve(expit(X @ W.T) / np.sqrt(width), y)
    network = TwoLayerNetwork(W, solved, activation=SIGMOID)
    outputs = network(torch.tensor(X)).detach().numpy()
    # Outer weights of size 1e7 or less, sums rounded at 1e-16 of that.
    assert_allclose(outputs, y, rtol=0, atol=1e-6)
    # More points than parameters: the outputs move in a space of smaller dimension.
    many = uniform_on_sphere(60, input_dim, rng)
    J = jacobian(TwoLayerNetwork(W, a, activation=SIGMOID), torch.tensor(many)).numpy()
    assert np.linalg.matrix_rank(J) <= width * (input_dim + 1) < 60
    signs = rng.choice([-1.0, 1.0], 600)
    crowd = uniform_on_sphere(600, input_dim, rng)
    found = least_loss(
        TwoLayerNetwork(W, a, activation=SIGMOID),
        crowd,
        signs,
        nu=np.full(600, 1 / 600),
        max_iterations=300,
    )
    assert found.loss > 0.25  # 48 parameters, 600 signs of variance one: at most a tenth fits


# The steps of the proof of Corollary 1 ------------------------------------------------------


def cells(per_side):
    """Centres of the cells of the square [1, 2]^2."""
    side = 1 + (np.arange(per_side) + 0.5) / per_side
    return np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)


MEAN_RADIUS = (np.sqrt(2) + np.arcsinh(1)) / 6  # of the unit square about its centre


@pytest.mark.claim("LL-Cor1-W1")
def test_grids_come_close_in_wasserstein_distance(rng):
    # Moving each cell to its centre is a coupling; it is optimal, as it moves every point to the
    # nearest one. The distance is the mean radius of the cell and falls like M^(-1/d).
    for per_side in (2, 8, 32):
        points = cells(per_side)
        sample = 1 + rng.random((4000, 2))
        nearest = np.sqrt(((sample[:, None] - points) ** 2).sum(axis=-1)).min(axis=1)
        error = 5 * nearest.std() / np.sqrt(4000)  # five standard errors
        assert abs(nearest.mean() - MEAN_RADIUS / per_side) < error


@pytest.mark.claim("LL-3.14")
def test_the_duality_of_wasserstein_distance_with_normalised_area(rng):
    per_side = 6
    points, W1 = cells(per_side), MEAN_RADIUS / per_side
    nodes, weights = np.polynomial.legendre.leggauss(60)
    side = 1 + (nodes + 1) / 2
    fine = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    rule = np.outer(weights, weights).ravel() / 4  # [1, 2]^2 has area one
    W, a = rng.standard_normal((8, 2)), 3 * rng.standard_normal(8)

    def gap(X):
        return (expit(X @ W.T) @ a - np.abs(X[:, 0] - X[:, 1])) ** 2

    step = 1e-6
    gradient = np.stack([(gap(fine + step * e) - gap(fine - step * e)) for e in np.eye(2)])
    lipschitz = np.linalg.norm(gradient / (2 * step), axis=0).max()
    assert abs(rule @ gap(fine) - gap(points).mean()) <= lipschitz * W1
    # Lebesgue measure of mass four, as printed: the difference does not vanish with W1.
    far, crowd = 1 + 2 * (fine - 1), 1 + 2 * (cells(200) - 1)
    assert abs(4 * (rule @ gap(far)) - gap(crowd).mean()) > 2 * rule @ gap(far)
    # Sharp: the distance to the nearest centre has slope one, mean W1 and vanishes at the centres.
    # (The rule sees its kinks to 1e-3.)
    nearest = np.sqrt(((fine[:, None] - points) ** 2).sum(axis=-1)).min(axis=1)
    assert_allclose(rule @ nearest, W1, rtol=0.02)


@pytest.mark.claim("LL-Cor1-grad")
def test_gradient_of_the_squared_error(rng):
    W, a = rng.standard_normal((9, 3)), rng.standard_normal(9)
    for x in rng.standard_normal((5, 3)):
        point = torch.tensor(x, requires_grad=True)
        output = (torch.sigmoid(torch.tensor(W) @ point) @ torch.tensor(a)) / 3
        target = torch.sin(point).prod()
        (taken,) = torch.autograd.grad((target - output) ** 2, point)
        s = expit(W @ x)
        grad_f = np.cos(x) * np.prod(np.sin(x)) / np.sin(x)
        grad_network = (a * s * (1 - s)) @ W / 3
        difference = np.prod(np.sin(x)) - s @ a / 3
        assert_allclose(taken.numpy(), 2 * difference * (grad_f - grad_network), rtol=1e-10)
        printed = -2 * difference * (grad_f + grad_network)
        assert np.linalg.norm(taken.numpy() - printed) > 0.01 * np.linalg.norm(printed)
        # Its size is bounded by the same sum, which is all that the proof uses.
        size = 2 * abs(difference) * (np.linalg.norm(grad_f) + np.linalg.norm(grad_network))
        assert np.linalg.norm(taken.numpy()) <= size


@pytest.mark.claim("LL-Cor1-w")
def test_the_sum_of_inner_weights_is_of_order_n_d(rng):
    # Chi-square with n d degrees of freedom: exact probabilities by the incomplete gamma function.
    for constant in (10.0, 100.0):
        probabilities = [gammainc(n * 5 / 2, constant / 2) for n in (5, 50, 500)]
        assert probabilities[-1] < 1e-12 and np.diff(probabilities).max() <= 0
    # With 2 n d in place of a constant the event is likely, and meets one of probability 1/2.
    for n, d in ((1, 3), (5, 1), (20, 10)):
        bound = inner_norm_tail(width=n, input_dim=d)
        assert 1 - gammainc(n * d / 2, n * d) <= bound
    assert inner_norm_tail(width=5, input_dim=1) < 1 / 2
    W, _ = gaussian_rademacher(400, 10, rng)
    # Five standard deviations, sqrt(2 / 4000) each.
    assert_allclose((W**2).sum() / 4000, 1, atol=5 * np.sqrt(2 / 4000))


@pytest.mark.claim("LL-Cor1-lip")
@pytest.mark.parametrize("num_samples", [10, 200])
def test_sizes_along_the_flow_are_polynomial_in_width_and_dimension(num_samples, rng):
    width, input_dim = 30, 4
    X = uniform_in_shell(num_samples, input_dim, rng, inner=0.5, outer=1.0)
    y = rng.choice([-1.0, 1.0], num_samples)
    W, a = gaussian_rademacher(width, input_dim, rng)
    t = np.linspace(0, 40, 201)
    flow = gradient_flow(
        TwoLayerNetwork(W, a, activation=SIGMOID),
        X,
        y,
        t_end=40.0,
        t_eval=t,
        nu=np.full(num_samples, 1 / num_samples),
        keep_path=True,
    )
    norm = np.sqrt(2 * flow.loss)
    path = np.concatenate([[0], np.cumsum(norm[:-1] * np.diff(t))])  # above: the loss falls
    sizes = {
        "width": width,
        "inner_norm": float(np.linalg.norm(W)),
        "target_bound": 1.0,
        "activation": SIGMOID,
        "radius": 1.0,
    }
    probes = uniform_in_shell(500, input_dim, rng, inner=0.5, outer=1.0)
    for k in (0, 20, 100, 200):
        now = flow.parameters_at(k)
        rho = float(path[k])
        outer = outer_norm_bound(rho, width=width, target_bound=1.0)
        assert np.linalg.norm(now["a"]) <= outer * (1 + 1e-12)
        assert np.linalg.norm(now["W"]) <= inner_norm_bound(rho, **sizes)
        s = expit(probes @ now["W"].T)
        slopes = (s * (1 - s) * now["a"]) @ now["W"] / np.sqrt(width)
        steepest = np.linalg.norm(slopes, axis=1).max()
        assert steepest <= network_lipschitz_bound(rho, **sizes)
    # As printed, |w_i| <= C sqrt(n) without the dimension fails at time zero for large d.
    W, _ = gaussian_rademacher(30, 10_000, rng)
    assert np.linalg.norm(W, axis=1).min() > 10 * np.sqrt(30)


# Section 4: minima near the start ----------------------------------------------------------


def farthest(width, exponent, horizon, rng, *, num_samples=8, input_dim=3):
    X = uniform_on_sphere(num_samples, input_dim, np.random.default_rng(4))
    W, a = gaussian_rademacher(width, input_dim, rng)
    flow = gradient_flow(
        TwoLayerNetwork(W, a, activation=SIGMOID, exponent=exponent),
        X,
        X[:, 0],
        t_end=horizon * width ** (2 * exponent - 1),
        nu=np.full(num_samples, 1 / num_samples),
    )
    moved = np.linalg.norm(flow.parameters["W"] - W, axis=1)
    return np.hypot(moved, flow.parameters["a"] - a).max(), flow.loss[-1]


@pytest.mark.claim("LL-disc", "LL-4-scaling")
def test_displacements_fall_with_the_width_in_one_scaling_and_not_in_the_other(rng):
    mean = {
        (exponent, width): np.mean([farthest(width, exponent, 15.0, rng)[0] for _ in range(4)])
        for exponent in (0.5, 1.0)
        for width in (40, 320)
    }
    # Eight times the width: a factor of 2.8 by theory. Means of four scatter by a quarter.
    assert 1.7 < mean[0.5, 40] / mean[0.5, 320] < 5
    assert 0.6 < mean[1.0, 40] / mean[1.0, 320] < 1.6


@pytest.mark.claim("LL-disc")
def test_zero_loss_near_the_start_on_few_points_and_nowhere_on_many(rng):
    # Three points in dimension 40: the loss falls to nothing, and no neuron moves far.
    X = uniform_on_sphere(3, 40, rng)
    W, a = gaussian_rademacher(2000, 40, rng)
    flow = gradient_flow(
        TwoLayerNetwork(W, a, activation=SIGMOID),
        X,
        np.array([1.0, -1.0, 1.0]),
        t_end=1500.0,
        nu=np.full(3, 1 / 3),
    )
    assert flow.loss[-1] < 1e-8 * flow.loss[0]
    moved = np.linalg.norm(flow.parameters["W"] - W, axis=1)
    assert moved.max() < 0.3 < 0.1 * np.linalg.norm(W, axis=1).min()
    # Four points with antipodes: the loss is at least 1/2 whatever the parameters are.
    X = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    y = np.array([1.0, 1.0, -1.0, -1.0])
    for size in (0.5, 1.0, 5.0):
        W, a = size * rng.standard_normal((300, 2)), size * rng.standard_normal(300)
        outputs = expit(X @ W.T) @ a / np.sqrt(300)
        assert np.mean((outputs - y) ** 2) / 2 >= 0.5


@pytest.mark.claim("LL-4-scaling", "LL-1.2")
@pytest.mark.parametrize("width", [1, 3, 100])
def test_both_scalings_have_the_same_functions(width, rng):
    W, a = rng.standard_normal((width, 4)), rng.standard_normal(width)
    X = rng.standard_normal((7, 4))
    by_sum = sum(a[i] * expit(X @ W[i]) for i in range(width)) / width
    mean_field = TwoLayerNetwork(W, a, activation=SIGMOID, exponent=1)
    assert_allclose(mean_field(torch.tensor(X)).detach(), by_sum, rtol=1e-12, atol=1e-14)
    rescaled = TwoLayerNetwork(W, a / np.sqrt(width), activation=SIGMOID, exponent=0.5)
    assert_allclose(rescaled(torch.tensor(X)).detach(), by_sum, rtol=1e-12, atol=1e-14)


# Section 4: other losses -------------------------------------------------------------------

LOSSES = {
    # slope of the loss in the residual, and the residual at time t from 1 at time 0
    "square": (lambda r: r, lambda t: np.exp(-t)),
    "log cosh": (np.tanh, lambda t: np.arcsinh(np.sinh(1) * np.exp(-t))),
    "fourth power": (lambda r: r**3, lambda t: (1 + 2 * t) ** -0.5),
}


@pytest.mark.claim("LL-4-quadratic")
@pytest.mark.parametrize("name", LOSSES)
def test_a_minimum_must_be_nondegenerate(name):
    slope, exact = LOSSES[name]
    t = np.geomspace(0.1, 30, 40)
    path = solve_ivp(lambda _, r: -slope(r), (0, 30), [1.0], t_eval=t, rtol=1e-10, atol=1e-12)
    assert_allclose(path.y[0], exact(t), rtol=1e-6, atol=1e-11)
    late = np.array([15.0, 30.0])
    rate = -np.diff(np.log(exact(late))) / 15
    if name == "fourth power":
        assert rate < 0.05
        power = np.diff(np.log(exact(late))) / np.log(2)
        assert_allclose(power, -1 / 2, rtol=0, atol=0.02)  # 1/(4 t) is left at time 15
    else:
        assert_allclose(rate, 1, rtol=1e-10)


@pytest.mark.claim("LL-4-quadratic")
def test_the_logistic_loss_has_no_minimum():
    # z' = 1 / (1 + e^z) from 0: z + e^z = t + 1, and the loss log(1 + e^(-z)) is about 1 / t.
    t = np.array([10.0, 100.0, 1000.0])
    path = solve_ivp(lambda _, z: expit(-z), (0, 1000), [0.0], t_eval=t, rtol=1e-10, atol=1e-12)
    z = path.y[0]
    assert_allclose(z + np.exp(z), t + 1, rtol=1e-7)
    loss = np.log1p(np.exp(-z))
    assert (np.diff(z) > 2).all()  # never at rest
    assert 0.9 < loss[-1] * 1000 < 1.1
