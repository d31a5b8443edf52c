"""Networks on an interval at the smallest scale: settings, errors, floors and references."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from companion.experiments.sphere_approximation import one_dimension
from companion.experiments.sphere_approximation.line_targets import LINE_TARGETS, line_target
from companion.experiments.sphere_approximation.one_dimension import (
    SCALES,
    Config,
    adam,
    errors,
    marks,
    run,
)
from companion.numerics.montecarlo import stream

CONFIG = SCALES["smoke"]


@pytest.fixture(scope="module")
def data():
    return run(CONFIG)


def weights(width):
    rng = stream(CONFIG.seed, "kinks", width)
    bias = rng.uniform(-1, 1, (CONFIG.num_seeds, width))
    return bias, 2.0 * rng.integers(0, 2, bias.shape) - 1


def network(x, bias, a):
    return (a[:, None] * np.maximum(x + bias[:, None], 0)).sum(axis=0) / np.sqrt(len(a))


# Exact values ------------------------------------------------------------------------------


def test_the_published_settings():
    document = SCALES["document"]
    assert document.widths == (10, 18, 32, 56, 100, 178, 316, 562, 1000)
    assert set(document.targets) == set(LINE_TARGETS) and document.step_share == 1
    steps = {name: [one.steps(w) for w in document.widths] for name, one in LINE_TARGETS.items()}
    assert steps["gaussian 0.5"] == [5_000] * 6 + [10_000, 20_000, 40_000]
    assert steps["gaussian 0.25"] == steps["gaussian 0.1"] == [40_000] * 9
    assert steps["cusp"] == steps["step"] == [10_000] * 9
    x = np.array([-0.3, 0.0, 0.3])
    density = np.exp(-(x**2) / 0.08) / np.sqrt(0.08 * np.pi)  # of the normal law with s = 1/5
    for gain in (0.5, 0.25, 0.1):
        assert_allclose(line_target(f"gaussian {gain}").values(x), gain * density, rtol=1e-14)
    # The tip of the cusp is a sample, the jump of the step is none.
    assert [LINE_TARGETS[name].spare_samples for name in ("cusp", "step")] == [1, 0]


def test_history_starts_at_the_initial_networks(data):
    bias, a = weights(32)
    x = np.linspace(-1, 1, 3200)
    start = [network(x, b, c) - (1 - np.sqrt(np.abs(x))) for b, c in zip(bias, a, strict=True)]
    l2 = np.sqrt((np.array(start) ** 2).sum(axis=1) * 2 / 3200)
    found = data["l2_history"].sel(target="cusp", width=32)
    assert_allclose(found.sel(share=0), np.median(l2), rtol=1e-12)
    assert_allclose(found.sel(share=1), data["l2_error"].sel(target="cusp", width=32).median())
    assert (found.diff("share") < 0).all()


# Identities --------------------------------------------------------------------------------


def test_references(data):
    ratio = data["proven"].sel(width=32) / data["proven"].sel(width=10)
    assert_allclose(ratio, 3.2 ** (-1 / 24), rtol=1e-13)
    assert_allclose(data["proven"].sel(width=10), data["l2_error"].sel(width=10).median("draw"))
    predicted = data["predicted_displacement"]
    assert_allclose(predicted.sel(width=32) / predicted.sel(width=10), 3.2 ** (-1 / 3))
    # Kinks inside of [-1, 1] are a share of all of them.
    share = data["kink_density"].sum("place") * 2 / 40
    assert ((share > 0.5) & (share <= 1)).all()


def test_norms_are_ordered(data):
    # Cauchy and Schwarz on an interval of length 2; the third norm contains the second.
    assert (data["l1_error"] <= np.sqrt(2) * data["l2_error"]).all()
    assert (data["l2_error"] < data["h1_error"]).all()
    assert (data["mean_displacement"] <= data["displacement"]).all()


# Independent computations ------------------------------------------------------------------


def test_no_run_falls_below_its_floor(data):
    # The rule of the grid misses a share of less than one over its 100 m points.
    assert (data["l2_error"] > data["floor"] * (1 - 1 / (100 * data["width"]))).all()


def test_floors_are_those_of_the_signs(data):
    _, a = weights(10)
    for draw, signs in enumerate(a):
        cell = data["floor"].sel(width=10).isel(draw=draw)
        rise = (signs > 0).sum() / np.sqrt(10)
        bend = max((signs < 0).sum() / np.sqrt(10), 4 / 3)
        assert_allclose(cell.sel(target="step"), (12 * rise) ** -0.5, rtol=1e-13)
        assert_allclose(cell.sel(target="cusp"), 0.153007 / bend**2, rtol=1e-5)


def test_training_is_that_of_a_loop_over_pytorch():
    target, (bias, a) = line_target("step"), weights(10)
    training = adam(target, bias, a, num_steps=64)
    x = torch.linspace(-1, 1, 20, dtype=torch.float64)
    y = (x > 0).double()
    b = torch.nn.Parameter(torch.from_numpy(bias[1].copy()))
    optimizer = torch.optim.Adam([b], lr=1e-3)
    for _ in range(64):
        optimizer.zero_grad()
        out = torch.relu(x[:, None] + b) @ torch.from_numpy(a[1]) / 10**0.5
        torch.nn.functional.mse_loss(out, y).backward()
        optimizer.step()
    assert_allclose(training.bias[-1, 1], b.detach().numpy(), rtol=0, atol=1e-10)
    fine = np.linspace(-1, 1, 1000)
    rest = network(fine, training.bias[-1, 1], a[1]) - (fine > 0)
    found = errors(target, training.bias[-1], a)
    assert_allclose(found.l1[1], np.abs(rest).sum() / 500, rtol=1e-12)
    assert_allclose(found.l2[1], np.sqrt((rest**2).sum() / 500), rtol=1e-12)


def test_splines_have_as_many_kinks_as_neurons(data):
    # Known constants of the best approximation, to within the correction at 32 kinks.
    cell = data.sel(width=32)
    x = np.linspace(-1, 1, 100_001)
    bend = line_target("gaussian 0.5").curvature(x)
    size = np.sqrt(np.trapezoid(bend**2, x)) * 4 / np.sqrt(720)
    assert_allclose(cell["uniform_spline"].sel(target="gaussian 0.5"), size / 33**2, rtol=0.05)
    size = np.trapezoid(np.abs(bend) ** 0.4, x) ** 2.5 / np.sqrt(720)
    assert_allclose(cell["free_knot_spline"].sel(target="gaussian 0.5"), size / 33**2, rtol=0.1)
    assert cell["free_knot_spline"].sel(target="step") == 0


# Where naive formulas fail -----------------------------------------------------------------


def test_long_runs_have_their_learning_rate_cut(monkeypatch):
    target, (bias, a) = line_target("step"), weights(10)
    constant = adam(target, bias, a, num_steps=128).bias
    monkeypatch.setattr(one_dimension, "_LONG", 100)
    cut = adam(target, bias, a, num_steps=128).bias
    # The same up to the first quarter; the second half has 1/25 and 1/125 of the rate.
    assert_allclose(cut[:6], constant[:6], rtol=0, atol=1e-15)
    share = np.abs(cut[-1] - cut[-2]).max() / np.abs(constant[-1] - constant[-2]).max()
    assert share < 0.03 * 1.5  # (1/25 + 1/125) / 2, and gradients that differ a little
    assert one_dimension.LEARNING_RATE == 1e-3


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: line_target("hat"), "`target` must be one of gaussian 0.5, .*; got 'hat'"),
        (lambda: run(Config(targets=("hat",))), "`target` must be one of"),
        (lambda: marks(63), "`num_steps` must be at least 64; got 63"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
