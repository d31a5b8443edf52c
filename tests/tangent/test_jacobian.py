"""The Jacobian against values by hand, its layout, and modules that it refuses."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn

from companion.networks.two_layer import TwoLayerNetwork
from companion.tangent.jacobian import jacobian
from companion.tangent.preconditions import trainable_parameters
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
    [
        (nn.Dropout(0.5), "Dropout"),
        (nn.AlphaDropout(0.1), "AlphaDropout"),
        (nn.BatchNorm1d(2), "BatchNorm1d"),
        (nn.GRU(2, 2, num_layers=2, dropout=0.5), "GRU"),
        (nn.MultiheadAttention(2, 1, dropout=0.5), "MultiheadAttention"),
    ],
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


@pytest.mark.parametrize("outputs", [lambda X: X[:2], torch.sum])
def test_outputs_must_be_one_row_per_sample(outputs):
    class Odd(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(2, 2)

        def forward(self, X):
            return outputs(self.layer(X))

    with pytest.raises(ValueError, match=r"must map a batch of 3 samples to shape"):
        jacobian(Odd(), torch.ones(3, 2))


class Noisy(nn.Module):
    """Random in its forward pass, in evaluation mode, too."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 1)

    def forward(self, X):
        return self.layer(X) + torch.rand(1)


def test_outputs_that_depend_on_chance_are_refused():
    with pytest.raises(ValueError, match="must give the same outputs when called again"):
        jacobian(Noisy(), torch.ones(3, 2))


def test_complex_parameters_are_refused():
    with pytest.raises(TypeError, match=r"must have real parameters; got torch.complex64"):
        jacobian(nn.Linear(2, 1, dtype=torch.complex64), torch.ones(3, 2))


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.ones((0, 2)), "`X` must hold at least one sample"),
        (np.array([[0.0, np.nan]]), r"`X` must be finite; got X\[0, 1\] = nan"),
        (np.array([[1e200, 0.0]]), r"`module\(X\)` must be finite"),
    ],
)
def test_data_that_give_no_number_are_refused(X, message):
    class Square(nn.Linear):
        def forward(self, X):
            return super().forward(X) ** 2

    with pytest.raises(ValueError, match=message):
        jacobian(Square(2, 1).double(), X)


def test_arrays_and_tensors_of_any_real_type_are_welcome(rng):
    module, X = stranger("perceptron")
    np.testing.assert_array_equal(jacobian(module, X.numpy()), jacobian(module, X))
    single = X.float()
    np.testing.assert_array_equal(jacobian(module, single), jacobian(module, single.double()))


def test_indices_stay_integers():
    module = nn.Sequential(nn.Embedding(4, 2), nn.Flatten()).double()
    J = jacobian(module, torch.tensor([[3], [0]]))
    assert J.shape == (4, 8)
    assert J[0].nonzero().flatten().tolist() == [6]  # the first number of the fourth row


def test_modules_must_return_one_tensor_of_real_numbers():
    class Counting(nn.Linear):
        def forward(self, X):
            return super().forward(X).round().long()

    with pytest.raises(TypeError, match="must return one tensor of real numbers"):
        jacobian(Counting(2, 1), torch.ones(3, 2))
    with pytest.raises(TypeError, match="must return one tensor of real numbers; got tuple"):
        jacobian(nn.GRU(2, 1), torch.ones(3, 2))
