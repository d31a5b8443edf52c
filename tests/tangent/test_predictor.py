"""A module as a function of one vector: values, what it leaves alone, what it refuses."""

import numpy as np
import pytest
import torch
from torch import nn

from companion.tangent.linearization import Linearization
from companion.tangent.predictor import Predictor
from strangers import NAMES, stranger


@pytest.fixture
def perceptron():
    module, X = stranger("perceptron")
    return module, X, Predictor(module, X)


def test_sizes_and_the_start(perceptron):
    module, _, predictor = perceptron
    assert (predictor.num_samples, predictor.output_dim, predictor.num_rows) == (5, 2, 10)
    assert predictor.num_params == 32
    flat = torch.cat([parameter.detach().flatten() for parameter in module.parameters()])
    assert torch.equal(predictor.theta_0, flat)
    split = predictor.split(flat)
    assert all(torch.equal(split[name], p) for name, p in module.named_parameters())
    assert predictor.dtype == torch.float64 and predictor.device.type == "cpu"


@pytest.mark.parametrize("name", NAMES)
def test_outputs_and_gradients_are_those_of_the_module(name):
    module, X = stranger(name)
    predictor = Predictor(module, X)
    theta = predictor.theta_0 + 0.1
    with torch.no_grad():
        for parameter, piece in zip(
            (p for p in module.parameters() if p.requires_grad),
            predictor.split(theta).values(),
            strict=True,
        ):
            parameter.copy_(piece)
    outputs = module(X)
    # The same operations on the same numbers; batches of another path may round differently.
    torch.testing.assert_close(predictor.outputs(theta), outputs.detach(), rtol=0, atol=1e-14)
    found, gradient = predictor.pull_back(theta, lambda F: F - 1)
    (0.5 * (outputs - 1).square().sum()).backward()
    expected = [p.grad if p.grad is not None else 0 * p for p in module.parameters()
                if p.requires_grad]  # fmt: skip
    torch.testing.assert_close(found, outputs.detach(), rtol=0, atol=1e-14)
    flat = torch.cat([one.flatten() for one in expected]).detach()
    torch.testing.assert_close(gradient, flat, rtol=0, atol=1e-13)


def test_the_callers_module_and_vectors_are_never_touched(perceptron):
    module, _, predictor = perceptron
    before = [parameter.clone() for parameter in module.parameters()]
    theta = predictor.theta_0 + 1
    kept = theta.clone()
    predictor.set(theta)
    predictor.pull_back(theta, torch.ones_like)
    assert torch.equal(theta, kept) and not torch.equal(predictor.theta_0, theta)
    assert all(torch.equal(p, b) for p, b in zip(module.parameters(), before, strict=True))
    assert all(parameter.grad is None for parameter in module.parameters())


def test_the_first_recording_is_handed_over_once(perceptron):
    module, X, predictor = perceptron
    predictor.set(predictor.theta_0)
    first = predictor.recorded_outputs()
    assert predictor.recorded_outputs() is not first
    again = Predictor(module, X)
    again.set(again.theta_0 + 1)
    assert not torch.equal(again.recorded_outputs(), first)


def test_outputs_that_are_parameters_stay_when_these_are_set():
    class Constant(nn.Module):
        def __init__(self):
            super().__init__()
            self.level = nn.Parameter(torch.tensor([2.0]))

        def forward(self, X):
            return self.level.expand(len(X))

    predictor = Predictor(Constant(), torch.ones(3, 1))
    first = predictor.outputs(torch.tensor([5.0]))
    second, _ = predictor.pull_back(torch.tensor([7.0]), torch.ones_like)
    predictor.set(torch.tensor([9.0]))
    assert first.tolist() == [5, 5, 5] and second.tolist() == [7, 7, 7]


class Counting(nn.Module):
    """Outputs that depend on how often the module was called before."""

    def __init__(self, *, in_place):
        super().__init__()
        self.layer = nn.Linear(2, 1)
        self.in_place = in_place
        self.register_buffer("calls", torch.ones(()))

    def forward(self, X):
        if self.in_place:
            self.calls += 1
        else:
            self.calls = self.calls + 1
        return self.layer(X) * self.calls


@pytest.mark.parametrize("in_place", [True, False])
def test_buffers_that_a_forward_pass_updates_start_anew(in_place):
    module, X = Counting(in_place=in_place).double(), torch.ones(20, 2, dtype=torch.float64)
    predictor = Predictor(module, X)
    expected = 2 * module.layer(X).detach()
    for _ in range(3):
        torch.testing.assert_close(predictor.outputs(predictor.theta_0), expected)
    assert module.calls == 1
    _, gradient = predictor.pull_back(predictor.theta_0, torch.ones_like)
    assert gradient.tolist() == [40, 40, 40]


def test_a_part_of_the_batch_is_the_same_function(perceptron):
    _, X, predictor = perceptron
    part = predictor.on(X[1:3])
    theta = predictor.theta_0 + 0.1
    assert (part.num_samples, part.num_rows) == (2, 4)
    torch.testing.assert_close(part.outputs(theta), predictor.outputs(theta)[1:3])
    assert predictor.num_rows == 10


def test_structured_inputs_come_with_their_call():
    module = nn.Linear(3, 2).double()
    graph = {"propagation": torch.eye(4).double() / 2, "features": torch.ones(4, 3).double()}
    predictor = Predictor(
        module, graph, call=lambda layer, data: data["propagation"] @ layer(data["features"])
    )
    assert predictor.output_shape == (4, 2)
    expected = module(graph["features"]).detach() / 2
    torch.testing.assert_close(predictor.outputs(predictor.theta_0), expected)


def test_old_weight_norm_is_refused_with_its_replacement():
    with pytest.warns(FutureWarning):
        layer = nn.utils.weight_norm(nn.Linear(2, 2))
    with pytest.raises(ValueError, match=r"Replace torch.nn.utils.weight_norm by"):
        Predictor(layer, torch.ones(3, 2))
    new = nn.utils.parametrizations.weight_norm(nn.Linear(2, 2))
    assert Predictor(new, np.ones((3, 2))).num_params == 8


# Compiled parts ------------------------------------------------------------------------------


class Partly(nn.Module):
    """Two layers, the second compiled or not."""

    def __init__(self, *, scripted, tied=False):
        super().__init__()
        self.first, second = nn.Linear(2, 2), nn.Linear(2, 2)
        if tied:
            second.weight = self.first.weight
        second = nn.Sequential(nn.Tanh(), second)
        self.second = torch.jit.script(second) if scripted else second

    def forward(self, X):
        return self.second(self.first(X))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of PyTorch: it prefers torch.compile
@pytest.mark.parametrize("compile_", ["script", "trace", "a part"])
def test_compiled_modules_have_the_derivatives_of_the_plain_one(compile_, rng):
    plain, X = Partly(scripted=False).double(), torch.tensor(rng.standard_normal((5, 2)))
    if compile_ == "a part":
        module = Partly(scripted=True).double()
        module.load_state_dict(plain.state_dict())
    else:
        module = torch.jit.script(plain) if compile_ == "script" else torch.jit.trace(plain, X)
    frozen = next(plain.parameters())
    for one in (plain, module):
        next(one.parameters()).requires_grad_(False)
    expected, predictor = Predictor(plain, X), Predictor(module, X)
    assert predictor.names == expected.names and predictor.num_params == 12 - frozen.numel()
    for step in (0.0, 0.5, 1.0):  # the compiler changes its mind in the first calls
        theta = expected.theta_0 + step
        J, J_expected = (Linearization(p, theta).jacobian() for p in (predictor, expected))
        # Roundings of numbers of order one.
        torch.testing.assert_close(predictor.outputs(theta), expected.outputs(theta))
        torch.testing.assert_close(J, J_expected, rtol=0, atol=1e-14)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_parameter_inside_and_outside_of_a_compiled_part_is_refused():
    assert Predictor(Partly(scripted=False, tied=True), torch.ones(3, 2)).num_params == 8
    with pytest.raises(ValueError, match="its copy has other parameters"):
        Predictor(Partly(scripted=True, tied=True), torch.ones(3, 2))


# What surrounds the module -------------------------------------------------------------------


class Overwriting(nn.Linear):
    """A layer that writes into what it is given."""

    def forward(self, X):
        return super().forward(X.add_(1))


@pytest.mark.parametrize("call", [None, lambda module, X: module(X)], ids=["module", "call"])
def test_a_module_that_writes_into_its_inputs_is_a_function_of_them(call):
    module, X = Overwriting(2, 1).double(), torch.ones(20, 2, dtype=torch.float64)
    predictor = Predictor(module, X, call=call)
    expected = nn.functional.linear(X + 1, module.weight, module.bias).detach()
    assert torch.equal(X, torch.ones_like(X))
    for _ in range(2):
        torch.testing.assert_close(predictor.outputs(predictor.theta_0), expected)
        J = Linearization(predictor, predictor.theta_0).jacobian()
        assert J.tolist() == [[2, 2, 1]] * 20
    assert torch.equal(predictor.inputs(), X)


def test_chance_of_others_is_not_spent():
    class Noisy(nn.Linear):
        def forward(self, X):
            return super().forward(X) + torch.rand(len(X), 1)

    module, before = Noisy(2, 1), torch.random.get_rng_state()
    with pytest.raises(ValueError, match="Remove what is random"):
        Predictor(module, torch.ones(3, 2))
    assert torch.equal(torch.random.get_rng_state(), before)


def test_inference_mode_is_refused_and_its_tensors_are_taken():
    with torch.inference_mode():
        module, X = nn.Sequential(nn.Linear(2, 1), nn.BatchNorm1d(1)).eval(), torch.ones(3, 2)
        with pytest.raises(RuntimeError, match=r"got torch.inference_mode\(\), where no graph"):
            Predictor(module, X)
    predictor = Predictor(module, X)
    _, gradient = predictor.pull_back(predictor.theta_0, torch.ones_like)
    assert gradient.norm() > 1


def test_outputs_are_of_the_type_of_the_parameters():
    class Widening(nn.Linear):
        def forward(self, X):
            return super().forward(X).double()

    predictor = Predictor(Widening(2, 1), torch.ones(3, 2))
    J = Linearization(predictor, predictor.theta_0).jacobian()
    assert J.dtype == torch.float32 and J.tolist() == [[1, 1, 1]] * 3


def test_outputs_of_fewer_digits_are_refused():
    def narrowed(module, X):
        return module(torch.from_numpy(X)).float()

    with pytest.raises(TypeError, match=r"as its parameters, torch\.float64; got torch\.float32"):
        Predictor(nn.Linear(2, 1).double(), np.ones((3, 2)), call=narrowed)


def test_calls_are_functions(unchecked):
    with pytest.raises(TypeError, match="`call` must be a function of module and X; got 1"):
        Predictor(nn.Linear(2, 1), torch.ones(3, 2), call=1)
