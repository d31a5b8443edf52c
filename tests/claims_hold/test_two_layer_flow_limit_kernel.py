"""Section 3 of document 001 from the limit kernel to the start: Lemmas 3, 4 and 5."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad
from scipy.spatial.distance import cdist
from scipy.special import erf

from companion.activations import (
    GAUSSIAN_BUMP,
    NORMAL_CDF,
    RELU,
    SHIFTED_SIGMOID,
    SIGMOID,
    TANH,
)
from companion.claims.two_layer_flow_deviation import (
    inner_deviation_bound,
    mean_outer_deviation,
    outer_deviation_bound,
    residual_form_gap,
    union_deviation_bound,
)
from companion.claims.two_layer_flow_positivity import (
    half_value_width,
    kernel_bound_of_proof,
    kernel_bound_of_second_moments,
)
from companion.claims.two_layer_flow_start import (
    initial_loss_bound,
    norm_bound,
    supremum_bound,
)
from companion.claims.two_layer_flow_witness import mean_network_at_witness
from companion.experiments.two_layer_flow import initial_network, kernel_deviation
from companion.kernels.layer_moments import layer_moment
from companion.networks.initialization import gaussian_rademacher
from companion.numerics.rates import fit_power_law
from companion.spaces.sphere import maximise_on_sphere, uniform_in_shell, uniform_on_sphere

EXACT = 1e-13  # a few hundred roundings of numbers below one
SLOPE = 0.20662  # E s'(z), to five digits


def s(z):
    return 1 / (1 + np.exp(-z))


def gaussian_mean(function):
    density = lambda z: function(z) * math.exp(-z * z / 2)
    return quad(density, -14, 14, epsabs=1e-13, limit=200)[0] / math.sqrt(2 * math.pi)


def tensor_rule(f, g, r, t, rho, num_nodes=140):
    """E f(r u) g(t v) at correlation rho; poles at distance pi / r: exp(-2 pi sqrt(2k) / r)."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(num_nodes)
    weights = weights / weights.sum()
    other = rho * nodes[:, None] + math.sqrt(1 - rho**2) * nodes
    return weights @ (f(r * nodes)[:, None] * g(t * other)) @ weights


def pair(r, t, rho, input_dim=2):
    """Two points of given norms and cosine, as rows."""
    x, y = np.zeros((2, 1, input_dim))
    x[0, 0] = r
    y[0, :2] = t * rho, t * math.sqrt(1 - rho**2)
    return x, y


@pytest.fixture(scope="module")
def deviations():
    """Suprema over the sphere and over samples for the sigmoid, 3 x 3 sizes, three draws."""
    config = kernel_deviation.Config(
        input_dims=(4, 16, 64),
        widths=(150, 600, 2400),
        num_points=(10, 300),
        num_climbs=3,
        num_draws=3,
        seed=5,
    )
    return kernel_deviation.run(config)


# The limit kernel --------------------------------------------------------------------------


@pytest.mark.claim("LL-2-pairs")
@pytest.mark.parametrize("input_dim", [2, 7, 300])
def test_projections_of_the_weights_are_plane_gaussian_pairs(input_dim, rng):
    # (w.x, w.y) is a linear image of N(0, I); whitened by the covariance that the claim names it
    # must be N(0, I_2) in every dimension. Moments up to the fourth, five standard errors.
    x, y = rng.standard_normal((2, input_dim)) / math.sqrt(input_dim)
    covariance = np.array([[x @ x, x @ y], [x @ y, y @ y]])
    W, _ = gaussian_rademacher(20_000, input_dim, rng)
    u, v = np.linalg.solve(np.linalg.cholesky(covariance), np.stack([W @ x, W @ y]))
    for i, j, expected, variance in (
        (1, 0, 0, 1), (0, 1, 0, 1), (1, 1, 0, 1), (2, 0, 1, 2), (0, 2, 1, 2),
        (2, 2, 1, 8), (4, 0, 3, 96), (0, 4, 3, 96), (3, 1, 0, 15),
    ):  # fmt: skip
        assert abs(np.mean(u**i * v**j) - expected) < 5 * math.sqrt(variance / len(W))
    assert abs(np.mean(u[1:] * u[:-1])) < 5 / math.sqrt(len(W))  # independent neurons


@pytest.mark.claim("LL-2-pairs", "LL-3-limit")
@pytest.mark.parametrize(
    ("activation", "function"), [(SIGMOID, s), (SHIFTED_SIGMOID, lambda z: s(z + 1))]
)
@pytest.mark.parametrize("rho", [-1.0, -0.6, 0.0, 0.3, 1.0])
def test_the_limit_is_a_plane_integral(activation, function, rho):
    for r, t in ((1.0, 1.0), (0.5, 1.5)):
        expected = tensor_rule(function, function, r, t, rho)
        for input_dim in (2, 50):
            x, y = pair(r, t, rho, input_dim)
            # 140 nodes leave exp(-2 pi 16.7 / 1.5) and less; rotations do not matter.
            assert_allclose(
                layer_moment(x, y, activation=activation), [[expected]], rtol=0, atol=1e-12
            )


@pytest.mark.claim("LL-3-limit", "LL-Lem5")
@pytest.mark.parametrize("rho", [-1.0, -0.4, 0.0, 0.7, 1.0])
def test_two_limits_in_closed_form(rho):
    r, t = 1.2, 0.7
    x, y = pair(r, t, rho)
    sine = r * t * rho / math.sqrt((1 + r * r) * (1 + t * t))
    arcsine = 1 / 4 + math.asin(sine) / (2 * math.pi)
    assert_allclose(layer_moment(x, y, activation=NORMAL_CDF), [[arcsine]], rtol=0, atol=EXACT)
    determinant = (1 + r * r) * (1 + t * t) - (r * t * rho) ** 2
    assert_allclose(
        layer_moment(x, y, activation=GAUSSIAN_BUMP), [[determinant**-0.5]], rtol=0, atol=EXACT
    )


@pytest.mark.claim("LL-3-limit")
@pytest.mark.parametrize("input_dim", [2, 100])
def test_the_rate_at_fixed_points_is_free_of_the_dimension(input_dim, rng):
    rho, width, draws = 0.3, 50, 4000
    x, y = pair(1.0, 1.0, rho, input_dim)
    mean = tensor_rule(s, s, 1, 1, rho)
    square = lambda z: s(z) ** 2
    variance = tensor_rule(square, square, 1, 1, rho) - mean**2
    W = rng.standard_normal((draws, width, input_dim))
    scaled = math.sqrt(width) * ((s(W @ x[0]) * s(W @ y[0])).mean(axis=1) - mean)
    # Seeded; four standard errors. The kurtosis of a mean of fifty is 3 to within a tenth.
    assert abs(scaled.mean()) < 4 * math.sqrt(variance / draws)
    assert abs(scaled.var() / variance - 1) < 4 * math.sqrt(2 / draws)


# Lemma 5 -----------------------------------------------------------------------------------


@pytest.mark.claim("LL-Lem5")
def test_the_sharp_constant_is_the_slope_of_the_sigmoid():
    slope = gaussian_mean(lambda z: s(z) * s(-z))
    assert_allclose(slope, SLOPE, rtol=0, atol=5e-6)
    x, y = pair(1.0, 1.0, -1.0)
    assert_allclose(layer_moment(x, y, activation=SIGMOID), [[slope]], rtol=1e-11)
    rho = np.linspace(-1, 1, 201)
    circle = np.stack([rho, np.sqrt(1 - rho**2)], axis=1)
    values = layer_moment(x, circle, activation=SIGMOID)[0]
    assert (np.diff(values) > 0).all()  # Price: the slope in rho is E s'(u) s'(v) > 0
    assert_allclose(values + values[::-1], 0.5, rtol=1e-13)  # no even degree beside zero


@pytest.mark.claim("LL-Lem5", "LL-Lem5-lambda")
@pytest.mark.parametrize("activation", [SIGMOID, SHIFTED_SIGMOID, NORMAL_CDF, GAUSSIAN_BUMP])
@pytest.mark.parametrize("input_dim", [2, 30])
def test_the_kernel_is_bounded_from_below_on_shells(activation, input_dim, rng):
    inner, outer = 0.5, 2.0
    X = uniform_in_shell(60, input_dim, rng, inner=inner, outer=outer)
    X = np.concatenate([X, -X])
    least = layer_moment(X, X, activation=activation).min()
    if activation is GAUSSIAN_BUMP:
        sharp = 1 / (1 + outer**2)
    else:
        sharp = gaussian_mean(
            lambda z: float(activation(outer * z)) * float(activation(-outer * z))
        )
    assert least >= sharp - 1e-12
    assert least < 1.35 * sharp  # sixty random points come near the extreme pair
    assert kernel_bound_of_proof(activation, radius=outer) < sharp


@pytest.mark.claim("LL-Lem5-lambda")
def test_every_step_of_the_printed_proof(rng):
    radius, width = 1.7, half_value_width(SIGMOID)
    assert_allclose(s(-width), s(0.0) / 2, rtol=1e-12)
    reach = width / (math.sqrt(2) * radius)
    # For |zeta| <= reach both arguments stay in the interval, at every correlation.
    r = np.linspace(-1, 1, 401)
    for a, b in itertools.product((-reach, reach), repeat=2):
        second = radius * (np.sqrt(1 - r**2) * b + r * a)
        assert abs(radius * a) <= width and (np.abs(second) <= width * (1 + 1e-12)).all()
    probability = float(erf(reach / math.sqrt(2))) ** 2
    u, v = np.random.default_rng(0).standard_normal((2, 100_000))
    inside = np.mean((np.abs(u) <= reach) & (np.abs(v) <= reach))
    assert abs(inside - probability) < 4 * math.sqrt(probability / 100_000)
    constant = kernel_bound_of_proof(SIGMOID, radius=radius)
    assert_allclose(constant, 0.25 * probability / 4, rtol=1e-12)
    assert_allclose(kernel_bound_of_proof(SIGMOID, radius=1.0), 0.0198, atol=5e-5)


@pytest.mark.claim("LL-Lem5")
def test_the_constant_needs_a_bound_on_the_norm_of_the_points():
    # lambda(r) = E s'(rz) is about 1 / (r sqrt(2 pi)); the next term is -pi^2 / (6 r^2) of it.
    for r in (4.0, 8.0, 16.0):
        x, y = pair(r, r, -1.0)
        scaled = layer_moment(x, y, activation=SIGMOID).item() * r * math.sqrt(2 * math.pi)
        correction = 1 - math.pi**2 / (6 * r**2)
        assert abs(scaled - correction) < 6 / r**4


@pytest.mark.claim("LL-Lem5")
def test_without_positivity_at_zero_or_sign_there_is_no_constant():
    x, y = pair(1.0, 1.0, -1.0)
    assert_allclose(layer_moment(x, y, activation=RELU), 0, atol=1e-15)
    tanh = -gaussian_mean(lambda z: math.tanh(z) ** 2)
    assert_allclose(layer_moment(x, y, activation=TANH), [[tanh]], rtol=1e-11)


# Lemma 3 and (3.10) ------------------------------------------------------------------------


@pytest.mark.claim("LL-Lem3")
def test_the_supremum_over_the_sphere_grows_like_the_root_of_d_over_n(deviations):
    for kernel in ("outer", "inner"):
        distance = deviations.distance.sel(kernel=kernel, domain="sphere")
        table = distance.to_dataframe("distance").reset_index()
        law = fit_power_law(
            table[["input_dim", "width"]].to_numpy(float), table["distance"].to_numpy()
        )
        # Seeded, 27 suprema. The slopes are those of the theory to a tenth.
        assert abs(law.exponent[0] - 0.5) < 0.1
        assert abs(law.exponent[1] + 0.5) < 0.1


@pytest.mark.claim("LL-Lem3")
def test_the_supremum_lies_between_the_bounds(deviations):
    delta = 1e-3  # 54 bounds: all hold but with probability 0.05
    for d in deviations.input_dim.values:
        for m in deviations.width.values:
            cell = deviations.distance.sel(domain="sphere", input_dim=d, width=m)
            sizes = {"width": int(m), "second_moment": float(d), "radius": 1.0, "delta": delta}
            assert float(cell.sel(kernel="outer").max()) < outer_deviation_bound(SIGMOID, **sizes)
            assert float(cell.sel(kernel="inner").max()) < inner_deviation_bound(SIGMOID, **sizes)
    ratio = deviations.distance.sel(kernel="outer", domain="sphere") / deviations.lower
    # Nine cells of three draws; the mean at the witness is a lower bound of each mean.
    assert float(ratio.mean()) > 1
    assert float(ratio.mean()) < 1.6


@pytest.mark.claim("LL-Lem3", "LL-3-union")
def test_on_samples_the_dimension_does_not_enter(deviations):
    outer = deviations.distance.sel(kernel="outer")
    sample = outer.sel(domain="300 points").mean(["draw", "width"])
    sphere = outer.sel(domain="sphere").mean(["draw", "width"])
    assert float(sphere[-1] / sphere[0]) > 3  # the dimension grows by 16
    # In dimension 4 a sample of 300 nearly fills the sphere; from then on it does not grow.
    assert float(sample[-1] / sample[0]) < 2
    assert float(sample[-1] / sample[1]) < 1.3


@pytest.mark.claim("LL-3-union")
def test_the_union_bound_counts_points_inside_a_logarithm(deviations):
    for m in deviations.width.values:
        bound = union_deviation_bound(SIGMOID, width=int(m), num_samples=300, delta=1e-3)
        cell = deviations.distance.sel(kernel="outer", domain="300 points", width=m)
        assert float(cell.max()) < bound
    # A million times more points: the width for the same bound grows by a factor below four.
    few, many = (
        union_deviation_bound(SIGMOID, width=1000, num_samples=M, delta=0.01) ** 2
        for M in (100, 10**8)
    )
    assert many / few < 4


@pytest.mark.claim("LL-3-union")
def test_the_wasserstein_distance_of_the_weights_is_large(rng):
    # In dimension one it is an integral of distribution functions: the lower bound by nearest
    # neighbours is below it. In dimension twenty a thousand weights are further than one apart.
    w, fresh = np.sort(rng.standard_normal(200)), rng.standard_normal(2000)
    nearest = np.abs(fresh[:, None] - w).min(axis=1).mean()
    grid = np.linspace(-6, 6, 20_001)
    cdf = (1 + erf(grid / math.sqrt(2))) / 2
    distance = np.abs(np.searchsorted(w, grid) / 200 - cdf).sum() * (grid[1] - grid[0])
    assert nearest < distance
    W, more = rng.standard_normal((1000, 20)), rng.standard_normal((100, 20))
    # s(w.x) s(w.y) is Lipschitz in w with constant at most 1/2, and the kernel is below 0.3.
    assert cdist(more, W).min(axis=1).mean() / 2 > 1


@pytest.mark.claim("LL-3.10")
def test_the_residual_form_moves_by_twice_the_supremum_times_the_loss(rng):
    W = rng.standard_normal((40, 3))
    X = uniform_on_sphere(25, 3, rng)
    values = s(X @ W.T)
    difference = values @ values.T / 40 - layer_moment(X, X, activation=SIGMOID)
    supremum = float(np.abs(difference).max())
    for _ in range(50):
        nu, e = rng.dirichlet(np.ones(25)), rng.standard_normal(25)
        loss = nu @ e**2 / 2
        assert abs((nu * e) @ difference @ (nu * e)) <= residual_form_gap(supremum, loss)
    # One atom on the diagonal: equality, so the factor 2 cannot be smaller.
    diagonal = np.abs(np.diag(difference))
    k, e = int(diagonal.argmax()), 0.7
    gap = abs(difference[k, k]) * e**2
    assert_allclose(gap, residual_form_gap(float(diagonal[k]), e**2 / 2), rtol=1e-12)


@pytest.mark.claim("LL-Lem3")
def test_fewer_neurons_than_dimensions_do_not_suffice():
    narrow = kernel_deviation.run(replace(kernel_deviation.NARROW, num_draws=1))
    distance = narrow.distance.sel(kernel="outer", domain="sphere")
    assert float(distance.min()) > SLOPE  # as far as the limit is positive


# The start: (3.11), Lemma 4, the event -----------------------------------------------------


@pytest.fixture(scope="module")
def starts():
    config = initial_network.Config(
        input_dims=(8, 64, 512), width=1000, num_points=200, num_draws=3, seed=3
    )
    return initial_network.run(config)["size"]


@pytest.mark.claim("LL-3.11", "LL-Lem4")
def test_the_supremum_grows_like_the_root_of_the_dimension(starts):
    supremum = starts.sel(law="gaussian", quantity="supremum over the sphere")
    for d in supremum.input_dim.values:
        witness = mean_network_at_witness(SIGMOID, width=1000, input_dim=int(d))
        cell = supremum.sel(input_dim=d)
        bound = supremum_bound(SIGMOID, second_moment=float(d), radius=1.0, delta=1e-3)
        assert float(cell.max()) < bound
        # The constant part of the network adds |N(0, 1/4)| on one side; its mean is 0.4.
        assert witness < float(cell.mean()) < witness * 1.25 + 0.8
    growth = fit_power_law(
        np.repeat(supremum.input_dim.values.astype(float), 3), supremum.values.ravel()
    )
    assert 0.3 < growth.exponent < 0.6
    # No C with sup <= C log 2 with probability 1/2 serves all d: it passes every constant.
    assert float(supremum.sel(input_dim=512).min()) > 4 > 2 * float(supremum[0].max())


@pytest.mark.claim("LL-Lem4")
def test_with_inner_weights_of_norm_one_it_does_not_grow(starts):
    supremum = starts.sel(law="unit norm", quantity="supremum over the sphere")
    bound = supremum_bound(SIGMOID, second_moment=1.0, radius=1.0, delta=1e-3)
    assert float(supremum.max()) < bound
    assert float(supremum.sel(input_dim=512).mean()) < 1.5


@pytest.mark.claim("LL-Lem4", "LL-Thm1-start")
@pytest.mark.parametrize("delta", [0.5, 0.1, 0.01])
def test_the_norm_exceeds_its_bound_rarely(delta, rng):
    # Two settings: the sigmoid on points of the sphere, and nearly the worst one: one point at
    # which all neurons are equal to their bound, where the network is a sum of signs.
    draws = 4000
    norms = {"sigmoid": [], "worst": []}
    X = uniform_on_sphere(12, 6, rng)
    for _ in range(draws):
        W, a = gaussian_rademacher(30, 6, rng)
        output = s(X @ W.T) @ a / math.sqrt(30)
        norms["sigmoid"].append(math.sqrt(np.mean(output**2)))
        norms["worst"].append(abs(a.sum()) / math.sqrt(30))
    bound = norm_bound(SIGMOID, delta=delta)
    for values in norms.values():
        failures = np.mean(np.array(values) > bound)
        assert failures <= delta + 4 * math.sqrt(delta / draws)
    if delta == 0.5:  # the bound is not vacuous: signs do exceed it, about once in thirty
        assert 0.01 < np.mean(np.array(norms["worst"]) > bound) < 0.06


@pytest.mark.claim("LL-Thm1-start")
def test_all_three_events_at_once(rng):
    # delta / 2 each for the start and for the kernel; the outer weights have size one surely.
    delta, d, m, draws = 0.2, 4, 300, 60
    X = uniform_on_sphere(50, d, rng)
    y = rng.choice([-1.0, 1.0], 50)
    limit = layer_moment(X, X, activation=SIGMOID)
    sizes = {"width": m, "second_moment": float(d), "radius": 1.0}
    failures = 0
    for _ in range(draws):
        W, a = gaussian_rademacher(m, d, rng)
        assert np.mean(a**2) == 1
        values = s(X @ W.T)
        loss = np.mean((values @ a / math.sqrt(m) - y) ** 2) / 2
        gap = np.abs(values @ values.T / m - limit).max()
        bad_start = loss > initial_loss_bound(SIGMOID, delta=delta / 2, target_bound=1.0)
        bad_kernel = gap > outer_deviation_bound(SIGMOID, **sizes, delta=delta / 2)
        failures += bad_start or bad_kernel
    assert failures <= delta * draws


@pytest.mark.claim("LL-A2-mean")
def test_without_mean_zero_the_start_is_of_the_size_of_the_root_of_the_width(rng):
    x = np.array([0.6, 0.8])
    second = gaussian_mean(lambda z: s(z) ** 2)
    for width in (25, 100, 400):
        W = rng.standard_normal((2000, width, 2))
        values = s(W @ x)
        a = rng.choice([-1.0, 1.0], (2000, width))
        balanced = (a * values).sum(axis=1) / math.sqrt(width)
        # Mean square D(x, x) at every width; four standard errors of a chi square.
        assert abs(np.mean(balanced**2) / second - 1) < 4 * math.sqrt(2 / 2000)
        ones = values.sum(axis=1) / math.sqrt(width)
        spread = math.sqrt(second - 0.25)
        assert abs(ones.mean() - math.sqrt(width) / 2) < 4 * spread / math.sqrt(2000)


# Other laws of the inner weights -----------------------------------------------------------


@pytest.mark.claim("LL-A2-laws")
def test_second_moments_suffice_for_the_sigmoid(starts):
    for law in ("sphere", "signs", "student"):
        supremum = starts.sel(law=law, quantity="supremum over the sphere")
        for d in supremum.input_dim.values:
            bound = supremum_bound(SIGMOID, second_moment=float(d), radius=1.0, delta=1e-3)
            assert float(supremum.sel(input_dim=d).max()) < bound


@pytest.mark.claim("LL-A2-laws")
@pytest.mark.parametrize("law", ["signs", "student"])
def test_kernels_of_two_draws_are_near_whatever_the_tails(law, rng):
    # Both are near the limit, which need not be known. Student's law has no exponential moment,
    # so its increments have no psi_1 norm and the chaining argument does not apply as it stands.
    d, scaled = 6, []
    for width in (200, 3200):
        W, V = (initial_network.draw_weights(law, width, d, rng)[0] for _ in range(2))

        def value_and_gradient(point, W=W, V=V):
            gradient, value = np.zeros_like(point), 0.0
            for weights, sign in ((W, 1.0), (V, -1.0)):
                t = s(weights @ point.T)
                value += sign * (t[:, 0] @ t[:, 1]) / len(weights)
                slope = t * (1 - t) * t[:, ::-1]
                gradient += sign * (weights.T @ slope).T / len(weights)
            return value, gradient

        starts = np.repeat((W.mean(axis=0) - V.mean(axis=0))[None, None], 2, axis=1)
        starts = np.concatenate([starts, rng.standard_normal((4, 2, d))])
        _, values = maximise_on_sphere(value_and_gradient, starts)
        mean = mean_outer_deviation(SIGMOID, width=width, second_moment=float(d), radius=1.0)
        assert values.max() < 2 * mean
        scaled.append(values.max() * math.sqrt(width / d))
    assert max(scaled) < 3 * min(scaled)  # the law n^(-1/2) over a factor 16


@pytest.mark.claim("LL-A2-laws")
def test_lemma_5_extends_for_the_sigmoid_and_not_for_every_activation(rng):
    corners = np.array(list(itertools.product((-1.0, 1.0), repeat=6)))
    X = uniform_on_sphere(40, 6, rng)
    X = np.concatenate([X, -X, np.eye(6), -np.eye(6)])
    values = s(X @ corners.T)
    kernel = values @ values.T / len(corners)
    assert kernel.min() >= kernel_bound_of_second_moments(1.0)
    # sigma(z) = (1 - z^2)^2 exp(-z^2 / 2) satisfies Assumption 3, and w.e_1 is a sign, where it
    # vanishes; all moments of the law are finite.
    spike = lambda z: (1 - z**2) ** 2 * np.exp(-(z**2) / 2)
    z = np.linspace(-20, 20, 100_001)
    assert (spike(z) >= 0).all() and spike(0.0) == 1.0
    assert np.abs(np.gradient(spike(z), z)).max() < 2
    at_axis = spike(corners @ np.eye(6)[0])
    assert np.mean(at_axis**2) == 0
    # Gaussian weights give the same point a positive value.
    assert gaussian_mean(lambda u: spike(u) ** 2) > 0.1
