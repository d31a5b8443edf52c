"""Products with the weighted Jacobian against rows of derivatives, on modules of strangers."""

import copy

import pytest
import torch

from companion.certificates.weighted_jacobian import WeightedJacobian
from strangers import NAMES, stranger

MEMORY = 2**24


def rows(module, X):
    """The Jacobian, one backward pass per output."""
    parameters = [p for p in module.parameters() if p.requires_grad]
    outputs = module(X).reshape(-1)
    return torch.stack(
        [
            torch.cat(
                [
                    piece.reshape(-1)
                    for piece in torch.autograd.grad(
                        one, parameters, retain_graph=True, materialize_grads=True
                    )
                ]
            )
            for one in outputs
        ]
    )


def directions(J):
    generator = torch.Generator().manual_seed(0)
    v = torch.randn(J.shape[1], generator=generator, dtype=torch.float64)
    return v, torch.randn(J.shape[0], generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("name", NAMES)
def test_products_are_those_of_the_matrix(name):
    module, X = stranger(name)
    J = rows(module, X)
    root = torch.linspace(0.0, 1.0, len(J), dtype=torch.float64)
    operator = WeightedJacobian(module, X, root, memory=MEMORY)
    v, u = directions(J)
    # Sums of a few hundred products of order one.
    torch.testing.assert_close(operator.apply(v), root * (J @ v), rtol=1e-11, atol=1e-12)
    torch.testing.assert_close(
        operator.apply_transpose(u), J.T @ (root * u), rtol=1e-11, atol=1e-12
    )


def test_other_parameters_leave_the_module_alone():
    module, X = stranger("perceptron")
    before = copy.deepcopy(module.state_dict())
    moved = {name: p.detach() + 1.0 for name, p in module.named_parameters()}
    ones = torch.ones(10, dtype=torch.float64)
    there = WeightedJacobian(module, X, ones, memory=MEMORY, parameters=moved)
    expected = copy.deepcopy(module)
    expected.load_state_dict(moved)
    J = rows(expected, X)
    v, _ = directions(J)
    torch.testing.assert_close(there.apply(v), J @ v, rtol=1e-11, atol=1e-12)
    assert all(torch.equal(value, before[key]) for key, value in module.state_dict().items())
