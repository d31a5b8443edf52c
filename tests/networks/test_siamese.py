"""The Siamese network by hand; what it cannot see, and the ceiling that follows."""

from itertools import combinations

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn

from companion.activations import TANH
from companion.claims.general_architectures_ceilings import siamese_rank_bound
from companion.claims.general_architectures_further_counts import siamese_parameters
from companion.networks.multilayer import multilayer_perceptron
from companion.networks.siamese import SiameseNetwork
from companion.tangent.jacobian import jacobian


def network_of(num_features, *, hidden=12):
    branch = multilayer_perceptron((6, hidden, num_features), activation=TANH, seed=0)
    return SiameseNetwork(branch, num_features=num_features, seed=1)


def test_a_linear_branch_by_hand():
    branch = nn.Linear(2, 2, dtype=torch.float64)
    network = SiameseNetwork(branch, num_features=2, seed=0)
    with torch.no_grad():
        branch.weight.copy_(torch.tensor([[1.0, 0.0], [1.0, 2.0]]))
        branch.bias.zero_()
        network.head.weight.copy_(torch.tensor([[3.0, -0.5]]))
        network.head.bias.fill_(0.25)
    pair = torch.tensor([[[1.0, 2.0], [4.0, 0.0]]], dtype=torch.float64)
    # Features differ by -3 and -3 + 4 = 1: 27 - 0.5 + 0.25.
    assert float(network(pair).detach()) == 26.75


def test_the_order_in_a_pair_does_not_matter(rng):
    pairs = torch.tensor(rng.standard_normal((5, 2, 6)))
    network = network_of(3)
    assert torch.equal(network(pairs), network(pairs.flip(1)))
    # So a pair and its swap give equal rows: no rate for a data set that holds both.
    J = jacobian(network, torch.cat([pairs[:1], pairs[:1].flip(1)])).numpy()
    assert_allclose(J[0], J[1], rtol=0, atol=1e-14)


def test_the_branch_counts_once():
    network = network_of(3)
    branch = sum(p.numel() for p in network.branch.parameters())
    total = sum(p.numel() for p in network.parameters())
    assert total == siamese_parameters(branch, num_features=3)


@pytest.mark.parametrize(
    ("num_points", "num_features"), [(4, 1), (5, 2), (7, 2), (6, 3), (3, 5), (2, 1)]
)
def test_on_all_pairs_the_rank_reaches_its_ceiling_and_stays(num_points, num_features, rng):
    X = torch.tensor(rng.standard_normal((num_points, 6)))
    first, second = (list(side) for side in zip(*combinations(range(num_points), 2), strict=True))
    network = network_of(num_features)
    J = jacobian(network, torch.stack([X[first], X[second]], dim=1)).numpy()
    assert J.shape[1] > J.shape[0]  # P >= n q throughout
    rank = np.linalg.matrix_rank(J, tol=1e-10 * np.linalg.norm(J, 2))
    assert rank == siamese_rank_bound(num_points, num_features=num_features)


def test_wrong_arguments_are_refused(unchecked):
    with pytest.raises(ValueError, match="`num_features` must be at least 1; got 0"):
        SiameseNetwork(nn.Linear(2, 2), num_features=0, seed=0)
    with pytest.raises(ValueError, match="`branch` must have parameters; got none"):
        SiameseNetwork(nn.Tanh(), num_features=2, seed=0)
    for shape in ((3, 6), (3, 3, 6), (4,)):
        with pytest.raises(ValueError, match=r"`pairs` must have shape \(n, 2, \.\.\.\); got"):
            network_of(2)(torch.zeros(shape, dtype=torch.float64))
