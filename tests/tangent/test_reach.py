"""What a recording is made of: parameters of the copy, of the original, or none."""

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from companion.dynamics.objective import Objective
from companion.tangent.gram import ntk
from companion.tangent.predictor import Predictor
from companion.tangent.reach import check_reach, nodes

X = torch.tensor([[1.0, 2.0], [3.0, -1.0], [0.5, 0.25]], dtype=torch.float64)


def linear():
    return nn.Linear(2, 1).double()


class Applied(nn.Module):
    """A layer and any function of it and the inputs."""

    def __init__(self, function):
        super().__init__()
        self.layer = linear()
        self.function = function

    def forward(self, X):
        return self.function(self.layer, X)


def test_each_operation_is_met_once():
    layer = linear()
    hidden = layer(X)
    outputs = hidden * hidden + hidden
    names = [node.name() for node in nodes(outputs.grad_fn)]
    assert names[0] == "AddBackward0"
    # The weight enters transposed, the bias as it is.
    assert sorted(names[1:]) == sorted(
        ["MulBackward0", "AddmmBackward0", "TBackward0", *2 * ["torch::autograd::AccumulateGrad"]]
    )
    assert list(nodes(None)) == []


def test_hidden_graphs_are_refused():
    layer = linear()
    outputs = checkpoint(layer, X.clone().requires_grad_(), use_reentrant=True)
    with pytest.raises(ValueError, match="Pass use_reentrant=False"):
        list(nodes(outputs.grad_fn))


def test_whether_parameters_move_anything_is_asked_only_if_none_is_reached():
    def asked():
        raise AssertionError

    layer = linear()
    check_reach(layer(X), list(layer.parameters()), [], asked, by_call=False)
    with pytest.raises(AssertionError):
        check_reach(X, list(layer.parameters()), [], asked, by_call=False)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda layer, original, X: original(X), "with the module that it is given, a copy"),
        (lambda layer, original, X: layer(X) + original(X), "got outputs of the original"),
        (lambda layer, original, X: layer(X).detach(), "a graph to the parameters of its first"),
        (lambda layer, original, X: X.sum(1), "a graph to the parameters of its first"),
    ],
    ids=["original", "both", "detached", "inputs"],
)
def test_a_call_uses_the_module_that_it_is_given(call, message):
    original = linear()
    with pytest.raises(ValueError, match=f"`call` must .*{message}"):
        Predictor(original, X, call=lambda layer, X: call(layer, original, X))


def test_a_module_that_hides_its_parameters_is_refused():
    hiding = Applied(lambda layer, X: layer(X).detach())
    with pytest.raises(ValueError, match=r"other parameters give other outputs. Remove detach"):
        Predictor(hiding, X)
    original = linear()
    original.forward = lambda X: nn.functional.linear(X, original.weight)
    with pytest.raises(ValueError, match="from its own parameters when copied"):
        Predictor(original, X)


def test_outputs_without_parameters_have_no_derivatives():
    module = Applied(lambda layer, X: X[:, :1])
    assert torch.equal(ntk(module, X), torch.zeros(3, 3, dtype=torch.float64))
    objective = Objective(module, X, X[:, 1:])
    residual, gradient = objective.residual_and_gradient(objective.theta_0)
    assert residual.ravel().tolist() == [-1, 4, 0.25] and not gradient.any()


def test_outputs_that_are_a_parameter_reach_it():
    class Table(nn.Module):
        def __init__(self):
            super().__init__()
            self.values = nn.Parameter(torch.ones(3, dtype=torch.float64))

        def forward(self, X):
            return self.values

    assert torch.equal(ntk(Table(), X), torch.eye(3, dtype=torch.float64))
