"""The Jacobian against values by hand, its layout, and modules that it refuses."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn

from companion.networks.two_layer import TwoLayerNetwork
from companion.tangent.jacobian import jacobian, jacobian_blocks, trainable_parameters
from strangers import stranger

EXACT = 1e-14  # a few roundings of numbers of order one


def test_linear_layer_has_its_inputs_as_derivatives():
    module = nn.Linear(2, 2).double()
    X = torch.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=torch.float64)
    # Rows: output 0 and 1 of the first sample, then of the second. Columns: weight, then bias.
    expected = [
        [1, 2, 0, 0, 1, 0],
        [0, 0, 1, 2, 0, 1],
        [3, 4, 0, 0, 1, 0],
        [0, 0, 3, 4, 0, 1],
    ]
    assert_allclose(jacobian(module, X).numpy(), expected, rtol=0, atol=0)


def test_two_layer_network_has_the_derivatives_of_the_formula(rng):
    W, a, X = rng.standard_normal((6, 3)), rng.standard_normal(6), rng.standard_normal((4, 3))
    J = jacobian(TwoLayerNetwork(W, a, activation=torch.tanh), torch.tensor(X)).numpy()
    Z = X @ W.T
    by_W = (a / np.cosh(Z) ** 2)[:, :, None] * X[:, None, :] / np.sqrt(6)
    by_a = np.tanh(Z) / np.sqrt(6)
    assert_allclose(J, np.hstack([by_W.reshape(4, 18), by_a]), rtol=0, atol=EXACT)


@pytest.mark.parametrize("name", ["perceptron", "coupled samples"])
@pytest.mark.parametrize("chunk_size", [1, 2, 5, 100])
def test_chunks_do_not_show(name, chunk_size):
    module, X = stranger(name)
    # Products of batches of another size may round differently.
    torch.testing.assert_close(
        jacobian(module, X, chunk_size=chunk_size), jacobian(module, X), rtol=0, atol=EXACT
    )


def test_blocks_hold_the_chunk_and_nothing_more():
    module, X = stranger("perceptron")
    shapes = [block["0.weight"].shape for block in jacobian_blocks(module, X, chunk_size=2)]
    assert shapes == [(4, 15), (4, 15), (2, 15)]  # two outputs per sample


def test_frozen_parameters_have_no_columns():
    module, X = stranger("frozen first layer")
    assert list(trainable_parameters(module)) == ["2.weight", "2.bias"]
    assert jacobian(module, X).shape == (10, 12)


def test_single_precision_stays_single():
    module, X = stranger("perceptron")
    double = jacobian(module, X)
    single = jacobian(module.float(), X.float())
    assert single.dtype == torch.float32
    # Some ten roundings of 6e-8 each.
    torch.testing.assert_close(single.double(), double, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("layer", "name"),
    [(nn.Dropout(0.5), "Dropout"), (nn.BatchNorm1d(2), "BatchNorm1d")],
)
def test_training_mode_is_refused_by_the_name_of_the_layer(layer, name):
    module = nn.Sequential(nn.Linear(2, 2), layer)
    with pytest.raises(ValueError, match=rf"layer '1' \({name}\).*Call module.eval\(\) first"):
        jacobian(module, torch.ones(3, 2))


def test_dropout_of_nothing_is_no_reason_to_refuse():
    module = nn.Sequential(nn.Linear(2, 1), nn.Dropout(0.0))
    assert jacobian(module, torch.ones(3, 2)).shape == (3, 3)


def test_modules_without_trainable_parameters_are_refused():
    with pytest.raises(ValueError, match="must have a parameter that requires a gradient"):
        jacobian(nn.Tanh(), torch.ones(3, 2))


def test_parameters_of_two_types_are_refused():
    module = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1).double())
    with pytest.raises(ValueError, match=r"one type and device; got torch.float32 on cpu, torch"):
        jacobian(module, torch.ones(3, 2))


@pytest.mark.parametrize("outputs", [lambda X: X[:2], lambda X: X[:, :, None], torch.sum])
def test_outputs_must_be_one_row_per_sample(outputs):
    class Odd(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(2, 2)

        def forward(self, X):
            return outputs(self.layer(X))

    with pytest.raises(ValueError, match=r"must map a batch of 3 samples to shape"):
        jacobian(Odd(), torch.ones(3, 2))


def test_chunk_size_must_be_positive():
    with pytest.raises(ValueError, match="`chunk_size` must be at least 1; got 0"):
        jacobian(nn.Linear(2, 1), torch.ones(3, 2), chunk_size=0)
