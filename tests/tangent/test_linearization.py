"""The operator against a Jacobian from one backward pass per row."""

import pytest
import torch
from torch import nn

from companion.tangent import linearization
from companion.tangent.linearization import Linearization
from companion.tangent.predictor import Predictor
from strangers import NAMES, rows_by_autograd, stranger

EXACT = 1e-12  # sums of at most a hundred products of numbers of order one


@pytest.fixture(params=["written", "factored"])
def storage(request, monkeypatch):
    """Both ways of holding the Jacobian, whatever its size."""
    if request.param == "factored":
        monkeypatch.setattr(linearization, "_WRITTEN_BYTES", 0)


@pytest.mark.parametrize("name", NAMES)
def test_products_are_those_of_the_jacobian(name, storage):
    module, X = stranger(name)
    J = rows_by_autograd(module, X)
    predictor = Predictor(module, X)
    expansion = Linearization(predictor, predictor.theta_0)
    torch.testing.assert_close(expansion.outputs, module(X).detach(), rtol=0, atol=1e-14)
    torch.testing.assert_close(expansion.jacobian(), J, rtol=0, atol=EXACT)
    generator = torch.Generator().manual_seed(0)
    for columns in ((), (3,)):
        v = torch.randn(J.shape[1], *columns, dtype=J.dtype, generator=generator)
        u = torch.randn(J.shape[0], *columns, dtype=J.dtype, generator=generator)
        torch.testing.assert_close(expansion.apply(v), J @ v, rtol=0, atol=EXACT)
        torch.testing.assert_close(expansion.apply_transpose(u), J.T @ u, rtol=0, atol=EXACT)
    G = expansion.gram()
    assert torch.equal(G, G.T)
    torch.testing.assert_close(G, J @ J.T, rtol=0, atol=EXACT * float(G.abs().max()))


def test_it_stays_when_the_predictor_moves_on(storage):
    # Nothing that it holds may be a view of the parameters: here outputs and inputs are.
    class Products(nn.Module):
        def __init__(self):
            super().__init__()
            self.left, self.right = nn.Parameter(torch.eye(3)), nn.Parameter(torch.ones(3, 2))

        def forward(self, X):
            return X @ (self.left @ self.right)

    module, X = Products().double(), torch.ones(4, 3, dtype=torch.float64)
    predictor = Predictor(module, X)
    expansion = Linearization(predictor, predictor.theta_0)
    before = [expansion.outputs.clone(), expansion.jacobian().clone(), expansion.gram()]
    predictor.set(predictor.theta_0 + 1)
    after = [expansion.outputs, expansion.jacobian(), expansion.gram()]
    assert all(torch.equal(a, b) for a, b in zip(after, before, strict=True))


def test_each_state_has_its_own_derivatives(storage):
    module, X = stranger("normed recursion")
    predictor = Predictor(module, X)
    theta = predictor.theta_0 + 0.3
    first = Linearization(predictor, predictor.theta_0)
    second = Linearization(predictor, theta)
    torch.nn.utils.vector_to_parameters(theta, module.parameters())
    J = rows_by_autograd(module, X)
    torch.testing.assert_close(second.jacobian(), J, rtol=0, atol=EXACT)
    assert (first.jacobian() - J).abs().max() > 1e-3


def test_shares_of_parameters_and_other_inputs():
    module, X = stranger("perceptron", 7)
    predictor, other = Predictor(module, X[:4]), Predictor(module, X[4:])
    left = Linearization(predictor, predictor.theta_0)
    right = Linearization(other, other.theta_0)
    J, Z = rows_by_autograd(module, X[:4]), rows_by_autograd(module, X[4:])
    torch.testing.assert_close(left.cross_gram(right), J @ Z.T, rtol=0, atol=EXACT)
    share = left.gram(frozenset([0, 3]))
    columns = torch.cat([J[:, :15], J[:, 30:]], dim=1)  # the first weight and the last bias
    torch.testing.assert_close(share, columns @ columns.T, rtol=0, atol=EXACT)


def test_gram_matrices_are_counted():
    module, X = stranger("perceptron")
    predictor = Predictor(module, X)
    expansion = Linearization(predictor, predictor.theta_0)
    expansion.gram()
    expansion.gram()
    assert predictor.num_grams == 2
