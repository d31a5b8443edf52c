"""Theorem 1 of document two_layer_flow: exact counterexamples, and where its proof breaks."""

from fractions import Fraction

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy.integrate import quad, solve_ivp
from scipy.special import expit

from companion.activations import GAUSSIAN_BUMP, NORMAL_CDF, SHIFTED_SIGMOID, SIGMOID
from companion.claims.two_layer_flow import claimed_dissipation, decay_rate, loss_decay
from companion.dynamics.gradient_flow import gradient_flow
from companion.experiments.two_layer_flow.four_points import excess_loss, four_points
from companion.experiments.two_layer_flow.rate_by_dimension import zonal_kernel
from companion.kernels.spectrum import funk_hecke
from companion.kernels.tangent_kernel import tangent_kernel
from companion.networks.initialization import gaussian_rademacher
from companion.networks.two_layer import TwoLayerNetwork
from companion.numerics.differences import iterated_difference
from companion.numerics.linalg import smallest_eigenvalue
from companion.spaces.sphere import uniform_on_sphere

HALF = Fraction(1, 2)
ADMISSIBLE = [SIGMOID, SHIFTED_SIGMOID, NORMAL_CDF, GAUSSIAN_BUMP]


def outer_kernel(X):
    return tangent_kernel(X, X, depth=1, activation=SIGMOID, trained=(1,))


# Four points, exactly ----------------------------------------------------------------------


@pytest.mark.claim("LL-Thm1")
@pytest.mark.parametrize("root", [1, 2, 3])
def test_loss_is_at_least_one_half_for_every_parameter_in_rational_numbers(root, rng):
    # With p = exp(w.x) the sigmoid is p / (1 + p) at x and 1 / (1 + p) at -x. For independent x
    # and y every pair of positive p and q is met by some w, and rationals are dense.
    width = root**2  # so that the factor of the network is rational
    for _ in range(50):
        a = rationals(rng, width, signed=True)
        p, q = rationals(rng, width), rationals(rng, width)
        outputs = [
            sum(weight * value for weight, value in zip(a, values, strict=True)) / root
            for values in (
                [one / (1 + one) for one in p],
                [1 / (1 + one) for one in p],
                [one / (1 + one) for one in q],
                [1 / (1 + one) for one in q],
            )
        ]
        loss = sum((f - y) ** 2 for f, y in zip(outputs, (1, 1, -1, -1), strict=True)) / 8
        beta = sum(a) / root
        assert outputs[0] + outputs[1] == outputs[2] + outputs[3] == beta
        differences = (outputs[0] - outputs[1]) ** 2 + (outputs[2] - outputs[3]) ** 2
        assert loss == HALF + beta**2 / 8 + differences / 16
        assert loss >= HALF


def rationals(rng, count, *, signed=False):
    numerators, denominators = rng.integers(1, 10**6, (2, count))
    signs = rng.choice([-1, 1], count) if signed else np.ones(count, int)
    return [
        Fraction(int(s * n), int(d))
        for s, n, d in zip(signs, numerators, denominators, strict=True)
    ]


@pytest.mark.claim("LL-Thm1")
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
@pytest.mark.parametrize("width", [1, 7, 300])
def test_no_network_of_the_library_falls_below_one_half(scale, width, rng):
    for _ in range(20):
        X, y, nu = four_points(3, rng)
        W, a = scale * rng.standard_normal((width, 3)), scale * rng.standard_normal(width)
        network = TwoLayerNetwork(W, a, activation=SIGMOID)
        residual = network(torch.tensor(X)).detach().numpy() - y
        # Outputs of size a sqrt(m), each sum of m terms rounded at 1e-16 of that.
        size = 1 + scale * np.sqrt(width)
        assert 0.5 * nu @ residual**2 >= 0.5 - 1e-14 * size**2
        assert (excess_loss(residual[None]) >= 0).all()


@pytest.mark.claim("LL-Thm1")
def test_the_four_points_satisfy_the_assumptions(rng):
    X, y, nu = four_points(5, rng)
    norms = np.linalg.norm(X, axis=1)
    assert 0 < norms.min() and norms.max() < np.inf  # Assumption 1
    assert nu.min() > 0 and nu.sum() == 1
    assert len(np.unique(X.round(12), axis=0)) == len(X)  # so f is a function, and continuous
    z = np.linspace(-40, 40, 10_001)
    assert SIGMOID.nonnegative and SIGMOID(z).min() > 0 and SIGMOID(0.0) > 0  # Assumption 3
    assert np.abs(SIGMOID(z)).max() <= SIGMOID.bound < np.inf
    assert np.abs(SIGMOID.derivative(z)).max() <= SIGMOID.lipschitz < np.inf
    W, a = gaussian_rademacher(10_000, 5, rng)
    assert set(a) == {-1.0, 1.0} and abs(a.mean()) < 0.05  # Assumption 2, five deviations
    assert abs(W.var() - 1) < 0.04  # six deviations of 50 000 squares
    assert np.abs(y).max() == 1


@pytest.mark.claim("LL-Thm1")
def test_an_implicit_integrator_ends_at_one_half_too(rng):
    X, y, nu = four_points(4, rng)
    W, a = gaussian_rademacher(12, 4, rng)

    def field(_, theta):  # (2.3) and (2.4), written out
        V, b = theta[:48].reshape(12, 4), theta[48:]
        s = expit(X @ V.T)
        weighted = nu * (s @ b / np.sqrt(12) - y) / np.sqrt(12)
        slope_W = (weighted[:, None] * s * (1 - s) * b).T @ X
        return -np.concatenate([slope_W.ravel(), weighted @ s])

    start = np.concatenate([W.ravel(), a])
    end = solve_ivp(field, (0, 300), start, method="Radau", rtol=1e-9, atol=1e-11).y[:, -1]
    V, b = end[:48].reshape(12, 4), end[48:]
    loss = 0.5 * nu @ (expit(X @ V.T) @ b / np.sqrt(12) - y) ** 2
    flow = gradient_flow(
        TwoLayerNetwork(W, a, activation=SIGMOID), X, y, t_end=300.0, t_eval=[300.0], nu=nu
    )
    assert 0.5 <= loss < 0.501
    # The excess is of the order 1e-4 or less; both integrators keep the loss to 1e-6.
    assert_allclose(flow.loss[-1], loss, rtol=0, atol=1e-6)
    # Any lambda that Lemma 5 allows, and a constant a hundred times the initial loss:
    kernel_bound = outer_kernel(X).min()
    claimed = loss_decay(np.array([300.0]), constant=100.0, kernel_bound=kernel_bound)
    assert claimed[0] < 1e-10 < loss


# Where the proof breaks --------------------------------------------------------------------


@pytest.mark.claim("LL-step")
def test_the_form_vanishes_where_every_entry_is_large(rng):
    X, y, nu = four_points(5, rng)
    D, e = outer_kernel(X), y
    assert D.min() > 0.2066
    form = (nu * e) @ D @ (nu * e)
    # Sixteen products of size 1/64 cancel.
    assert abs(form) < 1e-16
    assert claimed_dissipation(e, nu, kernel_bound=D.min()) > 0.1
    # Exactly: each neuron alone contributes (sum_i e_i sigma(w.x_i))**2 = 0, in rationals.
    p, q = rationals(rng, 1)[0], rationals(rng, 1)[0]
    assert p / (1 + p) + 1 / (1 + p) - q / (1 + q) - 1 / (1 + q) == 0


@pytest.mark.claim("LL-step")
def test_a_nonnegative_residual_does_not_rescue_the_step(rng):
    M = 100
    X, nu = uniform_on_sphere(M, 5, rng), np.full(M, 1 / M)
    D = outer_kernel(X)
    spike = np.eye(M)[0]
    form = (nu * spike) @ D @ (nu * spike)
    assert_allclose(form, D[0, 0] / M**2, rtol=1e-14)
    # Needed: lambda / (2 M). Short of it by the factor 2 D(1) / (lambda M).
    needed = claimed_dissipation(spike, nu, kernel_bound=D.min())
    assert form < 0.03 * needed
    # What does follow from the entries for e >= 0: lambda times the square of the mean.
    for e in (spike, rng.random(M), np.ones(M)):
        assert (nu * e) @ D @ (nu * e) >= D.min() * (nu @ e) ** 2


@pytest.mark.claim("LL-step")
@pytest.mark.parametrize("M", [3, 30, 300])
def test_the_trace_bounds_the_smallest_eigenvalue(M, rng):
    D = outer_kernel(uniform_on_sphere(M, 5, rng))
    smallest = smallest_eigenvalue(D / M)
    # The mean of M eigenvalues is the mean of the diagonal over M.
    assert smallest <= D.trace() / M**2 <= SIGMOID.bound**2 / M
    if M > 2 / D.min():
        assert smallest < decay_rate(D.min())


@pytest.mark.claim("LL-1-positive")
@pytest.mark.parametrize("theta", [0.1, 0.01, 0.001])
def test_nearly_parallel_points_make_the_outer_part_nearly_singular(theta):
    pair = np.array([[1.0, 0.0], [np.cos(theta), np.sin(theta)]])
    smaller, larger = np.linalg.eigvalsh(outer_kernel(pair))
    # D(1) - D(cos) = E s'(z)^2 theta^2 / 2 up to theta^4.
    slopes = quad(
        lambda z: (expit(z) * expit(-z)) ** 2 * np.exp(-z * z / 2) / np.sqrt(2 * np.pi), -12, 12
    )[0]
    # Rounding of the entries, 1e-16, is 5e-9 of the smallest of the three values.
    assert_allclose(smaller, slopes * theta**2 / 2, rtol=2 * theta**2 + 1e-7)
    assert larger > 0.5  # what positivity does give


@pytest.mark.claim("LL-1-positive")
def test_the_outer_part_of_the_four_points_is_singular(rng):
    X, y, _ = four_points(6, rng)
    D = outer_kernel(X)
    assert D.min() > 0.2
    assert np.abs(D @ y).max() < 1e-15  # four entries of size 1/4 cancel


# Every other activation --------------------------------------------------------------------


@pytest.mark.claim("LL-Thm1")
@pytest.mark.parametrize("activation", ADMISSIBLE, ids=lambda one: one.name)
def test_differences_across_the_neurons_kill_every_network(activation, rng):
    width, d = 6, 3
    W, a = gaussian_rademacher(width, d, rng)
    network = TwoLayerNetwork(W, 100 * a, activation=activation)
    random = rng.standard_normal((width, d))
    steps = random - ((random * W).sum(1) / (W**2).sum(1))[:, None] * W
    steps *= 0.2 / np.linalg.norm(steps, axis=1)[:, None]
    x = np.full(d, 0.1)
    killed = iterated_difference(lambda X: network(torch.tensor(X)).detach().numpy(), x, steps)
    # Sixty-four values of size 100 sqrt(6), each rounded at 1e-16 of that; the argument of a
    # neuron is rounded too.
    assert abs(killed) < 64 * 250 * 1e-15
    kept = iterated_difference(lambda X: np.exp(-(X**2).sum(1)), x, steps)
    assert abs(kept) > 1e-6


@pytest.mark.claim("LL-Thm1")
@pytest.mark.parametrize("activation", ADMISSIBLE, ids=lambda one: one.name)
def test_derivatives_across_the_neurons_kill_every_network(activation, rng):
    width, d = 4, 2
    W, a = gaussian_rademacher(width, d, rng)
    network = TwoLayerNetwork(W, a, activation=activation)
    across = torch.tensor(np.stack([-W[:, 1], W[:, 0]], axis=1))
    x = torch.tensor([0.3, -0.4], dtype=torch.float64)
    # Four derivatives of size at most 20 times |w|**4.
    size = float(np.prod(np.linalg.norm(W, axis=1)))
    killed = mixed_derivative(lambda z: network(z[None])[0], x, across)
    assert abs(killed) < 1e-13 * max(1, size)
    kept = mixed_derivative(lambda z: torch.exp(-(z @ z)), x, across)
    assert abs(kept) > 0.01 * size
    # One derivative fewer leaves a neuron alive.
    alive = mixed_derivative(lambda z: network(z[None])[0], x, across[1:])
    assert abs(alive) > 1e-4


def mixed_derivative(function, x, directions):
    for v in directions:
        function = directional(function, v)
    return function(x).item()


def directional(function, v):
    return lambda x: torch.func.grad(function)(x) @ v


@pytest.mark.claim("LL-Thm1")
def test_the_gaussian_is_killed_by_no_product_of_directions(rng):
    # prod d/dv_i exp(-|x|^2) is a polynomial times exp(-|x|^2), of top degree part
    # prod(-2 v_i.x): far from the origin the two agree.
    directions = torch.tensor(rng.standard_normal((3, 2)))
    # At distance 200 the terms of lower degree are 1e-4 of the top. exp(-|x|^2) itself is zero
    # there; exp(-|x + h|^2 + |x|^2) has the same derivatives at h = 0, divided by it.
    x = torch.tensor([120.0, -160.0], dtype=torch.float64)
    origin = torch.zeros(2, dtype=torch.float64)
    found = mixed_derivative(lambda h: torch.exp(-(h @ h) - 2 * (h @ x)), origin, directions)
    top = torch.prod(-2 * directions @ x).item()
    assert_allclose(found, top, rtol=1e-2)
    assert abs(top) > 1e3


# The dimension -----------------------------------------------------------------------------


@pytest.mark.claim("LL-Thm1")
def test_the_limiting_flow_of_a_coordinate_slows_down_with_the_dimension():
    claimed = decay_rate(0.2066)
    rates = {
        d: 2 * funk_hecke(zonal_kernel, input_dim=d, max_degree=1)[1] for d in (3, 10, 30, 100)
    }
    assert max(rates.values()) < 0.6 * claimed
    # 4 c_1^2 / d with c_1^2 = 0.042692; the next term is 6 c_3^2 / c_1^2 / (d + 2) of it.
    for d, rate in rates.items():
        expected = 4 * 0.0426922 / d * (1 + 6 * 6.4889e-4 / 0.0426922 / (d + 2))
        assert_allclose(rate, expected, rtol=2e-3)
    # Whatever constant is allowed, some dimension and time exceed it: at t = d the limiting
    # loss is exp(-0.171) / (2 d), the claim is C exp(-0.1 d).
    d = 1000
    limiting = np.exp(-2 * funk_hecke(zonal_kernel, input_dim=d, max_degree=1)[1] * d) / (2 * d)
    assert limiting > loss_decay(np.array([d * 1.0]), constant=1e30, kernel_bound=0.2066)[0]


# The target --------------------------------------------------------------------------------


@pytest.mark.claim("LL-Thm1-f")
def test_the_constant_must_grow_with_the_square_of_the_target(rng):
    X, nu = uniform_on_sphere(50, 5, rng), np.full(50, 0.02)
    W, a = gaussian_rademacher(400, 5, rng)
    start = TwoLayerNetwork(W, a, activation=SIGMOID)(torch.tensor(X)).detach().numpy()
    norm = np.sqrt(nu @ start**2)
    assert norm < 1 + np.sqrt(2 * np.log(100))  # with probability 0.99, for sup sigma = 1
    for size in (10.0, 100.0, 1000.0):
        loss = 0.5 * nu @ (start - size) ** 2
        assert (size - norm) ** 2 / 2 <= loss <= (size + norm) ** 2 / 2
        # At time zero (2.8) reads: loss <= C log(1/delta). A C without f fails.
        assert loss > 0.5 * size**2 * (1 - 2 * norm / size)
        assert loss <= norm**2 + size**2  # so C = C_0 + |f|^2 is enough there
