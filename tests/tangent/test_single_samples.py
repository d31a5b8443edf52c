"""Rows of single samples against plain backward passes, and where there are none."""

import pytest
import torch

from companion.tangent.predictor import Predictor
from companion.tangent.single_samples import rows_of_single_samples
from strangers import rows_by_autograd, stranger


@pytest.mark.parametrize("name", ["perceptron", "attention", "normed recursion"])
def test_rows_are_those_of_backward_passes(name):
    module, X = stranger(name)
    predictor = Predictor(module, X)
    expected = torch.split(rows_by_autograd(module, X), [s.numel() for s in predictor.shapes], 1)
    indices = list(range(0, len(predictor.names), 2))
    found = rows_of_single_samples(predictor, indices)
    assert [layer.index for layer in found] == indices
    for layer in found:
        # Sums of some ten products of order one, in another order.
        torch.testing.assert_close(layer.J, expected[layer.index], rtol=0, atol=1e-13)


def test_operations_that_cannot_be_vectorised_give_nothing():
    module, X = stranger("control flow on data")
    assert rows_of_single_samples(Predictor(module, X), [0]) == []


def test_inputs_that_are_no_batch_give_nothing():
    module, X = stranger("perceptron")
    predictor = Predictor(module, {"X": X}, call=lambda module, data: module(data["X"]))
    assert rows_of_single_samples(predictor, [0]) == []
