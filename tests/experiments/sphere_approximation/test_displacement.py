"""Displacements along runs: against an integrator of our own, the bound, and the definitions."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import solve_ivp
from scipy.special import ndtr

from companion.experiments.base import execute
from companion.experiments.sphere_approximation import displacement
from companion.experiments.sphere_approximation.displacement import (
    EXPERIMENT,
    SCALES,
    Config,
    run,
)
from companion.networks.initialization import gaussian_layers
from companion.numerics.montecarlo import stream
from companion.spaces.targets import borderline_energies, circle_target

CONFIG = SCALES["smoke"]


@pytest.fixture(scope="module")
def data():
    return execute(EXPERIMENT, CONFIG)


def test_agrees_with_an_implicit_integrator_of_the_second_matrix(data):
    width, count = 16, CONFIG.num_points
    angle = 2 * np.pi * np.arange(count) / count
    X = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    W, V, a = gaussian_layers((width, width), 2, stream(CONFIG.seed, "weights", 2, width, 1))
    energies = borderline_energies(input_dim=2, max_degree=11, smoothness=0.45)
    y = circle_target(energies, num_points=count, rng=stream(CONFIG.seed, "target", 1))
    y /= np.sqrt(np.mean(y**2))
    gelu = lambda z: z * ndtr(z)
    slope = lambda z: ndtr(z) + z * np.exp(-z * z / 2) / np.sqrt(2 * np.pi)
    values = gelu(X @ W.T) / np.sqrt(width)

    def residual(U):
        return gelu(values @ U.T) @ a[0] / np.sqrt(width) - y

    def velocity(_, flat):
        U = flat.reshape(width, width)
        signal = residual(U)[:, None] * slope(values @ U.T) * a[0] / np.sqrt(width)
        return -(signal.T @ values / count).ravel()

    t = data.t.values
    solution = solve_ivp(velocity, (0, t[-1]), V.ravel(), method="LSODA", t_eval=t, rtol=1e-8)
    run_ = data.sel(activation="gelu", width=width, depth=2).isel(draw=1, target_norm=0)
    moved = np.linalg.norm(solution.y - V.ravel()[:, None], axis=0) / np.sqrt(width)
    # The accuracy of a step is 1e-3 of the distance from the start.
    assert_allclose(run_.displacement[1:], moved[1:], rtol=5e-3)
    sizes = [np.sqrt(np.mean(residual(U.reshape(width, width)) ** 2)) for U in solution.y.T]
    assert_allclose(run_.residual, sizes, rtol=5e-3)
    last = (solution.y[:, -1] - V.ravel()).reshape(width, width)
    expected = np.linalg.norm(last, 2) / np.sqrt(width)
    assert_allclose(run_.by_layer.sel(layer=1), expected, rtol=5e-3)
    assert np.isnan(run_.by_layer.sel(layer=0))


def test_the_bound_holds_along_every_run(data):
    assert (data.displacement <= data.bound * (1 + 1e-12)).all()
    assert (data.bound.isel(t=-1) < 4 * data.displacement.isel(t=-1)).all()


def test_everything_starts_at_zero(data):
    for name in ("departure", "kernel_drift", "displacement"):
        assert_allclose(data[name].isel(t=0), 0, atol=1e-12)
        assert (data[name].isel(t=-1) > 0).all()


def test_the_integral_is_that_of_the_residual(data):
    cell = data.isel(activation=0, depth=0, width=0, target_norm=0, draw=0)
    expected = np.trapezoid(cell.residual, cell.t)
    assert_allclose(cell.integral.isel(t=-1), expected, rtol=1e-12)


def test_all_hidden_layers_move_when_asked():
    config = Config(
        activations=("gelu",),
        depths=(2,),
        widths=(8,),
        target_norms=(0.5, 4.0),
        trained="all hidden",
        num_points=12,
        horizon=4.0,
        num_times=4,
        num_draws=1,
    )
    data = run(config)
    assert (data.by_layer > 0).all()
    largest = data.displacement.isel(t=-1).squeeze()
    assert largest[1] > 2 * largest[0]  # a target eight times as large


def test_the_two_far_runs_differ_in_what_is_trained_only():
    far, near = displacement.FAR, displacement.FAR_SECOND_TO_LAST
    assert far.trained == "all hidden"
    assert near.trained == "second to last"
    assert (far.target_norms, far.widths, far.horizon) == (
        near.target_norms,
        near.widths,
        near.horizon,
    )
