"""The rank of the tangent kernel at the start: Jakhmola's condition, and what replaces it.

Jacobians are written out here in NumPy, in rational arithmetic where an identity is claimed, and
with many digits where a determinant must not vanish. The library supplies counts and bounds.
"""

from fractions import Fraction
from itertools import pairwise

import mpmath
import numpy as np
import pytest
from torch import nn

from companion.activations import leaky_relu
from companion.claims.general_architectures import fully_connected_parameters
from companion.claims.general_architectures_line import singular_start_probability
from companion.claims.general_architectures_rank import always_singular, largest_rank
from companion.networks.multilayer import multilayer_perceptron

SLOPE = 0.01


def draw(widths, rng):
    """PyTorch's default law."""
    layers = []
    for before, after in pairwise(widths):
        W, b = rng.uniform(-1, 1, (after, before)), rng.uniform(-1, 1, after)
        layers.append((W / before**0.5, b / before**0.5))
    return layers


def jacobian(layers, X, sigma, slope):
    """All outputs of all samples by all parameters, by the chain rule."""
    h, seen, slopes = X, [], []
    for place, (W, b) in enumerate(layers):
        seen.append(np.column_stack([h, np.ones(len(X))]))
        z = h @ W.T + b
        slopes.append(slope(z))
        h = sigma(z) if place + 1 < len(layers) else z
    q = layers[-1][0].shape[0]
    delta, blocks = np.broadcast_to(np.eye(q), (len(X), q, q)), []
    for place in reversed(range(len(layers))):
        rows = delta[..., None] * seen[place][:, None, None, :]
        blocks.append(rows.reshape(len(X) * q, -1))
        if place:
            delta = (delta @ layers[place][0]) * slopes[place - 1][:, None, :]
    return np.concatenate(blocks, axis=1)


def leaky(z):
    return np.where(z > 0, z, SLOPE * z)


def leaky_slope(z):
    return np.where(z > 0, 1.0, SLOPE)


def rank(J):
    return np.linalg.matrix_rank(J, rtol=1e-12)


def in_ball(n, d, rng):
    X = rng.standard_normal((n, d))
    return X / np.linalg.norm(X, axis=1, keepdims=True) * rng.random((n, 1)) ** (1 / d)


@pytest.mark.claim("YJ-Lem3.2a", "YJ-Cor3.2.1(1)")
def test_one_neuron_and_four_samples_have_rank_three_for_all_rational_parameters(rng):
    half = Fraction(1, 2)
    assert fully_connected_parameters((1, 1, 1)) == 4
    for _ in range(200):
        numbers = [Fraction(int(k), int(m)) for k, m in rng.integers(1, 99, (7, 2))]
        w, a, b, *x = (k if rng.random() < 0.5 else -k for k in numbers)
        for point in x:
            slope = 1 if w * point + b > 0 else half
            row = (a * slope * point, a * slope, (w * point + b) * slope, 1)
            assert row[0] * w + row[1] * b - row[2] * a == 0
    # On three samples the rank three is attained: the bound is sharp.
    layers = [(np.ones((1, 1)), np.zeros(1)), (np.ones((1, 1)), np.zeros(1))]
    X = np.array([[-2.0], [1.0], [2.0]])
    assert rank(jacobian(layers, X, leaky, leaky_slope)) == 3


@pytest.mark.claim("YJ-Lem3.2a", "YJ-Tab1-own")
@pytest.mark.parametrize("hidden", [(5,), (40,), (200,), (12, 12), (3, 30, 3)])
def test_an_open_set_of_starts_is_singular_at_every_width(hidden, rng):
    widths, n = (2, *hidden, 1), 4  # n = N + 2
    assert fully_connected_parameters(widths) >= n
    layers = draw(widths, rng)
    for W, b in layers[:-1]:  # weights smaller than biases: one sign on the whole ball
        W *= 0.01
        b[:] = np.sign(b) * (0.1 + np.abs(b))
    for _ in range(5):  # and so for all parameters and inputs near these
        near = [(W + 1e-3 * rng.standard_normal(W.shape) / W.size, b) for W, b in layers]
        assert rank(jacobian(near, in_ball(n, 2, rng), leaky, leaky_slope)) <= 3


@pytest.mark.claim("YJ-Lem3.2a")
def test_the_probability_on_a_line_is_not_one():
    rng, count = np.random.default_rng(0), 1500
    for h, n in ((1, 3), (2, 3), (4, 6)):
        regular = sum(
            rank(jacobian(draw((1, h, 1), rng), rng.uniform(-1, 1, (n, 1)), leaky, leaky_slope))
            == n
            for _ in range(count)
        )
        p = singular_start_probability(h, n)
        assert abs(1 - regular / count - p) < 4 * (p * (1 - p) / count) ** 0.5
        assert 0.5 < p < 1


@pytest.mark.claim("YJ-Lem3.2a", "YJ-Cor3.2.1(1)")
@pytest.mark.parametrize(
    ("widths", "n"), [((4, 5, 1), 27), ((4, 5, 1), 31), ((4, 6, 5, 6), 9), ((5, 30, 2, 4), 12)]
)
def test_enough_parameters_and_singular_at_every_draw(widths, n, rng):
    rows, bound = n * widths[-1], largest_rank(widths, num_samples=n, homogeneous=True)
    assert fully_connected_parameters(widths) >= rows > bound
    ranks = {
        rank(jacobian(draw(widths, rng), rng.standard_normal((n, widths[0])), leaky, leaky_slope))
        for _ in range(40)
    }
    assert max(ranks) <= bound
    assert n in always_singular(widths)


@pytest.mark.claim("YJ-Lem3.2a")
def test_more_outputs_than_parameters_are_singular(rng):
    J = jacobian(draw((1, 1, 1), rng), rng.standard_normal((5, 1)), np.tanh, lambda z: z)
    assert J.shape == (5, 4)
    assert np.linalg.eigvalsh(J @ J.T)[0] < 1e-12 * np.linalg.norm(J) ** 2


@pytest.mark.claim("YJ-Lem3.2a", "YJ-Tab1-own")
@pytest.mark.parametrize("widths", [(2, 7, 1), (2, 1, 7, 2), (3, 2, 1, 7, 1)])
def test_analytic_activations_are_regular_with_a_last_layer_of_n_minus_one(widths, rng):
    # The features of eight samples and the output bias: a determinant with sixty digits.
    n = widths[-2] + 1
    with mpmath.workdps(60):
        h = [[mpmath.mpf(float(x)) for x in row] for row in rng.standard_normal((n, widths[0]))]
        for before, after in pairwise(widths[:-1]):
            W = rng.standard_normal((after, before + 1)).tolist()
            h = [
                [mpmath.tanh(mpmath.fdot(row, map(mpmath.mpf, w[:-1])) + w[-1]) for w in W]
                for row in h
            ]
        features = mpmath.matrix([[*row, 1] for row in h])
        # Entries are at most one; rounding makes determinants of about 1e-58 out of zero.
        assert abs(mpmath.det(features)) > mpmath.mpf(10) ** -45
        # With two equal samples it is zero.
        features[1, :] = features[0, :]
        assert abs(mpmath.det(features)) < mpmath.mpf(10) ** -55


@pytest.mark.claim("YJ-Act")
@pytest.mark.parametrize(
    ("widths", "sigma", "slope", "dimension"),
    [
        ((2, 40, 1), lambda z: z, np.ones_like, 3),
        ((2, 40, 1), lambda z: z**2, lambda z: 2 * z, 6),
        ((2, 12, 12, 1), lambda z: z**2, lambda z: 2 * z, 15),
        ((3, 25, 2), lambda z: z, np.ones_like, 8),
    ],
)
def test_identity_and_square_pass_the_assumption_and_not_the_lemma(
    widths, sigma, slope, dimension, rng
):
    n = 18
    assert fully_connected_parameters(widths) >= n * widths[-1]
    ranks = {
        np.linalg.matrix_rank(
            jacobian(draw(widths, rng), rng.standard_normal((n, widths[0])), sigma, slope),
            rtol=1e-10,  # the last counted singular value is above 1e-6, the next near 1e-16
        )
        for _ in range(10)
    }
    assert ranks == {dimension}


@pytest.mark.claim("YJ-Thm1.1")
def test_one_neuron_never_fits_labels_that_are_not_monotone(rng):
    assert fully_connected_parameters((1, 1, 1)) >= 3
    x = np.array([-1.0, 0.0, 1.0])
    w, b, a, c = 10 * rng.standard_normal((4, 100_000, 1))
    hidden = leaky(w * x + b)
    for y, floor in ((np.array([0.0, 1.0, 0.0]), 0.25), (np.array([0.05, 1.0, -0.05]), 0.2)):
        assert (((a * hidden + c - y) ** 2).sum(axis=1) / 2).min() >= floor
        # The best a and c for each kink come close: the floor is not far below.
        both = hidden - hidden.mean(axis=1, keepdims=True)
        centred = y - y.mean()
        fitted = (both @ centred) ** 2 / (both**2).sum(axis=1)
        least = (centred @ centred - fitted) / 2
        assert floor <= least.min() < 1.3 * floor


@pytest.mark.claim("YJ-Thm1.1")
def test_gradient_flow_stays_above_the_floor(rng):
    x, y = np.array([[-1.0], [0.0], [1.0]]), np.array([0.0, 1.0, 0.0])
    for _ in range(5):
        layers = draw((1, 1, 1), rng)
        theta = np.concatenate([part.ravel() for layer in layers for part in layer])
        losses = []
        for _ in range(2000):  # small steps; the floor holds at every one
            w, b, a, c = theta
            z = w * x[:, 0] + b
            residual = a * leaky(z) + c - y
            losses.append(residual @ residual / 2)
            s = leaky_slope(z)
            J = np.stack([a * s * x[:, 0], a * s, leaky(z), np.ones(3)])
            theta = theta - 0.02 * J @ residual
        assert min(losses) >= 0.25
        assert losses[-1] < losses[0]


@pytest.mark.claim("YJ-Cor3.2.1(1)")
@pytest.mark.parametrize("widths", [(1, 1, 1), (4, 6, 5, 6), (500, 50, 50, 50), (3, 2)])
def test_the_count_of_parameters(widths):
    net = multilayer_perceptron(widths, activation=leaky_relu(SLOPE), seed=0)
    assert fully_connected_parameters(widths) == sum(p.numel() for p in net.parameters())


@pytest.mark.claim("YJ-Eq1")
def test_a_plain_network_is_a_composition_of_polynomials(rng):
    net = multilayer_perceptron((3, 4, 5, 2), activation=leaky_relu(SLOPE), seed=1)
    linear = [part for part in net if isinstance(part, nn.Linear)]
    layers = [(p.weight.detach().numpy(), p.bias.detach().numpy()) for p in linear]
    X = rng.standard_normal((6, 3))

    def f(layers):
        h = X
        for place, (W, b) in enumerate(layers):
            h = h @ W.T + b
            h = leaky(h) if place + 1 < len(layers) else h
        return h

    outputs = net(next(net.parameters()).new_tensor(X)).detach().numpy()
    np.testing.assert_allclose(f(layers), outputs, rtol=0, atol=1e-14)
    # On a short line no sign changes: a polynomial of degree three, the number of layers.
    moves = [(rng.standard_normal(W.shape), rng.standard_normal(b.shape)) for W, b in layers]
    values = np.stack(
        [
            f([(W + t * V, b + t * v) for (W, b), (V, v) in zip(layers, moves, strict=True)])
            for t in 1e-3 * np.arange(5)
        ]
    )
    third, fourth = np.diff(values, 3, axis=0), np.diff(values, 4, axis=0)
    assert np.abs(fourth).max() < 1e-13  # rounding of values of order one, times sixteen
    assert np.abs(third).max() > 1e-10
