"""Products with the weighted Jacobian against rows of derivatives, on modules of strangers."""

import pytest
import torch

from companion.certificates.weighted_jacobian import WeightedJacobian
from companion.tangent.predictor import Predictor
from strangers import NAMES, stranger


def rows(predictor):
    """The Jacobian, one backward pass per output."""
    predictor.set(predictor.theta_0.clone())
    with torch.enable_grad():
        outputs = predictor.recorded_outputs().reshape(-1)
    return torch.stack(
        [
            torch.cat(
                [
                    piece.reshape(-1)
                    for piece in torch.autograd.grad(
                        one, predictor.parameters, retain_graph=True, materialize_grads=True
                    )
                ]
            )
            for one in outputs
        ]
    )


@pytest.mark.parametrize("name", NAMES)
def test_products_are_those_of_the_matrix(name):
    module, X = stranger(name)
    J = rows(Predictor(module, X))
    predictor = Predictor(module, X)
    root = torch.linspace(0.0, 1.0, predictor.num_rows, dtype=torch.float64)
    operator = WeightedJacobian(predictor, root, predictor.theta_0)
    generator = torch.Generator().manual_seed(0)
    v = torch.randn(predictor.num_params, generator=generator, dtype=torch.float64)
    u = torch.randn(predictor.num_rows, generator=generator, dtype=torch.float64)
    # Sums of a few hundred products of order one.
    torch.testing.assert_close(operator.apply(v), root * (J @ v), rtol=1e-11, atol=1e-12)
    torch.testing.assert_close(
        operator.apply_transpose(u), J.T @ (root * u), rtol=1e-11, atol=1e-12
    )


def test_two_operators_do_not_disturb_each_other():
    module, X = stranger("perceptron")
    ones = torch.ones(10, dtype=torch.float64)
    first = Predictor(module, X)
    here = WeightedJacobian(first, ones, first.theta_0)
    v = torch.ones(first.num_params, dtype=torch.float64)
    before = here.apply(v)
    second = Predictor(module, X)
    there = WeightedJacobian(second, ones, second.theta_0 + 1.0)
    assert not torch.equal(there.apply(v), before)
    assert torch.equal(here.apply(v), before)
