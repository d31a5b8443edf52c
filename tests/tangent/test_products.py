"""Products with the Jacobian against the Jacobian, written out by an independent pass."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn

from companion.tangent.products import (
    gram_product,
    jacobian_product,
    jacobian_transpose_product,
)
from strangers import NAMES, stranger

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


# Exact values ------------------------------------------------------------------------------


def test_products_by_hand():
    # f(x) = w x + b at x = 2, 3: J = [[2, 1], [3, 1]].
    module, X = nn.Linear(1, 1).double(), torch.tensor([[2.0], [3.0]], dtype=torch.float64)
    assert jacobian_product(module, X, np.array([10.0, 1.0])).tolist() == [21, 31]
    assert jacobian_transpose_product(module, X, np.array([1.0, 2.0])).tolist() == [8, 3]
    assert gram_product(module, X, np.array([1.0, 2.0])).tolist() == [19, 27]


# Independent computations ------------------------------------------------------------------


@pytest.mark.parametrize("columns", [(), (1,), (3,)], ids=["vector", "column", "columns"])
@pytest.mark.parametrize("name", NAMES)
def test_products_are_those_of_the_jacobian(name, columns, rng):
    module, X = stranger(name)
    J = written_out(module, X).numpy()
    v, u = rng.standard_normal((J.shape[1], *columns)), rng.standard_normal((len(J), *columns))
    assert_allclose(jacobian_product(module, X, v).numpy(), J @ v, **EXACT)
    assert_allclose(jacobian_transpose_product(module, X, u).numpy(), J.T @ u, **EXACT)
    assert_allclose(gram_product(module, X, u).numpy(), J @ (J.T @ u), **EXACT)


def test_kinks_and_structured_inputs(rng):
    module = nn.Sequential(nn.Linear(3, 6), nn.ReLU(), nn.Linear(6, 2)).double()
    X = {"left": torch.randn(4, 2).double(), "right": torch.randn(4, 1).double()}

    def call(module, parts):
        return module(torch.cat([parts["left"], parts["right"]], dim=1))

    J = written_out(module, X, call).numpy()
    v, u = rng.standard_normal(J.shape[1]), rng.standard_normal(len(J))
    assert_allclose(jacobian_product(module, X, v, call=call).numpy(), J @ v, **EXACT)
    assert_allclose(gram_product(module, X, u, call=call).numpy(), J @ (J.T @ u), **EXACT)


# Where shortcuts fail ----------------------------------------------------------------------


def test_parameters_without_influence():
    module, X = stranger("buffer and unused parameter")
    module.layer.requires_grad_(False)
    assert jacobian_product(module, X, np.ones(2)).tolist() == [0.0] * 10
    assert jacobian_transpose_product(module, X, np.ones(10)).tolist() == [0.0, 0.0]


def test_single_precision_stays_single(rng):
    module, X = stranger("perceptron")
    J = written_out(module, X).numpy()
    v = rng.standard_normal(J.shape[1])
    product = jacobian_product(module.float(), X, v)
    assert product.dtype == torch.float32
    assert_allclose(product.numpy(), J @ v, rtol=1e-5, atol=1e-5)


def test_the_module_is_left_alone():
    module, X = stranger("batch norm and dropout, evaluating")
    before = {name: value.clone() for name, value in module.state_dict().items()}
    jacobian_product(module, X, np.ones(written_out(module, X).shape[1]))
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    assert all(p.grad is None for p in module.parameters())


# Bad input ---------------------------------------------------------------------------------


def test_vectors_are_checked(unchecked):
    module, X = stranger("perceptron")
    shape = r"`v` must have shape \(32,\) or \(32, k\); got \(31,\)"
    with pytest.raises(ValueError, match=shape):
        jacobian_product(module, X, np.ones(31))
    with pytest.raises(
        ValueError, match=r"`u` must have shape \(10,\) or \(10, k\); got \(5, 2, 1\)"
    ):
        gram_product(module, X, np.ones((5, 2, 1)))
    with pytest.raises(ValueError, match=r"`u` must be finite; got u\[3\] = nan"):
        jacobian_transpose_product(module, X, np.where(np.arange(10) == 3, np.nan, 1.0))
    with pytest.raises(TypeError, match=r"`v` must be real; got complex128"):
        jacobian_product(module, X, np.ones(32) * 1j)
