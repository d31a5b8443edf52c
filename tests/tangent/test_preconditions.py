"""What is refused before anything is differentiated, in the library's own words."""

import numpy as np
import pytest
import torch
from torch import nn

from companion.tangent.preconditions import (
    check_evaluation_mode,
    repeatable_outputs,
    trainable_parameters,
)


def test_trainable_parameters_are_those_that_require_a_gradient():
    module = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    module[0].requires_grad_(False)
    found = trainable_parameters(module)
    assert list(found) == ["1.weight", "1.bias"]
    assert found["1.weight"].data_ptr() == module[1].weight.data_ptr()
    assert not found["1.weight"].requires_grad


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_types_of_few_digits_are_refused_with_a_remedy(dtype):
    with pytest.raises(ValueError, match=r"float32 or float64; got .*Call module.float\(\)"):
        trainable_parameters(nn.Linear(2, 1, dtype=dtype))


def test_evaluation_mode_is_asked_of_layers_that_need_it():
    check_evaluation_mode(nn.Sequential(nn.Linear(2, 1), nn.LayerNorm(1)))
    with pytest.raises(ValueError, match="layer 'itself'"):
        check_evaluation_mode(nn.Dropout(0.1))
    check_evaluation_mode(nn.Dropout(0.1).eval())


@pytest.mark.parametrize("module", [None, 3, nn.Linear, torch.tanh, nn.Linear(2, 1).state_dict()])
def test_what_is_no_module_is_refused(module, unchecked):
    with pytest.raises(TypeError, match=r"`module` must be an instance of torch.nn.Module; got"):
        trainable_parameters(module)


def test_parameters_without_shapes_are_refused():
    with pytest.raises(ValueError, match=r"'0.weight' has none yet. Call the module once"):
        trainable_parameters(nn.Sequential(nn.LazyLinear(3)))


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        (torch.ones(4, 3), ValueError, r"`X` must be a batch .* takes; got shape \(4, 3\)"),
        (torch.ones(4, 2).long(), TypeError, r"`X` must be of a type .*got torch.int64"),
        (torch.ones(0, 2), ValueError, "`X` must hold at least one sample"),
        (torch.tensor([[0.0, np.inf]]), ValueError, r"`X` must be finite; got X\[0, 1\] = inf"),
    ],
    ids=["features", "integers", "empty", "infinite"],
)  # fmt: skip
def test_batches_that_do_not_fit_are_named(X, error, message):
    with pytest.raises(error, match=message):
        repeatable_outputs(nn.Linear(2, 1), X)


@pytest.mark.parametrize(
    "forward", [lambda X: X[:2], lambda X: X.sum(), lambda X: X[:0], lambda X: X[:, :0]]
)
def test_outputs_have_a_row_for_each_sample(forward):
    with pytest.raises(ValueError, match="must map a batch of 4 samples to shape"):
        repeatable_outputs(forward, torch.ones(4, 2))
    with pytest.raises(ValueError, match="must map its inputs to shape"):
        repeatable_outputs(lambda X: X["x"].sum(), {"x": torch.ones(2)}, whole=True)


def test_own_errors_of_a_module_are_left_as_they_are():
    def forward(X):
        raise KeyError("no such edge")

    with pytest.raises(KeyError, match="no such edge"):
        repeatable_outputs(forward, torch.ones(4, 2))


def test_chance_is_found_in_large_batches_too():
    X = torch.ones(100, 2)
    with pytest.raises(ValueError, match="must give the same outputs when called again"):
        repeatable_outputs(lambda X: X + torch.rand(len(X), 1), X)


def test_samples_that_see_each_other_are_no_chance():
    X = torch.randn(100, 2, generator=torch.Generator().manual_seed(0))
    outputs = repeatable_outputs(lambda X: X - X.mean(0), X)
    assert torch.equal(outputs, X - X.mean(0))
