"""Training on the line: Adam written out, stacks against single networks, steps that shrink."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from companion.dynamics.line_training import train_on_grid
from companion.networks.line import LineNetworks, uniform_kinks


def start(num_networks=3, width=6, seed=0):
    return uniform_kinks(num_networks, width, np.random.default_rng(seed))


def bump(num_points):
    return np.exp(-10 * np.linspace(-1, 1, num_points) ** 2)


def loss_and_slope(bias, a, y):
    x = np.linspace(-1, 1, len(y))
    active = x > -bias[:, None]
    rest = (a[:, None] * active * (x + bias[:, None])).sum(axis=0) / np.sqrt(len(a)) - y
    slope = 2 / len(y) * a * (active @ rest) / np.sqrt(len(a))
    return np.mean(rest**2), slope


# Exact values ------------------------------------------------------------------------------


def test_no_step_records_the_start():
    bias, a = start()
    networks = LineNetworks(bias, a)
    optimizer = torch.optim.SGD([networks.bias], lr=1.0)
    run = train_on_grid(networks, bump(8), optimizer=optimizer, num_steps=0, record_at=[0])
    assert_allclose(run.bias, bias[None])
    assert_allclose(run.a, a[None])
    assert_allclose(run.loss[0, 1], loss_and_slope(bias[1], a[1], bump(8))[0], rtol=1e-13)


def test_one_plain_step():
    bias, a = start()
    networks = LineNetworks(bias, a)
    optimizer = torch.optim.SGD([networks.bias], lr=0.25)
    run = train_on_grid(networks, bump(9), optimizer=optimizer, num_steps=1)
    _, slope = loss_and_slope(bias[2], a[2], bump(9))
    assert list(run.steps) == [0, 1]
    assert_allclose(run.bias[1, 2], bias[2] - 0.25 * slope, rtol=0, atol=1e-14)


# Identities --------------------------------------------------------------------------------


@pytest.mark.parametrize("fused", [True, False])
def test_a_stack_is_trained_like_single_networks(fused):
    bias, a = start(4, 5)
    runs = []
    for rows in (slice(0, 4), slice(2, 3)):
        networks = LineNetworks(bias[rows], a[rows])
        optimizer = torch.optim.Adam([networks.bias], lr=0.01, fused=fused)
        runs.append(train_on_grid(networks, bump(10), optimizer=optimizer, num_steps=50))
    assert_allclose(runs[0].bias[:, 2:3], runs[1].bias, rtol=0, atol=1e-12)
    assert_allclose(runs[0].loss[:, 2:3], runs[1].loss, rtol=1e-11)


# Independent computations ------------------------------------------------------------------


def test_adam_and_its_schedule_written_out():
    bias, a = start(1, 6)
    networks = LineNetworks(bias, a)
    optimizer = torch.optim.Adam([networks.bias], lr=0.01)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=20, gamma=0.2)
    run = train_on_grid(
        networks,
        bump(13),
        optimizer=optimizer,
        num_steps=60,
        schedule=schedule,
        record_at=[0, 30, 60],
    )
    b, first, second = bias[0].copy(), np.zeros(6), np.zeros(6)
    path = [b.copy()]
    for step in range(1, 61):
        _, slope = loss_and_slope(b, a[0], bump(13))
        first = 0.9 * first + 0.1 * slope
        second = 0.999 * second + 0.001 * slope**2
        rate = 0.01 * 0.2 ** ((step - 1) // 20)
        root = np.sqrt(second / (1 - 0.999**step))
        b = b - rate * first / (1 - 0.9**step) / (root + 1e-8)
        path.append(b)
    # Adam divides by the size of a gradient, which makes roundings of small ones visible.
    assert_allclose(run.bias[:, 0], np.array(path)[[0, 30, 60]], rtol=0, atol=1e-9)


def test_plain_descent_tends_to_a_flow():
    bias, a = start(1, 8)
    ends = []
    for rate in (0.1, 0.05, 0.025):
        networks = LineNetworks(bias, a)
        optimizer = torch.optim.SGD([networks.bias], lr=rate)
        steps = round(2 / rate)
        run = train_on_grid(networks, bump(400), optimizer=optimizer, num_steps=steps)
        ends.append(run.bias[-1, 0])
    coarse, fine = (np.abs(one - two).max() for one, two in pairwise(ends))
    # Of first order; kinks that cross points of the grid disturb it by a share of 1/400.
    assert 1.7 < coarse / fine < 2.3


# Where naive formulas fail -----------------------------------------------------------------


def test_outer_weights_move_only_if_they_are_trained():
    bias, a = start()
    for trained in (False, True):
        networks = LineNetworks(bias, a, trained_outer=trained)
        chosen = [one for one in networks.parameters() if one.requires_grad]
        run = train_on_grid(
            networks, bump(9), optimizer=torch.optim.Adam(chosen, lr=0.01), num_steps=3
        )
        assert (np.abs(run.a[-1] - a).max() > 0.01) == trained


def test_a_loss_that_is_not_finite_is_named():
    networks = LineNetworks(*start(), trained_outer=True)
    optimizer = torch.optim.SGD([networks.a], lr=1e200)  # the square of that is infinite
    with pytest.raises(FloatingPointError, match=r"network \d is not finite after 1 steps"):
        train_on_grid(networks, bump(9), optimizer=optimizer, num_steps=1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_steps": -1}, "`num_steps` must not be negative"),
        ({"num_steps": 3, "record_at": [0, 4]}, "`record_at` must increase from 0 to at most 3"),
        ({"num_steps": 3, "record_at": [2, 2]}, "`record_at` must increase"),
        ({"num_steps": 3, "record_at": []}, "`record_at` must increase"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    networks = LineNetworks(*start())
    optimizer = torch.optim.SGD([networks.bias], lr=0.1)
    with pytest.raises(ValueError, match=message):
        train_on_grid(networks, bump(9), optimizer=optimizer, **arguments)
    with pytest.raises(ValueError, match=r"y\[1\] = inf"):
        train_on_grid(networks, np.array([0.0, np.inf]), optimizer=optimizer, num_steps=1)
