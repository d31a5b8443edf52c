"""Under-parametrised runs against an integration written out, least squares and refusals."""

import dataclasses

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import solve_ivp

from companion.experiments.sphere_approximation.under_parametrised import (
    SCALES,
    num_samples,
    run,
)
from companion.networks.initialization import symmetric_layers
from companion.numerics.montecarlo import stream
from companion.spaces.circle import circle_points
from companion.spaces.targets import borderline_energies, circle_target

CONFIG = SCALES["smoke"]


@pytest.fixture(scope="module")
def data():
    return run(CONFIG)


def problem(width, draw):
    count = num_samples(CONFIG, width)
    energies = borderline_energies(
        input_dim=2, max_degree=CONFIG.max_degree, smoothness=CONFIG.smoothness
    )[: (count + 1) // 2]
    y = circle_target(energies, num_points=count, rng=stream(CONFIG.seed, "target", draw))
    layers = symmetric_layers((width, width), 2, stream(CONFIG.seed, "weights", width, draw))
    return circle_points(count), y, layers


def elu(z):
    return np.where(z > 0, z, np.expm1(np.minimum(z, 0)))


def elu_slope(z):
    return np.where(z > 0, 1.0, np.exp(np.minimum(z, 0)))


def test_errors_begin_with_one_and_fall(data):
    assert_allclose(data.error.isel(t=0), 1, rtol=1e-12)
    assert_allclose(data.linear_error.isel(t=0), 1, rtol=1e-12)
    assert (data.error.diff("t") < 0).all()
    assert (data.linear_floor < data.linear_error.isel(t=-1)).all()
    assert (data.displacement.isel(t=0) == 0).all()


def test_samples_outnumber_weights(data):
    assert (data.num_samples >= 4 * data.width**2).all()


@pytest.mark.parametrize("width", CONFIG.widths)
def test_agrees_with_a_flow_written_out(data, width):
    X, y, (W0, W1, a) = problem(width, 0)
    features = elu(X @ W0.T) / np.sqrt(width)

    def slope(_, flat):
        z = features @ flat.reshape(width, width).T
        residual = elu(z) @ a[0] / np.sqrt(width) - y
        signal = residual[:, None] * elu_slope(z) * a[0] / np.sqrt(width)
        return -(signal.T @ features).ravel() / len(y)

    t = data.t.values
    path = solve_ivp(slope, (0, t[-1]), W1.ravel(), t_eval=t, rtol=1e-8, atol=1e-10).y.T
    residuals = [elu(features @ w.reshape(W1.shape).T) @ a[0] / np.sqrt(width) - y for w in path]
    expected = np.linalg.norm(residuals, axis=1) / np.linalg.norm(y)
    chosen = data.isel(activation=0, trained=0, draw=0).sel(width=width)
    # Each step is allowed one per cent of the residual, and errors decay along the flow.
    assert_allclose(chosen.error, expected, rtol=2e-3)
    moved = [np.linalg.norm(w.reshape(W1.shape) - W1, 2) / np.sqrt(width) for w in path]
    assert_allclose(chosen.displacement, moved, rtol=1e-2, atol=1e-6)


@pytest.mark.parametrize("width", CONFIG.widths)
def test_the_linearisation_ends_at_least_squares(data, width):
    X, y, (W0, W1, a) = problem(width, 1)
    features = elu(X @ W0.T) / np.sqrt(width)
    gates = elu_slope(features @ W1.T) * a[0]
    J = (gates[:, :, None] * features[:, None, :]).reshape(len(y), -1)
    left = y - J @ np.linalg.lstsq(J, y, rcond=1e-12)[0]
    chosen = data.isel(activation=0, trained=0, draw=1).sel(width=width)
    assert_allclose(chosen.linear_floor, np.linalg.norm(left) / np.linalg.norm(y), rtol=1e-8)
    # And its error on the way is that of the exponential of the kernel.
    kernel = J @ J.T / width / len(y)
    rates, modes = np.linalg.eigh(kernel)
    decayed = np.exp(-data.t.values[3] * rates) * (modes.T @ y)
    assert_allclose(
        chosen.linear_error[3], np.linalg.norm(decayed) / np.linalg.norm(y), rtol=1e-10
    )


def test_classical_errors_are_relative_to_the_whole_target(data):
    energies = borderline_energies(
        input_dim=2, max_degree=CONFIG.max_degree, smoothness=CONFIG.smoothness
    )
    tail = energies[2:].sum() / energies.sum()  # four numbers: degrees 0 and 1
    assert_allclose(data.fourier_error.sel(width=2), np.sqrt(tail), rtol=1e-12)
    assert (data.spline_error > 0.5 * data.fourier_error).all()
    assert (data.spline_error < 1.5 * data.fourier_error).all()


def test_too_few_samples_are_refused_with_the_number_needed():
    few = dataclasses.replace(CONFIG, samples_per_weight=3, least_samples=1)
    with pytest.raises(ValueError, match=r"`num_samples` must be at least 16 for width 2 .* 12"):
        run(few)


def test_all_layers_move_if_all_are_trained():
    both = dataclasses.replace(
        CONFIG, trained=("second_to_last", "all"), widths=(4,), num_seeds=1, horizon=3.0
    )
    error = run(both).error.isel(t=-1).squeeze()
    assert error.sel(trained="all") < error.sel(trained="second_to_last")
