"""The operator under budgets of memory, against the Jacobian written out."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn

from companion.tangent.jacobian_operator import JacobianOperator
from strangers import stranger

# Sums of at most a few hundred products of numbers of order one.
EXACT = {"rtol": 1e-12, "atol": 1e-13}


def written_out(module, X, call=None):
    """Rows of the Jacobian, one backward pass each."""
    parameters = [p for p in module.parameters() if p.requires_grad]
    outputs = (call(module, X) if call else module(X)).reshape(-1)
    rows = [
        torch.autograd.grad(output, parameters, retain_graph=True, materialize_grads=True)
        for output in outputs
    ]
    return torch.stack([torch.cat([part.reshape(-1) for part in row]) for row in rows])


# Memory ------------------------------------------------------------------------------------


def wide():
    module = nn.Sequential(nn.Linear(3, 50), nn.Tanh(), nn.Linear(50, 2)).double()
    return module, torch.linspace(-1, 1, 120, dtype=torch.float64).reshape(40, 3)


@pytest.mark.parametrize("memory", [10_000, 30_000, 2**30])
def test_a_budget_divides_the_samples_and_changes_nothing(memory, rng):
    module, X = wide()
    J = written_out(module, X).numpy()
    operator = JacobianOperator(module, X, memory=memory)
    assert (operator.num_rows, operator.num_params) == J.shape
    v, u = rng.standard_normal((J.shape[1], 2)), rng.standard_normal((len(J), 2))
    for _ in range(2):  # the second time from what was kept
        assert_allclose(operator.apply(torch.tensor(v)).numpy(), J @ v, **EXACT)
        assert_allclose(operator.apply_transpose(torch.tensor(u)).numpy(), J.T @ u, **EXACT)


def test_the_budget_bounds_what_is_recorded(monkeypatch):
    # Half of a budget that just holds everything leaves two parts or more.
    module, X = wide()
    seen = []
    module.register_forward_pre_hook(lambda m, args: seen.append(len(args[0])))
    sizes = {}
    for memory in (2**30, 50_000, 25_000, 12_500):
        seen.clear()
        operator = JacobianOperator(module, X, memory=memory)
        seen.clear()
        operator.apply(torch.zeros(operator.num_params, dtype=torch.float64))
        sizes[memory] = max(seen, default=len(X))
    # A sample records 3 + 50 + 2 numbers of 8 bytes, four times over: 1.8 kB.
    assert sizes[2**30] == 40
    assert 25 <= sizes[50_000] <= 30
    assert 12 <= sizes[25_000] <= 15
    assert 6 <= sizes[12_500] <= 8


def test_too_small_a_budget_is_refused():
    module, X = wide()
    with pytest.raises(ValueError, match=r"passes over one sample, \d+ bytes; got 100"):
        JacobianOperator(module, X, memory=100)
    with pytest.raises(ValueError, match=r"passes over the inputs, \d+ bytes; got 100"):
        JacobianOperator(module, X, call=lambda m, X: m(X), memory=100)
    coupled, X = stranger("coupled samples", 12)
    with pytest.raises(ValueError, match=r"outputs of . samples differ from those in the batch"):
        JacobianOperator(coupled, X, memory=2000)


def test_every_sample_is_checked():
    module, X = wide()
    X[30, 1] = np.inf
    with pytest.raises(ValueError, match=r"`X` must be finite; got X\[30, 1\] = inf"):
        JacobianOperator(module, X)


def test_modules_without_a_second_derivative_are_refused():
    module = nn.Sequential(nn.EmbeddingBag(5, 3), nn.Linear(3, 1)).double()
    operator = JacobianOperator(module, torch.tensor([[0, 1], [3, 4]]))
    assert operator.apply_transpose(torch.ones(2, dtype=torch.float64))[-1] == 2
    with pytest.raises(ValueError, match=r"twice differentiable .* Form the kernel instead"):
        operator.apply(torch.ones(19, dtype=torch.float64))
