"""Margins of events: signs, zeros, and that none is left out."""

import numpy as np
import torch
from numpy.testing import assert_allclose

from companion.dynamics.objective import Objective
from companion.dynamics.relu_margins import event_margins
from companion.dynamics.relu_pattern import Pattern
from companion.dynamics.relu_problem import ReluProblem
from companion.dynamics.relu_series import relu_series
from companion.networks.two_layer import TwoLayerNetwork


def prepared(W, a, X, y, bias=None, frozen=()):
    arrays = [None if one is None else np.array(one, float) for one in (W, a, bias)]
    module = TwoLayerNetwork(arrays[0], arrays[1], bias=arrays[2], activation=torch.relu)
    for name in frozen:
        getattr(module, name).requires_grad_(False)
    objective = Objective(module, np.array(X, float), np.array(y, float))
    problem = ReluProblem(objective)
    pattern = Pattern(problem)
    W = problem.W.copy()
    pattern.settle_start(W, problem.a, objective.residual(objective.theta_0))
    return pattern, relu_series(pattern, W, problem.a, 10)


def test_margins_off_kinks_are_preactivations(rng):
    W, a = rng.standard_normal((6, 3)), rng.standard_normal(6)
    X, y = rng.standard_normal((8, 3)), rng.standard_normal(8)
    pattern, series = prepared(W, a, X, y)
    length = 0.02
    margins = event_margins(pattern, series, length)
    assert 0 < len(margins.neuron) < 48
    assert not margins.leaves_to.any()
    for tau in (0.0, 0.3, 1.0):
        moved = np.tensordot((tau * length) ** np.arange(11), series.W, 1)
        z = np.einsum("kd,kd->k", moved[margins.neuron], X[margins.kink])
        found = margins.polynomials @ tau ** np.arange(11)
        side = np.sign(np.einsum("kd,kd->k", W[margins.neuron], X[margins.kink]))
        # The overshoot, 1e-13 of sizes up to a few, and the rounding of eleven terms.
        assert_allclose(found, side * z, rtol=0, atol=1e-11)


def test_no_margin_that_changes_its_sign_is_left_out(rng):
    W, a = rng.standard_normal((6, 3)), rng.standard_normal(6)
    X, y = rng.standard_normal((8, 3)), 3 * rng.standard_normal(8)
    pattern, series = prepared(W, a, X, y)
    margins = event_margins(pattern, series, 0.1)
    listed = set(zip(margins.neuron.tolist(), margins.kink.tolist(), strict=True))
    changed = set()
    for tau in np.linspace(0, 0.1, 50):
        moved = np.tensordot(tau ** np.arange(11), series.W, 1)
        changed |= set(map(tuple, np.argwhere((moved @ X.T > 0) != (W @ X.T > 0)).tolist()))
    assert changed
    assert changed <= listed


def test_margins_of_sliding_are_weights_of_the_kink():
    # b slides at -1: alpha = -(r_0 + r_2) / r_1 with r_1 = 4; a solves a linear equation.
    pattern, series = prepared(
        [[1.0]], [0.2], [[2.0], [1.0], [1.5]], [1.5, -4.0, 0.2], bias=[-1.0], frozen=("W",)
    )
    assert pattern.side[0, 1] == 0
    length = 2.0
    margins = event_margins(pattern, series, length)
    limit, tau = (1.5 + 0.2 / 2) / 1.25, 0.2
    a = limit + (0.2 - limit) * np.exp(-1.25 * tau * length)
    alpha = -((a - 1.5) + (a / 2 - 0.2)) / 4
    values = {
        (int(kink), int(side)): row @ tau ** np.arange(11)
        for row, kink, side in zip(
            margins.polynomials, margins.kink, margins.leaves_to, strict=True
        )
    }
    # Order 10 at 1.25 * 0.4: the rest of the exponential is below 0.5**11 / 11! = 1e-11.
    assert_allclose(values[1, -1], alpha * 4, rtol=1e-9)
    assert_allclose(values[1, 1], (1 - alpha) * 4, rtol=1e-9)
