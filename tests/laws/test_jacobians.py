"""The Jacobian of every kind of module against central differences of its outputs."""

import pytest
import torch

from companion.tangent.gram import gram_by_parameter, ntk
from companion.tangent.jacobian import jacobian
from companion.tangent.preconditions import trainable_parameters
from strangers import NAMES, stranger

# PyTorch says that attention is vectorised by a loop; that is slow and right.
pytestmark = pytest.mark.filterwarnings("ignore:There is a performance drop")

STEP = 1e-5  # truncation STEP**2 ~ 1e-10, rounding eps / STEP ~ 1e-11
TOLERANCE = 1e-8  # a hundred times that: third derivatives here are at most of size 10


def differences(module, X):
    """Columns by shifting one number at a time, written for this test with no derivative."""
    columns = []
    with torch.no_grad():
        for parameter in module.parameters():
            if not parameter.requires_grad:
                continue
            for position in range(parameter.numel()):
                entry = parameter.view(-1)
                before = entry[position].item()
                entry[position] = before + STEP
                above = module(X)
                entry[position] = before - STEP
                below = module(X)
                entry[position] = before
                columns.append((above - below).reshape(-1) / (2 * STEP))
    return torch.stack(columns, dim=1)


@pytest.mark.parametrize("name", NAMES)
def test_jacobian_is_the_limit_of_differences(name):
    module, X = stranger(name)
    expected = differences(module, X)
    J = jacobian(module, X)
    assert J.shape == expected.shape
    assert (J - expected).abs().max() < TOLERANCE
    assert expected.abs().max() > 1e-3  # there is something to compare


@pytest.mark.parametrize("name", NAMES)
def test_gram_is_the_product_of_jacobians(name):
    module, X = stranger(name)
    J = jacobian(module, X)
    G = ntk(module, X)
    # Sums of at most 200 products of numbers of order one, in another order.
    torch.testing.assert_close(G, J @ J.T, rtol=0, atol=1e-12 * float(G.abs().max()))
    assert torch.equal(G, G.T)
    shares = gram_by_parameter(module, X)
    assert list(shares) == list(trainable_parameters(module))
    for share in shares.values():
        # A matrix J J^T has no negative eigenvalue but for rounding.
        assert torch.linalg.eigvalsh(share)[0] >= -1e-12 * (1 + share.trace())


@pytest.mark.parametrize("name", NAMES)
def test_module_is_left_as_it_was(name):
    module, X = stranger(name)
    before = {key: value.clone() for key, value in module.state_dict().items()}
    ntk(module, X)
    assert all(torch.equal(before[key], value) for key, value in module.state_dict().items())
    assert all(parameter.grad is None for parameter in module.parameters())
