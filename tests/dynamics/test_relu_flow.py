"""ReLU flows against solutions by hand, laws of the flow, gradient descent and DOP853."""

from functools import cache
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.integrate import solve_ivp

from companion.dynamics.objective import Objective
from companion.dynamics.relu_flow import relu_steps
from companion.networks.two_layer import TwoLayerNetwork

RTOL = 1e-10
# A few dozen steps, each within RTOL of the distance from the start.
CLOSE = 1e-8


def network(W, a, bias=None, *, frozen=(), exponent=0.5):
    arrays = [None if one is None else np.array(one, float) for one in (W, a, bias)]
    module = TwoLayerNetwork(
        arrays[0], arrays[1], bias=arrays[2], activation=torch.relu, exponent=exponent
    )
    for name in frozen:
        getattr(module, name).requires_grad_(False)
    return module


def followed(module, X, y, *, t_end, nu=None, rtol=RTOL):
    objective = Objective(module, np.array(X, float), np.array(y, float), nu)
    return objective, list(relu_steps(objective, t_end=t_end, rtol=rtol))


def state(steps, t):
    """The state at a time of a list of steps."""
    return next(step for step in steps if t <= step.end).at(t)


def events(steps):
    return [(one.kind, one.sample) for step in steps for one in step.events]


def moments(steps):
    return [one.time for step in steps for one in step.events]


def random_problem(seed, n=6, m=5, d=2, *, bias=True, frozen=()):
    rng = np.random.default_rng(seed)
    module = network(
        rng.standard_normal((m, d)),
        rng.choice([-1.0, 1.0], m),
        rng.standard_normal(m) if bias else None,
        frozen=frozen,
    )
    return module, rng.standard_normal((n, d)), rng.standard_normal(n)


# Exact values: one neuron, W = 1 frozen, so that z_i = x_i + b and the kinks are b = -x_i ---


def test_crosses_a_kink_and_goes_on_at_the_other_rate():
    # Both samples pull b down: r = (b + 2, b + 1) + 1. At b = -1 the second one lets go.
    module = network([[1.0]], [1.0], [1.0], frozen=("W", "a"))
    _, steps = followed(module, [[2.0], [1.0]], [-1.0, -1.0], t_end=1.0)
    crossing = np.log(7 / 3) / 2  # 2 b + 5 from 7 to 3 at rate 2
    assert events(steps) == [("cross", 1)]
    assert_allclose(moments(steps), [crossing], rtol=1e-12)
    t = np.array([0.1, 0.4, crossing, 0.6, 1.0])
    expected = np.where(
        t <= crossing, (7 * np.exp(-2 * t) - 5) / 2, 2 * np.exp(-(t - crossing)) - 3
    )
    assert_allclose([state(steps, one).item() for one in t], expected, rtol=CLOSE)


SLIDING = dict(X=[[2.0], [1.0], [1.5]], y=[1.5, -4.0, 0.2])


def test_slides_where_both_sides_push_and_exits_when_the_pull_turns():
    # At b = -1 sample 1 rests on its kink; a then solves a linear equation by the other two, with
    # preactivations 1 and 1/2, and b is held by alpha = -(r_0 + r_2) / r_1 with r_1 = 4.
    module = network([[1.0]], [0.2], [-1.0], frozen=("W",))
    _, steps = followed(module, **SLIDING, t_end=3.0)
    limit = (1.5 + 0.2 / 2) / (1 + 1 / 4)  # 1.28: a slides towards it at rate 5/4
    turn = (1.5 + 0.2) / (1 + 1 / 2)  # 1.1333: there r_0 + r_2 = 0 and alpha = 0
    exit_time = np.log((limit - 0.2) / (limit - turn)) / (5 / 4)
    assert events(steps) == [("slide", 1), ("exit", 1)]
    assert_allclose(moments(steps), [0.0, exit_time], rtol=1e-9)
    for t in np.linspace(0, exit_time, 7):
        a, b = state(steps, t)
        assert_allclose(a, limit + (0.2 - limit) * np.exp(-5 / 4 * t), rtol=CLOSE)
        assert_allclose(b, -1.0, rtol=0, atol=1e-15)  # projected, so to the last digit
    assert state(steps, 3.0)[1] < -1 - 1e-3  # alpha passed 0, so that the neuron turns off


def test_arrives_at_the_kink_and_stays():
    # The first sample pulls b up with 3/2 - (b + 2), the second down with (b + 1) + 4, when on.
    module = network([[1.0]], [1.0], [0.0], frozen=("W", "a"))
    _, steps = followed(module, [[2.0], [1.0]], [1.5, -4.0], t_end=5.0)
    # 2 b + 5.5 falls from 5.5 to 3.5 at rate 2; below the kink b' = -1/2 - b > 0.
    assert events(steps) == [("slide", 1)]
    assert_allclose(moments(steps), [np.log(5.5 / 3.5) / 2], rtol=1e-12)
    assert_allclose(state(steps, 5.0), [-1.0], rtol=0, atol=1e-15)


def test_slides_along_two_kinks_at_once():
    # w = (1, 1), b = -1 frozen: samples e_1, e_2 on their kinks, the sum of them pulls outwards.
    module = network([[1.0, 1.0]], [0.5], [-1.0], frozen=("bias",))
    _, steps = followed(module, [[1, 0], [0, 1], [1, 1]], [-3.0, -3.0, 2.0], t_end=2.0)
    assert sorted(events(steps)) == [("slide", 0), ("slide", 1)]
    w_1, w_2, a = state(steps, 2.0)
    assert_allclose([w_1, w_2], [1.0, 1.0], rtol=0, atol=1e-15)
    assert_allclose(a, 2 - 1.5 * np.exp(-2.0), rtol=CLOSE)


def test_dies_on_its_kink_when_nothing_else_moves_it():
    # w' = -(w + 1) until w = 0 at ln 2; below, the slope is zero.
    module = network([[1.0]], [1.0], frozen=("a",))
    _, steps = followed(module, [[1.0]], [-1.0], t_end=3.0)
    assert_allclose(moments(steps), [np.log(2)], rtol=1e-12)
    assert_allclose(state(steps, 3.0), [0.0], rtol=0, atol=1e-12)


def test_outer_weight_changes_its_sign_while_sliding():
    # b slides at -1 while a falls at rate 4.01; where a = 0 the valley becomes a ridge, and the
    # flow leaves to the side on which sigma' = 0.
    module = network([[1.0]], [1.0], [-1.0], frozen=("W",))
    _, steps = followed(module, [[3.0], [1.0], [1.1]], [-1.0, -8.0, 5.0], t_end=0.35)
    rate, push = 2**2 + 0.1**2, 2 * 1.0 - 0.1 * 5.0
    release = np.log(1 + rate / push) / rate
    assert events(steps) == [("slide", 1), ("exit", 1)]
    assert_allclose(moments(steps), [0.0, release], rtol=1e-9)
    assert -1.1 < state(steps, 0.35)[1] < -1 - 1e-4


# Laws of the flow --------------------------------------------------------------------------


@settings(max_examples=10)
@given(
    seed=st.integers(0, 10_000),
    bias=st.booleans(),
    frozen=st.sampled_from([(), ("W",), ("a",)]),
)
def test_loss_falls_by_the_square_of_the_speed(seed, bias, frozen):
    # Integrated by Gauss-Legendre within every step, where the speed is a polynomial of degree
    # below 2 * 20 that hardly uses its last orders.
    module, X, y = random_problem(seed, bias=bias, frozen=frozen)
    objective, steps = followed(module, X, y, t_end=2.0)

    def loss(theta):
        return objective.norm(objective.residual(theta)) ** 2 / 2

    nodes, weights = np.polynomial.legendre.leggauss(12)
    dissipated = 0.0
    for step in steps:
        times = step.start + (step.end - step.start) * (nodes + 1) / 2
        speeds = [step.velocity(t) @ step.velocity(t) for t in times]
        dissipated += (step.end - step.start) / 2 * float(weights @ speeds)
    start, end = loss(objective.theta_0), loss(steps[-1].theta)
    assert_allclose(start - end, dissipated, rtol=CLOSE, atol=CLOSE * start)
    for step in steps:
        assert loss(step.theta) <= loss(step.at(step.start)) * (1 + 1e-13)


@settings(max_examples=6)
@given(seed=st.integers(0, 10_000))
def test_balance_of_every_neuron_is_kept(seed):
    # d/dt (a^2 - |w|^2 - b^2) = 0 since alpha z = max(0, z), for every selection.
    module, X, y = random_problem(seed, n=8, m=6, d=2)
    _, steps = followed(module, X, y, t_end=4.0)

    def balance(theta):
        W, a, bias = theta[:12].reshape(6, 2), theta[12:18], theta[18:]
        return a**2 - (W**2).sum(axis=1) - bias**2

    start = balance(steps[0].at(0.0))
    assert_allclose(balance(steps[-1].theta), start, rtol=0, atol=CLOSE * np.abs(start).max())


@cache
def sliding_problem():
    """A problem whose run slides, with the step after its last slide."""
    module, X, y = random_problem(5, n=12, m=8, d=2)
    objective, steps = followed(module, X, y, t_end=20.0)
    index = max(k for k, step in enumerate(steps) if ("slide" in {e.kind for e in step.events}))
    return objective, X, y, steps, steps[index]


def test_no_selection_has_a_shorter_slope(rng):
    # Elements of the subdifferential: every alpha in [0, 1] where a preactivation is zero.
    _, X, y, _, step = sliding_problem()
    theta, n = step.theta, len(X)
    W, a, bias = theta[:16].reshape(8, 2), theta[16:24], theta[24:]
    z = X @ W.T + bias
    on_kink = np.abs(z) < 1e-12
    assert on_kink.any()
    r = (np.maximum(z, 0) @ a) / np.sqrt(8) - y
    speed = np.linalg.norm(step.velocity(step.end))
    shortest = np.inf
    for _ in range(200):
        alpha = np.where(on_kink, rng.random((n, 8)), z > 0)
        back = r[:, None] * alpha * a / np.sqrt(8)
        slope = np.concatenate(
            [(back.T @ X).ravel(), r @ np.maximum(z, 0) / np.sqrt(8), back.sum(axis=0)]
        )
        shortest = min(shortest, float(np.linalg.norm(slope)))
    assert speed <= shortest * (1 + 1e-12)


def test_sliding_preactivations_stay_zero():
    _, X, _, steps, step = sliding_problem()
    touched = {(e.sample, e.neuron): 0 for e in step.events if e.kind == "slide"}
    for sample, neuron in touched:
        theta = steps[-1].theta if step is steps[-1] else step.theta
        z = X[sample] @ theta[2 * neuron : 2 * neuron + 2] + theta[24 + neuron]
        assert abs(z) < 1e-14


def test_steps_join_and_states_are_continuous():
    _, _, _, steps, _ = sliding_problem()
    for one, other in pairwise(steps):
        assert one.end == other.start
        # A neuron is moved to its kink by no more than the overshoot, 1e-13 times its size.
        assert_allclose(other.at(other.start), one.theta, rtol=0, atol=1e-11)
        assert_allclose(one.at(one.end), one.theta, rtol=1e-15)
    assert steps[0].start == 0.0
    assert steps[-1].end == 20.0


@pytest.mark.parametrize("factor", [2.0, 0.25])
def test_weights_of_points_are_a_unit_of_time(factor):
    module, X, y = random_problem(3)
    _, one = followed(module, X, y, t_end=3.0)
    _, other = followed(module, X, y, t_end=3.0 / factor, nu=np.full(len(y), factor))
    assert_allclose(other[-1].theta, one[-1].theta, rtol=CLOSE)


# Independent computations ------------------------------------------------------------------


def test_agrees_with_dop853_while_no_sign_changes():
    module, X, y = random_problem(11, n=5, m=12, d=3)
    objective, steps = followed(module, X, y, t_end=1.0)
    t_end = min([1.0, *moments(steps)]) * 0.999
    assert t_end > 1e-3
    other = solve_ivp(
        lambda _, theta: -objective.gradient(theta),
        (0, t_end),
        objective.theta_0,
        method="DOP853",
        rtol=1e-12,
        atol=1e-13,
    ).y[:, -1]
    assert_allclose(state(steps, t_end), other, rtol=0, atol=1e-10)


@pytest.mark.parametrize("frozen", [(), ("W",), ("bias",), ("a",)])
@pytest.mark.parametrize("exponent", [0.5, 1])
def test_velocity_at_the_start_is_minus_the_gradient(frozen, exponent, rng):
    module = network(
        rng.standard_normal((4, 3)),
        rng.standard_normal(4),
        rng.standard_normal(4),
        frozen=frozen,
        exponent=exponent,
    )
    X, y, nu = rng.standard_normal((7, 3)), rng.standard_normal(7), rng.random(7)
    objective, steps = followed(module, X, y, t_end=1e-3, nu=nu)
    expected = -objective.gradient(objective.theta_0)
    assert_allclose(steps[0].velocity(0.0), expected, rtol=1e-12, atol=1e-13)


def descended(X, y, theta, *, t_end, num_steps):
    """Gradient descent with sigma'(0) = 0, by hand, for 8 neurons in the plane with biases."""
    W, a, bias = theta[:16].reshape(8, 2).copy(), theta[16:24].copy(), theta[24:].copy()
    eta = t_end / num_steps
    for _ in range(num_steps):
        z = X @ W.T + bias
        h = np.maximum(z, 0)
        r = (h @ a / np.sqrt(8) - y) / np.sqrt(8)
        back = r[:, None] * (z > 0) * a
        W, a, bias = W - eta * back.T @ X, a - eta * r @ h, bias - eta * back.sum(axis=0)
    return np.concatenate([W.ravel(), a, bias])


def test_gradient_descent_converges_to_it_at_order_one():
    # With slides and crossings. The errors fall like the step, up to the phase of the zigzag
    # around sliding kinks, which is why the ratio is not exactly 10.
    objective, X, y, steps, _ = sliding_problem()
    assert sum(kind == "slide" for kind, _ in events(steps)) > 2
    end = steps[-1].theta
    distance = np.linalg.norm(end - objective.theta_0)
    errors = [
        np.linalg.norm(descended(X, y, objective.theta_0, t_end=20.0, num_steps=k) - end)
        for k in (2_000, 20_000)
    ]
    assert errors[1] < 2e-3 * distance
    assert 6 < errors[0] / errors[1] < 16


def test_tolerances_agree():
    _, _, _, steps, _ = sliding_problem()
    module, X, y = random_problem(5, n=12, m=8, d=2)
    loose = followed(module, X, y, t_end=20.0, rtol=1e-6)[1][-1].theta
    assert np.linalg.norm(loose - steps[-1].theta) < 1e-5 * np.linalg.norm(loose)


# Places where naive formulas fail ----------------------------------------------------------


def test_copies_of_a_sample_are_one_sample_of_twice_the_weight():
    module, X, y = random_problem(5, n=12, m=8, d=2)
    twice = np.concatenate([X, X[3:5]]), np.concatenate([y, y[3:5]])
    _, doubled = followed(module, *twice, t_end=5.0)
    weights = np.ones(12)
    weights[3:5] = 2
    _, weighted = followed(module, X, y, t_end=5.0, nu=weights)
    assert_allclose(doubled[-1].theta, weighted[-1].theta, rtol=CLOSE, atol=CLOSE)
    assert [e[:2] for e in events(doubled)] == [e[:2] for e in events(weighted)]


def test_points_of_weight_zero_make_no_kinks():
    module, X, y = random_problem(5, n=12, m=8, d=2)
    nu = np.ones(12)
    nu[[2, 7]] = 0
    kept = nu > 0
    _, weighted = followed(module, X, y, t_end=2.0, nu=nu)
    _, fewer = followed(module, X[kept], y[kept], t_end=2.0)
    assert_allclose(weighted[-1].theta, fewer[-1].theta, rtol=CLOSE, atol=CLOSE)


@pytest.mark.parametrize(
    ("targets", "expected"),
    [((-2.0, 1.0), [-1.0]), ((-2.0, -1.0), [0.0]), ((2.0, 1.0), [2.0])],
    ids=["passes", "rests", "stays"],
)
def test_opposite_samples_share_a_kink(targets, expected):
    # f = max(0, w x) at x = 1 and -1: the slopes at w = 0 are -y_1 above and y_2 below.
    module = network([[1.0]], [1.0], frozen=("a",))
    _, steps = followed(module, [[1.0], [-1.0]], targets, t_end=40.0)
    assert_allclose(steps[-1].theta, expected, rtol=0, atol=1e-11)


@pytest.mark.parametrize("pull", [1.0, -1.0])
def test_a_start_on_a_ridge_takes_the_side_of_zero_slope(pull):
    # Both sides of w = 0 lead away from it (2 leads up), or both lead one way with another sample.
    module = network([[0.0]], [1.0], frozen=("a",))
    _, steps = followed(module, [[1.0]], [2.0 * pull], t_end=5.0)
    assert_allclose(steps[-1].theta, [0.0], rtol=0, atol=1e-15)
    assert len(steps) == 1


def test_zero_rows_and_dead_neurons_rest():
    module = network([[-1.0, -1.0], [1.0, 0.5]], [1.0, 1.0])
    X = [[0.0, 0.0], [1.0, 2.0], [2.0, 1.0]]
    _, steps = followed(module, X, [3.0, 1.0, -1.0], t_end=5.0)
    assert_allclose(steps[-1].theta[:2], [-1.0, -1.0], rtol=0)
    assert_allclose(steps[-1].theta[4], 1.0, rtol=0)


def test_all_neurons_dead_is_one_step():
    _, steps = followed(network([[-1.0]], [1.0]), [[1.0], [2.0]], [1.0, 1.0], t_end=7.0)
    assert len(steps) == 1
    assert steps[0].end == 7.0
    assert_allclose(steps[0].velocity(3.0), 0.0)


def test_a_neuron_can_die_at_the_origin():
    # a^2 - |w|^2 = 4 > 0, so that w reaches zero in finite time, where all kinks meet. All targets
    # are negative enough to hold it there, and a does not move any more.
    module = network([[0.5, 0.3]], [2.083266665599966])
    rng = np.random.default_rng(0)
    X = rng.standard_normal((6, 2))
    _, steps = followed(module, X, np.full(6, -3.0), t_end=30.0)
    assert_allclose(steps[-1].theta[:2], 0.0, rtol=0, atol=1e-11)
    assert_allclose(steps[-1].theta[2] ** 2, 2.083266665599966**2 - 0.34, rtol=CLOSE)


def test_a_converged_run_rests_instead_of_following_rounding():
    module, X, y = random_problem(1, n=3, m=10, d=3)
    objective, steps = followed(module, X, y, t_end=1e6)
    assert len(steps) < 1000
    # 100 roundings of the size of outputs and targets
    assert objective.norm(objective.residual(steps[-1].theta)) < 1e-13 * objective.output_scale()


def test_identical_neurons_move_together():
    module = network([[0.4, 0.2]] * 3, [1.0] * 3, [0.1] * 3)
    _, X, y = random_problem(8, n=9)
    _, steps = followed(module, X, y, t_end=5.0)
    W = steps[-1].theta[:6].reshape(3, 2)
    assert_allclose(W, np.tile(W[:1], (3, 1)), rtol=0, atol=1e-10)


def test_another_module_is_refused():
    module = network([[1.0]], [1.0])
    module.activation = torch.tanh
    with pytest.raises(TypeError, match="TwoLayerNetwork"):
        followed(module, [[1.0]], [1.0], t_end=1.0)
