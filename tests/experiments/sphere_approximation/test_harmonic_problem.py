"""What the runs share: coefficients and energies on the grid, and runs that start as told."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from companion.activations import GELU, RELU
from companion.experiments.sphere_approximation.harmonic_problem import (
    deep_network,
    flow_from,
    harmonic_grid,
    log_times,
    outputs,
    trained_network,
)
from companion.spaces.circle import circle_energies


def test_energies_on_the_circle_are_those_of_the_transform(rng):
    grid = harmonic_grid(2, 7)
    values = rng.standard_normal((3, 15))
    assert_allclose(grid.energies(values), circle_energies(values), atol=1e-14)
    # Fifteen functions at fifteen points: nothing is lost.
    assert_allclose(grid.coefficients(values) @ grid.basis.T, values, atol=1e-14)


def test_energies_on_the_sphere_count_what_the_basis_sees(rng):
    grid = harmonic_grid(3, 5)
    coefficients = rng.standard_normal(36)
    inside = grid.basis @ coefficients
    assert_allclose(grid.coefficients(inside), coefficients, atol=1e-13)
    expected = np.bincount(grid.degrees, coefficients**2)
    assert_allclose(grid.energies(inside), expected, rtol=1e-12)
    rough = rng.standard_normal(len(grid.points))
    assert grid.energies(rough).sum() < grid.weights @ rough**2


@pytest.mark.parametrize("activation", [RELU, GELU], ids=lambda sigma: sigma.name)
def test_a_run_starts_with_the_residual_and_trains_the_second_layer(activation, rng):
    grid = harmonic_grid(3, 3)
    network = deep_network(6, 3, activation, rng)
    start = grid.basis @ rng.standard_normal(16)
    t = log_times(2.0, 5)
    run = flow_from(network, grid, start, t, rtol=1e-3)
    assert_allclose(run.residual[0], start, atol=1e-14)
    assert_allclose(run.loss[0], grid.weights @ start**2 / 2, rtol=1e-13)
    assert run.loss[-1] < run.loss[0]
    assert list(run.parameters) == ["W1"]
    # The copy with the parameters of the end has the residual of the end.
    end = trained_network(network, run.parameters)
    moved = outputs(end, grid.points) - outputs(network, grid.points)
    assert_allclose(start + moved, run.residual[-1], atol=1e-13)
    assert not torch.equal(end.weights[1], network.weights[1])
    assert torch.equal(end.weights[0], network.weights[0])


def test_times_end_where_they_should():
    t = log_times(300.0, 4)
    assert_allclose(t, [0, 0.1, np.sqrt(30), 300])
    assert t[-1] == 300.0
