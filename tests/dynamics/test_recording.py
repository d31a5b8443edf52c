"""Recorded quantities against their definitions, computed from the parameters alone."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn

from companion.dynamics.objective import Objective
from companion.dynamics.recording import Recorder
from strangers import stranger


def recorded(module, X, moves, **options):
    """Records at the start and after each of the given moves of all parameters."""
    y = torch.zeros_like(module(X)).detach()
    objective = Objective(module, X, y)
    recorder = Recorder(objective, **options)
    for t, move in enumerate(moves):
        recorder.add(float(t), objective.theta_0 + move)
    return recorder.trajectory(method="none"), objective


@pytest.fixture
def moves(rng):
    return np.concatenate([np.zeros((1, 32)), rng.standard_normal((2, 32))])  # 3-5-2 and biases


def test_distances_are_those_of_parameters_and_rows(moves):
    module, X = stranger("perceptron")
    run, _ = recorded(module, X, moves)
    W, b, A, c = moves[:, :15], moves[:, 15:20], moves[:, 20:30], moves[:, 30:]
    expected = np.stack([np.linalg.norm(part, axis=1) for part in (W, b, A, c)], axis=1)
    assert list(run.parameters) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    assert_allclose(run.distance_by_parameter, expected, rtol=1e-13)
    assert_allclose(run.distance, np.linalg.norm(moves, axis=1), rtol=1e-13)
    # The rows of the first matrix are neurons; those of the second are the two outputs.
    rows = np.linalg.norm(W.reshape(3, 5, 3), axis=2).max(axis=1)
    assert_allclose(run.neuron_distance, rows, rtol=1e-13)


def test_neurons_of_convolutions_are_filters_and_vectors_have_none(rng):
    module, X = stranger("convolution")  # two 1 x 3 x 3 filters, then one output
    num_params = sum(p.numel() for p in module.parameters())
    move = rng.standard_normal((1, num_params))
    run, _ = recorded(module, X, move)
    filters = np.linalg.norm(move[0, :18].reshape(2, 9), axis=1).max()
    assert_allclose(run.neuron_distance, [filters], rtol=1e-13)
    only, X = nn.Linear(3, 2).double(), torch.ones(4, 3, dtype=torch.float64)
    move = rng.standard_normal((1, 8))
    rows = np.linalg.norm(move[0, :6].reshape(2, 3), axis=1).max()
    assert_allclose(recorded(only, X, move)[0].neuron_distance, [rows], rtol=1e-13)
    only.weight.requires_grad_(False)
    assert recorded(only, X, np.zeros((1, 2)))[0].neuron_distance is None


def test_spectral_records_are_those_of_the_jacobian(moves):
    module, X = stranger("perceptron")
    run, objective = recorded(
        module, X, 0.1 * moves, record=("kernel_drift", "lambda_max", "lambda_min")
    )
    grams = []
    for move in 0.1 * moves:
        parameters = {
            n: torch.from_numpy(v) for n, v in objective.named(objective.theta_0 + move).items()
        }
        jacobian = torch.func.jacrev(lambda p: torch.func.functional_call(module, p, (X,)))
        rows = [part.flatten(2).flatten(0, 1) for part in jacobian(parameters).values()]
        J = torch.cat(rows, dim=1).detach().numpy()
        grams.append(J @ J.T)
    eigenvalues = np.linalg.eigvalsh(np.array(grams))
    scale = eigenvalues.max()
    assert_allclose(run.lambda_min, eigenvalues[:, 0], rtol=0, atol=1e-13 * scale)
    assert_allclose(run.lambda_max, eigenvalues[:, -1], rtol=1e-12)
    drift = [np.linalg.norm(g - grams[0], 2) / np.linalg.norm(grams[0], 2) for g in grams]
    assert_allclose(run.kernel_drift, drift, rtol=1e-11)
    assert (run.dissipation_rate >= run.lambda_min).all()
    assert (run.dissipation_rate <= run.lambda_max).all()


def test_what_was_evaluated_is_counted(moves):
    module, X = stranger("perceptron")
    run, _ = recorded(module, X, moves, record=("lambda_min", "kernel_drift"))
    assert run.num_gradients == 3
    assert run.num_grams == 4  # one a record, and that of the start


def test_a_run_without_records_has_arrays_of_length_zero():
    module, X = stranger("perceptron")
    run, _ = recorded(module, X, [], keep_path=True, record=("lambda_min",))
    assert run.residual.shape == (0, 5, 2)
    assert run.path.shape == (0, 32)
    assert len(run.t) == len(run.lambda_min) == len(run.neuron_distance) == 0
    assert_allclose(run.parameters["0.bias"], module[0].bias.detach().numpy(), rtol=0, atol=0)


def test_reaching_a_state_moves_the_parameters_but_records_nothing(moves):
    module, X = stranger("perceptron")
    objective = Objective(module, X, torch.zeros(5, 2))
    recorder = Recorder(objective)
    recorder.reach(3.0, objective.theta_0 + moves[1])
    assert recorder.time == 3
    run = recorder.trajectory(method="none")
    assert len(run.t) == 0
    flat = np.concatenate([v.ravel() for v in run.parameters.values()])
    assert_allclose(flat, objective.theta_0 + moves[1], rtol=0, atol=0)
